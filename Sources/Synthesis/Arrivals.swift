/// When the exchanges of a stream come, in such a way that any leaf can be found without the ones before it.
///
/// - Poisson: a ``DivisionTree`` says how many are in each leaf and cohort; within a leaf each has a time of its own.
/// - Cadence and Weibull gaps: exchange j of n has a share of the expected volume that rises with j, so that the first
///   of a leaf is found by bisection. Gaps are drawn in blocks of ``blockSize``, and each block is fitted to its part of
///   the volume; where a block begins is thus fixed, and a gap is a function of its block's draws alone.
struct Arrivals: Sendable {
    static let blockSize: UInt64 = 256

    let count: UInt64
    let shape: TimeShape
    private let process: Scenario.ArrivalSpec.Process
    private let tree: DivisionTree?
    /// Shares at the leaves' bounds; empty when leaves are equal shares.
    private let shares: [UInt64]
    private let depth: Int
    private let cohortDepth: Int
    private let times: Philox
    private let cohorts: Philox
    /// Quantiles of the gaps.
    private let gaps: QuantileTable?

    struct Place: Sendable {
        var timeNanos: UInt64
        /// Its number in the stream.
        var number: UInt64
        var cohort: UInt32
    }

    /// - Parameter bounds: where the leaves begin and the last one ends, when they are no equal shares of this shape.
    init(
        _ spec: Scenario.ArrivalSpec, count: UInt64, _ shape: TimeShape, bounds: [UInt64], depth: Int,
        cohortDepth: Int, name: String, keys: KeyRing
    ) {
        self.count = count
        self.shape = shape
        self.depth = depth
        self.cohortDepth = cohortDepth
        process = spec.process
        let prefix = name.isEmpty ? "" : "stream:\(name)/"
        times = keys.philox(prefix + "time")
        cohorts = keys.philox(prefix + "cohort")
        var shares = bounds.map { shape.fraction(at: $0) }
        if !shares.isEmpty { (shares[0], shares[shares.count - 1]) = (0, .max) }
        self.shares = shares
        tree =
            process == .poisson
            ? DivisionTree(total: count, depth: depth + cohortDepth, key: keys.key(prefix + "tree"), shares: shares)
            : nil
        if case .weibull(let shape) = process { gaps = .weibull(shape: shape, scale: 1 << 20) } else { gaps = nil }
    }

    /// What was worked out for one leaf and may serve the next.
    struct Memory: Sendable {
        fileprivate var path: DivisionTree.Path
        fileprivate var block = UInt64.max
        /// Times of the exchanges of `block`.
        fileprivate var times: [UInt64] = []
    }

    func memory() -> Memory { Memory(path: DivisionTree.Path(depth: tree?.depth ?? 0)) }

    /// The exchanges of a leaf in no order, handed to `body`; returns how many come before it.
    func places(_ leaf: Int, from: UInt64, to: UInt64, _ memory: inout Memory, _ body: (Place) -> Void) -> UInt64 {
        guard let tree else {
            let first = self.first(from, &memory)
            var number = first
            while number < count {
                let time = time(of: number, &memory)
                if time >= to { break }
                let cohort = cohorts.below(1 << UInt64(cohortDepth), number)
                body(Place(timeNanos: time, number: number, cohort: UInt32(truncatingIfNeeded: cohort)))
                number += 1
            }
            return first
        }
        let width = 1 << cohortDepth
        let cells = tree.leaves(leaf * width..<(leaf + 1) * width, &memory.path)
        let origin = UInt64(leaf) << UInt64(64 - depth)
        for (cohort, cell) in cells.enumerated() {
            for number in cell.start..<cell.start + cell.count {
                let bits = times.draw(number)
                var time: UInt64
                if shares.isEmpty {
                    time = shape.time(origin | bits >> UInt64(depth))
                } else {
                    let span = shares[leaf + 1] - shares[leaf]
                    time = shape.time(shares[leaf] + scale(bits, to: max(1, span)))
                    time = max(from, min(time, to - 1))
                }
                body(Place(timeNanos: time, number: number, cohort: UInt32(cohort)))
            }
        }
        return cells.first?.start ?? 0
    }

    /// The first exchange that is not before `nanos`.
    private func first(_ nanos: UInt64, _ memory: inout Memory) -> UInt64 {
        // Where a block begins needs no draw, so that only the block with the exchange is worked out.
        let size = gaps == nil ? 1 : Self.blockSize
        var (low, high) = (UInt64(0), (count + size - 1) / size)
        while low < high {
            let middle = low + (high - low) / 2
            if shape.time(share(middle * size)) < nanos { low = middle + 1 } else { high = middle }
        }
        if low == 0 || gaps == nil { return low }
        let end = min(count, low * size)
        var number = (low - 1) * size
        while number < end && time(of: number, &memory) < nanos { number += 1 }
        return number
    }

    /// The share of the volume before an exchange whose gaps are even; rounded up, so that the shape's own bounds are
    /// met exactly.
    private func share(_ number: UInt64) -> UInt64 {
        UInt64(clamping: ((UInt128(number) << 64) + UInt128(count) - 1) / UInt128(max(1, count)))
    }

    private func time(of number: UInt64, _ memory: inout Memory) -> UInt64 {
        guard let gaps else { return shape.time(share(number)) }
        let block = number / Self.blockSize
        if memory.block != block {
            memory.block = block
            workOut(block, gaps, &memory.times)
        }
        return memory.times[Int(number % Self.blockSize)]
    }

    /// The times of a block's exchanges: its gaps, fitted to the share that the block has of the volume.
    private func workOut(_ block: UInt64, _ gaps: QuantileTable, _ result: inout [UInt64]) {
        let start = block * Self.blockSize
        let end = min(count, start + Self.blockSize)
        var before: [UInt128] = []
        var sum: UInt128 = 0
        for number in start..<end {
            before.append(sum)
            sum += UInt128(max(0, gaps.value(times.draw(number))))
        }
        let (low, high) = (share(start), share(end))
        let whole = max(1, sum >> 4)
        result.removeAll(keepingCapacity: true)
        for part in before { result.append(shape.time(low + UInt64(UInt128(high - low) * (part >> 4) / whole))) }
    }
}

extension QuantileTable {
    /// The value at `bits`, for those that draw seldom.
    func value(_ bits: UInt64) -> Int64 {
        var (low, high) = (0, probabilities.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if probabilities[middle] <= bits { low = middle } else { high = middle }
        }
        let span = UInt128(max(1, probabilities[low + 1] - probabilities[low]))
        let within = UInt128(min(bits - probabilities[low], probabilities[low + 1] - probabilities[low]))
        return (values[low] + Int64(UInt128(values[low + 1] - values[low]) * within / span)) >> shift
    }
}
