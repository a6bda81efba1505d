import Glibc

/// How long an answer waits.
package struct Delay: Sendable, Equatable, CustomStringConvertible {
    package enum Distribution: Sendable, Equatable {
        case constant(nanos: UInt64)
        /// Every nanosecond from the first to the last is as likely.
        case uniform(nanos: ClosedRange<UInt64>)
        /// With this mean; at most 40 times the mean (which one draw in 10¹⁷ would pass).
        case exponential(meanNanos: UInt64)
    }

    package var distribution: Distribution
    private var state: UInt64

    package static let none = Delay(.constant(nanos: 0))

    /// The same seed gives the same delays in the same order.
    package init(_ distribution: Distribution, seed: UInt64 = 0) {
        self.distribution = distribution
        state = seed
    }

    /// The most that can be asked for: an hour.
    package static let limitNanos: UInt64 = 3_600_000_000_000

    /// Reads `5ms`, `uniform:1ms..20ms` or `exp:10ms`.
    ///
    /// - Parameter duration: reads one duration in nanoseconds; nil when it is none.
    /// - Returns: nil when `text` is none of these or beyond an hour.
    package init?(_ text: String, duration: (String) -> UInt64?) {
        func bounded(_ text: some StringProtocol) -> UInt64? {
            guard let nanos = duration(String(text)), nanos <= Self.limitNanos else { return nil }
            return nanos
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let nanos = bounded(text) else { return nil }
            self.init(.constant(nanos: nanos))
            return
        }
        switch parts[0] {
        case "uniform":
            guard let dots = Self.dots(in: parts[1]), let low = bounded(parts[1][..<dots.lowerBound]),
                let high = bounded(parts[1][dots.upperBound...]), low <= high
            else { return nil }
            self.init(.uniform(nanos: low...high))
        case "exp":
            guard let mean = bounded(parts[1]) else { return nil }
            self.init(.exponential(meanNanos: mean))
        default: return nil
        }
    }

    private static func dots(in text: Substring) -> Range<Substring.Index>? {
        for index in text.indices {
            let next = text.index(after: index)
            if text[index] == ".", next < text.endIndex, text[next] == "." { return index..<text.index(after: next) }
        }
        return nil
    }

    package var isZero: Bool { distribution == .constant(nanos: 0) }

    package mutating func nextNanos() -> UInt64 {
        switch distribution {
        case .constant(let nanos): return nanos
        case .uniform(let nanos):
            let width = nanos.upperBound - nanos.lowerBound + 1
            // Multiply-shift; the bias over 64 random bits is below 2⁻²² for an hour.
            return nanos.lowerBound + next().multipliedFullWidth(by: width).high
        case .exponential(let mean):
            // (0, 1]: 53 random bits and never 0.
            let share = Double((next() >> 11) + 1) * 0x1p-53
            return UInt64(min(-log(share), 40) * Double(mean))
        }
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package var description: String {
        switch distribution {
        case .constant(let nanos): "\(nanos) ns"
        case .uniform(let nanos): "uniform over \(nanos.lowerBound)–\(nanos.upperBound) ns"
        case .exponential(let mean): "exponential with mean \(mean) ns"
        }
    }
}
