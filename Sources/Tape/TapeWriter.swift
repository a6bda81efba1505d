import Bytes
import Compression
import Files

/// Writes a tape.
///
/// Exchanges collect in a chunk, which is compressed and handed to the system when it is full, when ``flushIfOlder(nowNanos:)``
/// says so, and at the end. Without ``finish()`` the file is a tape that is cut after its last chunk.
///
/// Not for several threads at once.
package final class TapeWriter {
    package struct Options: Sendable {
        /// Uncompressed size at which a chunk is closed.
        package var chunkBytes = 1 << 20
        /// The age in ns at which ``TapeWriter/flushIfOlder(nowNanos:)`` closes a chunk.
        package var chunkAgeNanos: UInt64 = 1_000_000_000
        /// zstd's.
        package var level = 1
        /// Chunks are compressed by a thread of their own where there is a CPU for it. The tape is the same.
        package var compressesAside = false
        /// Credentials were kept: the file is readable by its owner only.
        package var isRaw = false
        /// The program and version that write, for the header.
        package var program = "tinct"
        /// What it was made from: a capture's name, a scenario's.
        package var source = ""
        /// The tag of the run that made it; empty when none did.
        package var runTag = ""
        /// More for the metadata record `tinct`.
        package var properties: [(name: String, value: String)] = []

        package init(source: String = "", isRaw: Bool = false, program: String = "tinct") {
            self.source = source
            self.isRaw = isRaw
            self.program = program
        }
    }

    package let path: String
    package let options: Options
    /// Exchanges taken so far, those of the open chunk included.
    package var exchangeCount: UInt64 { chunk.exchangeCount }
    /// Bytes of all exchanges as encoded, before compression.
    package var uncompressedBytes: UInt64 { chunk.encodedBytes }
    /// Bytes of the file so far.
    package var writtenBytes: UInt64 { file.position }

    /// What the system has: exchanges in whole chunks, and the length of the file up to there.
    package private(set) var stored: (exchanges: UInt64, bytes: UInt64) = (0, 0)

    let file: FileOutput
    var summary = TapeSummaryBuilder()
    var isFinished = false
    /// Found once, thrown by every call from then on: what follows a partial write would not be readable.
    private var failure: TapeError?

    private var chunk: OpenChunk
    private var openedNanos: UInt64?
    private var compressed: [UInt8] = []
    private let compressor: ZstdFrameCompressor
    /// Made with the first chunk: who opens a tape may have rights to give up that a thread would keep.
    private var packer: ChunkPacker?
    private var mayHavePacker: Bool
    /// What the chunk holds that is being compressed there.
    private var packing = ChunkContents()

    private var channelIDs: [ChannelKey: UInt16] = [:]
    private let channelLimit: Int

    /// Creates the file, or empties it if it is there, and writes its header.
    package convenience init(path: String, options: Options = Options()) throws(TapeError) {
        try self.init(path: path, options: options, channelLimit: TapeLimits.channels)
    }

    init(path: String, options: Options, channelLimit: Int) throws(TapeError) {
        self.path = path
        self.options = options
        self.channelLimit = channelLimit
        do {
            file = try FileOutput(path: path, mode: options.isRaw ? 0o600 : 0o644)
        } catch {
            throw TapeError(path: path, reason: .file(error))
        }
        mayHavePacker = options.compressesAside
        compressor = ZstdFrameCompressor(level: options.level)
        chunk = OpenChunk(capacity: TapeWriter.capacity(options))

        try emit(MCAP.magic)
        var header = MCAPRecord(MCAP.Opcode.header)
        header.string("")
        header.string(options.program)
        try emit(header.finished())
        var properties = [("library", options.program), ("raw", options.isRaw ? "true" : "false")]
        if !options.source.isEmpty { properties.append(("source", options.source)) }
        if !options.runTag.isEmpty { properties.append(("run", options.runTag)) }
        try add(metadata: "tinct", properties + options.properties.map { ($0.name, $0.value) })
        try flushFile()
        stored.bytes = file.position
    }

    /// Makes the file another user's; needs root's rights.
    package func give(toUser user: UInt32, group: UInt32) throws(TapeError) {
        do { try file.give(toUser: user, group: group) } catch { throw TapeError(path: path, reason: .file(error)) }
    }

    /// Adds an exchange; its id is the caller's, and should be its position on the tape.
    package func append(_ exchange: borrowing Exchange) throws(TapeError) {
        var exchange = copy exchange
        try append(&exchange)
    }

    /// The same, and leaves the exchange as it is.
    ///
    /// It is passed in place because a borrowed exchange is copied by the compiler, which counts a reference for each
    /// of its dozen arrays and strings: a tenth of what recording costs.
    package func append(_ exchange: inout Exchange) throws(TapeError) {
        try checkOpen()
        var outcome = chunk.append(&exchange)
        if outcome == .otherChannel {
            let key = ChannelKey(protocol: exchange.format.protocol, operation: exchange.operation)
            chunk.select(channelID(for: key), for: key)
            outcome = chunk.append(&exchange)
        }
        if outcome == .tooLarge { throw TapeError(path: path, offset: file.position, reason: .tooLarge) }
        if chunk.buffer.count >= options.chunkBytes { try closeChunk() }
        if let packer, packer.collect(waits: false) { try writePacked(packer) }
    }

    /// Closes the open chunk if its first exchange was there ``Options/chunkAgeNanos`` ago or longer.
    ///
    /// Call it every now and then with a monotonic clock's time; the age counts from the first call that sees the chunk.
    package func flushIfOlder(nowNanos: UInt64) throws(TapeError) {
        if chunk.contents.entries.isEmpty { return }
        guard let opened = openedNanos else {
            openedNanos = nowNanos
            return
        }
        if nowNanos >= opened && nowNanos - opened >= options.chunkAgeNanos { try flush() }
    }

    /// Closes the open chunk: everything appended so far can be read from the file afterwards.
    package func flush() throws(TapeError) {
        try checkOpen()
        try closeChunk()
        try settlePacker()
    }

    /// Adds a file that travels with the tape. Written at once, so that a tape that is cut later has it.
    package func attach(name: String, mediaType: String, bytes: [UInt8], createdNanos: UInt64 = 0) throws(TapeError) {
        try checkOpen()
        try settlePacker()
        if bytes.count > TapeLimits.recordBytes {
            throw TapeError(path: path, offset: file.position, reason: .tooLarge)
        }
        var record = MCAPRecord(MCAP.Opcode.attachment)
        record.uint64(createdNanos)
        record.uint64(createdNanos)
        record.string(name)
        record.string(mediaType)
        record.uint64(UInt64(bytes.count))
        record.raw(bytes)
        var crc = CRC32()
        crc.update(record.bytes.rawSpan.extracting(MCAP.prefixBytes..<record.bytes.count))
        record.uint32(crc.value)
        let offset = file.position
        let whole = record.finished()
        try emit(whole)
        summary.attachments.append(
            TapeAttachment(
                name: name, mediaType: mediaType, bytes: UInt64(bytes.count), createdNanos: createdNanos,
                offset: offset, length: UInt64(whole.count)))
        try flushFile()
    }

    /// Adds a metadata record.
    package func add(metadata name: String, _ entries: [(String, String)]) throws(TapeError) {
        try checkOpen()
        try settlePacker()
        var record = MCAPRecord(MCAP.Opcode.metadata)
        record.string(name)
        record.map(entries)
        let offset = file.position
        let whole = record.finished()
        try emit(whole)
        summary.metadata.append((name: name, offset: offset, length: UInt64(whole.count)))
    }

    /// Writes what is open and the summary, and closes the file. Nothing may be added afterwards.
    package func finish() throws(TapeError) {
        try checkOpen()
        try closeChunk()
        try settlePacker()
        isFinished = true
        try emit(summary.end(at: file.position, exchanges: exchangeCount))
        do {
            try file.close()
        } catch {
            throw fail(error)
        }
    }

    private func checkOpen() throws(TapeError) {
        if let failure { throw failure }
        precondition(!isFinished, "a finished tape takes nothing more")
    }

    private func channelID(for key: ChannelKey) -> UInt16 {
        if let known = channelIDs[key] { return known }
        if channelIDs.count < channelLimit {
            let id = addChannel(topic: "\(key.protocol)/\(key.operation)", key: key)
            channelIDs[key] = id
            return id
        }
        let other = summary.otherChannel ?? addChannel(topic: "other", key: nil)
        summary.otherChannel = other
        return other
    }

    /// Puts a channel, and before the first one the schema, into the open chunk.
    private func addChannel(topic: String, key: ChannelKey?) -> UInt16 {
        if summary.channels.isEmpty { chunk.buffer.raw(TapeSummaryBuilder.schema) }
        var record = MCAPRecord(MCAP.Opcode.channel)
        let id = UInt16(clamping: summary.channels.count + 1)
        record.uint16(id)
        record.uint16(TapeSummaryBuilder.schemaID)
        record.string(topic)
        record.string("protobuf")
        record.map(key.map { [("protocol", "\($0.protocol)"), ("operation", $0.operation)] } ?? [])
        let whole = record.finished()
        chunk.buffer.raw(whole)
        summary.channels.append(whole)
        return id
    }

    private func closeChunk() throws(TapeError) {
        openedNanos = nil
        if chunk.contents.entries.isEmpty { return }
        chunk.contents.byteCount = chunk.buffer.count
        chunk.contents.exchangesUpToHere = exchangeCount
        if mayHavePacker {
            mayHavePacker = false
            if ChunkPacker.availableCPUs > 1 {
                packer = ChunkPacker(level: options.level, capacity: TapeWriter.capacity(options))
            }
        }
        if let packer {
            try settlePacker()
            swap(&packing, &chunk.contents)
            packer.submit(&chunk.buffer)
        } else {
            compressed.removeAll(keepingCapacity: true)
            compressor.compress(chunk.buffer.bytes, appendingTo: &compressed)
            try write(chunk.contents, compressed, crc: CRC32.of(chunk.buffer.bytes))
            chunk.buffer.removeAll()
        }
        chunk.contents.removeAll()
    }

    /// A chunk may pass its limit by one exchange.
    private static func capacity(_ options: Options) -> Int { options.chunkBytes + (1 << 16) }

    /// Waits for the chunk that is being compressed, if there is one, and writes it.
    private func settlePacker() throws(TapeError) {
        if let packer, packer.collect(waits: true) { try writePacked(packer) }
    }

    private func writePacked(_ packer: ChunkPacker) throws(TapeError) {
        try write(packing, packer.compressed, crc: packer.crc)
    }

    /// Writes a chunk and its indexes.
    private func write(_ contents: borrowing ChunkContents, _ compressed: [UInt8], crc: UInt32) throws(TapeError) {
        var record = MCAPRecord(MCAP.Opcode.chunk)
        record.uint64(contents.startNanos)
        record.uint64(contents.endNanos)
        record.uint64(UInt64(contents.byteCount))
        record.uint32(crc)
        record.string("zstd")
        record.uint64(UInt64(compressed.count))
        let offset = file.position
        try emit(record.finished(extra: compressed.count))
        try emit(compressed)
        let end = file.position
        var index = ChunkIndex(
            startNanos: contents.startNanos, endNanos: contents.endNanos, offset: offset, length: end - offset,
            storedBytes: UInt64(compressed.count), uncompressedBytes: UInt64(contents.byteCount))
        try emit(contents.messageIndexes(from: end, into: &index))
        summary.add(index)
        try flushFile()
        stored = (contents.exchangesUpToHere, file.position)
    }

    private func emit(_ bytes: [UInt8]) throws(TapeError) {
        if !isFinished { summary.dataCRC.update(bytes.rawSpan) }
        do {
            try file.write(bytes)
        } catch {
            throw fail(error)
        }
    }

    private func flushFile() throws(TapeError) {
        do {
            try file.flush()
        } catch {
            throw fail(error)
        }
    }

    private func fail(_ error: FileError) -> TapeError {
        let failed = TapeError(path: path, offset: file.position, reason: .file(error))
        failure = failed
        return failed
    }
}
