/// A growing stretch of memory into which records are written in place: the inner loop of every tape that is made.
///
/// An array would check for unique ownership at each of the forty appends that one exchange takes.
@safe package struct RecordBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    package private(set) var count = 0

    package init(capacity: Int = 1 << 16) {
        self.capacity = max(64, capacity)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit { unsafe base.deallocate() }

    /// What was written, until the next write.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    package mutating func removeAll() { count = 0 }

    /// Forgets what was written after the first `count` bytes.
    mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    @inline(__always)
    private mutating func reserve(_ extra: Int) {
        if extra > capacity - count { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let larger = max(capacity * 2, count + extra)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe moved.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = moved
        capacity = larger
    }

    // Each of these reserves what it is about to write, so that the raw stores stay inside the allocation.

    @inline(__always)
    mutating func uint8(_ value: UInt8) {
        reserve(1)
        unsafe base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    mutating func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
        count += MemoryLayout<T>.size
    }

    /// Overwrites eight bytes that were written before.
    mutating func store(littleEndian value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= count)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            unsafe base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        unsafe base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    @inline(__always)
    mutating func raw(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress else { return }
        reserve(source.count)
        unsafe (base + count).copyMemory(from: start, byteCount: source.count)
        count += source.count
    }

    mutating func raw(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe raw($0) } }

    // Protobuf. Fields that hold their default value are left out, as proto3 does.

    @inline(__always)
    mutating func varintField(_ field: UInt64, _ value: UInt64) {
        if value == 0 { return }
        varint(field << 3)
        varint(value)
    }

    @inline(__always)
    mutating func fixed64Field(_ field: UInt64, _ value: UInt64) {
        if value == 0 { return }
        varint(field << 3 | 1)
        littleEndian(value)
    }

    @inline(__always)
    mutating func bytesField(_ field: UInt64, _ value: [UInt8]) {
        if value.isEmpty { return }
        varint(field << 3 | 2)
        varint(UInt64(value.count))
        unsafe value.withUnsafeBytes { unsafe raw($0) }
    }

    @inline(__always)
    mutating func stringField(_ field: UInt64, _ value: String) {
        if !value.isEmpty { stringElement(field, value) }
    }

    /// A string that is written even when it is empty: an element of a repeated field.
    @inline(__always)
    mutating func stringElement(_ field: UInt64, _ value: String) {
        varint(field << 3 | 2)
        var text = value
        text.withUTF8 { utf8 in
            varint(UInt64(utf8.count))
            unsafe raw(UnsafeRawBufferPointer(utf8))
        }
    }

    /// Where a nested message began, and how wide the space is that was left for its length.
    struct Mark {
        var start: Int
        var width: Int
    }

    /// Opens a nested message that will probably be a little longer than `expected` bytes.
    @inline(__always)
    mutating func begin(_ field: UInt64, expected: Int = 0) -> Mark {
        varint(field << 3 | 2)
        let width = RecordBuffer.varintWidth(expected + 32)
        reserve(width)
        count += width
        return Mark(start: count, width: width)
    }

    /// Closes it: fills in its length, and moves it in the rare case that the guess was wrong.
    @inline(__always)
    mutating func end(_ mark: Mark) {
        let length = count - mark.start
        let width = RecordBuffer.varintWidth(length)
        if width != mark.width {
            reserve(width)
            let from = unsafe base + mark.start
            unsafe (from + (width - mark.width)).copyMemory(from: from, byteCount: length)
        }
        count = mark.start - mark.width
        varint(UInt64(length))
        count += length
    }

    @inline(__always)
    private static func varintWidth(_ value: Int) -> Int {
        (max(1, Int.bitWidth - value.leadingZeroBitCount) + 6) / 7
    }
}
