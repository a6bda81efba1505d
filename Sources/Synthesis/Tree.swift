/// Divides a number of events over equal shares of time, and further over entity cohorts, by a binary tree of binomial
/// draws, each keyed by its node.
///
/// Arrivals of a Poisson process, given their number, are multinomial, so every node draws Binomial(n, p). Where halves
/// of the tree are halves of the expected volume p is 1/2, and the draw is the number of zeros among n random bits; any
/// other p is compared with n random fractions bit by bit, of which half are decided each time. Both are exact, in whole
/// numbers, without a table; a node costs n/128 blocks, or n/64.
package struct DivisionTree: Sendable {
    package let total: UInt64
    /// log2 of the number of leaves.
    package let depth: Int
    private let generator: Philox
    /// The share of the volume (2^-64) before each node of level ``sharedDepth``, and the whole; empty when all are equal.
    private let shares: [UInt64]
    private let sharedDepth: Int

    package init(total: UInt64, depth: Int, key: UInt64) { self.init(total: total, depth: depth, key: key, shares: []) }

    /// - Parameter shares: 2^k + 1 of them, rising; below level k halves are equal.
    init(total: UInt64, depth: Int, key: UInt64, shares: [UInt64]) {
        self.total = total
        self.depth = depth
        self.shares = shares
        sharedDepth = shares.isEmpty ? 0 : (shares.count - 1).trailingZeroBitCount
        generator = Philox(key: key)
    }

    package var leafCount: Int { 1 << depth }

    /// How many events stand before `leaf`, and how many in it.
    package func leaf(_ leaf: Int) -> (start: UInt64, count: UInt64) {
        var (start, count, node) = (UInt64(0), total, UInt64(1))
        for level in 0..<depth {
            let left = left(count, node: node, level: level)
            let goesRight = leaf >> (depth - 1 - level) & 1
            node = node << 1 | UInt64(goesRight)
            if goesRight == 1 {
                start += left
                count -= left
            } else {
                count = left
            }
        }
        return (start, count)
    }

    /// What was drawn on the way to the last leaves, by level: who asks for one leaf after the other draws the large
    /// nodes at the top once, and not for each leaf again.
    struct Path: Sendable {
        fileprivate var nodes: [UInt64]
        fileprivate var lefts: [UInt64]

        init(depth: Int) {
            nodes = [UInt64](repeating: 0, count: depth)
            lefts = nodes
        }
    }

    /// Every leaf of a range, left to right; each node above them is drawn once.
    package func leaves(_ range: Range<Int>) -> [(start: UInt64, count: UInt64)] {
        var path = Path(depth: depth)
        return leaves(range, &path)
    }

    func leaves(_ range: Range<Int>, _ path: inout Path) -> [(start: UInt64, count: UInt64)] {
        var result: [(start: UInt64, count: UInt64)] = []
        result.reserveCapacity(range.count)
        descend(1, level: 0, start: 0, count: total, range, &path, &result)
        return result
    }

    private func descend(
        _ node: UInt64, level: Int, start: UInt64, count: UInt64, _ range: Range<Int>, _ path: inout Path,
        _ result: inout [(start: UInt64, count: UInt64)]
    ) {
        let width = 1 << (depth - level)
        let first = (Int(node) - (1 << level)) * width
        if first >= range.upperBound || first + width <= range.lowerBound { return }
        if level == depth {
            result.append((start, count))
            return
        }
        if path.nodes[level] != node {
            (path.nodes[level], path.lefts[level]) = (node, self.left(count, node: node, level: level))
        }
        let left = path.lefts[level]
        descend(node << 1, level: level + 1, start: start, count: left, range, &path, &result)
        descend(node << 1 | 1, level: level + 1, start: start + left, count: count - left, range, &path, &result)
    }

    /// How many of the node's `count` events are in its left half.
    private func left(_ count: UInt64, node: UInt64, level: Int) -> UInt64 {
        if shares.isEmpty || level >= sharedDepth { return binomial(count, 1 << 63, node: node) }
        let width = 1 << (sharedDepth - level)
        let first = (Int(node) - (1 << level)) * width
        let (low, middle, high) = (shares[first], shares[first + width / 2], shares[first + width])
        if middle >= high { return count }
        if middle <= low { return 0 }
        // Below 2^64, because middle is below high.
        let p = (high - low).dividingFullWidth((middle - low, 0)).quotient
        return binomial(count, p, node: node)
    }

    /// Binomial(n, p / 2^64), drawn under `node`.
    package func binomial(_ n: UInt64, _ p: UInt64, node: UInt64) -> UInt64 {
        var (undecided, successes, rest, counter) = (n, UInt64(0), p, UInt64(0))
        while undecided > 0 && rest != 0 {
            let ones = self.ones(undecided, node, &counter)
            if rest >> 63 == 1 {
                successes += undecided - ones
                undecided = ones
            } else {
                undecided -= ones
            }
            rest <<= 1
        }
        return successes
    }

    /// The ones among `n` random bits.
    private func ones(_ n: UInt64, _ node: UInt64, _ counter: inout UInt64) -> UInt64 {
        var ones = 0
        var rest = n
        while rest > 0 {
            let (a, b) = generator.block(counter, node)
            counter += 1
            if rest >= 128 {
                ones += a.nonzeroBitCount + b.nonzeroBitCount
                rest -= 128
            } else {
                ones += Self.low(a, min(rest, 64)).nonzeroBitCount
                if rest > 64 { ones += Self.low(b, rest - 64).nonzeroBitCount }
                rest = 0
            }
        }
        return UInt64(ones)
    }

    private static func low(_ bits: UInt64, _ count: UInt64) -> UInt64 {
        count >= 64 ? bits : bits & ((1 << count) - 1)
    }
}

/// How many leaves a run has.
///
/// At least 64, so that a small run divides over shards; about 4,096 exchanges a leaf up to 16 million; then fewer,
/// bigger leaves up to 32,768 on average, because campaigns that last longer than a leaf are looked at in each of them.
/// No leaf may pass ``hardLimit``.
package enum LeafPlan {
    package static let hardLimit = 65_536

    package static func depth(for total: UInt64) -> Int {
        func log2Ceiling(_ value: UInt64) -> Int { value <= 1 ? 0 : 64 - (value - 1).leadingZeroBitCount }
        let fine = log2Ceiling((total + 4095) / 4096)
        let coarse = log2Ceiling((total + 32_767) / 32_768)
        return max(6, min(fine, 12), coarse)
    }

    /// The leaves of shard `index` of `count`.
    package static func shard(_ index: Int, of count: Int, leaves: Int) -> Range<Int> {
        index * leaves / count..<(index + 1) * leaves / count
    }
}
