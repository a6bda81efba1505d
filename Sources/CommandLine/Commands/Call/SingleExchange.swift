import Bytes
import Replay
import Tape

/// A tape of one exchange that never was a file.
final class SingleRequest: ExchangeSource {
    private let exchange: Exchange
    private let isTaken = Lock(false)

    init(_ exchange: Exchange) { self.exchange = exchange }

    func next(into exchange: inout Exchange) throws(ReplayError) -> Bool {
        let wasTaken = isTaken.withLock { taken in
            defer { taken = true }
            return taken
        }
        if !wasTaken { exchange = self.exchange }
        return !wasTaken
    }

    func rewind() throws(ReplayError) { isTaken.withLock { $0 = false } }
}

/// Keeps what came of one request.
final class SingleReply: RunTapeWriter {
    private let kept = Lock<RunTapeEntry?>(nil)

    /// Nil when it was not sent.
    var entry: RunTapeEntry? { kept.withLock { $0 } }

    func begin(clockOffsetNanos: UInt64) {}
    func write(_ entry: RunTapeEntry, operation: String) { kept.withLock { $0 = entry } }
    func finish() {}
}
