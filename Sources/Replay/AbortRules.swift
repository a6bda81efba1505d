package import Metrics

/// `errors > 1% for 5s`: a condition that ends the run when it has held of the last second for so many seconds.
package struct AbortRule: Sendable, Equatable {
    package var condition: Condition
    package var seconds: Int
    /// As it was written.
    package var text: String

    package init(parsing text: String) throws(ConditionError) {
        self.text = text
        var words = text.split(separator: " ")
        seconds = 1
        if words.count >= 2, words[words.count - 2] == "for" {
            let length = words[words.count - 1]
            guard length.hasSuffix("s"), let value = Int(length.dropLast()), (1...3600).contains(value) else {
                throw ConditionError(description: "'\(length)' is no time of whole seconds, as in 'errors > 1% for 5s'")
            }
            seconds = value
            words.removeLast(2)
        }
        condition = try Condition(parsing: words.joined(separator: " "))
    }
}

/// Watches abort rules: every 50 ms, over the second that has just passed. A second in which there is nothing to judge by
/// (nothing came due, nothing ended) changes nothing.
package final class AbortWatcher: RunWatcher {
    private let rules: [AbortRule]
    /// For how many ticks, one after the other, each has held.
    private var held: [Int]
    /// The last second.
    private var window: [RunTick] = []

    package init(_ rules: [AbortRule]) {
        self.rules = rules
        held = .init(repeating: 0, count: rules.count)
    }

    package var wantsTicks: Bool { true }

    package func ticked(_ tick: RunTick) -> RunStop? {
        window.append(tick)
        if window.count > RunTick.perSecond { window.removeFirst() }
        let sample = sample
        for (index, rule) in rules.enumerated() {
            guard let holds = rule.condition.holds(in: sample) else { continue }
            held[index] = holds ? held[index] + 1 : 0
            if held[index] < rule.seconds * RunTick.perSecond { continue }
            let value = rule.condition.text(of: rule.condition.value(in: sample))
            // 7.35: in hundredths, since there are 20 ticks in a second.
            let (whole, part) = (tick.index + 1).quotientAndRemainder(dividingBy: RunTick.perSecond)
            let hundredths = part * 100 / RunTick.perSecond
            return RunStop(
                reason: "abort",
                detail: "'\(rule.text)' held until second \(whole).\(hundredths < 10 ? "0" : "")\(hundredths), "
                    + "where it was \(value)")
        }
        return nil
    }

    private var sample: MetricSample {
        let (corrected, lateness) = (Histogram(), Histogram())
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        var due: UInt64 = 0
        for tick in window {
            corrected.add(tick.corrected)
            lateness.add(tick.lateness)
            due += tick.due
            for index in outcomes.indices { outcomes[index] += tick.outcomes[index] }
        }
        return MetricSample(
            corrected: corrected, raw: nil, lateness: lateness, outcomes: outcomes, due: due,
            seconds: Double(window.count) / Double(RunTick.perSecond))
    }
}

/// Ends the run when a file is there.
package final class KillFileWatcher: RunWatcher {
    private let path: String
    private let exists: (String) -> Bool

    package init(path: String, exists: @escaping (String) -> Bool) {
        self.path = path
        self.exists = exists
    }

    package func poll(elapsedNanos: UInt64) -> RunStop? {
        exists(path) ? RunStop(reason: "killFile", detail: path) : nil
    }
}

extension RunSecond {
    /// For conditions.
    package var sample: MetricSample {
        MetricSample(
            corrected: corrected, raw: nil, lateness: lateness, outcomes: outcomes, due: due, seconds: 1)
    }
}

extension RunResult {
    /// The whole run, for conditions; nil when its histograms are not in the result.
    package var sample: MetricSample? {
        guard let corrected = try? Histogram(hdr: latency.corrected.hdr),
            let raw = try? Histogram(hdr: latency.raw.hdr), let lateness = try? Histogram(hdr: lateness.hdr)
        else { return nil }
        return MetricSample(
            corrected: corrected, raw: raw, lateness: lateness, outcomes: outcomes, due: totals.due,
            seconds: Double(run.durationNanos - min(run.durationNanos, warmUp.nanos)) / 1e9)
    }
}
