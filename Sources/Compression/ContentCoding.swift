package import Bytes

/// The codings that HTTP bodies travel in (RFC 9110 section 8.4.1, RFC 7932, RFC 8878).
package enum ContentCoding: String, Sendable, CaseIterable {
    case gzip, deflate, br, zstd

    /// Nil for `identity`, which is no coding, and for names that are not read here.
    package init?(name: String) {
        switch name.lowercased() {
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        case "br": self = .br
        case "zstd": self = .zstd
        default: return nil
        }
    }

    /// Undoes codings that were applied in the order of their `names`; nil when one of them is not read here, when the bytes
    /// are damaged, or when more than `limit` bytes would come out.
    package static func undo(_ names: [String], _ bytes: [UInt8], limit: Int) -> [UInt8]? {
        // Nobody stacks more; a thousand would be an attack.
        guard names.count <= 8 else { return nil }
        var bytes = bytes
        for name in names.reversed() {
            guard let coding = ContentCoding(name: name), let decoded = try? coding.decode(bytes.rawSpan, limit: limit)
            else { return nil }
            bytes = decoded
        }
        return bytes
    }

    /// Undoes this coding. Throws `limit` when more than `limit` bytes would come out.
    package func decode(_ bytes: RawSpan, limit: Int) throws(ParsingError) -> [UInt8] {
        switch self {
        case .gzip: return try decompress(bytes, as: .gzip, limit: limit)
        case .br: return try decompressBrotli(bytes, limit: limit)
        case .zstd: return try decompress(bytes, as: .zstd, limit: limit)
        case .deflate:
            // The zlib format is meant; some servers send raw deflate under this name.
            do throws(ParsingError) {
                return try decompress(bytes, as: .zlib, limit: limit)
            } catch {
                if error.status == .limit { throw error }
                return try decompress(bytes, as: .rawDeflate, limit: limit)
            }
        }
    }
}

extension ContentCoding {
    /// Applies this coding, with a small window and little effort: what is written anew is compressed again by whoever
    /// stores it.
    package func encode(_ bytes: RawSpan) -> [UInt8] {
        switch self {
        case .gzip: return Deflate.compress(bytes, as: .gzip, level: 1)
        case .deflate: return Deflate.compress(bytes, as: .zlib, level: 1)
        case .zstd:
            var output: [UInt8] = []
            _ = ZstdFrameCompressor(level: 1).compress(bytes, appendingTo: &output)
            return output
        case .br: return storedBrotli(bytes)
        }
    }
}
