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

    /// The exchanges of a leaf in no order, and how many come before it.
    func places(_ leaf: Int, from: UInt64, to: UInt64) -> (before: UInt64, places: [Place]) {
        var places: [Place] = []
        guard let tree else {
            let first = self.first(from)
            var number = first
            while number < count {
                let time = time(of: number)
                if time >= to { break }
                let cohort = cohorts.below(1 << UInt64(cohortDepth), number)
                places.append(Place(timeNanos: time, number: number, cohort: UInt32(truncatingIfNeeded: cohort)))
                number += 1
            }
            return (first, places)
        }
        let width = 1 << cohortDepth
        let cells = tree.leaves(leaf * width..<(leaf + 1) * width)
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
                places.append(Place(timeNanos: time, number: number, cohort: UInt32(cohort)))
            }
        }
        return (cells.first?.start ?? 0, places)
    }

    /// The first exchange that is not before `nanos`.
    private func first(_ nanos: UInt64) -> UInt64 {
        var (low, high) = (UInt64(0), count)
        while low < high {
            let middle = low + (high - low) / 2
            if time(of: middle) < nanos { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func time(of number: UInt64) -> UInt64 {
        func share(_ number: UInt64) -> UInt64 {
            // Rounded up, so that the shape's own bounds are met exactly.
            UInt64(clamping: ((UInt128(number) << 64) + UInt128(count) - 1) / UInt128(max(1, count)))
        }
        guard let gaps else { return shape.time(share(number)) }
        let block = number / Self.blockSize
        let start = block * Self.blockSize
        let end = min(count, start + Self.blockSize)
        var (before, sum) = (UInt128(0), UInt128(0))
        for at in start..<end {
            let gap = gaps.value(times.draw(at))
            if at < number { before += UInt128(max(0, gap)) }
            sum += UInt128(max(0, gap))
        }
        let (low, high) = (share(start), share(end))
        return shape.time(low + UInt64(UInt128(high - low) * (before >> 4) / max(1, sum >> 4)))
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
        return (values[low] + Int64(UInt128(values[low + 1] - values[low]) * within / span)) >> Self.shift
    }
}
