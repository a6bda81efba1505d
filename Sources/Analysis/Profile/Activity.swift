/// How often entities come, from how often those came that were seen: nobody is seen who came not at all, and of those
/// who came once most do so seldom, so that entities drawn with the frequencies that were counted would be fewer, and the
/// busiest of them busier.
struct Activity {
    /// Requests that each entity is to be expected in, ascending; also of those that were not seen.
    let rates: [Double]

    /// From here on chance adds little to a count.
    private static let few = 40
    private static let rounds = 60

    /// - Parameter counts: of each entity that was seen, its requests.
    init(_ counts: [Double]) {
        var seen = [Double](repeating: 0, count: Self.few + 1)
        for count in counts where count <= Double(Self.few) { seen[max(1, Int(count))] += 1 }
        let grid = (0..<54).map { Statistics.exponential(Double($0) * 0.115 - 2.3) }
        let all = seen.reduce(0, +)
        var rates = counts.filter { $0 > Double(Self.few) }
        if all > 0 {
            let shares = Self.mixture(seen, grid)
            for (rate, share) in zip(grid, shares) {
                // So many of them there are that some are not seen.
                let number = all * share / (1 - Statistics.exponential(-rate))
                rates += [Double](repeating: rate, count: Int(number.rounded()))
            }
        }
        self.rates = rates.isEmpty ? counts.sorted() : rates.sorted()
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
