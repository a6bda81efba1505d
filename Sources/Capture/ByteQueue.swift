import Bytes
import Glibc

/// Bytes in a row: appended behind, dropped in front. An array does the same with ten times the instructions, which each
/// segment of a capture would pay.
struct ByteQueue {
    /// Filled up to ``count``; the rest is room.
    private var storage: [UInt8] = []
    private(set) var count = 0

    init() {}

    /// How many bytes it holds without taking more memory.
    var capacity: Int { storage.count }

    subscript(_ index: Int) -> UInt8 { storage[index] }

    /// The bytes in `range`, which must be there.
    @inline(__always) @_lifetime(borrow self)
    func span(_ range: Range<Int>) -> RawSpan { storage.rawSpan.extracting(range) }

    @inline(__always)
    mutating func append(_ bytes: RawSpan) {
        let length = bytes.byteCount
        if length > storage.count - count { grow(length) }
        let end = count
        unsafe storage.withUnsafeMutableBytes { room in
            unsafe bytes.withUnsafeBytes { source in
                guard let base = room.baseAddress, let start = source.baseAddress else { return }
                // There is room for `length` bytes behind `end`, see above; the two are different memory.
                unsafe memcpy(base + end, start, length)
            }
        }
        count = end + length
    }

    /// Drops bytes in front; the rest moves up.
    mutating func removeFirst(_ dropped: Int) {
        let kept = count - dropped
        precondition(dropped >= 0 && kept >= 0)
        unsafe storage.withUnsafeMutableBytes { room in
            guard let base = room.baseAddress else { return }
            // Both lie below `count`.
            unsafe memmove(base, base + dropped, kept)
        }
        count = kept
    }

    /// Drops bytes in front and all memory that the rest does not need.
    mutating func shrink(dropping dropped: Int) {
        storage = Array(storage[dropped..<count])
        count = storage.count
    }

    @inline(never)
    private mutating func grow(_ length: Int) {
        var larger: [UInt8] = []
        larger.reserveCapacity(max(count + length, 2 * storage.count))
        larger += storage[..<count]
        larger += repeatElement(0, count: larger.capacity - count)
        storage = larger
    }
}
