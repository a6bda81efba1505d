import EventLoop
package import Metrics
package import Tape

/// Writes what a run sent and got as a tape, on a thread of its own.
package protocol RunTapeWriter: AnyObject, Sendable {
    /// Monotonic times of entries are ns since 1970 UTC when this is added.
    func begin(clockOffsetNanos: UInt64)
    /// Writes one exchange.
    func write(_ entry: RunTapeEntry, operation: String)
    /// Called every few milliseconds while the run lasts.
    func tick(monotonicNanos: UInt64)
    func finish()
}

extension RunTapeWriter {
    package func tick(monotonicNanos: UInt64) {}

    /// Writes what comes until the queue is finished.
    ///
    /// - Parameter operations: the names of those of the primary (0) or of a mirror.
    func drain(_ queue: RunTapeQueue, operations: (_ leg: Int) -> [String]) {
        var names: [Int: [String]] = [:]
        while true {
            let (entries, isFinished) = queue.take()
            for entry in entries {
                if entry.operation >= names[entry.leg]?.count ?? 0 { names[entry.leg] = operations(entry.leg) }
                let known = names[entry.leg] ?? []
                write(entry, operation: entry.operation < known.count ? known[entry.operation] : "")
            }
            if isFinished {
                finish()
                return
            }
            tick(monotonicNanos: Clock.monotonicNanos())
            if entries.isEmpty { Clock.sleep(nanos: 2_000_000) }
        }
    }
}

/// One exchange of the run on its way to the run tape.
package struct RunTapeEntry: Sendable {
    package var sourceID: UInt64
    /// Of the primary (0) or of a mirror.
    package var leg: Int
    /// Index among those of its leg.
    var operation: Int
    /// Index among the targets of the run, behind which the mirrors stand.
    package var target: Int
    package var format: WireFormat
    package var round: UInt32
    package var request: [UInt8]
    /// Spans of the request that were blotted out.
    package var masked: [Range<Int>]
    package var reply: [UInt8]
    package var outcome: Outcome
    /// Monotonic.
    package var dueNanos: UInt64
    package var sentNanos: UInt64
    package var endNanos: UInt64
    /// The connection, numbered over all loops.
    package var flow: UInt32
    /// In the reply, where one is looked for.
    package var decision: String?
}
