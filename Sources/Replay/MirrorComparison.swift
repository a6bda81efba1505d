import Metrics
import Synchronization
import Tape

/// Holds the decisions of mirrors against the primary's while the run lasts, on the thread that writes the run tape.
final class MirrorComparison: RunTapeWriter, @unchecked Sendable {
    // Filled by the writer's thread alone, read when that has ended.
    private var pairings: [Pairing<Reply>]
    private var comparisons: [RunResult.Comparison]
    /// Where each difference stands in its comparison's list.
    private var places: [[String: Int]]
    private var next: (any RunTapeWriter)?

    private struct Reply {
        var isMirror: Bool
        /// Nil when no reply came.
        var decision: String?
    }

    /// Different pairs of decisions that are told apart.
    private static let differenceLimit = 1000

    init(mirrors: Int) {
        pairings = (0..<mirrors).map { _ in Pairing() }
        comparisons = .init(repeating: RunResult.Comparison(), count: mirrors)
        places = .init(repeating: [:], count: mirrors)
    }

    /// Shows everything to another writer too.
    func showing(to writer: (any RunTapeWriter)?) -> MirrorComparison {
        next = writer
        return self
    }

    func begin(clockOffsetNanos: UInt64) { next?.begin(clockOffsetNanos: clockOffsetNanos) }

    func write(_ entry: RunTapeEntry, operation: String) {
        next?.write(entry, operation: operation)
        let key = Pairing<Reply>.Key(sourceID: entry.sourceID, round: entry.round)
        let reply = Reply(isMirror: entry.leg > 0, decision: Self.decision(entry))
        for mirror in comparisons.indices where entry.leg == 0 || entry.leg == mirror + 1 {
            guard let other = pairings[mirror].take(key) else {
                let lost = pairings[mirror].wait(key, reply).count
                comparisons[mirror].incomparable += UInt64(clamping: lost)
                continue
            }
            compare(reply.isMirror ? other : reply, reply.isMirror ? reply : other, mirror, entry.sourceID, operation)
        }
    }

    /// What the reply decided, or in parentheses what came in its place; nil without a reply.
    private static func decision(_ entry: RunTapeEntry) -> String? {
        if !entry.outcome.isAnswered { return nil }
        if let decision = entry.decision { return decision }
        return entry.outcome == .httpError || entry.outcome == .exception || entry.outcome == .throttled
            ? "(\(entry.outcome.name))" : "(none)"
    }

    func finish() {
        for mirror in comparisons.indices {
            comparisons[mirror].incomparable += UInt64(clamping: pairings[mirror].takeAll().count)
        }
        next?.finish()
    }

    private func compare(_ primary: Reply, _ mirror: Reply, _ index: Int, _ id: UInt64, _ operation: String) {
        guard let a = primary.decision, let b = mirror.decision else {
            comparisons[index].incomparable += 1
            return
        }
        comparisons[index].compared += 1
        if a == b { return }
        comparisons[index].different += 1
        let key = "\(operation)\u{0}\(a)\u{0}\(b)"
        guard let place = places[index][key] ?? add(key, index, .init(operation: operation, primary: a, mirror: b))
        else { return }
        comparisons[index].differences[place].count += 1
        if comparisons[index].differences[place].examples.count < RunResult.exampleLimit {
            comparisons[index].differences[place].examples.append(id)
        }
    }

    private func add(_ key: String, _ index: Int, _ difference: RunResult.Comparison.Difference) -> Int? {
        let place = comparisons[index].differences.count
        if place >= Self.differenceLimit { return nil }
        places[index][key] = place
        comparisons[index].differences.append(difference)
        return place
    }

    /// What was found; once the run has ended.
    func result(mirror: Int) -> RunResult.Comparison {
        var comparison = comparisons[mirror]
        comparison.differences.sort {
            ($1.count, $0.operation, $0.primary, $0.mirror) < ($0.count, $1.operation, $1.primary, $1.mirror)
        }
        return comparison
    }
}

extension RunResult {
    /// The primary's result with those of its mirrors beside it.
    func mirrored(by results: some Sequence<RunResult>, _ comparison: MirrorComparison?) -> RunResult {
        var whole = self
        for (index, result) in results.enumerated() {
            var mirror = Mirror()
            mirror.target = result.run.targets.first ?? ""
            mirror.totals = result.totals
            mirror.outcomes = result.outcomes
            mirror.latency = result.latency
            mirror.lateness = result.lateness
            mirror.operations = result.operations
            mirror.refusals = result.refusals
            mirror.protocolErrors = result.protocolErrors
            mirror.decisions = comparison?.result(mirror: index)
            whole.mirrors.append(mirror)
            whole.connections.peak += result.connections.peak
            whole.connections.waitedFlows += result.connections.waitedFlows
            whole.connections.worst += result.connections.worst
            whole.audit.targets += result.audit.targets
            whole.tls.handshakes += result.tls.handshakes
            whole.tls.resumed += result.tls.resumed
            whole.tls.errors.add(result.tls.errors)
            whole.totals.runTapeDropped += result.totals.runTapeDropped
        }
        whole.connections.worst.sort { $0.failures > $1.failures }
        whole.connections.worst.removeLast(max(0, whole.connections.worst.count - RunResult.worstConnections))
        return whole
    }
}
