/// # Pacing
///
/// Says when a send is due. Due times are absolute and computed from the position alone, in integers, so that nothing
/// drifts and nothing depends on when the previous send happened.
///
/// ```swift
/// let pacer = try Pacer(parsing: "20000")
/// pacer.dueNanos(sequence: 40_000, recordedOffsetNanos: 0)     // 2_000_000_000
/// ```
package enum Pacer: Sendable, Equatable {
    /// So many requests in 1000 seconds.
    case constant(perThousandSeconds: UInt64)
    /// As recorded, at `numerator/denominator` times the speed.
    case recorded(numerator: UInt64, denominator: UInt64)
    /// As fast as replies come: a closed loop. Nothing is ever due.
    case max

    /// `2000`, `0.5`, `10k`, `recorded`, `2x`, `0.25x`, `max`. The error's text says what is accepted.
    package init(parsing text: String) throws(PacerError) {
        switch text {
        case "max": self = .max
        case "recorded": self = .recorded(numerator: 1, denominator: 1)
        default:
            let isScale = text.utf8.last == UInt8(ascii: "x")
            var digits = isScale ? String(text.dropLast()) : text
            if digits.hasSuffix("/s") { digits = String(digits.dropLast(2)) }
            var unit: UInt64 = 1
            if !isScale, digits.utf8.last == UInt8(ascii: "k") {
                unit = 1000
                digits = String(digits.dropLast())
            }
            guard let thousandths = Pacer.thousandths(digits), thousandths > 0 else { throw PacerError(text: text) }
            if isScale {
                self = .recorded(numerator: thousandths, denominator: 1000)
            } else {
                let (scaled, overflow) = thousandths.multipliedReportingOverflow(by: unit)
                if overflow || scaled > 1_000_000_000_000 { throw PacerError(text: text) }
                self = .constant(perThousandSeconds: scaled)
            }
        }
    }

    /// ns from the run's start to the send at `sequence` (from 0), whose request stood `recordedOffsetNanos` after the
    /// first on its tape. Saturates at the far end of time; 0 for ``max``.
    @inlinable
    package func dueNanos(sequence: UInt64, recordedOffsetNanos: UInt64) -> UInt64 {
        switch self {
        case .constant(let rate): Pacer.scale(sequence, 1_000_000_000_000, rate)
        case .recorded(let numerator, let denominator): Pacer.scale(recordedOffsetNanos, denominator, numerator)
        case .max: 0
        }
    }

    /// How many sends are due before `nanos` have passed, when that does not depend on the tape.
    package func dueCount(withinNanos nanos: UInt64) -> UInt64? {
        guard case .constant(let rate) = self, nanos > 0 else { return nil }
        // The last send before the end is the last whose due time is below it.
        let count = Pacer.scale(nanos, rate, 1_000_000_000_000)
        return Pacer.scale(count, 1_000_000_000_000, rate) < nanos ? count + 1 : count
    }

    /// Requests a second, for people; nil when the tape decides.
    package var ratePerSecond: Double? {
        if case .constant(let rate) = self { Double(rate) / 1000 } else { nil }
    }

    /// False when the next send waits for a reply.
    package var isOpenLoop: Bool { self != .max }

    /// `a * b / c` without overflow in between; saturates.
    @inlinable
    static func scale(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        if c == 0 { return .max }
        let product = a.multipliedFullWidth(by: b)
        return product.high >= c ? .max : c.dividingFullWidth(product).quotient
    }

    private static func thousandths(_ text: String) -> UInt64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 12, parts.count == 1 || parts[1].count <= 3
        else { return nil }
        var value: UInt64 = 0
        var fraction: UInt64 = 100
        for byte in whole {
            guard byte &- 48 <= 9 else { return nil }
            value = value * 10 + UInt64(byte - 48)
        }
        value *= 1000
        if parts.count == 2 {
            if parts[1].isEmpty { return nil }
            for byte in parts[1] {
                guard byte &- 48 <= 9 else { return nil }
                value += UInt64(byte - 48) * fraction
                fraction /= 10
            }
        }
        return value
    }
}

/// A rate that could not be read.
package struct PacerError: Error, Equatable, Sendable, CustomStringConvertible {
    package var text: String
    package var description: String {
        "'\(text)' is no rate: give requests a second (2000, 0.5, 10k), recorded, a scale of the recorded time (2x), or max"
    }
}
