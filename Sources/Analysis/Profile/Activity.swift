/// How often entities come, from how often those came that were seen: nobody is seen who came not at all, and of those
/// who came once most do so seldom, so that entities drawn with the frequencies that were counted would be fewer, and the
/// busiest of them busier.
struct Activity {
    /// Entities of which about as many requests are to be expected.
    struct Block {
        var rate: Double
        var number: Double
    }

    /// Ascending; also those that were not seen, of whom so many are assumed that as many as before are seen again.
    let blocks: [Block]

    /// From here on chance adds little to a count.
    private static let few = 40
    private static let rounds = 60

    /// - Parameters:
    ///   - counts: of each entity that was seen, its requests.
    ///   - least: entities behind each rate.
    init(_ counts: [Double], least: Int) {
        var seen = [Double](repeating: 0, count: Self.few + 1)
        for count in counts where count <= Double(Self.few) { seen[max(1, Int(count))] += 1 }
        let grid = (0..<54).map { Statistics.exponential(Double($0) * 0.115 - 2.3) }
        let all = seen.reduce(0, +)
        var blocks: [Block] = []
        if all > 0 {
            // So many of each there are that some are not seen.
            blocks = zip(grid, Self.mixture(seen, grid)).map { rate, share in
                Block(rate: rate, number: all * share / (1 - Statistics.exponential(-rate)))
            }
        }
        let busy = counts.filter { $0 > Double(Self.few) }.sorted()
        blocks = Self.joined(blocks + Self.busy(busy, least), least)
        // Of the busiest the mean and the index of Pareto's distribution are known, and none of their own rates.
        if busy.count > least, let last = blocks.popLast() { blocks += Self.spread(last, Array(busy.suffix(least))) }
        self.blocks = blocks
    }

    /// A block in ten, with the tail that `top` has (B. M. Hill, Annals of Statistics 3 (1975), 1163–1174), its mean kept.
    private static func spread(_ block: Block, _ top: [Double]) -> [Block] {
        guard let start = top.first else { return [block] }
        let index = top.reduce(0) { $0 + Statistics.naturalLogarithm($1 / start) } / Double(top.count)
        let rates = (0..<10).map { part in
            Statistics.exponential(-index * Statistics.naturalLogarithm((Double(part) + 0.5) / 10))
        }
        let mean = rates.reduce(0, +) / 10
        return rates.reversed().map { Block(rate: block.rate * $0 / mean, number: block.number / 10) }
    }

    /// The mean of each so many of the busiest.
    private static func busy(_ sorted: [Double], _ least: Int) -> [Block] {
        // The busiest make a whole block; what is left over goes with the blocks below.
        let size = max(least, sorted.count / 60)
        return stride(from: sorted.count, to: 0, by: -size).map { end in
            let block = sorted[max(0, end - size)..<end]
            return Block(rate: block.reduce(0, +) / Double(block.count), number: Double(block.count))
        }
    }

    /// Blocks with too few go with those beside them.
    private static func joined(_ blocks: [Block], _ least: Int) -> [Block] {
        var result: [Block] = []
        for block in blocks.sorted(by: { $0.rate < $1.rate }) where block.number > 0 {
            guard let last = result.last, last.number < Double(least) else {
                result.append(block)
                continue
            }
            result[result.count - 1] = mean(last, block)
        }
        if result.count > 1, let last = result.last, last.number < Double(least) {
            result.removeLast()
            result[result.count - 1] = mean(result[result.count - 1], last)
        }
        return result
    }

    private static func mean(_ a: Block, _ b: Block) -> Block {
        let number = a.number + b.number
        return Block(rate: (a.rate * a.number + b.rate * b.number) / number, number: number)
    }

    /// How the entities that were seen divide over Poisson distributions of these means, of which nothing is seen at zero:
    /// the most likely mixture, by expectation and maximization (A. P. Dempster, N. M. Laird and D. B. Rubin, Journal of the
    /// Royal Statistical Society B 39 (1977), 1–38).
    ///
    /// - Parameter seen: how many entities have each count, from 0.
    private static func mixture(_ seen: [Double], _ grid: [Double]) -> [Double] {
        var factorials = [0.0]
        for count in 1..<seen.count {
            factorials.append(factorials[count - 1] + Statistics.naturalLogarithm(Double(count)))
        }
        let chances = grid.map { rate in
            let visible = Statistics.naturalLogarithm(1 - Statistics.exponential(-rate))
            let logarithm = Statistics.naturalLogarithm(rate)
            return seen.indices.map { Statistics.exponential(Double($0) * logarithm - rate - factorials[$0] - visible) }
        }
        var shares = [Double](repeating: 1 / Double(grid.count), count: grid.count)
        let all = seen.reduce(0, +)
        for _ in 0..<rounds {
            var next = [Double](repeating: 0, count: grid.count)
            for count in 1..<seen.count where seen[count] > 0 {
                var sum = 0.0
                for place in grid.indices { sum += shares[place] * chances[place][count] }
                if sum == 0 { continue }
                for place in grid.indices { next[place] += seen[count] * shares[place] * chances[place][count] / sum }
            }
            shares = next.map { $0 / all }
        }
        return shares
    }
}
