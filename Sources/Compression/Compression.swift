/// # Compression
///
/// zstd (RFC 8878), gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951) over the system's libraries, with every
/// output bounded: nothing here can be made to allocate by what the input claims.
///
/// - ``DecompressingInput`` reads a file and lets its first bytes, not its name, decide how.
/// - ``StreamDecompressor`` takes bytes as they come; ``decompress(_:as:limit:)`` does a whole value.
/// - ``ZstdFrameCompressor`` and ``ZstdFrameDecompressor`` do one frame a call with a context that is reused.
/// - ``ZstdStreamCompressor`` writes one frame from pieces. ``Deflate`` writes gzip, zlib and raw deflate.
///
/// ```swift
/// let input = try DecompressingInput(path: "traffic.pcap.zst")
/// var buffer = [UInt8](repeating: 0, count: 1 << 18)
/// while case let count = try input.read(into: &buffer), count > 0 { consume(buffer[..<count]) }
/// ```
///
/// Decoders throw ``ParsingError`` whose offset counts compressed bytes.
package enum CompressionModule {}
