/// Says when a tape is to be closed because so much of the recording's time is over.
private struct RotationClock {
    private let nanos: UInt64?
    private var openedNanos: UInt64?

    /// Never due unless the rotation goes by time.
    init(_ rotation: TapeSet.Rotation?) {
        if case .nanos(let nanos) = rotation { self.nanos = nanos } else { nanos = nil }
    }

    /// True when the tape is to be closed now; the next one begins now, then. Time counts from the first call.
    mutating func isDue(recordedNanos: UInt64) -> Bool {
        guard let nanos, recordedNanos > 0 else { return false }
        guard let opened = openedNanos else {
            openedNanos = recordedNanos
            return false
        }
        guard recordedNanos >= opened && recordedNanos - opened >= nanos else { return false }
        openedNanos = recordedNanos
        return true
    }
}

/// A tape, or a set of tapes of which each begins where the one before it ends.
///
/// With a ``Rotation`` the path `day.mcap` gives `day-000001.mcap`, `day-000002.mcap` and so on. An exchange goes to
/// the tape that is open when it comes, so none is cut or lost at the seam; its id is its position on that tape. Every
/// tape of a set has all attachments and metadata, and none is empty, except the only one.
///
/// Not for several threads at once.
package final class TapeSet {
    /// When a tape is closed and the next one begun.
    package enum Rotation: Sendable, Equatable {
        /// When it has this size on the disk; the last chunk may pass it.
        case bytes(UInt64)
        /// When so many ns of the recording's time are over.
        case nanos(UInt64)
        /// After so many exchanges.
        case count(UInt64)
    }

    /// What a set is made with.
    package struct Plan {
        package var path: String
        package var rotation: Rotation?
        /// Numbers go on behind those of the tapes that are there, instead of from 1.
        package var keepsEarlier = false
        /// Exchanges beyond this number are counted and not written.
        package var limit: UInt64 = .max
        package var options: TapeWriter.Options
        package var attachments: [AttachedFile] = []
        /// Records besides the one named `tinct`.
        package var metadata: [(name: String, entries: [(String, String)])] = []

        package init(path: String, rotation: Rotation? = nil, options: TapeWriter.Options) {
            self.path = path
            self.rotation = rotation
            self.options = options
        }
    }

    /// The tapes written so far, the open one included.
    package var tapes: [(path: String, exchanges: UInt64)] {
        closedTapes + [(writer.path, writer.exchangeCount)]
    }
    private var closedTapes: [(path: String, exchanges: UInt64)] = []
    private var closedExchanges: UInt64 = 0
    /// Exchanges on all tapes.
    package var exchangeCount: UInt64 { closedExchanges + writer.exchangeCount }
    /// Exchanges that were left out because of the limit.
    package private(set) var leftOut: UInt64 = 0
    /// Bytes of all tapes on the disk so far.
    package var writtenBytes: UInt64 { closedBytes + writer.writtenBytes }
    /// Of the tapes that are closed.
    private var closedBytes: UInt64 = 0
    /// Metadata that each tape gets when it is closed.
    package var closingMetadata: [(name: String, entries: [(String, String)])] = []
    /// The tape that is open.
    package private(set) var writer: TapeWriter

    private let plan: Plan
    private var number: Int
    private var clock: RotationClock

    /// Creates the first tape.
    package init(_ plan: Plan) throws(TapeError) {
        var plan = plan
        if case .bytes(let bytes) = plan.rotation {
            // Where a tape ends is not to depend on how fast a thread was.
            plan.options.compressesAside = false
            plan.options.chunkBytes = Int(clamping: min(UInt64(plan.options.chunkBytes), max(1 << 14, bytes / 16)))
        }
        self.plan = plan
        clock = RotationClock(plan.rotation)
        number = plan.keepsEarlier ? Self.lastNumber(plan.path) + 1 : 1
        writer = try Self.open(plan, number)
    }

    /// Adds an exchange, whose id is given here; and whose memory is left as it is.
    package func append(_ exchange: inout Exchange) throws(TapeError) {
        // Each look at a member of an object is watched by the runtime, which is felt at a million exchanges a second.
        var tape = writer
        if closedExchanges + tape.exchangeCount >= plan.limit {
            leftOut += 1
            return
        }
        if isFull(tape) {
            try rotate()
            tape = writer
        }
        exchange.id = tape.exchangeCount
        try tape.append(&exchange)
    }

    /// Closes chunks by age.
    ///
    /// - Parameter monotonicNanos: a clock that does not jump.
    package func tick(monotonicNanos: UInt64) throws(TapeError) {
        try writer.flushIfOlder(nowNanos: monotonicNanos)
    }

    /// Begins another tape when the recording has come so far, in ns since 1970 UTC.
    package func rotateIfDue(recordedNanos: UInt64) throws(TapeError) {
        if isRotationDue(recordedNanos: recordedNanos) { try rotateIfFilled() }
    }

    /// True when the recording has come so far, in ns since 1970 UTC, that ``rotateIfFilled()`` is to be called now.
    package func isRotationDue(recordedNanos: UInt64) -> Bool { clock.isDue(recordedNanos: recordedNanos) }

    /// Begins another tape, unless nothing stands on the one that is open.
    package func rotateIfFilled() throws(TapeError) {
        if writer.exchangeCount > 0 { try rotate() }
    }

    /// Closes the last tape. Nothing may be added afterwards.
    package func finish() throws(TapeError) {
        try writer.flush()
        for (name, entries) in closingMetadata { try writer.add(metadata: name, entries) }
        try writer.finish()
    }

    /// Exchanges that can be read whatever happens to what is not written yet.
    package var storedExchanges: UInt64 { closedExchanges + writer.stored.exchanges }

    /// What can be read whatever happens to what is not written yet: for the message after a failure.
    package var standing: String {
        let (exchanges, bytes) = writer.stored
        let before =
            closedTapes.isEmpty
            ? "" : "; the \(closedTapes.count) tapes before it are complete, with \(closedExchanges) exchanges"
        return "\(writer.path) is good up to byte \(bytes), with \(exchanges) exchanges\(before)."
    }

    /// The path, or the first and the last one, for reports.
    package var name: String {
        closedTapes.first.map { "\($0.path) … \(writer.path)" } ?? writer.path
    }

    private func isFull(_ tape: TapeWriter) -> Bool {
        switch plan.rotation {
        case nil, .nanos: false
        case .bytes(let bytes): tape.exchangeCount > 0 && tape.writtenBytes >= bytes
        case .count(let count): tape.exchangeCount >= max(1, count)
        }
    }

    private func rotate() throws(TapeError) {
        try finish()
        let next = try Self.open(plan, number + 1)
        number += 1
        closedTapes.append((writer.path, writer.exchangeCount))
        closedExchanges += writer.exchangeCount
        closedBytes += writer.writtenBytes
        writer = next
    }

    private static func open(_ plan: Plan, _ number: Int) throws(TapeError) -> TapeWriter {
        let path = plan.rotation == nil ? plan.path : name(plan.path, number)
        let writer = try TapeWriter(path: path, options: plan.options)
        for (name, entries) in plan.metadata { try writer.add(metadata: name, entries) }
        for file in plan.attachments { try writer.attach(file) }
        return writer
    }
}
