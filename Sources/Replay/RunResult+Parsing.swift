package import JSON
package import Metrics

/// A result that could not be read: what is wrong, and where in it.
package struct ResultError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String
}

extension RunResult {
    /// Reads what ``json()`` writes, but for expectations, the search, and what of the guard's account belongs to one
    /// process (its command line and canaries).
    package init(parsing value: JSONValue) throws(ResultError) {
        self.init()
        let root = ResultReader(value: value, path: "")
        guard try root.text("schema") == "tinct.replay/1" else {
            throw ResultError(description: "it is no result of tinct replay (schema tinct.replay/1)")
        }
        try read(root.at("run"))
        totals = try Totals(root.at("totals"))
        let warm = try root.at("warmUp")
        warmUp.nanos = try warm.count("nanos")
        warmUp.due = try warm.count("due")
        warmUp.sent = try warm.count("sent")
        warmUp.tagged = try warm.count("tagged")
        warmUp.wireFaults = try warm.count("wireFaults")
        warmUp.answered = try warm.count("answered")
        warmUp.outcomes = try warm.outcomes("outcomes")
        outcomes = try root.outcomes("outcomes")
        latency = try root.latency("latency")
        lateness = try root.percentiles("lateness")
        operations = try root.operations()
        var places: [String: Int] = [:]
        for (index, operation) in operations.enumerated() { places[operation.name] = index }
        for entry in try root.list("series") { series.append(try Second(entry, places)) }
        refusals = try root.refusals()
        connections = try Connections(root.at("connections"))
        for entry in try root.list("mirrors") { mirrors.append(try Mirror(entry)) }
        runTape = try root.has("runTape") ? RunTape(root.at("runTape")) : nil
        for entry in try root.list("slowest") {
            var slow = Slow()
            slow.position = try entry.count("position")
            slow.round = try entry.count("round")
            slow.operation = try entry.text("operation")
            slow.outcome = try entry.text("outcome")
            slow.dueNanos = try entry.count("dueNanos")
            slow.correctedMicros = try entry.count("correctedMicros")
            slow.rawMicros = try entry.count("rawMicros")
            slowest.append(slow)
        }
        try read(audit: root.at("audit"))
        let security = try root.at("tls")
        tls.handshakes = try security.count("handshakes")
        tls.resumed = try security.count("resumed")
        tls.errors = try security.reasons("errors")
        protocolErrors = try root.reasons("protocolErrors")
        cpuSeconds = try root.number("cpuSeconds")
    }

    private mutating func read(_ reader: ResultReader) throws(ResultError) {
        run.tag = try reader.text("tag")
        run.tape = try reader.text("tape")
        run.targets = try reader.texts("targets")
        run.carriers = try reader.texts("carriers")
        run.pacer = try reader.text("pacer")
        run.rate = reader.value["rate"]?.double
        run.loop = try reader.text("loop") == "closed" ? .closed : .open
        run.connections = Int(clamping: try reader.count("connections"))
        run.threads = Int(clamping: try reader.count("threads"))
        run.io = reader.value["io"]?.string ?? ""
        run.startNanos = try reader.count("startNanos")
        run.durationNanos = try reader.count("durationNanos")
        run.rounds = Int(clamping: try reader.count("rounds"))
        run.allowedDuplicates = try reader.flag("allowedDuplicates")
        // Results of earlier versions do not say it; there it was kept.
        run.eventTime = reader.value["eventTime"]?.string ?? "keep"
        run.isGeneratorBound = try reader.flag("generatorBound")
        run.generatorBoundReason = try reader.text("generatorBoundReason")
        run.exitReason = try reader.text("exitReason")
        run.exitDetail = try reader.text("exitDetail")
        run.toolVersion = try reader.text("toolVersion")
        run.part = try reader.has("part") ? reader.count("part") : nil
    }

    private mutating func read(audit reader: ResultReader) throws(ResultError) {
        audit.user = try reader.text("user")
        audit.sudoUser = try reader.text("sudoUser")
        audit.host = try reader.text("host")
        audit.processID = try reader.count("processId")
        audit.policy = try reader.text("policy")
        audit.policySHA256 = try reader.text("policySha256")
        audit.confirmedBy = try reader.text("confirmedBy")
        audit.isInsecure = try reader.flag("insecure")
        for entry in try reader.list("targets") {
            var target = Audit.Target(target: try entry.text("target"))
            target.address = try entry.text("address")
            target.rule = try entry.text("rule")
            target.sent = try entry.count("sent")
            audit.targets.append(target)
        }
    }

}

extension RunResult.Totals {
    init(_ reader: ResultReader) throws(ResultError) {
        self.init()
        due = try reader.count("due")
        sent = try reader.count("sent")
        answered = try reader.count("answered")
        unsent = try reader.count("unsent")
        tagged = try reader.count("tagged")
        notAddressed = try reader.count("notAddressed")
        guardRefused = try reader.count("guardRefused")
        wireFaults = try reader.count("wireFaults")
        bytesSent = try reader.count("bytesSent")
        bytesReceived = try reader.count("bytesReceived")
        connectionsOpened = try reader.count("connectionsOpened")
        retries = try reader.count("retries")
        runTapeDropped = try reader.count("runTapeDropped")
    }
}

extension RunResult.Second {
    fileprivate init(_ entry: ResultReader, _ places: [String: Int]) throws(ResultError) {
        self.init()
        second = Int(clamping: try entry.count("second"))
        due = try entry.count("due")
        sent = try entry.count("sent")
        answered = try entry.count("answered")
        errors = try entry.count("errors")
        p50Micros = try entry.count("p50Micros")
        p99Micros = try entry.count("p99Micros")
        latenessP99Micros = try entry.count("latenessP99Micros")
        inFlight = try entry.count("inFlight")
        outcomes = try entry.outcomes("outcomes")
        for part in try entry.list("operations") {
            guard let place = places[try part.text("operation")] else { throw part.wrong("operation") }
            var read = Part(operation: place)
            read.outcomes = try part.outcomes("outcomes")
            read.p50Micros = try part.count("p50Micros")
            read.p99Micros = try part.count("p99Micros")
            operations.append(read)
        }
    }
}
