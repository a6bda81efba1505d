import Glibc

/// How long an answer waits.
package struct Delay: Sendable, Equatable, CustomStringConvertible {
    package enum Distribution: Sendable, Equatable {
        case constant(nanos: UInt64)
        /// Every nanosecond from the first to the last is as likely.
        case uniform(nanos: ClosedRange<UInt64>)
        /// With this mean; at most 40 times the mean (which one draw in 10¹⁷ would pass).
        case exponential(meanNanos: UInt64)
        /// What would be below zero is zero.
        case normal(meanNanos: UInt64, deviationNanos: UInt64)
        /// The logarithm is normal, with this deviation around that of the median.
        case logNormal(medianNanos: UInt64, sigma: Double)
        /// Straight lines between these points, by rising share; the first has share 0, the last 1.
        case quantiles([Quantile])
    }

    package struct Quantile: Sendable, Equatable {
        package var share: Double
        package var nanos: UInt64

        package init(share: Double, nanos: UInt64) {
            self.share = share
            self.nanos = nanos
        }
    }

    package var distribution: Distribution
    private var random: Randomness

    package static let none = Delay(.constant(nanos: 0))
    /// The most that can be asked for, and the most that is drawn: an hour.
    package static let limitNanos: UInt64 = 3_600_000_000_000

    /// The same seed gives the same delays in the same order.
    package init(_ distribution: Distribution, seed: UInt64 = 0) {
        self.init(distribution, Randomness(seed: seed))
    }

    init(_ distribution: Distribution, _ random: Randomness) {
        self.distribution = distribution
        self.random = random
    }

    package var isZero: Bool { distribution == .constant(nanos: 0) }

    package mutating func nextNanos() -> UInt64 {
        switch distribution {
        case .constant(let nanos): nanos
        case .uniform(let nanos): nanos.lowerBound + random.next(below: nanos.upperBound - nanos.lowerBound + 1)
        case .exponential(let mean): bounded(min(-log(random.share()), 40) * Double(mean))
        case .normal(let mean, let deviation): bounded(Double(mean) + normal() * Double(deviation))
        case .logNormal(let median, let sigma): bounded(Double(median) * exp(normal() * sigma))
        case .quantiles(let points): bounded(Self.value(at: random.share(), points))
        }
    }

    private func bounded(_ nanos: Double) -> UInt64 {
        nanos > 0 ? UInt64(min(nanos, Double(Self.limitNanos))) : 0
    }

    /// Standard normal, of two uniform draws (Box and Muller 1958).
    private mutating func normal() -> Double {
        let radius = (-2 * log(random.share())).squareRoot()
        return radius * cos(2 * .pi * random.share())
    }

    private static func value(at share: Double, _ points: [Quantile]) -> Double {
        var before = points[0]
        for point in points.dropFirst() {
            if share <= point.share {
                let span = point.share - before.share
                let part = span > 0 ? (share - before.share) / span : 1
                return Double(before.nanos) + part * (Double(point.nanos) - Double(before.nanos))
            }
            before = point
        }
        return Double(before.nanos)
    }

    package var description: String {
        switch distribution {
        case .constant(let nanos): "\(nanos) ns"
        case .uniform(let nanos): "uniform over \(nanos.lowerBound)–\(nanos.upperBound) ns"
        case .exponential(let mean): "exponential with mean \(mean) ns"
        case .normal(let mean, let deviation): "normal with mean \(mean) ns and deviation \(deviation) ns"
        case .logNormal(let median, let sigma): "log-normal with median \(median) ns and sigma \(sigma)"
        case .quantiles(let points): "by \(points.count) quantiles up to \(points.last?.nanos ?? 0) ns"
        }
    }
}
