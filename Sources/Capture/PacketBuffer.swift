import Bytes

/// Where a capture's bytes come from: a file, a pipe, a decompressor, an array in a test.
package protocol CaptureInput: AnyObject {
    /// Fills the front of `buffer` as far as is convenient and returns how many bytes it wrote; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CaptureError) -> Int
}

/// Why a capture cannot be read (further).
package struct CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Bytes in memory as an input.
package final class ArrayInput: CaptureInput {
    private let bytes: [UInt8]
    private var offset = 0
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - offset)
        unsafe bytes.withUnsafeBytes { source in
            // `count` bytes lie inside both buffers, by the line above.
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
        }
        offset += count
        return count
    }
}

/// A window over an input: bytes from ``start`` to ``end`` are there, and ``require(_:)`` gets more.
///
/// The one place in packet reading that owns raw memory; everything else sees offsets and spans.
@safe final class PacketBuffer {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var start = 0
    private(set) var end = 0
    private let input: any CaptureInput
    private(set) var isAtEnd = false
    /// Bytes that were taken out of the window so far.
    private(set) var passed: UInt64 = 0

    static let maximumCapacity = 1 << 26

    init(_ input: any CaptureInput, capacity: Int = 1 << 20) {
        self.input = input
        self.capacity = capacity
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    var count: Int { end - start }

    /// Makes sure that `count` bytes stand at ``start``; false when the input ends before.
    func require(_ count: Int) throws(CaptureError) -> Bool {
        if end - start >= count { return true }
        if isAtEnd || count > PacketBuffer.maximumCapacity { return false }
        if count > capacity {
            let larger = UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 16)
            unsafe larger.copyMemory(from: base + start, byteCount: end - start)
            unsafe base.deallocate()
            unsafe base = larger
            capacity = count * 2
        } else if start > 0 {
            unsafe base.copyMemory(from: base + start, byteCount: end - start)
        }
        end -= start
        start = 0
        while end < count {
            let free = unsafe UnsafeMutableRawBufferPointer(start: base + end, count: capacity - end)
            let got = unsafe try input.read(into: free)
            if got <= 0 {
                isAtEnd = true
                return false
            }
            end += min(got, capacity - end)
        }
        return true
    }

    func skip(_ count: Int) {
        let taken = min(count, end - start)
        start += taken
        passed += UInt64(taken)
    }

    /// Calls `body` with `count` bytes from `offset` on, counted from the window's memory; fewer when fewer are there.
    @inline(__always)
    func withBytes<R, E: Error>(_ offset: Int, _ count: Int, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let from = min(max(offset, 0), end)
        let length = min(max(count, 0), end - from)
        // `from` and `length` were clamped to the filled part just above.
        let buffer = unsafe UnsafeRawBufferPointer(start: base + from, count: length)
        return try body(unsafe RawSpan(_unsafeBytes: buffer))
    }

    /// An unsigned integer at `offset` from ``start``; 0 outside the window.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ offset: Int, bigEndian: Bool) -> T {
        guard offset >= 0, offset + MemoryLayout<T>.size <= end - start else { return 0 }
        let value = unsafe (base + start + offset).loadUnaligned(as: T.self)
        return bigEndian ? T(bigEndian: value) : T(littleEndian: value)
    }
}
