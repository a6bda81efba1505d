import Bytes
import Capture
import EventLoop

/// Reads, and decompresses, an input ahead on a thread of its own.
///
/// For an input that never pauses, and for one reader.
final class ReadAheadInput: BlockInput, @unchecked Sendable {
    /// Bytes of a block, and room in front of them for the beginning of a packet that goes on in it.
    private static let blockBytes = 1 << 18
    private static let headroom = 1 << 16
    /// Blocks under way.
    private static let depth: UInt32 = 4

    private struct Block {
        var bytes: [UInt8] = []
        /// Where there is something; nothing only at the end.
        var range = 0..<0
        var error: CaptureError?
    }

    private struct State {
        var ready: [Block] = []
        var spare: [[UInt8]] = []
        var isStopped = false
    }

    /// The other thread's from the first block on until that thread has ended.
    private let input: any CaptureInput
    private let state = Lock(State())
    private let filled = Semaphore()
    private let room = Semaphore(ReadAheadInput.depth)
    private var thread: LoopThread?
    /// Nil until something was asked for; false when no thread can be had, and the input is read as it is asked for.
    private var isAhead: Bool?
    /// The one that is handed out.
    private var current: Block?

    init(_ input: any CaptureInput) { self.input = input }

    /// Waits until nobody else reaches the input; to be called at the end, or nothing ever ends the thread.
    func stop() {
        state.withLock { $0.isStopped = true }
        room.signal()
        // Nothing comes afterwards, even if nothing was asked for before.
        if isAhead == nil { isAhead = true }
        thread?.join()
        thread = nil
    }

    func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int {
        if !begin() { return try input.read(into: &buffer, from: start) }
        guard var block = try take(), !block.range.isEmpty else { return 0 }
        let count = min(buffer.count - start, block.range.count)
        let first = block.range.lowerBound
        buffer.replaceSubrange(start..<start + count, with: block.bytes[first..<first + count])
        block.range = first + count..<block.range.upperBound
        if block.range.isEmpty { give(&block.bytes) } else { current = block }
        return count
    }

    func exchange(_ buffer: inout [UInt8], keeping left: Range<Int>) throws(CaptureError) -> Range<Int>? {
        if !begin() { return nil }
        guard var block = try take() else { return left }
        if block.range.isEmpty { return left }
        let start = block.range.lowerBound - left.count
        if start < 0 {
            current = block
            return nil
        }
        if !left.isEmpty { block.bytes.replaceSubrange(start..<block.range.lowerBound, with: buffer[left]) }
        swap(&buffer, &block.bytes)
        give(&block.bytes)
        return start..<block.range.upperBound
    }

    private func begin() -> Bool {
        if let isAhead { return isAhead }
        thread = try? LoopThread { [self] in run() }
        isAhead = thread != nil
        return thread != nil
    }

    /// The block that was not used up, or the next one; nil behind the end.
    private func take() throws(CaptureError) -> Block? {
        if let block = current {
            current = nil
            return block
        }
        if thread == nil { return nil }
        filled.wait()
        let block = state.withLock { $0.ready.removeFirst() }
        if let error = block.error {
            stop()
            throw error
        }
        if block.range.isEmpty { stop() }
        return block
    }

    // Memory is swapped in and out of what both threads reach: one that both held would be copied by who writes first.

    private func give(_ bytes: inout [UInt8]) {
        // What grew for one packet is not kept.
        if bytes.count == Self.headroom + Self.blockBytes {
            state.withLock { state in
                state.spare.append([])
                swap(&state.spare[state.spare.count - 1], &bytes)
            }
        }
        room.signal()
    }

    private func run() {
        while true {
            room.wait()
            var block = Block()
            let isStopped = state.withLock { state in
                if let bytes = state.spare.popLast() { block.bytes = bytes }
                return state.isStopped
            }
            if isStopped { return }
            if block.bytes.isEmpty { block.bytes = [UInt8](repeating: 0, count: Self.headroom + Self.blockBytes) }
            do throws(CaptureError) {
                let count = try input.read(into: &block.bytes, from: Self.headroom)
                if count > 0 { block.range = Self.headroom..<Self.headroom + count }
            } catch {
                block.error = error
            }
            let isLast = block.range.isEmpty
            state.withLock { state in
                state.ready.append(Block())
                swap(&state.ready[state.ready.count - 1], &block)
            }
            filled.signal()
            if isLast { return }
        }
    }
}
