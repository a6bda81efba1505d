import Glibc

/// A cursor over borrowed bytes.
///
/// Every read checks bounds once, advances on success, and leaves the cursor where it was on failure.
package struct ByteReader: ~Escapable {
    @usableFromInline package let bytes: RawSpan
    /// Bytes from the beginning of `bytes`.
    package var offset: Int

    @inlinable @_lifetime(copy bytes)
    package init(_ bytes: RawSpan, offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    @inlinable package var remaining: Int { bytes.byteCount - offset }
    @inlinable package var isAtEnd: Bool { remaining <= 0 }

    @inlinable
    package func require(_ count: Int) throws(ParsingError) {
        if count < 0 || count > remaining { throw ParsingError(.truncated, at: offset, "bytes") }
    }

    @inlinable @inline(__always)
    package mutating func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(ParsingError) -> T {
        try require(MemoryLayout<T>.size)
        // Bounds were checked just above; integers have no invalid bit patterns.
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: T.self)
        offset += MemoryLayout<T>.size
        return value
    }

    @inlinable @inline(__always)
    package mutating func uint8() throws(ParsingError) -> UInt8 { try load(UInt8.self) }
    @inlinable @inline(__always)
    package mutating func bigEndianUInt16() throws(ParsingError) -> UInt16 {
        try load(UInt16.self).bigEndian
    }
    @inlinable @inline(__always)
    package mutating func bigEndianUInt32() throws(ParsingError) -> UInt32 {
        try load(UInt32.self).bigEndian
    }
    @inlinable package mutating func bigEndianUInt64() throws(ParsingError) -> UInt64 {
        try load(UInt64.self).bigEndian
    }
    @inlinable
    package mutating func littleEndianUInt16() throws(ParsingError) -> UInt16 { try load(UInt16.self).littleEndian }
    @inlinable
    package mutating func littleEndianUInt32() throws(ParsingError) -> UInt32 { try load(UInt32.self).littleEndian }
    @inlinable
    package mutating func littleEndianUInt64() throws(ParsingError) -> UInt64 { try load(UInt64.self).littleEndian }

    /// Base-128 varint, least significant group first, at most ten bytes (protobuf and Thrift Compact agree on it).
    @inlinable
    package mutating func varint() throws(ParsingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = offset
        while at < bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self)
            at += 1
            if shift == 63 && byte > 1 { throw ParsingError(.invalid, at: offset, "varint") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                offset = at
                return value
            }
            shift += 7
            if shift > 63 { throw ParsingError(.invalid, at: offset, "varint") }
        }
        throw ParsingError(.truncated, at: offset, "varint")
    }

    @inlinable
    package mutating func zigzag() throws(ParsingError) -> Int64 { ZigZag.decode(try varint()) }

    @inlinable
    package mutating func skip(_ count: Int) throws(ParsingError) {
        try require(count)
        offset += count
    }

    @inlinable
    package mutating func array(_ count: Int) throws(ParsingError) -> [UInt8] {
        try require(count)
        let result = [UInt8](copying: bytes.extracting(offset..<offset + count))
        offset += count
        return result
    }

    /// The next `count` bytes, borrowed from the input.
    @inlinable @_lifetime(copy self)
    package mutating func span(_ count: Int) throws(ParsingError) -> RawSpan {
        try require(count)
        let result = bytes.extracting(offset..<offset + count)
        offset += count
        return result
    }
}

extension Array where Element == UInt8 {
    @inlinable
    package init(copying span: RawSpan) {
        self = unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
    }
}

extension RawSpan {
    /// The byte at `offset`, which must be below `byteCount`.
    @inlinable
    package subscript(byte offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount)
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// True when both hold the same bytes.
    package func equals(_ other: RawSpan) -> Bool {
        if byteCount != other.byteCount { return false }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                guard let a = mine.baseAddress, let b = theirs.baseAddress else { return true }
                // Both hold `mine.count` bytes.
                return unsafe memcmp(a, b, mine.count) == 0
            }
        }
    }

    /// The offset of the first `byte` at or after `start`, or nil.
    @inlinable
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var at = start
        // Eight bytes at a time: one of them is zero after the exclusive or, just when this borrows from bit 7 of it.
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        while at >= 0 && at + 8 <= byteCount {
            let word = unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self).littleEndian ^ pattern
            let marks = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            // The lowest mark is never a false one: a borrow only comes from a byte that is zero.
            if marks != 0 { return at + marks.trailingZeroBitCount >> 3 }
            at += 8
        }
        while at < byteCount {
            if unsafe unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) == byte { return at }
            at += 1
        }
        return nil
    }
}

/// Maps signed integers to unsigned ones so that small magnitudes stay small (protobuf, Thrift Compact).
package enum ZigZag {
    @inlinable package static func encode(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }
    @inlinable
    package static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

extension Array where Element == UInt8 {
    /// The array's bytes, borrowed. (`span.bytes` is marked unsafe for general elements; for bytes it is not.)
    @inlinable
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        borrowing get { unsafe span.bytes }
    }
}
