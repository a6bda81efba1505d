import Metrics
import Replay
import Schema
import Synchronization
import Tape

/// Writes the run tape: what was sent, when, and what came back.
final class TapeRunWriter: RunTapeWriter, @unchecked Sendable {
    // Used by one thread at a time: the command opens it, the run's writer thread fills and finishes it.
    private let writer: TapeWriter
    private let targets: [Target]
    private let source: ReplaySource
    private var clockOffsetNanos: UInt64 = 0
    private var count: UInt64 = 0
    private var ordinals: [UInt32: UInt32] = [:]
    private let failure = Mutex<String?>(nil)

    /// - Parameter eventTime: what became of the times inside the requests: whether a campaign is still one depends on it.
    init(path: String, tag: String, targets: [Target], source: ReplaySource, eventTime: EventTimeMode)
        throws(CommandError)
    {
        self.targets = targets
        self.source = source
        do {
            var options = TapeWriter.Options(source: "replay", program: "tinct \(tinctVersion)")
            options.runTag = tag
            writer = try TapeWriter(path: path, options: options)
            try writer.add(
                metadata: "replay",
                [("eventTime", eventTime.rawValue)]
                    + source.parts.enumerated().map {
                        ($0.offset == 0 ? "tape" : "tape\($0.offset + 1)", $0.element.path)
                    })
        } catch {
            throw CommandError("\(error)")
        }
        for attachment in try source.attachments() {
            do {
                try writer.attach(name: attachment.name, mediaType: attachment.mediaType, bytes: attachment.bytes)
            } catch {
                throw CommandError("\(error)")
            }
        }
    }

    /// Why the tape is not whole; nil when it is.
    var failureText: String? { failure.withLock { $0 } }

    func begin(clockOffsetNanos: UInt64) { self.clockOffsetNanos = clockOffsetNanos }

    func write(_ entry: RunTapeEntry, operation: String) {
        if failureText != nil { return }
        var exchange = Exchange()
        exchange.id = count
        count += 1
        exchange.flow = UInt64(entry.flow)
        exchange.ordinal = ordinals[entry.flow, default: 0]
        ordinals[entry.flow, default: 0] += 1
        exchange.format = entry.format
        exchange.operation = operation
        exchange.server = targets.indices.contains(entry.target) ? targets[entry.target].authority : ""
        let sent = entry.sentNanos &+ clockOffsetNanos
        let end = entry.endNanos &+ clockOffsetNanos
        exchange.request = Message(wire: entry.request, startNanos: sent, endNanos: sent)
        exchange.request?.redactions = entry.masked.map {
            Tape.Redaction(offset: UInt64($0.lowerBound), length: UInt64($0.count), kind: "token")
        }
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
        do { try writer.append(exchange) } catch { failure.withLock { $0 = "\(error)" } }
    }

    func finish() {
        do { try writer.finish() } catch { failure.withLock { $0 = $0 ?? "\(error)" } }
    }
}
