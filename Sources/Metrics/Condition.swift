/// What conditions are evaluated on: a run, or a part of it.
package struct MetricSample {
    /// From the due time.
    package var corrected: Histogram
    /// From the send; nil where it is not known.
    package var raw: Histogram?
    /// Of the generator.
    package var lateness: Histogram
    /// By ``Outcome``'s raw value.
    package var outcomes: [UInt64]
    /// Came due in the same time.
    package var due: UInt64
    package var seconds: Double

    package init(
        corrected: Histogram, raw: Histogram?, lateness: Histogram, outcomes: [UInt64], due: UInt64, seconds: Double
    ) {
        self.corrected = corrected
        self.raw = raw
        self.lateness = lateness
        self.outcomes = outcomes
        self.due = due
        self.seconds = seconds
    }

    package func count(where isCounted: (Outcome) -> Bool) -> UInt64 {
        Outcome.allCases.reduce(0) { isCounted($1) ? $0 &+ outcomes[Int($1.rawValue)] : $0 }
    }

    /// Requests that had a target.
    package var addressed: UInt64 { count { $0 != .notAddressed } }
    package var answered: UInt64 { count(where: \.isAnswered) }
    /// Requests without an answer, which are slower than any that had one. What the guard kept back is none of them.
    package var unanswered: UInt64 {
        count { !$0.isAnswered && $0 != .notAddressed && $0 != .guardRefused && $0 != .dependencyFailed }
    }
}

/// `p99 < 300ms`, `success > 99.9%`, `achieved >= 1900/s`: a metric, a comparison and a bound.
package struct Condition: Sendable, Equatable, CustomStringConvertible {
    package enum Metric: Sendable, Equatable {
        /// From the due time, or (`raw.`) from the send. Requests without an answer count as slower than every answer.
        case percentile(Double, isRaw: Bool)
        case mean(isRaw: Bool)
        case max(isRaw: Bool)
        /// p99 of the generator's own lateness.
        case lateness
        /// Share, or number, of the requests that ended `ok`, and of those that did not.
        case success, errors
        /// Requests answered: as a share of those due, or a second.
        case achieved
        case outcome(Outcome)
    }

    package enum Comparison: String, Sendable, CaseIterable {
        // Longer ones first: `<=` begins with `<`.
        case atMost = "<="
        case atLeast = ">="
        case equal = "=="
        case below = "<"
        case above = ">"
    }

    package enum Unit: Sendable, Equatable { case micros, share, count, perSecond }

    package var metric: Metric
    package var comparison: Comparison
    /// In µs, as a share of 1, as a count, or a second.
    package var bound: Double
    package var unit: Unit
    /// As it was written.
    package var description: String

    /// Its value in a sample; nil when there is nothing to judge by, infinite when it lies beyond every answer.
    package func value(in sample: MetricSample) -> Double? {
        switch metric {
        case .percentile(let percentile, let isRaw):
            guard let histogram = isRaw ? sample.raw : sample.corrected else { return nil }
            let total = histogram.count + sample.unanswered
            if total == 0 { return nil }
            let rank = Histogram.rank(ofPercentile: percentile, in: total)
            return rank > histogram.count ? .infinity : Double(histogram.valueMicros(atRank: rank))
        case .mean(let isRaw):
            return (isRaw ? sample.raw : sample.corrected).flatMap { $0.count == 0 ? nil : $0.meanMicros }
        case .max(let isRaw):
            guard let histogram = isRaw ? sample.raw : sample.corrected else { return nil }
            if sample.unanswered > 0 { return .infinity }
            return histogram.count == 0 ? nil : Double(histogram.maxMicros)
        case .lateness:
            return sample.lateness.count == 0 ? nil : Double(sample.lateness.valueMicros(atPercentile: 99))
        case .success: return part(sample.outcomes[Int(Outcome.ok.rawValue)], of: sample.addressed)
        case .errors: return part(sample.count(where: \.isError), of: sample.addressed)
        case .achieved:
            if unit == .perSecond { return sample.seconds > 0 ? Double(sample.answered) / sample.seconds : nil }
            return part(sample.answered, of: sample.due)
        case .outcome(let outcome): return part(sample.outcomes[Int(outcome.rawValue)], of: sample.due)
        }
    }

    /// Nil when there is nothing to judge by.
    package func holds(in sample: MetricSample) -> Bool? {
        guard let value = value(in: sample) else { return nil }
        return switch comparison {
        case .atMost: value <= bound
        case .atLeast: value >= bound
        case .equal: value == bound
        case .below: value < bound
        case .above: value > bound
        }
    }

    /// A value of this metric, for people.
    package func text(of value: Double?) -> String {
        guard let value else { return "nothing to judge by" }
        if value == .infinity { return "beyond every answer" }
        func trimmed(_ value: Double, _ scale: Double) -> String {
            let rounded = (value * scale).rounded() / scale
            return rounded == rounded.rounded() && rounded < 1e15 ? String(Int64(rounded)) : "\(rounded)"
        }
        switch unit {
        case .micros:
            return value < 1000
                ? "\(trimmed(value, 1))us"
                : value < 1_000_000 ? "\(trimmed(value / 1000, 1000))ms" : "\(trimmed(value / 1_000_000, 1000))s"
        case .share: return "\(trimmed(value * 100, 1000))%"
        case .count: return trimmed(value, 1)
        case .perSecond: return "\(trimmed(value, 10))/s"
        }
    }

    private func part(_ count: UInt64, of whole: UInt64) -> Double? {
        if unit == .count { return Double(count) }
        return whole == 0 ? nil : Double(count) / Double(whole)
    }
}

/// How one stated expectation came out.
package struct ExpectationResult: Sendable, Equatable {
    package var text: String
    package var holds: Bool
    /// What it is, for people.
    package var actual: String

    package init(text: String, holds: Bool, actual: String) {
        self.text = text
        self.holds = holds
        self.actual = actual
    }

    package init(_ condition: Condition, in sample: MetricSample) {
        self.init(
            text: condition.description, holds: condition.holds(in: sample) ?? false,
            actual: condition.text(of: condition.value(in: sample)))
    }
}
