import Glibc

/// Memory that lives as long as its owner, with bounds checked at each access.
///
/// The inner loop of synthesis reads and writes these instead of arrays: a table is two plain words, so that using one
/// costs neither reference counting nor checks for unique ownership. All unsafe code of the module stands in this file.
/// Safe, because memory is freed only by the ``TableOwner``, which whoever holds tables holds too, and every access is
/// checked against `count`.
@safe struct Table<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    fileprivate init(_ base: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    @inline(__always)
    subscript(_ index: Int) -> Element {
        get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base[index]
        }
        nonmutating set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            unsafe base[index] = newValue
        }
    }

    /// Sets every element.
    func fill(_ value: Element) { unsafe base.update(repeating: value, count: count) }

    /// Copies the first `length` elements of `other`.
    func copy(_ other: Table<Element>, _ length: Int) {
        precondition(length >= 0 && length <= count && length <= other.count)
        unsafe memcpy(base, other.base, length * MemoryLayout<Element>.stride)
    }

    fileprivate func free() { unsafe base.deallocate() }
}

extension Table where Element == UInt8 {
    /// Copies `length` bytes of `other` from `start` to `index`; the two may be the same table, but may not overlap.
    @inline(__always)
    func copy(_ other: Table<UInt8>, from start: Int, _ length: Int, to index: Int) {
        precondition(
            length >= 0 && start >= 0 && index >= 0 && start <= other.count - length && index <= count - length)
        unsafe memcpy(base + index, other.base + start, length)
    }

    /// Stores the bytes of an integer as they are in memory.
    @inline(__always)
    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at index: Int) {
        precondition(index >= 0 && index <= count - MemoryLayout<T>.size)
        unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: value, as: T.self)
    }

    func copy(_ values: [UInt8], to index: Int) {
        precondition(index >= 0 && index <= count - values.count)
        unsafe values.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe memcpy(base + index, start, source.count) }
        }
    }

    func withSpan(_ length: Int, _ body: (RawSpan) -> Void) {
        precondition(length >= 0 && length <= count)
        body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: length))
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe [UInt8](UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}

/// Allocates tables and frees them with itself.
final class TableOwner: @unchecked Sendable {
    private var releases: [() -> Void] = []

    func make<Element: BitwiseCopyable>(_ values: [Element]) -> Table<Element> {
        let table = make(count: values.count, values.first)
        for (i, value) in values.enumerated() { table[i] = value }
        return table
    }

    /// `value` fills it; nil leaves an empty table.
    func make<Element: BitwiseCopyable>(count: Int, _ value: Element?) -> Table<Element> {
        let base = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        if let value { unsafe base.initialize(repeating: value, count: count) }
        let table = unsafe Table(base, count: value == nil ? 0 : count)
        releases.append { table.free() }
        return table
    }

    deinit { for release in releases { release() } }
}

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

    package mutating func truncate(to length: Int) { count = min(count, max(0, length)) }

    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if extra > bytes.count - count { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        let next = TableOwner()
        let larger = next.make(count: max(bytes.count * 2, count + extra), UInt8(0))
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
    mutating func append(_ other: Arena, _ start: Int, _ length: Int) {
        reserve(length)
        bytes.copy(other.bytes, from: start, length, to: count)
        count += length
    }

    /// A part of this one, which stands before the end.
    @inline(__always)
    mutating func appendOwn(_ start: Int, _ length: Int) {
        precondition(start >= 0 && length >= 0 && start <= count - length)
        reserve(length)
        bytes.copy(bytes, from: start, length, to: count)
        count += length
    }

    mutating func append(_ values: [UInt8]) {
        reserve(values.count)
        bytes.copy(values, to: count)
        count += values.count
    }

    /// Lends what was written to `body`.
    package func withSpan(_ body: (RawSpan) -> Void) { bytes.withSpan(count, body) }

    mutating func append(contentsOf values: some Sequence<UInt8>) { for value in values { append(value) } }

    func store<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T, at index: Int) {
        precondition(index >= 0 && index + MemoryLayout<T>.size <= count)
        bytes.store(value.bigEndian, at: index)
    }

    /// The last `digits` decimal digits of `value`.
    @inline(__always)
    mutating func append(_ value: UInt64, digits: Int) {
        if digits <= 0 { return }
        reserve(digits)
        var rest = value
        var at = count + digits - 1
        while at >= count {
            bytes[at] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            at -= 1
        }
        count += digits
    }

    mutating func append(hex byte: UInt8) {
        for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }

    mutating func append(decimal value: Int64) {
        if value < 0 { append(0x2D) }
        var count = 1
        var rest = value.magnitude
        while rest >= 10 {
            count += 1
            rest /= 10
        }
        append(value.magnitude, digits: count)
    }

    /// A whole number of 10^-scale as a decimal with exactly `scale` places.
    mutating func append(_ value: Int64, scale: Int) {
        if scale <= 0 { return append(decimal: value) }
        var power: UInt64 = 1
        for _ in 0..<min(scale, 18) { power *= 10 }
        if value < 0 { append(0x2D) }
        append(decimal: Int64(clamping: value.magnitude / power))
        append(0x2E)
        append(value.magnitude % power, digits: scale)
    }
}
