import EventLoop
import Metrics
import Pacing
import Tagging

/// Makes the result of a run, or of a part of it, from what was counted.
struct RunSummary {
    let options: Run.Options
    let gatekeeper: Guard
    let account: RunAccount
    /// Monotonic: when the run began, and the part.
    let runStartNanos: UInt64
    var startNanos: UInt64
    /// When the part ended; nil: when the loops did.
    var endNanos: UInt64?
    let clockOffsetNanos: UInt64
    let threads: Int
    /// Index of the leg's first target among all.
    let firstTarget: Int
    var feeder = Feeder.Progress()
    var stop: RunStop?
    var cpuSeconds = 0.0
    /// From 1; nil for a whole run.
    var part: UInt64?

    private var reports: [LoopReport] { account.reports.sorted { $0.key < $1.key }.map(\.value) }

    func result() -> RunResult {
        var result = RunResult()
        let reports = reports
        describe(&result)
        operations(&result)
        for report in reports {
            result.totals.sent += report.sent
            result.totals.answered += report.answered
            result.totals.tagged += report.tagged
            result.totals.wireFaults += report.wireFaults
            result.totals.bytesSent += report.bytesSent
            result.totals.bytesReceived += report.bytesReceived
            result.totals.connectionsOpened += report.connectionsOpened
            result.totals.retries += report.retries
            result.totals.runTapeDropped += report.runTapeDropped
        }
        result.lateness = account.lateness.percentiles
        result.lateness.hdr = account.lateness.hdr
        warmUp(&result)
        result.totals.due = result.outcomes.reduce(0, +)
        result.totals.unsent = result[.unsent]
        result.totals.notAddressed = result[.notAddressed]
        result.totals.guardRefused = result[.guardRefused]
        result.refusals = refusals()
        result.audit.targets = audit()
        result.protocolErrors = Loop.Fault.allCases.compactMap { fault in
            let count = reports.reduce(UInt64(0)) { $0 + $1.faults[Int(fault.rawValue)] }
            return count > 0 ? .init(fault.text, count) : nil
        }
        for report in reports {
            result.tls.handshakes += report.tlsHandshakes
            result.tls.resumed += report.tlsResumed
        }
        result.tls.errors = reports.reduce(into: [:]) { $0.merge($1.tlsErrors, uniquingKeysWith: +) }
            .map { .init($0.key, $0.value) }.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
        result.slowest = slowest()
        result.connections = connections()
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
        result.run.inFlight = options.inFlight
        result.run.threads = threads
        result.run.io = reports.contains(where: \.hadRing) ? Transfers.ioUring.rawValue : Transfers.epoll.rawValue
        result.run.startNanos = startNanos &+ clockOffsetNanos
        result.run.part = part
        let end = endNanos ?? reports.map(\.endNanos).max() ?? startNanos
        result.run.durationNanos = end > startNanos ? end - startNanos : 0
        result.run.rounds = Int(reports.map(\.rounds).max() ?? 0)
        result.run.allowedDuplicates = options.allowsDuplicates
        result.run.exitReason = stop?.reason ?? (feeder.endedForIdentities ? "tapeEnded" : "done")
        result.run.exitDetail = stop?.detail ?? ""
        if feeder.error != nil { result.run.exitReason = "failed" }
        result.cpuSeconds = cpuSeconds
    }

    private func operations(_ result: inout RunResult) {
        var merged = account.operations
        for (index, outcomes) in feeder.refused {
            for (outcome, count) in outcomes {
                merged[Int(index), default: RunAccount.Operation()].outcomes[Int(outcome.rawValue)] += count
            }
        }
        var places: [Int: Int] = [:]
        let corrected = Histogram()
        let raw = Histogram()
        for (index, operation) in merged.sorted(by: { $0.key < $1.key }) {
            var entry = RunResult.Operation(name: index < feeder.operations.count ? feeder.operations[index] : "")
            places[index] = result.operations.count
            entry.outcomes = operation.outcomes
            entry.count = operation.outcomes.reduce(0, +)
            entry.latency.corrected = operation.corrected.percentiles
            entry.latency.raw = operation.raw.percentiles
            entry.latency.corrected.hdr = operation.corrected.hdr
            entry.latency.raw.hdr = operation.raw.hdr
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
        result.series = account.series
        let firstSecond = Int(clamping: (startNanos - runStartNanos) / 1_000_000_000)
        for second in result.series.indices {
            result.series[second].second -= firstSecond
            for part in result.series[second].operations.indices {
                let index = result.series[second].operations[part].operation
                result.series[second].operations[part].operation = places[index] ?? 0
            }
        }
    }

    /// Those of the feeder, and what came too fast for a capped rate.
    private func refusals() -> [RunResult.Refusal] {
        var late: [UInt16: UInt64] = [:]
        for report in reports { late.merge(report.tooFast, uniquingKeysWith: +) }
        let tooFast = late.sorted { $0.key < $1.key }.map { operation, count in
            RunResult.Refusal(
                operation: Int(operation) < feeder.operations.count ? feeder.operations[Int(operation)] : "",
                reason: "faster than the capped rate", count: count)
        }
        return feeder.refusals() + tooFast
    }

    private func audit() -> [RunResult.Audit.Target] {
        gatekeeper.admitted.enumerated().map { index, admitted in
            var target = RunResult.Audit.Target(target: admitted.target.description)
            target.address = admitted.address.description
            target.rule = admitted.rule?.name ?? ""
            target.sent = reports.reduce(0) { $0 + (index < $1.sentByTarget.count ? $1.sentByTarget[index] : 0) }
            return target
        }
    }

    /// What was sent before the measurement began is taken out of the totals.
    private func warmUp(_ result: inout RunResult) {
        let warmUpEnd = runStartNanos + options.warmUpNanos
        result.warmUp.nanos = min(warmUpEnd > startNanos ? warmUpEnd - startNanos : 0, result.run.durationNanos)
        result.warmUp.outcomes = account.warmUpOutcomes
        result.warmUp.answered = account.warmUpAnswered
        for report in reports {
            let warmUp = report.warmUp
            result.warmUp.sent += warmUp.sent
            result.warmUp.tagged += warmUp.tagged
            result.warmUp.wireFaults += warmUp.wireFaults
            result.warmUp.answered += warmUp.answered
            for (index, count) in warmUp.outcomes.enumerated() { result.warmUp.outcomes[index] += count }
        }
        result.warmUp.due = result.warmUp.outcomes.reduce(0, +)
        result.totals.sent -= result.warmUp.sent
        result.totals.tagged -= result.warmUp.tagged
        result.totals.wireFaults -= result.warmUp.wireFaults
        result.totals.answered -= result.warmUp.answered
    }

    private func slowest() -> [RunResult.Slow] {
        reports.flatMap(\.slowest).sorted { $0.elapsedNanos > $1.elapsedNanos }.prefix(options.keepSlowest).map {
            kept in
            var slow = RunResult.Slow()
            slow.position = kept.sourceID
            slow.round = UInt64(kept.round)
            let index = Int(kept.operation)
            slow.operation = index < feeder.operations.count ? feeder.operations[index] : ""
            slow.outcome = kept.outcome.name
            // What ended in this part may have been due before it.
            slow.dueNanos = kept.dueNanos > startNanos ? kept.dueNanos - startNanos : 0
            slow.correctedMicros = kept.elapsedNanos / 1000
            slow.rawMicros = (kept.endNanos &- kept.sentNanos) / 1000
            return slow
        }
    }

    private func connections() -> RunResult.Connections {
        var connections = RunResult.Connections()
        connections.isRecorded = options.recordsConnections
        connections.limit = UInt64(clamping: options.connections)
        connections.peak = reports.reduce(0) { $0 + UInt64(clamping: $1.connectionsPeak) }
        connections.waitedFlows = reports.reduce(0) { $0 + $1.waitedFlows }
        let worst = reports.flatMap(\.worst).sorted { ($1.failures, $0.openedAt) < ($0.failures, $1.openedAt) }
        connections.worst = worst.prefix(RunResult.worstConnections).map { failed in
            var connection = RunResult.Connection()
            let target = failed.target - firstTarget
            if gatekeeper.admitted.indices.contains(target) {
                connection.target = gatekeeper.admitted[target].target.description
            }
            connection.localPort = UInt64(failed.localPort)
            connection.openedNanos = failed.openedAt >= startNanos ? failed.openedAt - startNanos : nil
            if failed.openedAt > 0 && failed.openedAt < startNanos { connection.openedNanos = 0 }
            connection.closedNanos = failed.closedAt >= startNanos ? failed.closedAt - startNanos : nil
            connection.requests = failed.requests
            for outcome in Outcome.allCases {
                connection.outcomes[Int(outcome.rawValue)] = UInt64(failed.failed[Int(outcome.rawValue)])
            }
            let failures = connection.failures
            connection.outcomes[Int(Outcome.ok.rawValue)] = failed.requests > failures ? failed.requests - failures : 0
            return connection
        }
        return connections
    }

    /// CPU time of the process over the time of the run, by loop: `93 %`.
    private func load(_ result: RunResult) -> String {
        let wall = Double(result.run.durationNanos) / 1e9 * Double(max(1, threads))
        return wall > 0 ? "\(Int((cpuSeconds / wall * 100).rounded())) %" : "0 %"
    }

    private func judgeGenerator(_ result: inout RunResult) {
        // A search judges its steps one by one.
        guard result.run.loop == .open, options.program == nil else { return }
        let starved = reports.map(\.starvedNanos).max() ?? 0
        if result.lateness.p99Micros > RunResult.latenessLimitMicros {
            result.run.isGeneratorBound = true
            result.run.generatorBoundReason =
                starved > result.run.durationNanos / 100
                ? "the tape could not be read fast enough; use a faster disk or a lower rate"
                : "the generator took up requests late (p99 \(result.lateness.p99Micros) µs, \(load(result)) of its "
                    + "\(threads) loop\(threads == 1 ? "" : "s") busy); give it more cores (--threads), a machine of its "
                    + "own, or a lower rate"
        }
    }
}
