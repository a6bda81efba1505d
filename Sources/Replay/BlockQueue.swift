import Bytes

/// Blocks on their way from the feeder to one loop: bounded, taken without waiting.
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
    }

    private let state = Lock(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// False when the queue is full.
    func push(_ entry: Entry) -> Bool {
        state.withLock { state in
            if state.entries.count >= capacity && !state.isCancelled { return false }
            state.entries.append(entry)
            return true
        }
    }

    /// No block will follow.
    func finish() {
        state.withLock { $0.isFinished = true }
    }

    /// The loop wants no more.
    func cancel() { state.withLock { $0.isCancelled = true } }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    enum Next {
        case block(Entry)
        /// Nothing yet.
        case starved
        case finished
    }

    func next() -> Next {
        state.withLock { state in
            if !state.entries.isEmpty { return .block(state.entries.removeFirst()) }
            return state.isFinished ? .finished : .starved
        }
    }

    var count: Int { state.withLock { $0.entries.count } }
}
