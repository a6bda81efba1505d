package import Bytes
internal import CZlib
internal import CZstd

/// Decompresses a stream that arrives in pieces. Concatenated frames (zstd) and members (gzip) follow one another
/// without a seam; zero bytes after the last gzip member are padding, as gzip itself has it.
///
/// Memory is bounded whatever the input says: zstd windows above 2^27 bytes (128 MiB) are refused with `.limit`.
@safe package final class StreamDecompressor {
    package static let windowLogMax: Int32 = 27

    package let format: CompressionFormat
    /// True when the input so far ends where a frame or member ends, so that an end there is not a truncation.
    package private(set) var isAtBoundary = true
    /// Compressed bytes taken so far.
    package private(set) var consumedBytes = 0

    private var zstd: OpaquePointer?
    /// zlib keeps a pointer to its stream, which therefore must not move.
    private var zlib: UnsafeMutablePointer<z_stream>?
    /// A gzip member has ended: what follows is another one, padding, or rubbish.
    private var isBetweenMembers = false
    /// Found once, thrown by every call from then on.
    private var failure: ParsingError?

    package init(_ format: CompressionFormat) {
        self.format = format
        switch format {
        case .plain: break
        case .zstd:
            unsafe zstd = ZSTD_createDCtx()
            precondition(unsafe zstd != nil, "out of memory")
            _ = unsafe ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, Self.windowLogMax)
        case .gzip, .zlib, .rawDeflate:
            let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            unsafe stream.initialize(to: z_stream())
            // 15 is the largest window; +16 asks for gzip, negative for raw deflate (zlib.h, inflateInit2).
            let windowBits: Int32 = format == .gzip ? 31 : format == .zlib ? 15 : -15
            let size = unsafe Int32(MemoryLayout<z_stream>.size)
            let status = unsafe inflateInit2_(stream, windowBits, ZLIB_VERSION, size)
            precondition(status == Z_OK, "zlib does not start")
            unsafe zlib = stream
        }
    }

    deinit {
        if let zstd = unsafe zstd { unsafe ZSTD_freeDCtx(zstd) }
        if let zlib = unsafe zlib {
            unsafe inflateEnd(zlib)
            unsafe zlib.deallocate()
        }
    }

    /// Takes from `input` and fills `output` from index `start` on, as far as either goes.
    ///
    /// Less output than there was room for means that more input is needed. Throws at the first byte that cannot be
    /// decoded; everything before it has been handed out then, and the stream cannot be continued.
    package func decompress(
        _ input: RawSpan, into output: inout [UInt8], from start: Int = 0
    ) throws(ParsingError) -> (consumed: Int, produced: Int) {
        precondition(start >= 0 && start <= output.count)
        if let failure { throw failure }
        var consumed = 0
        var produced = start
        while true {
            let before = (consumed, produced)
            do {
                try step(input, &consumed, &output, &produced)
            } catch {
                let origin = consumedBytes
                consumedBytes += consumed
                let located = ParsingError(error.status, at: origin + error.offset, error.what)
                failure = located
                // Output made in this call comes first; the next call throws.
                if produced > start { return (consumed, produced - start) }
                throw located
            }
            if (consumed, produced) == before || produced == output.count { break }
        }
        consumedBytes += consumed
        return (consumed, produced - start)
    }

    private func step(
        _ input: RawSpan, _ consumed: inout Int, _ output: inout [UInt8], _ produced: inout Int
    ) throws(ParsingError) {
        switch format {
        case .plain:
            let count = min(input.byteCount - consumed, output.count - produced)
            let source = input.extracting(consumed..<consumed + count)
            let at = produced
            unsafe output.withUnsafeMutableBytes { space in
                unsafe source.withUnsafeBytes { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: space[at..<at + count]).copyMemory(from: bytes)
                }
            }
            consumed += count
            produced += count
        case .zstd:
            try zstdStep(input, &consumed, &output, &produced)
        case .gzip, .zlib, .rawDeflate:
            if isBetweenMembers {
                try skipPadding(input, &consumed)
                if isBetweenMembers { return }
            }
            try zlibStep(input, &consumed, &output, &produced)
        }
    }

    private func zstdStep(
        _ input: RawSpan, _ consumed: inout Int, _ output: inout [UInt8], _ produced: inout Int
    ) throws(ParsingError) {
        let from = consumed
        let at = produced
        let (status, taken, made) = unsafe input.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBytes { space in
                var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: from)
                var target = unsafe ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: at)
                let status = unsafe ZSTD_decompressStream(zstd, &target, &source)
                return unsafe (status, source.pos, target.pos)
            }
        }
        if ZSTD_isError(status) != 0 {
            switch ZSTD_getErrorCode(status) {
            case ZSTD_error_frameParameter_windowTooLarge:
                throw ParsingError(.limit, at: from, "zstd window above 128 MiB")
            case ZSTD_error_checksum_wrong: throw ParsingError(.invalid, at: from, "zstd checksum")
            case ZSTD_error_prefix_unknown: throw ParsingError(.invalid, at: from, "zstd frame magic")
            default: throw ParsingError(.invalid, at: from, "zstd data")
            }
        }
        // A call without progress at a boundary asks for the next frame's header and would look like its middle.
        if taken > from || made > at { isAtBoundary = status == 0 }
        consumed = taken
        produced = made
    }

    private func zlibStep(
        _ input: RawSpan, _ consumed: inout Int, _ output: inout [UInt8], _ produced: inout Int
    ) throws(ParsingError) {
        guard let stream = unsafe zlib else { return }
        // zlib counts in 32 bits; the caller's loop comes back for the rest.
        let from = consumed
        let at = produced
        let available = UInt32(clamping: input.byteCount - from)
        let room = UInt32(clamping: output.count - at)
        let status = unsafe input.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBytes { space in
                // zlib's interface lacks const: it never writes to its input.
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                    mutating: bytes.baseAddress.map { unsafe ($0 + from).assumingMemoryBound(to: UInt8.self) })
                unsafe stream.pointee.avail_in = available
                unsafe stream.pointee.next_out = unsafe space.baseAddress.map {
                    unsafe ($0 + at).assumingMemoryBound(to: UInt8.self)
                }
                unsafe stream.pointee.avail_out = room
                if available == 0 { return Z_BUF_ERROR }
                return unsafe inflate(stream, Z_NO_FLUSH)
            }
        }
        let taken = unsafe Int(available - stream.pointee.avail_in)
        consumed += taken
        produced += unsafe Int(room - stream.pointee.avail_out)
        if taken > 0 { isAtBoundary = false }
        switch status {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END:
            isAtBoundary = true
            isBetweenMembers = true
        case Z_NEED_DICT: throw ParsingError(.unsupported, at: consumed, "zlib preset dictionary")
        default: throw ParsingError(.invalid, at: consumed, "deflate data")
        }
    }

    /// Looks at what follows a member. zlib and raw deflate have nothing after their end.
    private func skipPadding(_ input: RawSpan, _ consumed: inout Int) throws(ParsingError) {
        while consumed < input.byteCount {
            let byte = input[byte: consumed]
            if byte == 0x1F && format == .gzip {
                if let stream = unsafe zlib { _ = unsafe inflateReset(stream) }
                isBetweenMembers = false
                return
            }
            if byte != 0 || format != .gzip { throw ParsingError(.invalid, at: consumed, "bytes after the end") }
            consumed += 1
        }
    }
}
