import Bytes
import EventLoop

/// Blocks on their way from the feeder to one loop: bounded, taken without waiting.
///
/// The feeder sleeps while there is no room, and is woken when half of it is free: looking now and then would take the
/// loop's processor from it hundreds of times a second where both have only one.
final class BlockQueue: Sendable {
    struct Entry: Sendable {
        /// In the order of the tape; more than one only when they are repeated.
        var blocks: [TemplateBlock]
        /// Round of the tape, from 0.
        var round: UInt32
        /// Added to the sequence of each template, and to its recorded offset.
        var baseSequence: UInt64
        var baseOffsetNanos: UInt64
        /// How often the blocks follow themselves, each time as the next round, with what that adds to the bases: the loop
        /// goes round a tape that fits in memory without the feeder.
        var repeats: UInt32 = 0
        var sequenceStride: UInt64 = 0
        var offsetStrideNanos: UInt64 = 0
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var isFinished = false
        var isCancelled = false
        /// The feeder sleeps until there is room, or nothing left.
        var isAwaited = false
    }

    private let state = Lock(State())
    private let capacity: Int
    private let room: Semaphore

    /// - Parameter room: signalled once for each time that the queue is awaited.
    init(capacity: Int, room: Semaphore) {
        self.capacity = capacity
        self.room = room
    }

    /// False when the queue is full; it is then awaited.
    func push(_ entry: Entry) -> Bool {
        state.withLock { state in
            if state.entries.count >= capacity && !state.isCancelled {
                state.isAwaited = true
                return false
            }
            state.entries.append(entry)
            return true
        }
    }

    /// Asks for a signal when the loop takes a block that leaves room, or finds none.
    func awaitRoom() { state.withLock { $0.isAwaited = true } }

    /// No block will follow.
    func finish() {
        state.withLock { $0.isFinished = true }
    }

    /// The loop wants no more.
    func cancel() {
        state.withLock { $0.isCancelled = true }
        room.signal()
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    enum Next {
        case block(Entry)
        /// Nothing yet.
        case starved
        case finished
    }

    func next() -> Next {
        let (next, isAwaited) = state.withLock { state -> (Next, Bool) in
            var next = state.isFinished ? Next.finished : .starved
            if !state.entries.isEmpty { next = .block(state.entries.removeFirst()) }
            if !state.isAwaited || state.entries.count > capacity / 2 { return (next, false) }
            state.isAwaited = false
            return (next, true)
        }
        if isAwaited { room.signal() }
        return next
    }

    var count: Int { state.withLock { $0.entries.count } }
}
