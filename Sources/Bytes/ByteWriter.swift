/// Appends binary values to an array of bytes that it owns.
package struct ByteWriter: Sendable {
    package var bytes: [UInt8]

    @inlinable
    package init(capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    @inlinable package var count: Int { bytes.count }

    @inlinable package mutating func uint8(_ value: UInt8) { bytes.append(value) }
    @inlinable package mutating func bigEndian<T: FixedWidthInteger>(_ value: T) { bytes.append(bigEndian: value) }
    @inlinable package mutating func littleEndian<T: FixedWidthInteger>(_ value: T) {
        bytes.append(littleEndian: value)
    }
    @inlinable package mutating func varint(_ value: UInt64) { bytes.append(varint: value) }
    @inlinable package mutating func zigzag(_ value: Int64) { bytes.append(varint: ZigZag.encode(value)) }
    @inlinable package mutating func append(_ other: [UInt8]) { bytes.append(contentsOf: other) }
    @inlinable package mutating func append(utf8 string: String) { bytes.append(contentsOf: string.utf8) }
}

extension Array where Element == UInt8 {
    @inlinable
    package mutating func append<T: FixedWidthInteger>(bigEndian value: T) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    @inlinable
    package mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
        unsafe Swift.withUnsafeBytes(of: value.littleEndian) { unsafe append(contentsOf: $0) }
    }

    /// Base-128, least significant group first.
    @inlinable
    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Overwrites `MemoryLayout<T>.size` bytes at `offset`.
    @inlinable
    package mutating func store<T: FixedWidthInteger>(bigEndian value: T, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count)
        var shift = T.bitWidth
        for i in 0..<MemoryLayout<T>.size {
            shift -= 8
            self[offset + i] = UInt8(truncatingIfNeeded: value >> T(shift))
        }
    }
}
