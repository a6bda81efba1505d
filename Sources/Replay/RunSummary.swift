import Metrics
import Pacing
import Tagging

/// Puts the loops' reports together.
struct RunSummary {
    let options: Run.Options
    let gatekeeper: Guard
    let feeder: Feeder.Progress
    let reports: [LoopReport]
    let startNanos: UInt64
    let clockOffsetNanos: UInt64
    let cpuSeconds: Double
    let exitReason: String
    let threads: Int

    /// A generator whose own p99 lateness passes this cannot claim to have held the rate.
    static let latenessLimitMicros: UInt64 = 5_000

    func result() -> RunResult {
        var result = RunResult()
        describe(&result)
        operations(&result)
        let lateness = Histogram()
        for report in reports {
            lateness.add(report.lateness)
            result.totals.sent += report.sent
            result.totals.answered += report.answered
            result.totals.tagged += report.tagged
            result.totals.wireFaults += report.wireFaults
            result.totals.bytesSent += report.bytesSent
            result.totals.bytesReceived += report.bytesReceived
            result.totals.connectionsOpened += report.connectionsOpened
            result.totals.runTapeDropped += report.runTapeDropped
        }
        result.lateness = lateness.percentiles
        result.totals.due = result.outcomes.reduce(0, +)
        result.totals.unsent = result[.unsent]
        result.totals.notAddressed = result[.notAddressed]
        result.totals.guardRefused = result[.guardRefused]
        result.series = series()
        result.refusals = feeder.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
            .init($0.key, $0.value)
        }
        judgeGenerator(&result)
        return result
    }

    private func describe(_ result: inout RunResult) {
        result.run.tag = options.tag
        result.run.targets = gatekeeper.admitted.map(\.target.description)
        result.run.carriers = options.carriers.map(\.description)
        result.run.rate = options.pacer.ratePerSecond
        result.run.loop = options.pacer.isOpenLoop ? .open : .closed
        result.run.connections = options.connections
        result.run.threads = threads
        result.run.startNanos = startNanos &+ clockOffsetNanos
        let end = reports.map(\.endNanos).max() ?? startNanos
        result.run.durationNanos = end > startNanos ? end - startNanos : 0
        result.run.rounds = Int(reports.map(\.rounds).max() ?? 0)
        result.run.allowedDuplicates = options.allowsDuplicates
        result.run.exitReason = exitReason == "done" && feeder.endedForIdentities ? "tapeEnded" : exitReason
        if feeder.error != nil { result.run.exitReason = "failed" }
        result.cpuSeconds = cpuSeconds
    }

    private func operations(_ result: inout RunResult) {
        var merged: [Int: LoopReport.Operation] = [:]
        for report in reports {
            for (index, operation) in report.operations {
                merged[index, default: LoopReport.Operation()].add(operation)
            }
        }
        for (index, outcomes) in feeder.refused {
            for (outcome, count) in outcomes {
                merged[Int(index), default: LoopReport.Operation()].outcomes[Int(outcome.rawValue)] += count
            }
        }
        let corrected = Histogram()
        let raw = Histogram()
        for (index, operation) in merged.sorted(by: { $0.key < $1.key }) {
            var entry = RunResult.Operation(name: index < feeder.operations.count ? feeder.operations[index] : "")
            entry.outcomes = operation.outcomes
            entry.count = operation.outcomes.reduce(0, +)
            entry.latency.corrected = operation.corrected.percentiles
            entry.latency.raw = operation.raw.percentiles
            entry.decisions = operation.decisions.map { .init($0.key, $0.value) }
                .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
            result.operations.append(entry)
            for outcome in Outcome.allCases {
                result.outcomes[Int(outcome.rawValue)] += operation.outcomes[Int(outcome.rawValue)]
            }
            corrected.add(operation.corrected)
            raw.add(operation.raw)
        }
        result.latency.corrected = corrected.percentiles
        result.latency.raw = raw.percentiles
        result.latency.corrected.hdr = corrected.hdr
        result.latency.raw.hdr = raw.hdr
    }

    private func series() -> [RunResult.Second] {
        var seconds: [SecondCounts] = []
        for report in reports {
            for (index, second) in report.seconds.enumerated() {
                if index < seconds.count { seconds[index].add(second) } else { seconds.append(second) }
            }
        }
        // The last one is a part of a second: empty when the run ended on the second.
        if let last = seconds.last, last.due == 0, last.sent == 0, last.answered == 0, last.errors == 0 {
            seconds.removeLast()
        }
        return seconds.enumerated().map { $1.result(second: $0) }
    }

    private func judgeGenerator(_ result: inout RunResult) {
        guard result.run.loop == .open else { return }
        let starved = reports.map(\.starvedNanos).max() ?? 0
        if result.lateness.p99Micros > RunSummary.latenessLimitMicros {
            result.run.isGeneratorBound = true
            result.run.generatorBoundReason =
                starved > result.run.durationNanos / 100
                ? "the tape could not be read fast enough; use a faster disk or a lower rate"
                : "the generator took up requests late (p99 \(result.lateness.p99Micros) µs); give it more cores "
                    + "(--threads), a machine of its own, or a lower rate"
        }
    }
}
