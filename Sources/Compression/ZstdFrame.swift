package import Bytes
internal import CZstd

/// Compresses one zstd frame a call, keeping its context and its space between calls.
///
/// Frames state their content size and carry no checksum unless asked for: a tape has its own.
@safe package final class ZstdFrameCompressor {
    private let context: OpaquePointer
    /// Where a frame is made before it is appended: its final size is known only afterwards.
    private var space: UnsafeMutableRawBufferPointer

    /// `level` from -131072 (fastest) to 22; zstd clamps it.
    package init(level: Int, checksum: Bool = false) {
        guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("out of memory") }
        unsafe self.context = context
        unsafe space = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 16)
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level))
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
        unsafe space.deallocate()
    }

    /// Appends the frame of `input` to `output`; returns its length.
    @discardableResult
    package func compress(_ input: RawSpan, appendingTo output: inout [UInt8]) -> Int {
        let bound = ZSTD_compressBound(input.byteCount)
        if unsafe bound > space.count {
            unsafe space.deallocate()
            unsafe space = UnsafeMutableRawBufferPointer.allocate(byteCount: bound, alignment: 16)
        }
        let size = unsafe input.withUnsafeBytes { bytes in
            unsafe ZSTD_compress2(context, space.baseAddress, space.count, bytes.baseAddress, bytes.count)
        }
        // The space is as large as the worst case, so only a lack of memory is left to go wrong.
        precondition(ZSTD_isError(size) == 0, "zstd cannot compress")
        unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: space[..<size]))
        return size
    }
}

/// Decompresses one zstd frame a call into an array that the caller keeps.
@safe package final class ZstdFrameDecompressor {
    private let context: OpaquePointer

    package init() {
        guard let context = unsafe ZSTD_createDCtx() else { preconditionFailure("out of memory") }
        unsafe self.context = context
    }

    deinit { unsafe ZSTD_freeDCtx(context) }

    /// Decompresses `input`, which must hold exactly `size` bytes, into the first `size` bytes of `output`, which is
    /// replaced when it is shorter. The caller bounds `size` before.
    package func decompress(_ input: RawSpan, size: Int, into output: inout [UInt8]) throws(ParsingError) {
        if size < 0 { throw ParsingError(.invalid, at: 0, "zstd content size") }
        // Four bytes, a block of one repeated byte, give at most 128 KiB (RFC 8878 §3.1.1.2): who promises more lies, and
        // is to cost no memory.
        if size >> 15 > input.byteCount { throw ParsingError(.invalid, at: 0, "zstd content size") }
        if output.count < size { output = [UInt8](repeating: 0, count: size) }
        let made = unsafe input.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBytes { space in
                unsafe ZSTD_decompressDCtx(context, space.baseAddress, size, bytes.baseAddress, bytes.count)
            }
        }
        if ZSTD_isError(made) != 0 { throw ParsingError(.invalid, at: 0, "zstd frame") }
        if made != size { throw ParsingError(.invalid, at: 0, "zstd content size") }
    }
}

/// Compresses frames whose content arrives in pieces, for output too large to hold.
///
/// The same pieces give the same bytes; frames may follow one another and decompress as one.
@safe package final class ZstdStreamCompressor {
    private let context: OpaquePointer
    private var space = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

    package init(level: Int, checksum: Bool = true) {
        guard let context = unsafe ZSTD_createCCtx() else { preconditionFailure("out of memory") }
        unsafe self.context = context
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level))
        _ = unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0)
    }

    deinit { unsafe ZSTD_freeCCtx(context) }

    /// Adds `input` to the frame; what is ready of it is appended to `output`.
    package func compress(_ input: RawSpan, appendingTo output: inout [UInt8]) {
        run(input, ZSTD_e_continue, &output)
    }

    /// Ends the frame; the next call begins another.
    package func endFrame(appendingTo output: inout [UInt8]) {
        let nothing = [UInt8]()
        run(nothing.rawSpan, ZSTD_e_end, &output)
    }

    private func run(_ input: RawSpan, _ directive: ZSTD_EndDirective, _ output: inout [UInt8]) {
        var position = 0
        while true {
            let from = position
            let (left, taken, made) = unsafe input.withUnsafeBytes { bytes in
                unsafe space.withUnsafeMutableBytes { room in
                    var source = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: from)
                    var target = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                    let left = unsafe ZSTD_compressStream2(context, &target, &source, directive)
                    return unsafe (left, source.pos, target.pos)
                }
            }
            precondition(ZSTD_isError(left) == 0, "zstd cannot compress")
            output.append(contentsOf: space[..<made])
            position = taken
            if directive == ZSTD_e_end ? left == 0 : taken == input.byteCount { return }
        }
    }
}
