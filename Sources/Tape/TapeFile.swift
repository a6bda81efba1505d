import Bytes
import Compression
import Files

/// The file of a tape that is being written, with what its summary is going to say.
///
/// For one thread at a time: ``ChunkPacker`` hands it over and back.
final class TapeFile: @unchecked Sendable {
    let path: String
    var summary = TapeSummaryBuilder()
    /// What the system has: exchanges in whole chunks, and the length of the file up to there.
    private(set) var stored: (exchanges: UInt64, bytes: UInt64) = (0, 0)
    /// Found once, thrown by every call from then on: what follows a partial write would not be readable.
    private(set) var failure: TapeError?

    private let output: FileOutput
    private let compressor: ZstdFrameCompressor
    private var compressed: [UInt8] = []

    /// Creates the file, or empties it if it is there. `level` is zstd's.
    init(path: String, mode: UInt32, level: Int) throws(TapeError) {
        self.path = path
        do {
            output = try FileOutput(path: path, mode: mode)
        } catch {
            throw TapeError(path: path, reason: .file(error))
        }
        compressor = ZstdFrameCompressor(level: level)
    }

    /// Bytes written so far, buffered ones included.
    var position: UInt64 { output.position }

    /// Makes the file another user's; needs root's rights.
    func give(toUser user: UInt32, group: UInt32) throws(TapeError) {
        do { try output.give(toUser: user, group: group) } catch { throw TapeError(path: path, reason: .file(error)) }
    }

    /// Appends whole records of the data section.
    func emit(_ bytes: [UInt8]) throws(TapeError) {
        if let failure { throw failure }
        summary.dataCRC.update(bytes.rawSpan)
        do { try output.write(bytes) } catch { throw fail(error) }
    }

    /// Compresses a chunk, and writes it and its indexes.
    func write(_ chunk: borrowing RecordBuffer, _ contents: borrowing ChunkContents) throws(TapeError) {
        if let failure { throw failure }
        compressed.removeAll(keepingCapacity: true)
        compressor.compress(chunk.bytes, appendingTo: &compressed)
        var record = MCAPRecord(MCAP.Opcode.chunk)
        record.uint64(contents.startNanos)
        record.uint64(contents.endNanos)
        record.uint64(UInt64(chunk.count))
        record.uint32(CRC32.of(chunk.bytes))
        record.string("zstd")
        record.uint64(UInt64(compressed.count))
        let offset = position
        try emit(record.finished(extra: compressed.count))
        try emit(compressed)
        let end = position
        var index = ChunkIndex(
            startNanos: contents.startNanos, endNanos: contents.endNanos, offset: offset, length: end - offset,
            storedBytes: UInt64(compressed.count), uncompressedBytes: UInt64(chunk.count))
        try emit(contents.messageIndexes(from: end, into: &index))
        summary.add(index)
        try flush()
        stored.exchanges = contents.exchangesUpToHere
    }

    /// Hands what is buffered to the system.
    func flush() throws(TapeError) {
        do { try output.flush() } catch { throw fail(error) }
        stored.bytes = position
    }

    /// Writes the summary and closes the file.
    func finish(channels: TapeChannels, exchanges: UInt64) throws(TapeError) {
        if let failure { throw failure }
        let bytes = summary.end(at: position, channels: channels, exchanges: exchanges)
        do {
            try output.write(bytes)
            try output.close()
        } catch {
            throw fail(error)
        }
    }

    private func fail(_ error: FileError) -> TapeError {
        let failed = TapeError(path: path, offset: position, reason: .file(error))
        failure = failed
        return failed
    }
}
