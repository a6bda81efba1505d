/// # Bytes
///
/// Reading and writing of binary layouts over `RawSpan` and `[UInt8]`: fixed-width integers, varints, hexadecimal,
/// checksums and digests. Everything here is pure: no clock, socket, file or Foundation.
///
/// ```swift
/// let frame: [UInt8] = [0, 0, 0, 2, 0xCA, 0xFE]
/// var reader = ByteReader(frame.rawSpan)
/// let length = try reader.bigEndianUInt32()          // 2
/// let payload = try reader.array(Int(length))        // [0xCA, 0xFE]
/// ```
///
/// Readers throw ``ParsingError`` with the offset at which the input stopped making sense; they never trap on input.
package enum BytesModule {}
