import JSON
package import Metrics

extension RunResult {
    /// The documented object behind `--result` and `--json`.
    package func json() -> [UInt8] {
        var writer = JSONWriter(pretty: true)
        writer.beginObject()
        field("schema", "tinct.replay/1", &writer)
        runObject(&writer)
        write(totals, &writer)
        warmUpObject(&writer)
        writer.key("outcomes")
        RunResult.write(outcomes, &writer)
        writer.key("latency")
        RunResult.write(latency, &writer)
        writer.key("lateness")
        RunResult.write(lateness, &writer)
        write(operations, &writer)
        writer.key("series")
        writer.beginArray()
        for second in series { secondObject(second, &writer) }
        writer.endArray()
        write(refusals, &writer)
        tlsObject(&writer)
        auditObject(&writer)
        writer.key("slowest")
        writer.beginArray()
        for slow in slowest {
            writer.beginObject()
            field("position", slow.position, &writer)
            field("round", slow.round, &writer)
            field("operation", slow.operation, &writer)
            field("outcome", slow.outcome, &writer)
            field("dueNanos", slow.dueNanos, &writer)
            field("correctedMicros", slow.correctedMicros, &writer)
            field("rawMicros", slow.rawMicros, &writer)
            writer.endObject()
        }
        writer.endArray()
        connectionsObject(&writer)
        mirrorsArray(&writer)
        if let runTape { runTapeObject(runTape, &writer) }
        if let search { searchObject(search, &writer) }
        writer.key("expectations")
        writer.beginArray()
        for expectation in expectations {
            writer.beginObject()
            field("text", expectation.text, &writer)
            writer.key("holds")
            writer.bool(expectation.holds)
            field("actual", expectation.actual, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("protocolErrors")
        RunResult.write(protocolErrors, key: "reason", &writer)
        writer.key("cpuSeconds")
        writer.number(cpuSeconds)
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    func field(_ key: String, _ value: String, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.string(value)
    }

    func field(_ key: String, _ value: UInt64, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.number(value)
    }

    private func runObject(_ writer: inout JSONWriter) {
        writer.key("run")
        writer.beginObject()
        field("tag", run.tag, &writer)
        field("tape", run.tape, &writer)
        writer.key("targets")
        writer.value(.array(run.targets.map { .string($0) }))
        writer.key("carriers")
        writer.value(.array(run.carriers.map { .string($0) }))
        field("pacer", run.pacer, &writer)
        writer.key("rate")
        if let rate = run.rate { writer.number(rate) } else { writer.null() }
        field("loop", run.loop.rawValue, &writer)
        field("connections", UInt64(clamping: run.connections), &writer)
        field("inFlight", UInt64(clamping: run.inFlight), &writer)
        field("threads", UInt64(clamping: run.threads), &writer)
        field("io", run.io, &writer)
        field("startNanos", run.startNanos, &writer)
        field("durationNanos", run.durationNanos, &writer)
        field("rounds", UInt64(clamping: run.rounds), &writer)
        writer.key("allowedDuplicates")
        writer.bool(run.allowedDuplicates)
        field("eventTime", run.eventTime, &writer)
        writer.key("generatorBound")
        writer.bool(run.isGeneratorBound)
        field("generatorBoundReason", run.generatorBoundReason, &writer)
        field("exitReason", run.exitReason, &writer)
        field("exitDetail", run.exitDetail, &writer)
        field("toolVersion", run.toolVersion, &writer)
        if let part = run.part { field("part", part, &writer) }
        writer.endObject()
    }

    func write(_ totals: Totals, _ writer: inout JSONWriter) {
        writer.key("totals")
        writer.beginObject()
        field("due", totals.due, &writer)
        field("sent", totals.sent, &writer)
        field("answered", totals.answered, &writer)
        field("unsent", totals.unsent, &writer)
        field("tagged", totals.tagged, &writer)
        field("notAddressed", totals.notAddressed, &writer)
        field("guardRefused", totals.guardRefused, &writer)
        field("wireFaults", totals.wireFaults, &writer)
        field("bytesSent", totals.bytesSent, &writer)
        field("bytesReceived", totals.bytesReceived, &writer)
        field("connectionsOpened", totals.connectionsOpened, &writer)
        field("retries", totals.retries, &writer)
        field("runTapeDropped", totals.runTapeDropped, &writer)
        writer.endObject()
    }

    private func warmUpObject(_ writer: inout JSONWriter) {
        writer.key("warmUp")
        writer.beginObject()
        field("nanos", warmUp.nanos, &writer)
        field("due", warmUp.due, &writer)
        field("sent", warmUp.sent, &writer)
        field("tagged", warmUp.tagged, &writer)
        field("wireFaults", warmUp.wireFaults, &writer)
        field("answered", warmUp.answered, &writer)
        writer.key("outcomes")
        RunResult.write(warmUp.outcomes, &writer)
        writer.endObject()
    }

    private func searchObject(_ search: Search, _ writer: inout JSONWriter) {
        writer.key("search")
        writer.beginObject()
        writer.key("objective")
        writer.value(.array(search.objective.map { .string($0) }))
        writer.key("rate")
        if let rate = search.rate { writer.number(rate) } else { writer.null() }
        writer.key("failedRate")
        if let rate = search.failedRate { writer.number(rate) } else { writer.null() }
        for (key, value) in [
            ("confirmed", search.isConfirmed), ("complete", search.isComplete),
            ("generatorBound", search.isGeneratorBound), ("capped", search.isCapped),
        ] {
            writer.key(key)
            writer.bool(value)
        }
        writer.key("steps")
        writer.beginArray()
        for step in search.steps {
            writer.beginObject()
            writer.key("rate")
            writer.number(step.rate)
            field("phase", step.phase, &writer)
            field("seconds", UInt64(clamping: step.seconds), &writer)
            field("due", step.due, &writer)
            field("answered", step.answered, &writer)
            field("unsent", step.unsent, &writer)
            writer.key("achievedShare")
            writer.number(step.achievedShare)
            field("p50Micros", step.p50Micros, &writer)
            field("p95Micros", step.p95Micros, &writer)
            field("p99Micros", step.p99Micros, &writer)
            field("latenessP99Micros", step.latenessP99Micros, &writer)
            writer.key("passed")
            writer.bool(step.passed)
            field("reason", step.reason, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    func write(_ operations: [Operation], _ writer: inout JSONWriter) {
        writer.key("operations")
        writer.beginArray()
        for operation in operations { operationObject(operation, &writer) }
        writer.endArray()
    }

    private func operationObject(_ operation: Operation, _ writer: inout JSONWriter) {
        writer.beginObject()
        field("operation", operation.name, &writer)
        field("count", operation.count, &writer)
        writer.key("outcomes")
        RunResult.write(operation.outcomes, &writer)
        writer.key("latency")
        RunResult.write(operation.latency, &writer)
        writer.key("decisions")
        RunResult.write(operation.decisions, key: "decision", &writer)
        writer.endObject()
    }

    private func secondObject(_ second: Second, _ writer: inout JSONWriter) {
        writer.beginObject()
        field("second", UInt64(clamping: second.second), &writer)
        field("due", second.due, &writer)
        field("sent", second.sent, &writer)
        field("answered", second.answered, &writer)
        field("errors", second.errors, &writer)
        field("p50Micros", second.p50Micros, &writer)
        field("p99Micros", second.p99Micros, &writer)
        field("latenessP99Micros", second.latenessP99Micros, &writer)
        field("inFlight", second.inFlight, &writer)
        writer.key("warmUp")
        writer.bool(UInt64(clamping: second.second) * 1_000_000_000 < warmUp.nanos)
        writer.key("outcomes")
        RunResult.write(second.outcomes, onlyOccurring: true, &writer)
        writer.key("operations")
        writer.beginArray()
        for part in second.operations {
            writer.beginObject()
            field("operation", part.operation < operations.count ? operations[part.operation].name : "", &writer)
            writer.key("outcomes")
            RunResult.write(part.outcomes, onlyOccurring: true, &writer)
            field("p50Micros", part.p50Micros, &writer)
            field("p99Micros", part.p99Micros, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    static func write(_ outcomes: [UInt64], onlyOccurring: Bool = false, _ writer: inout JSONWriter) {
        writer.beginObject()
        for outcome in Outcome.allCases where !onlyOccurring || outcomes[Int(outcome.rawValue)] > 0 {
            writer.key(outcome.name)
            writer.number(outcomes[Int(outcome.rawValue)])
        }
        writer.endObject()
    }

    static func write(_ counts: [Count], key: String, _ writer: inout JSONWriter) {
        writer.beginArray()
        for count in counts {
            writer.beginObject()
            writer.key(key)
            writer.string(count.name)
            writer.key("count")
            writer.number(count.count)
            writer.endObject()
        }
        writer.endArray()
    }

    static func write(_ latency: Latency, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("corrected")
        write(latency.corrected, &writer)
        writer.key("raw")
        write(latency.raw, &writer)
        writer.endObject()
    }

    static func write(_ percentiles: Percentiles, _ writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in [
            ("count", percentiles.count), ("p50Micros", percentiles.p50Micros), ("p90Micros", percentiles.p90Micros),
            ("p95Micros", percentiles.p95Micros), ("p99Micros", percentiles.p99Micros),
            ("p999Micros", percentiles.p999Micros), ("maxMicros", percentiles.maxMicros),
        ] {
            writer.key(key)
            writer.number(value)
        }
        writer.key("meanMicros")
        writer.number(percentiles.meanMicros)
        if !percentiles.hdr.isEmpty {
            writer.key("hdr")
            writer.string(percentiles.hdr)
        }
        writer.endObject()
    }
}
