import Bytes
internal import CDeflate

/// Writes gzip, zlib and raw deflate through libdeflate.
package enum Deflate {
    /// `level` from 0 (stored) to 12. `.plain` and `.zstd` are not deflate: a caller's mistake.
    package static func compress(_ input: RawSpan, as format: CompressionFormat, level: Int = 6) -> [UInt8] {
        guard let compressor = unsafe libdeflate_alloc_compressor(Int32(clamping: min(max(level, 0), 12))) else {
            preconditionFailure("out of memory")
        }
        defer { unsafe libdeflate_free_compressor(compressor) }
        let bound: Int
        switch format {
        case .gzip: bound = unsafe libdeflate_gzip_compress_bound(compressor, input.byteCount)
        case .zlib: bound = unsafe libdeflate_zlib_compress_bound(compressor, input.byteCount)
        case .rawDeflate: bound = unsafe libdeflate_deflate_compress_bound(compressor, input.byteCount)
        case .plain, .zstd: preconditionFailure("\(format) is not deflate")
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { space, count in
            count = unsafe input.withUnsafeBytes { bytes in
                switch format {
                case .gzip:
                    unsafe libdeflate_gzip_compress(
                        compressor, bytes.baseAddress, bytes.count, space.baseAddress, space.count)
                case .zlib:
                    unsafe libdeflate_zlib_compress(
                        compressor, bytes.baseAddress, bytes.count, space.baseAddress, space.count)
                default:
                    unsafe libdeflate_deflate_compress(
                        compressor, bytes.baseAddress, bytes.count, space.baseAddress, space.count)
                }
            }
        }
    }
}
