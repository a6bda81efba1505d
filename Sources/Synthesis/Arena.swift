/// Bytes that grow at the end and are used over and over. A copy shares the memory: it is to be read before the next
/// change of the other, or not at all.
package struct Arena {
    private(set) var bytes: Table<UInt8>
    package private(set) var count = 0
    private var owner: TableOwner

    package init(capacity: Int = 4096) {
        owner = TableOwner()
        bytes = owner.make(count: max(64, capacity), 0)
    }

    @inline(__always)
    subscript(_ index: Int) -> UInt8 {
        get { bytes[index] }
        nonmutating set { bytes[index] = newValue }
    }

    package func array() -> [UInt8] { bytes.array(0..<count) }
    func array(_ range: Range<Int>) -> [UInt8] { bytes.array(range) }
    func slice(_ range: Range<Int>) -> TableSlice { TableSlice(bytes, range) }

    package mutating func truncate(to length: Int) { count = min(count, max(0, length)) }

    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if extra > bytes.count - count { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let next = TableOwner()
        let larger = next.makeUnfilled(count: max(bytes.count * 2, count + extra), of: UInt8.self)
        larger.copy(bytes, count)
        (bytes, owner) = (larger, next)
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        bytes[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T) {
        reserve(MemoryLayout<T>.size)
        bytes.store(value.bigEndian, at: count)
        count += MemoryLayout<T>.size
    }

    @inline(__always)
    mutating func append<T: FixedWidthInteger & BitwiseCopyable>(littleEndian value: T) {
        reserve(MemoryLayout<T>.size)
        bytes.store(value.littleEndian, at: count)
        count += MemoryLayout<T>.size
    }

    @inline(__always)
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// A part of another arena.
    @inline(__always)
    mutating func append(_ other: Arena, _ start: Int, _ length: Int) { append(other.bytes, start, length) }

    /// A part of a table. What is short, as most parts are, is copied in two words with what stands behind it, which is
    /// written over next.
    @inline(__always)
    mutating func append(_ other: Table<UInt8>, _ start: Int, _ length: Int) {
        if length <= 16 && start <= other.count - 16 {
            precondition(length >= 0)
            reserve(16)
            let (first, second) = (other.load(UInt64.self, at: start), other.load(UInt64.self, at: start + 8))
            bytes.store(first, at: count)
            bytes.store(second, at: count + 8)
        } else {
            reserve(length)
            bytes.copy(other, from: start, length, to: count)
        }
        count += length
    }

    /// A part of this one, which stands before the end.
    @inline(__always)
    mutating func appendOwn(_ start: Int, _ length: Int) {
        precondition(start >= 0 && length >= 0 && start <= count - length)
        reserve(max(length, 16))
        // The memory may have moved: only now is it looked at.
        append(bytes, start, length)
    }

    mutating func append(_ values: [UInt8]) { append(contentsOf: values) }

    /// `size` bytes at the end, which are to be stored over at once.
    @inline(__always)
    mutating func extend(by size: Int) {
        reserve(size)
        count += size
    }

    /// The bytes of an integer as they are in memory, of which only the first `length` count.
    @inline(__always)
    mutating func append<T: FixedWidthInteger & BitwiseCopyable>(raw value: T, length: Int) {
        reserve(MemoryLayout<T>.size)
        bytes.store(value, at: count)
        count += length
    }

    @inline(__always)
    mutating func append(_ text: StaticString) { append(text, part: 0, of: text.utf8CodeUnitCount) }

    /// Part `number` of a text of parts that all have `width` bytes.
    @inline(__always)
    mutating func append(_ text: StaticString, part number: UInt64, of width: Int) {
        let start = Int(number) * width
        precondition(start >= 0 && start <= text.utf8CodeUnitCount - width)
        reserve(width)
        unsafe bytes.copy(UnsafeBufferPointer(start: text.utf8Start + start, count: width), to: count)
        count += width
    }

    /// Lends what was written to `body`.
    package func withSpan<E: Error>(_ body: (RawSpan) throws(E) -> Void) throws(E) { try bytes.withSpan(count, body) }

    /// Takes all of another's bytes.
    mutating func append(_ slice: TableSlice) {
        reserve(slice.count)
        bytes.copy(slice.table, from: slice.startIndex, slice.count, to: count)
        count += slice.count
    }

    var all: TableSlice { TableSlice(bytes, 0..<count) }

    mutating func append(contentsOf values: some Collection<UInt8>) {
        let isDone: Void? = values.withContiguousStorageIfAvailable { source in
            let size = source.count
            reserve(size)
            unsafe bytes.copy(source, to: count)
            count += size
        }
        if isDone == nil { for value in values { append(value) } }
    }

    func store<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T, at index: Int) {
        precondition(index >= 0 && index + MemoryLayout<T>.size <= count)
        bytes.store(value.bigEndian, at: index)
    }
}
