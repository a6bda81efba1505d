package import Metrics
package import Pacing

/// Looks for the highest rate that holds an objective, within one run: it writes the program that the loops follow, a
/// second at a time, and judges each step when everything that was due in it has ended.
///
/// A step passes when the objective holds, at least 99 % of what was offered was achieved (answered, of what came due, once
/// its first second has passed), nothing was unsent, and the generator's own p99 lateness is at most 5 ms; if it is more, the
/// step says nothing about the target.
package final class LimitSearch: RunWatcher {
    package struct Options: Sendable {
        package var objective: [Condition]
        package var holdSeconds = 10
        /// Sent at the first rate before anything is judged.
        package var warmUpSeconds = 2
        package var firstRate: UInt64 = 100_000
        package var highestRate = Pacer.highestRate
        package var tolerance = 0.025

        package init(objective: [Condition]) { self.objective = objective }
    }

    /// What the run paces itself by.
    package let program = PaceProgram()
    private let options: Options
    private var plan: LimitPlan
    package private(set) var steps: [RunResult.Search.Step] = []

    /// Seconds of the run in which the step sends: [from, end); end moves on as long as the step goes on.
    private var from: Int
    private var end: Int
    private var isWarmingUp: Bool
    /// The first second that the program does not hold yet.
    private var written = 0
    private var isGivenUp = false
    private var parts: [RunSecond] = []

    package init(_ options: Options) {
        self.options = options
        plan = LimitPlan(from: options.firstRate, upTo: options.highestRate, tolerance: options.tolerance)
        isWarmingUp = options.warmUpSeconds > 0
        from = 0
        end = isWarmingUp ? options.warmUpSeconds : options.holdSeconds
    }

    package func began(startNanos: UInt64) { _ = poll(elapsedNanos: 0) }

    package func poll(elapsedNanos: UInt64) -> RunStop? {
        if plan.phase == .done { return nil }
        // Half a second ahead of the loops.
        let ahead = Int(clamping: (elapsedNanos + 500_000_000) / 1_000_000_000)
        while written < end, written <= ahead, !isGivenUp {
            program.append(
                rate: plan.rate, startNanos: UInt64(written) * 1_000_000_000, durationNanos: 1_000_000_000)
            written += 1
        }
        return nil
    }

    package func closed(_ second: RunSecond, _ operations: [String]) -> RunStop? {
        if plan.phase == .done { return nil }
        parts.append(second)
        if second.index + 1 < end, !isGivenUp {
            if !isWarmingUp { giveUpIfHopeless() }
            return nil
        }
        if isGivenUp && second.index + 1 < written { return nil }
        // Everything that was due in the step has to end before it is judged, and before the next one begins.
        if second.inFlight > 0 || second.waiting > 0 { return nil }
        if isWarmingUp {
            isWarmingUp = false
        } else {
            judge()
        }
        parts = []
        isGivenUp = false
        // The second that follows has begun already.
        from = second.index + 2
        end = from + options.holdSeconds * (plan.phase == .confirm ? 3 : 1)
        written = from
        if plan.phase == .done { program.close() }
        return nil
    }

    /// Ends a step early that has no chance, so that what piles up does not have to be waited for.
    private func giveUpIfHopeless() {
        guard parts.count >= 3, let last = parts.last else { return }
        if last.due > 20, last.answered * 10 < last.due * 7 { isGivenUp = true }
    }

    private func judge() {
        let corrected = Histogram()
        let lateness = Histogram()
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        var (due, offered, achieved) = (UInt64(0), UInt64(0), UInt64(0))
        for part in parts {
            corrected.add(part.corrected)
            lateness.add(part.lateness)
            for (index, count) in part.outcomes.enumerated() { outcomes[index] += count }
            due += part.due
            // In the first second fewer are answered than come due, by those that are on their way.
            if part.index > from, part.due > 0 {
                offered += part.due
                achieved += part.answered
            }
        }
        let sample = MetricSample(
            corrected: corrected, raw: nil, lateness: lateness, outcomes: outcomes, due: due,
            seconds: Double(written - from))
        var step = RunResult.Search.Step()
        step.rate = Double(plan.rate) / 1000
        step.phase = plan.phase.rawValue
        step.seconds = written - from
        step.due = due
        step.answered = sample.answered
        step.unsent = outcomes[Int(Outcome.unsent.rawValue)]
        step.achievedShare = offered == 0 ? 0 : Double(achieved) / Double(offered)
        step.p50Micros = corrected.valueMicros(atPercentile: 50)
        step.p95Micros = corrected.valueMicros(atPercentile: 95)
        step.p99Micros = corrected.valueMicros(atPercentile: 99)
        step.latenessP99Micros = lateness.valueMicros(atPercentile: 99)
        // A request or two more or less are no share of a slow step.
        let missing = offered > achieved ? offered - achieved : 0
        if step.latenessP99Micros > RunResult.latenessLimitMicros {
            step.reason = "generator-bound: its own p99 lateness was \(step.latenessP99Micros) us"
        } else if step.unsent > 0 {
            step.reason = "\(step.unsent) unsent"
        } else if missing > max(2, offered / 100) {
            step.reason = "achieved \(Int((step.achievedShare * 100).rounded(.down))) %"
        } else if let failed = options.objective.first(where: { $0.holds(in: sample) != true }) {
            step.reason = "\(failed) does not hold: \(failed.text(of: failed.value(in: sample)))"
        }
        step.passed = step.reason.isEmpty
        steps.append(step)
        plan.ended(step.passed ? .passed : step.reason.hasPrefix("generator-bound") ? .generatorBound : .failed)
    }

    /// What has come of it.
    package var result: RunResult.Search {
        var search = RunResult.Search()
        search.objective = options.objective.map(\.description)
        search.steps = steps
        search.isConfirmed = plan.isConfirmed
        search.isComplete = plan.phase == .done
        search.isGeneratorBound = plan.isGeneratorBound && plan.high != .max
        search.isCapped = plan.isCapped
        search.rate = plan.low == 0 ? nil : Double(plan.low) / 1000
        search.failedRate = plan.high == .max ? nil : Double(plan.high) / 1000
        return search
    }
}
