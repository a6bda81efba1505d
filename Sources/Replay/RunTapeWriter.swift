import EventLoop
package import Metrics
package import Tape

/// Writes what a run sent and got as a tape, on a thread of its own.
package protocol RunTapeWriter: AnyObject, Sendable {
    /// Monotonic times of entries are ns since 1970 UTC when this is added.
    func begin(clockOffsetNanos: UInt64)
    /// Writes one exchange.
    func write(_ entry: RunTapeEntry, operation: String)
    func finish()
}

extension RunTapeWriter {
    /// Writes what comes until the queue is finished.
    func drain(_ queue: RunTapeQueue, operations: () -> [String]) {
        var names: [String] = []
        while true {
            let (entries, isFinished) = queue.take()
            for entry in entries {
                if entry.operation >= names.count { names = operations() }
                write(entry, operation: entry.operation < names.count ? names[entry.operation] : "")
            }
            if isFinished {
                finish()
                return
            }
            if entries.isEmpty { Clock.sleep(nanos: 2_000_000) }
        }
    }
}

/// One exchange of the run on its way to the run tape.
package struct RunTapeEntry: Sendable {
    package var sourceID: UInt64
    var operation: Int
    package var target: Int
    package var format: WireFormat
    package var round: UInt32
    package var request: [UInt8]
    package var reply: [UInt8]
    package var outcome: Outcome
    /// Monotonic.
    package var dueNanos: UInt64
    package var sentNanos: UInt64
    package var endNanos: UInt64
    /// The connection, numbered over all loops.
    package var flow: UInt32
}
