/// # Pacing
///
/// Says when a send is due. Due times are absolute and computed in integers from the position alone, so that nothing
/// drifts and nothing depends on when the previous send happened. Positions are global: each loop of a run asks for the
/// due times of its own share and gets what a single loop would have got.
///
/// ```swift
/// let pacer = try Pacer(parsing: "step:100+100..500/10s")
/// var pace = PaceCursor(PaceProgram(pacer, seed: 1))
/// pace.dueNanos(sequence: 1000, recordedOffsetNanos: 0)     // 10_000_000_000, the first at 200/s
/// ```
package enum Pacer: Sendable, Equatable {
    /// So many requests in 1000 seconds.
    case constant(perThousandSeconds: UInt64)
    /// As recorded, at `numerator/denominator` times the speed.
    case recorded(numerator: UInt64, denominator: UInt64)
    /// One after the other; when they are over, the last rate is held. Recorded time goes on where the recording stands
    /// when its stage begins.
    case stages([Stage])
    /// As fast as replies come: a closed loop. Nothing is ever due.
    case max

    /// A part of a run with one law for its due times. Rates are requests in 1000 seconds.
    package struct Stage: Sendable, Equatable {
        package enum Law: Sendable, Equatable {
            case constant(UInt64)
            /// The rate rises or falls evenly.
            case ramp(from: UInt64, to: UInt64)
            /// Independent arrivals: gaps are exponentially distributed.
            case poisson(UInt64)
            case recorded(numerator: UInt64, denominator: UInt64)

            package var isRecorded: Bool { if case .recorded = self { true } else { false } }
        }

        package var law: Law
        /// ``endless`` when it has no end of its own.
        package var durationNanos: UInt64

        package init(_ law: Law, durationNanos: UInt64 = Stage.endless) {
            self.law = law
            self.durationNanos = durationNanos
        }

        package static let endless = UInt64.max
    }

    /// Highest rate of a ramp or of Poisson arrivals, in requests in 1000 seconds: their arithmetic has room for it.
    package static let highestRate: UInt64 = 10_000_000_000
    /// A ramp may last a day.
    package static let longestRampNanos: UInt64 = 86_400_000_000_000

    /// Its parts in order; empty for ``max``.
    package var stages: [Stage] {
        switch self {
        case .constant(let rate): [Stage(.constant(rate))]
        case .recorded(let numerator, let denominator):
            [Stage(.recorded(numerator: numerator, denominator: denominator))]
        case .stages(let stages): stages
        case .max: []
        }
    }

    /// When the pacer itself says that a run is over; nil when it goes on for ever.
    package var ownDurationNanos: UInt64? {
        guard case .stages(let stages) = self else { return nil }
        var sum: UInt64 = 0
        for stage in stages {
            if stage.durationNanos == Stage.endless { return nil }
            sum = sum.addingReportingOverflow(stage.durationNanos).overflow ? .max : sum + stage.durationNanos
        }
        return sum
    }

    /// How many sends are due before `nanos` have passed, when that does not depend on the tape.
    package func dueCount(withinNanos nanos: UInt64, seed: UInt64 = 0) -> UInt64? {
        if self == .max || followsRecording || nanos == 0 { return nil }
        var count: UInt64 = 0
        for segment in PaceProgram(self, seed: seed).all where segment.startNanos < nanos {
            count = count &+ segment.dueCount(withinNanos: min(nanos - segment.startNanos, segment.durationNanos))
        }
        return count
    }

    /// Requests a second, for people; nil when it changes, or when the tape decides.
    package var ratePerSecond: Double? {
        switch self {
        case .constant(let rate): Double(rate) / 1000
        case .stages(let stages):
            if stages.count == 1, case .poisson(let rate) = stages[0].law { Double(rate) / 1000 } else { nil }
        default: nil
        }
    }

    /// The highest rate that it comes to, in requests in 1000 seconds; nil when the tape or the replies decide.
    package var peakPerThousandSeconds: UInt64? {
        var peak: UInt64?
        for stage in stages {
            switch stage.law {
            case .constant(let rate), .poisson(let rate): peak = Swift.max(peak ?? 0, rate)
            case .ramp(let from, let to): peak = Swift.max(peak ?? 0, from, to)
            case .recorded: return nil
            }
        }
        return peak
    }

    /// The highest rate that it states, in requests in 1000 seconds; nil when it states none.
    package var statedPeakPerThousandSeconds: UInt64? {
        guard case .stages(let stages) = self else { return peakPerThousandSeconds }
        return Pacer.stages(stages.filter { !$0.law.isRecorded }).peakPerThousandSeconds
    }

    /// Whether recorded time and rates follow each other: where one ends on the other's scale, only the tape can say.
    package var mixesRecordedTime: Bool { followsRecording && stages.contains { !$0.law.isRecorded } }

    /// False when the next send waits for a reply.
    package var isOpenLoop: Bool { self != .max }

    /// Whether it goes by the time of the recording.
    package var followsRecording: Bool { stages.contains { $0.law.isRecorded } }

    /// `a * b / c` without overflow in between; saturates.
    @inlinable
    static func scale(_ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        if c == 0 { return .max }
        let product = a.multipliedFullWidth(by: b)
        return product.high >= c ? .max : c.dividingFullWidth(product).quotient
    }
}

/// A rate that could not be read.
package struct PacerError: Error, Equatable, Sendable, CustomStringConvertible {
    package var text: String
    package var reason: String

    package init(text: String, reason: String = "") {
        self.text = text
        self.reason = reason
    }

    package var description: String {
        reason.isEmpty
            ? "'\(text)' is no rate: give requests a second (2000, 0.5, 10k), recorded, a scale of the recorded time (2x), "
                + "ramp:FROM..TO/DURATION, step:FROM+STEP..TO/HOLD, poisson:N, or max"
            : "'\(text)' is no rate: \(reason)"
    }
}
