import Bytes
import Metrics
import Replay
import Schema
import Tape

/// Writes the run tape: what was sent, when, and what came back.
final class TapeRunWriter: RunTapeWriter, @unchecked Sendable {
    // Used by one thread at a time: the command opens it, the run's writer thread fills and finishes it.
    private let tapes: TapeSet
    private let flags: RunTapeFlags
    private let targets: [Target]
    private let source: ReplaySource
    private var clockOffsetNanos: UInt64 = 0
    private var ordinals: [UInt32: UInt32] = [:]
    private var leftOut = RunResult.RunTape.LeftOut()
    private var isFull = false
    private let state: Lock<State>

    private struct State: Sendable {
        var failure: String?
        var account: RunResult.RunTape
    }

    /// - Parameter eventTime: what became of the times inside the requests: whether a campaign is still one depends on it.
    init(
        path: String, flags: RunTapeFlags, tag: String, targets: [Target], source: ReplaySource,
        eventTime: EventTimeMode
    ) throws(CommandError) {
        self.targets = targets
        self.source = source
        self.flags = flags
        state = Lock(State(account: flags.account))
        var options = TapeWriter.Options(source: "replay", program: "tinct \(tinctVersion)")
        options.runTag = tag
        if case .bytes(let bytes) = flags.limit {
            // What is said to be the largest size is known by the chunk only.
            options.chunkBytes = Int(clamping: min(UInt64(options.chunkBytes), max(1 << 14, bytes / 16)))
        }
        var plan = TapeSet.Plan(path: path, rotation: flags.rotation, options: options)
        plan.keepsEarlier = true
        plan.attachments = try source.attachments()
        let parts = source.parts.enumerated().map {
            ($0.offset == 0 ? "tape" : "tape\($0.offset + 1)", $0.element.path)
        }
        plan.metadata = [("replay", [("eventTime", eventTime.rawValue)] + parts + flags.properties)]
        do throws(TapeError) { tapes = try TapeSet(plan) } catch { throw CommandError("\(error)") }
    }

    /// Why the tape is not whole; nil when it is.
    var failureText: String? { state.withLock { $0.failure } }
    /// What is written and what is left out, as of a moment ago; all of it once the run is over.
    var account: RunResult.RunTape { state.withLock { $0.account } }

    func begin(clockOffsetNanos: UInt64) { self.clockOffsetNanos = clockOffsetNanos }

    func write(_ entry: RunTapeEntry, operation: String) {
        if let reason = reasonToLeaveOut(entry) {
            leftOut[keyPath: reason] += 1
            return
        }
        var exchange = exchange(entry, operation)
        let before = tapes.tapes.count
        do throws(TapeError) { try tapes.append(&exchange) } catch {
            leftOut.unwritten += 1
            fail(error)
        }
        if tapes.tapes.count != before { describe(isLast: false) }
    }

    func tick(monotonicNanos: UInt64) {
        if failureText == nil {
            describe(isLast: false)
            do throws(TapeError) {
                try tapes.rotateIfDue(recordedNanos: monotonicNanos)
                try tapes.tick(monotonicNanos: monotonicNanos)
            } catch { fail(error) }
        }
        publish()
    }

    func finish() {
        describe(isLast: true)
        if failureText == nil { do throws(TapeError) { try tapes.finish() } catch { fail(error) } }
        publish()
    }

    private func reasonToLeaveOut(_ entry: RunTapeEntry) -> WritableKeyPath<RunResult.RunTape.LeftOut, UInt64>? {
        if let reason = flags.reason(against: entry) { return reason }
        if failureText != nil { return \.unwritten }
        switch flags.limit {
        case .bytes(let bytes): isFull = isFull || tapes.writtenBytes >= bytes
        case .count(let count): isFull = tapes.exchangeCount >= count
        case nil, .nanos: break
        }
        return isFull ? \.overLimit : nil
    }

    /// What the open tape says at its end: which one of the run's it is, and what was left out up to there.
    private func describe(isLast: Bool) {
        tapes.closingMetadata = [
            (
                RunTapeExtent.record,
                [
                    ("number", String(tapes.tapes.count)), ("last", String(isLast)),
                    ("succeeded", String(leftOut.succeeded)), ("notSampled", String(leftOut.notSampled)),
                    ("overLimit", String(leftOut.overLimit)),
                ]
            )
        ]
    }

    /// Lets other threads see how far the tapes are.
    private func publish() {
        state.withLock { state in
            state.account.tapes = UInt64(clamping: tapes.tapes.count)
            // What waits in the open chunk may still be lost.
            state.account.exchanges = tapes.storedExchanges
            state.account.bytes = tapes.writtenBytes
            state.account.leftOut = leftOut
        }
    }

    /// Nothing more is written; what waited in the open chunk is lost.
    private func fail(_ error: TapeError) {
        leftOut.unwritten += tapes.exchangeCount - tapes.storedExchanges
        state.withLock { $0.failure = "\(error); \(tapes.standing)" }
    }

    private func exchange(_ entry: RunTapeEntry, _ operation: String) -> Exchange {
        var exchange = Exchange()
        exchange.flow = UInt64(entry.flow)
        exchange.ordinal = ordinals[entry.flow, default: 0]
        ordinals[entry.flow, default: 0] += 1
        exchange.format = entry.format
        exchange.operation = operation
        exchange.server = targets.indices.contains(entry.target) ? targets[entry.target].authority : ""
        let sent = entry.sentNanos &+ clockOffsetNanos
        let end = entry.endNanos &+ clockOffsetNanos
        exchange.request = Message(wire: entry.request, startNanos: sent, endNanos: sent)
        exchange.request?.redactions = Redactions(
            entry.masked.lazy.map {
                Tape.Redaction(offset: UInt64($0.lowerBound), length: UInt64($0.count), kind: "token")
            })
        if !entry.reply.isEmpty { exchange.response = Message(wire: entry.reply, startNanos: end, endNanos: end) }
        var run = RunRecord()
        (run.sourceID, run.sourceTape) = source.place(of: entry.sourceID)
        run.round = entry.round
        run.dueNanos = entry.dueNanos &+ clockOffsetNanos
        run.sentNanos = sent
        run.outcome = entry.outcome.name
        run.target = targets.indices.contains(entry.target) ? targets[entry.target].description : ""
        run.isMirror = entry.leg > 0
        run.endNanos = end
        exchange.run = run
        return exchange
    }
}
