import Bytes
package import Compression

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
    package let input: DecompressingInput
    /// The compressed data ended early.
    package private(set) var isCut = false

    package init(path: String) throws(DecompressionError) { input = try DecompressingInput(path: path) }

    package func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int {
        if isCut || start >= buffer.count { return 0 }
        do { return try input.read(into: &buffer, from: start) } catch {
            guard error.isTruncation else { throw CaptureError(error.description) }
            isCut = true
            return 0
        }
    }
}
