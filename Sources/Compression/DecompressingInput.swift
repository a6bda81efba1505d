package import Bytes
package import Files

/// Why a compressed file could not be read on.
package enum DecompressionError: Error, Equatable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// The compressed data end early (`.truncated`) or make no sense; the offset counts compressed bytes.
    case data(path: String, format: CompressionFormat, ParsingError)

    package var isTruncation: Bool {
        if case .data(_, _, let error) = self { error.status == .truncated } else { false }
    }

    /// Nothing is wrong: there was nothing to read yet (``FileInput/patienceNanos``).
    package var isPause: Bool {
        if case .file(let error) = self { error.isPause } else { false }
    }

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .data(let path, let format, let error):
            error.status == .truncated
                ? "\(path) is cut: its \(format.rawValue) data end early, at byte \(error.offset)"
                : "cannot read \(path) as \(format.rawValue): \(error)"
        }
    }
}

/// A file, or standard input for `-`, that is decompressed while it is read when its first bytes say that it is
/// compressed (zstd, gzip). The suffix of its name means nothing.
package final class DecompressingInput {
    package let path: String
    package let format: CompressionFormat
    /// Decompressed bytes handed out so far.
    package private(set) var position: UInt64 = 0
    /// Length of the file as it lies there; nil for pipes.
    package var fileSize: UInt64? { file.size }
    /// Bytes of the file taken so far, for progress.
    package private(set) var filePosition: UInt64 = 0

    private let file: FileInput
    private let decompressor: StreamDecompressor
    private var input: [UInt8]
    private var next = 0
    private var end: Int
    private var isAtEnd = false
    /// The decompressor may have more to give than it had room for.
    private var mayHoldOutput = false

    package init(path: String, bufferBytes: Int = 1 << 18) throws(DecompressionError) {
        self.path = path
        var input = [UInt8](repeating: 0, count: max(16, bufferBytes))
        var end = 0
        do {
            file = try FileInput(path: path)
            // A pipe may hand out less than a magic number at first.
            while end < 4 {
                let got = try file.read(into: &input, from: end)
                if got == 0 { break }
                end += got
            }
        } catch {
            throw .file(error)
        }
        format = .detect(input.rawSpan.extracting(0..<end))
        decompressor = StreamDecompressor(format)
        self.input = input
        self.end = end
        filePosition = UInt64(end)
    }

    /// See ``FileInput/patienceNanos``.
    package var patienceNanos: UInt64? {
        get { file.patienceNanos }
        set { file.patienceNanos = newValue }
    }

    /// Fills `buffer` from index `start` to its end as far as the input goes, and as far as it is there already when it
    /// is a pipe; returns how many bytes came.
    ///
    /// 0 means the end, reached in good order. An input that is cut first gives all that was whole, and then throws an
    /// error whose ``DecompressionError/isTruncation`` is true.
    package func read(into buffer: inout [UInt8], from start: Int = 0) throws(DecompressionError) -> Int {
        precondition(start >= 0 && start < buffer.count)
        var filled = start
        while filled < buffer.count {
            if next == end && !isAtEnd && !mayHoldOutput {
                // What a pipe gave is handed out before more is waited for.
                if filled > start && file.size == nil { break }
                try refill()
            }
            let step: (consumed: Int, produced: Int)
            do {
                step = try decompressor.decompress(input.rawSpan.extracting(next..<end), into: &buffer, from: filled)
            } catch {
                // What came before the error is handed out first; the decompressor repeats the error.
                if filled > start { break }
                throw .data(path: path, format: format, error)
            }
            next += step.consumed
            filled += step.produced
            mayHoldOutput = step.produced > 0 && filled == buffer.count
            if step.produced == 0 && next == end && isAtEnd {
                if filled == start && !decompressor.isAtBoundary {
                    throw .data(
                        path: path, format: format,
                        ParsingError(.truncated, at: decompressor.consumedBytes, "compressed data"))
                }
                break
            }
        }
        position += UInt64(filled - start)
        return filled - start
    }

    private func refill() throws(DecompressionError) {
        do {
            end = try file.read(into: &input)
        } catch {
            throw .file(error)
        }
        next = 0
        isAtEnd = end == 0
        filePosition += UInt64(end)
    }
}
