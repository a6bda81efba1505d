extension RunResult {
    /// The results of several generators that sent at the same time, as one; parts of one run become that run before.
    /// Counts are added up; percentiles come from the added histograms. Seconds are those of the earliest run; their
    /// percentiles are the worst of any generator's, since their histograms are not in a result.
    package static func merging(_ results: [RunResult]) -> RunResult { adding(joiningParts(results)) }

    /// Adds up what is counted; what describes the runs is that of generators beside each other.
    static func adding(_ results: [RunResult]) -> RunResult {
        guard let first = results.first else { return RunResult() }
        var merged = first
        merged.expectations = []
        merged.search = nil
        merged.audit = audit(results.map(\.audit))
        describe(&merged.run, results.map(\.run))
        merged.totals = Totals()
        merged.warmUp = WarmUp()
        merged.outcomes = .init(repeating: 0, count: Outcome.allCases.count)
        merged.refusals = []
        merged.protocolErrors = []
        merged.cpuSeconds = 0
        merged.tls = .init()
        for result in results {
            merged.tls.handshakes += result.tls.handshakes
            merged.tls.resumed += result.tls.resumed
            merged.tls.errors.add(result.tls.errors)
            merged.totals.add(result.totals)
            merged.warmUp.add(result.warmUp)
            add(result.outcomes, to: &merged.outcomes)
            merged.cpuSeconds += result.cpuSeconds
            add(result.refusals, to: &merged.refusals)
            merged.protocolErrors.add(result.protocolErrors)
        }
        merged.latency = .merging(results.map(\.latency))
        merged.lateness = .merging(results.map(\.lateness))
        let places: [[Int]]
        (merged.operations, places) = merging(results.map(\.operations))
        merged.mirrors = mirrors(results.flatMap(\.mirrors))
        merged.runTape = .merging(results.compactMap(\.runTape))
        merged.connections = connections(results, start: merged.run.startNanos)
        mergeSeries(results, places, &merged)
        let start = merged.run.startNanos
        merged.slowest = results.flatMap { result in
            result.slowest.map { slow in
                var slow = slow
                slow.dueNanos += result.run.startNanos - start
                return slow
            }
        }.sorted { $0.correctedMicros > $1.correctedMicros }
        merged.slowest.removeLast(max(0, merged.slowest.count - (results.map(\.slowest.count).max() ?? 0)))
        return merged
    }

    static func joined(_ texts: [String]) -> String {
        distinct(texts.filter { !$0.isEmpty }).joined(separator: ", ")
    }

    private static func distinct(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func audit(_ parts: [Audit]) -> Audit {
        var audit = Audit()
        audit.user = joined(parts.map(\.user))
        audit.sudoUser = joined(parts.map(\.sudoUser))
        audit.host = joined(parts.map(\.host))
        audit.policy = joined(parts.map(\.policy))
        audit.policySHA256 = joined(parts.map(\.policySHA256))
        audit.isInsecure = parts.contains(where: \.isInsecure)
        // Whether anything left a machine, and who let it.
        audit.confirmedBy =
            ["terminal", "--yes"].first { way in parts.contains { $0.confirmedBy == way } } ?? "loopback"
        for target in parts.flatMap(\.targets) {
            let known = audit.targets.firstIndex {
                $0.target == target.target && $0.address == target.address && $0.rule == target.rule
            }
            if let known { audit.targets[known].sent += target.sent } else { audit.targets.append(target) }
        }
        return audit
    }

    private static func describe(_ run: inout Run, _ runs: [Run]) {
        run.tag = joined(runs.map(\.tag))
        run.tape = joined(runs.map(\.tape))
        run.targets = distinct(runs.flatMap(\.targets))
        run.carriers = distinct(runs.flatMap(\.carriers))
        run.pacer = joined(runs.map(\.pacer))
        run.eventTime = joined(runs.map(\.eventTime))
        run.rate = runs.allSatisfy { $0.rate != nil } ? runs.reduce(0) { $0 + ($1.rate ?? 0) } : nil
        run.loop = runs.contains { $0.loop == .closed } ? .closed : .open
        run.connections = runs.reduce(0) { $0 + $1.connections }
        run.threads = runs.reduce(0) { $0 + $1.threads }
        run.io = joined(runs.map(\.io))
        run.startNanos = runs.map(\.startNanos).min() ?? 0
        run.durationNanos = (runs.map { $0.startNanos + $0.durationNanos }.max() ?? 0) - run.startNanos
        run.rounds = runs.map(\.rounds).max() ?? 0
        run.allowedDuplicates = runs.contains(where: \.allowedDuplicates)
        run.isGeneratorBound = runs.contains(where: \.isGeneratorBound)
        run.generatorBoundReason = joined(runs.map(\.generatorBoundReason))
        // The worst one: a sum is as whole as the least of its parts.
        let order = ["failed", "guard", "abort", "killFile", "signal", "tapeEnded", "done"]
        let worst = runs.min {
            (order.firstIndex(of: $0.exitReason) ?? 0) < (order.firstIndex(of: $1.exitReason) ?? 0)
        }
        run.exitReason = worst?.exitReason ?? "done"
        run.exitDetail = joined(runs.map(\.exitDetail))
        run.toolVersion = joined(runs.map(\.toolVersion))
        run.part = nil
    }

    /// - Returns: beside them, for each list, where each of its operations stands among the merged ones.
    private static func merging(_ lists: [[Operation]]) -> (merged: [Operation], places: [[Int]]) {
        var merged: [Operation] = []
        var places: [String: Int] = [:]
        var parts: [[Operation]] = []
        let moves = lists.map { list in
            list.map { operation in
                let place = places[operation.name] ?? parts.count
                if place == parts.count { parts.append([]) }
                places[operation.name] = place
                parts[place].append(operation)
                return place
            }
        }
        for part in parts {
            var operation = Operation(name: part[0].name)
            var decisions: [String: UInt64] = [:]
            for one in part {
                operation.count += one.count
                add(one.outcomes, to: &operation.outcomes)
                for decision in one.decisions { decisions[decision.name, default: 0] += decision.count }
            }
            operation.latency = .merging(part.map(\.latency))
            operation.decisions = decisions.map { Count($0.key, $0.value) }
                .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
            merged.append(operation)
        }
        return (merged, moves)
    }

    private static func connections(_ results: [RunResult], start: UInt64) -> Connections {
        var merged = Connections()
        for result in results {
            merged.isRecorded = merged.isRecorded || result.connections.isRecorded
            merged.limit += result.connections.limit
            merged.peak += result.connections.peak
            merged.waitedFlows += result.connections.waitedFlows
            let shift = result.run.startNanos - start
            merged.worst += result.connections.worst.map { connection in
                var connection = connection
                connection.openedNanos = connection.openedNanos.map { $0 &+ shift }
                connection.closedNanos = connection.closedNanos.map { $0 &+ shift }
                return connection
            }
        }
        merged.worst.sort { $0.failures > $1.failures }
        merged.worst.removeLast(max(0, merged.worst.count - worstConnections))
        return merged
    }

    /// Mirrors of the same name become one.
    private static func mirrors(_ parts: [Mirror]) -> [Mirror] {
        distinct(parts.map(\.target)).map { target in
            let same = parts.filter { $0.target == target }
            var merged = Mirror()
            merged.target = target
            for mirror in same {
                merged.totals.add(mirror.totals)
                add(mirror.outcomes, to: &merged.outcomes)
                add(mirror.refusals, to: &merged.refusals)
                merged.protocolErrors.add(mirror.protocolErrors)
            }
            merged.latency = .merging(same.map(\.latency))
            merged.lateness = .merging(same.map(\.lateness))
            merged.operations = merging(same.map(\.operations)).merged
            merged.decisions = .merging(same.compactMap(\.decisions))
            return merged
        }
    }

    private static func add(_ refusals: [Refusal], to merged: inout [Refusal]) {
        for refusal in refusals {
            let known = merged.firstIndex { $0.operation == refusal.operation && $0.reason == refusal.reason }
            if let known { merged[known].count += refusal.count } else { merged.append(refusal) }
        }
    }

    private static func mergeSeries(_ results: [RunResult], _ places: [[Int]], _ merged: inout RunResult) {
        var seconds: [Int: Second] = [:]
        for (index, result) in results.enumerated() {
            let shift = Int(clamping: (result.run.startNanos - merged.run.startNanos + 500_000_000) / 1_000_000_000)
            for entry in result.series {
                let key = entry.second + shift
                var second = seconds[key] ?? Second()
                second.second = key
                second.due += entry.due
                second.sent += entry.sent
                second.answered += entry.answered
                second.errors += entry.errors
                second.inFlight += entry.inFlight
                second.p50Micros = max(second.p50Micros, entry.p50Micros)
                second.p99Micros = max(second.p99Micros, entry.p99Micros)
                second.latenessP99Micros = max(second.latenessP99Micros, entry.latenessP99Micros)
                add(entry.outcomes, to: &second.outcomes)
                for part in entry.operations {
                    let place = places[index][part.operation]
                    let known = second.operations.firstIndex { $0.operation == place } ?? second.operations.count
                    if known == second.operations.count { second.operations.append(.init(operation: place)) }
                    add(part.outcomes, to: &second.operations[known].outcomes)
                    second.operations[known].p50Micros = max(second.operations[known].p50Micros, part.p50Micros)
                    second.operations[known].p99Micros = max(second.operations[known].p99Micros, part.p99Micros)
                }
                seconds[key] = second
            }
        }
        merged.series = seconds.sorted { $0.key < $1.key }.map(\.value)
    }

    fileprivate static func add(_ counts: [UInt64], to sums: inout [UInt64]) {
        for index in sums.indices where index < counts.count { sums[index] += counts[index] }
    }
}

extension RunResult.Latency {
    fileprivate static func merging(_ parts: [RunResult.Latency]) -> RunResult.Latency {
        var merged = RunResult.Latency()
        merged.corrected = .merging(parts.map(\.corrected))
        merged.raw = .merging(parts.map(\.raw))
        return merged
    }
}

extension RunResult.Comparison {
    fileprivate static func merging(_ parts: [Self]) -> Self? {
        guard var merged = parts.first else { return nil }
        for part in parts.dropFirst() {
            merged.compared += part.compared
            merged.different += part.different
            merged.incomparable += part.incomparable
            for difference in part.differences {
                let known = merged.differences.firstIndex {
                    ($0.operation, $0.primary, $0.mirror)
                        == (difference.operation, difference.primary, difference.mirror)
                }
                guard let known else {
                    merged.differences.append(difference)
                    continue
                }
                merged.differences[known].count += difference.count
                let room = RunResult.exampleLimit - merged.differences[known].examples.count
                merged.differences[known].examples += difference.examples.prefix(max(0, room))
            }
        }
        merged.differences.sort { $0.count > $1.count }
        return merged
    }
}

extension [RunResult.Count] {
    /// Adds to the counts of the same names.
    package mutating func add(_ others: [RunResult.Count]) {
        for other in others {
            if let known = firstIndex(where: { $0.name == other.name }) {
                self[known].count += other.count
            } else {
                append(other)
            }
        }
    }
}

extension Percentiles {
    /// Of what all of them have counted: their histograms must be there.
    package static func merging(_ parts: [Percentiles]) -> Percentiles {
        let whole = Histogram()
        var sum = 0.0
        for part in parts {
            guard let histogram = try? Histogram(hdr: part.hdr) else { continue }
            whole.add(histogram)
            sum += part.meanMicros * Double(part.count)
        }
        var merged = whole.percentiles
        merged.hdr = whole.hdr
        // Each part knows its mean exactly; the histogram knows it to three digits.
        merged.meanMicros = whole.count == 0 ? 0 : sum / Double(whole.count)
        return merged
    }
}

extension RunResult.Totals {
    fileprivate mutating func add(_ other: RunResult.Totals) {
        due += other.due
        sent += other.sent
        answered += other.answered
        unsent += other.unsent
        tagged += other.tagged
        notAddressed += other.notAddressed
        guardRefused += other.guardRefused
        wireFaults += other.wireFaults
        bytesSent += other.bytesSent
        bytesReceived += other.bytesReceived
        connectionsOpened += other.connectionsOpened
        retries += other.retries
        runTapeDropped += other.runTapeDropped
    }
}

extension RunResult.WarmUp {
    fileprivate mutating func add(_ other: RunResult.WarmUp) {
        nanos = max(nanos, other.nanos)
        due += other.due
        sent += other.sent
        tagged += other.tagged
        wireFaults += other.wireFaults
        answered += other.answered
        RunResult.add(other.outcomes, to: &outcomes)
    }
}
