package import Bytes

package enum CompressionFormat: String, Sendable, CaseIterable {
    case plain, zstd, gzip, zlib
    /// Deflate without any header or checksum (RFC 1951).
    case rawDeflate

    /// Tells the format of a file from its first bytes: zstd and zstd-skippable frames, gzip, else plain. Four bytes are
    /// enough. zlib and raw deflate have no magic and are never detected.
    package static func detect(_ bytes: RawSpan) -> CompressionFormat {
        var reader = ByteReader(bytes)
        guard let first = try? reader.uint8(), let second = try? reader.uint8() else { return .plain }
        if first == 0x1F && second == 0x8B { return .gzip }
        guard let third = try? reader.uint8(), let fourth = try? reader.uint8() else { return .plain }
        let magic = [first, second, third, fourth]
        if magic == [0x28, 0xB5, 0x2F, 0xFD] { return .zstd }
        if first & 0xF0 == 0x50 && magic[1...] == [0x2A, 0x4D, 0x18] { return .zstd }
        return .plain
    }
}

/// Decompresses a whole value, concatenated frames or members included.
///
/// Throws `.truncated` when the input ends early, `.limit` when the result would exceed `limit` bytes, `.invalid` for
/// anything else that is not `format`.
package func decompress(
    _ input: RawSpan, as format: CompressionFormat, limit: Int
) throws(ParsingError) -> [UInt8] {
    if format == .plain {
        if input.byteCount > limit { throw ParsingError(.limit, at: limit, "plain bytes") }
        return [UInt8](copying: input)
    }
    let decompressor = StreamDecompressor(format)
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(max(limit, 0) &+ 1, max(4096, min(input.byteCount &* 4, 1 << 20))))
    var offset = 0
    while true {
        let rest = input.extracting(offset..<input.byteCount)
        let step = try decompressor.decompress(rest, into: &chunk)
        offset += step.consumed
        if step.produced > limit - output.count { throw ParsingError(.limit, at: offset, "decompressed size") }
        output.append(contentsOf: chunk[..<step.produced])
        // No room was left over and no input either: everything that can come out is out.
        if step.produced < chunk.count && offset == input.byteCount { break }
        if step.produced == 0 && step.consumed == 0 { break }
    }
    if !decompressor.isAtBoundary { throw ParsingError(.truncated, at: offset, "compressed data") }
    return output
}
