import Bytes
import Synchronization
package import Tape

/// Writes what a stub was asked and what it answered as a tape. Used by the stub's thread.
package final class StubRecorder: @unchecked Sendable {
    // Used by one thread at a time: the command opens and finishes it, the stub's loop fills it.
    private let writer: TapeWriter
    private let server: String
    /// From monotonic time to ns since 1970.
    private let clockOffsetNanos: UInt64
    private var count: UInt64 = 0
    private var lastFlush: UInt64 = 0
    /// Why the tape is not whole; nil when it is.
    package private(set) var failureText: String?

    package init(_ writer: TapeWriter, server: String, clockOffsetNanos: UInt64) {
        self.writer = writer
        self.server = server
        self.clockOffsetNanos = clockOffsetNanos
    }

    /// A request that came at `nowNanos` (monotonic) and is answered at `dueNanos`, or never (`.max`). Without a reply,
    /// as for oneways, resets and stalls, the exchange has no response.
    func write(
        _ request: [UInt8], _ reply: [UInt8], _ format: WireFormat, operation: String, connection: UInt64,
        nowNanos: UInt64, dueNanos: UInt64
    ) {
        if failureText != nil { return }
        var exchange = Exchange()
        exchange.id = count
        count += 1
        exchange.flow = connection
        exchange.format = format
        exchange.operation = operation
        exchange.server = server
        let asked = nowNanos &+ clockOffsetNanos
        exchange.request = Message(wire: request, startNanos: asked, endNanos: asked)
        if !reply.isEmpty && dueNanos != .max {
            let answered = dueNanos &+ clockOffsetNanos
            exchange.response = Message(wire: reply, startNanos: answered, endNanos: answered)
        }
        do {
            try writer.append(exchange)
            if nowNanos &- lastFlush > 1_000_000_000 {
                lastFlush = nowNanos
                try writer.flushIfOlder(nowNanos: asked)
            }
        } catch { failureText = "\(error)" }
    }

    package func finish() {
        if failureText != nil { return }
        do { try writer.finish() } catch { failureText = "\(error)" }
    }
}
