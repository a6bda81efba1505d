import Bytes
package import Compression
import Files

/// Where a capture's bytes come from: a file, a pipe, a decompressor, an array in a test.
package protocol CaptureInput: AnyObject {
    /// Fills `buffer` from index `start` on as far as is convenient and returns how many bytes came; 0 only at the end.
    func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int
}

/// Why a capture cannot be read (further).
package struct CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Bytes in memory as an input.
package final class ArrayInput: CaptureInput {
    private let bytes: [UInt8]
    private var offset = 0
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package func read(into buffer: inout [UInt8], from start: Int) -> Int {
        let count = min(buffer.count - start, bytes.count - offset)
        buffer.replaceSubrange(start..<start + count, with: bytes[offset..<offset + count])
        offset += count
        return count
    }
}

/// A file or pipe, plain or compressed, as an input. What a cut compressed file holds up to the cut is used.
package final class FileCaptureInput: CaptureInput {
    private enum Source {
        case plain(FileInput)
        case decompressing(DecompressingInput)
    }

    private let source: Source
    /// The compressed data ended early.
    package private(set) var isCut = false

    package init(path: String) throws(DecompressionError) {
        // A plain file is read without the detour through the decompressor's buffer; a pipe cannot be opened twice.
        if path != "-", let file = try? FileInput(path: path), file.size != nil, file.isSeekable {
            var magic = [UInt8](repeating: 0, count: 4)
            let got = (try? file.read(into: &magic, count: 4, at: 0)) ?? 0
            if CompressionFormat.detect(magic.rawSpan.extracting(0..<got)) == .plain {
                source = .plain(file)
                return
            }
        }
        source = .decompressing(try DecompressingInput(path: path))
    }

    package func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int {
        if isCut || start >= buffer.count { return 0 }
        switch source {
        case .plain(let file):
            do { return try file.read(into: &buffer, from: start) } catch { throw CaptureError(error.description) }
        case .decompressing(let input):
            do { return try input.read(into: &buffer, from: start) } catch {
                guard error.isTruncation else { throw CaptureError(error.description) }
                isCut = true
                return 0
            }
        }
    }
}
