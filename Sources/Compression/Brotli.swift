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

/// A Brotli stream that holds `input` as it is.
///
/// A window of 16 bits, then meta-blocks of up to 65,536 bytes that say they are not compressed, and an empty last one
/// (RFC 7932, sections 9.1 and 9.2).
func storedBrotli(_ input: RawSpan) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(input.byteCount + input.byteCount >> 14 + 8)
    var start = 0
    while start < input.byteCount {
        let count = min(1 << 16, input.byteCount - start)
        // ISLAST 0, MNIBBLES 0 for four of them, MLEN - 1 in 16 bits, ISUNCOMPRESSED; the first has WBITS before it.
        let bits = UInt32(count - 1) << 3 | 1 << 19
        let header = start == 0 ? bits << 1 : bits
        for shift in [0, 8, 16] as [UInt32] { output.append(UInt8(truncatingIfNeeded: header >> shift)) }
        unsafe input.extracting(start..<start + count).withUnsafeBytes { unsafe output.append(contentsOf: $0) }
        start += count
    }
    // WBITS stands before the last one when that is all.
    output.append(input.byteCount == 0 ? 0x06 : 0x03)
    return output
}
