/// Which rate to try next when the highest one is sought that holds an objective: doubles until a step fails, halves the
/// gap until it is narrow, and confirms what it has found with a longer step. Knows no clock.
package struct LimitPlan: Sendable {
    package enum Verdict: Sendable, Equatable {
        case passed
        case failed
        /// The generator was not on time, so that the step says nothing about the target.
        case generatorBound
    }

    package enum Phase: String, Sendable { case ramp, bisect, confirm, done }

    /// Requests in 1000 seconds, as every rate here.
    package private(set) var rate: UInt64
    package private(set) var phase = Phase.ramp
    /// The highest that passed; 0 while none did.
    package private(set) var low: UInt64 = 0
    /// The lowest that failed; `.max` while none did.
    package private(set) var high = UInt64.max
    /// The highest rate passed a longer step at the end.
    package private(set) var isConfirmed = false
    /// What stands in the way of more is the generator, not the target.
    package private(set) var isGeneratorBound = false
    private let cap: UInt64
    private let tolerance: Double
    private var confirmations = 0

    /// - Parameter tolerance: how far the lowest rate that failed may lie above the highest that passed: 0.025.
    package init(from first: UInt64, upTo cap: UInt64, tolerance: Double) {
        self.cap = max(1000, cap)
        self.tolerance = tolerance
        rate = min(max(1000, first), self.cap)
    }

    /// Whether the rate would go on rising if it were not capped.
    package var isCapped: Bool { low >= cap }

    package mutating func ended(_ verdict: Verdict) {
        if verdict == .passed {
            low = max(low, rate)
        } else {
            if rate <= high { isGeneratorBound = verdict == .generatorBound }
            high = min(high, rate)
        }
        if phase == .confirm {
            confirm(verdict)
            return
        }
        if low == 0 {
            // Nothing has passed yet: down, to one request a second.
            if rate <= 1000 {
                phase = .done
            } else {
                rate = max(1000, whole(rate / 2))
            }
        } else if high == .max {
            if low >= cap { begin(confirming: low) } else { rate = min(cap, low * 2) }
        } else if Double(high) > Double(low) * (1 + tolerance), whole(low + (high - low) / 2) > low {
            phase = .bisect
            rate = whole(low + (high - low) / 2)
        } else {
            begin(confirming: low)
        }
    }

    private mutating func begin(confirming found: UInt64) {
        phase = .confirm
        rate = found
    }

    /// What does not hold for longer gives way by the tolerance, twice at most.
    private mutating func confirm(_ verdict: Verdict) {
        confirmations += 1
        if verdict == .passed {
            isConfirmed = true
            low = rate
            phase = .done
        } else {
            low = whole(UInt64(Double(rate) / (1 + tolerance)))
            rate = low
            if confirmations == 3 || low < 1000 { phase = .done }
        }
    }

    /// Whole requests a second from 10 on, so that every second has as many.
    private func whole(_ rate: UInt64) -> UInt64 { rate >= 10_000 ? rate / 1000 * 1000 : rate }
}
