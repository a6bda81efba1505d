import Bytes
package import Compression
import Files

/// Where a capture's bytes come from: a file, a pipe, a decompressor, an array in a test.
package protocol CaptureInput: AnyObject {
    /// Fills `buffer` from index `start` on as far as is convenient and returns how many bytes came; 0 only at the end.
    func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int
}

/// An input that has its bytes in blocks of memory of its own, which are handed over instead of copied.
package protocol BlockInput: CaptureInput {
    /// Puts the next block into `buffer`, with what stands in `left` in front of it, and takes the memory that was there.
    /// Returns where the bytes stand, `left` included: no more than those only at the end. Nil when there is no room in
    /// front for so much; ``CaptureInput/read(into:from:)`` goes on then.
    func exchange(_ buffer: inout [UInt8], keeping left: Range<Int>) throws(CaptureError) -> Range<Int>?
}

/// Why a capture cannot be read (further).
package struct CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
    /// Nothing is wrong: a pipe had nothing to read yet (``FileCaptureInput/patienceNanos``). Reading may go on.
    package var isPause = false
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
    /// When set, reading from a pipe comes back at least this often, with an error that says ``CaptureError/isPause`` when
    /// there is nothing to hand out.
    package var patienceNanos: UInt64? {
        didSet { if case .decompressing(let input) = source { input.patienceNanos = patienceNanos } }
    }

    /// It is a file that is compressed.
    package var isCompressed: Bool {
        if case .decompressing(let input) = source { input.fileSize != nil } else { false }
    }

    /// It is a pipe, a terminal or a device, whose end nobody knows.
    package var isPipe: Bool {
        if case .decompressing(let input) = source { input.fileSize == nil } else { false }
    }

    /// The compressed data ended early.
    package private(set) var isCut = false

    package init(path: String) throws(DecompressionError) {
        // A plain file is read without the detour through the decompressor's buffer; a pipe cannot be opened twice.
        if FileInput.isRegular(path), let file = try? FileInput(path: path) {
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
                if error.isPause {
                    var pause = CaptureError(error.description)
                    pause.isPause = true
                    throw pause
                }
                guard error.isTruncation else { throw CaptureError(error.description) }
                isCut = true
                return 0
            }
        }
    }
}
