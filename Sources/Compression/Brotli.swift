package import Bytes
internal import CBrotli

/// Decompresses a whole Brotli stream (RFC 7932).
///
/// Throws `.truncated` when the input ends early, `.limit` when the result would exceed `limit` bytes, `.invalid` for
/// anything else that is not Brotli, bytes after the end of the stream among it.
package func decompressBrotli(_ input: RawSpan, limit: Int) throws(ParsingError) -> [UInt8] {
    guard let decoder = unsafe BrotliDecoderCreateInstance(nil, nil, nil) else { preconditionFailure("out of memory") }
    defer { unsafe BrotliDecoderDestroyInstance(decoder) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var offset = 0
    while true {
        let (status, taken, made) = unsafe input.withUnsafeBytes { bytes in
            unsafe chunk.withUnsafeMutableBytes { room in
                var available = bytes.count - offset
                var next = unsafe bytes.baseAddress.map { unsafe ($0 + offset).assumingMemoryBound(to: UInt8.self) }
                var space = room.count
                var out = unsafe room.baseAddress.map { unsafe $0.assumingMemoryBound(to: UInt8.self) }
                let status = unsafe BrotliDecoderDecompressStream(
                    decoder, &available, &next, &space, &out, nil)
                return (status, bytes.count - offset - available, room.count - space)
            }
        }
        offset += taken
        if made > limit - output.count { throw ParsingError(.limit, at: offset, "decompressed size") }
        output.append(contentsOf: chunk[..<made])
        switch status {
        case BROTLI_DECODER_RESULT_SUCCESS:
            if offset < input.byteCount { throw ParsingError(.invalid, at: offset, "bytes after the end") }
            return output
        case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: continue
        case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
            throw ParsingError(.truncated, at: offset, "Brotli data")
        default: throw ParsingError(.invalid, at: offset, "Brotli data")
        }
    }
}
