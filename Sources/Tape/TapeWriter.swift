import Bytes

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
        /// Chunks are compressed and written by a thread of their own where there is a CPU for it. The tape is the same.
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
    /// Bytes of the file so far, those of a chunk that is under way not included.
    package private(set) var writtenBytes: UInt64 = 0
    /// What the system has: exchanges in whole chunks, and the length of the file up to there.
    package private(set) var stored: (exchanges: UInt64, bytes: UInt64) = (0, 0)

    /// The packer's while that is busy.
    private let file: TapeFile
    private var isFinished = false
    private var chunk: OpenChunk
    private var openedNanos: UInt64?
    /// Made with the first chunk: who opens a tape may have rights to give up that a thread would keep.
    private var packer: ChunkPacker?
    private var mayHavePacker: Bool

    private var channels = TapeChannels()
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
        file = try TapeFile(path: path, mode: options.isRaw ? 0o600 : 0o644, level: options.level)
        mayHavePacker = options.compressesAside
        chunk = OpenChunk(capacity: TapeWriter.capacity(options))

        try file.emit(MCAP.magic)
        var header = MCAPRecord(MCAP.Opcode.header)
        header.string("")
        header.string(options.program)
        try file.emit(header.finished())
        var properties = [("library", options.program), ("raw", options.isRaw ? "true" : "false")]
        if !options.source.isEmpty { properties.append(("source", options.source)) }
        if !options.runTag.isEmpty { properties.append(("run", options.runTag)) }
        try add(metadata: "tinct", properties + options.properties.map { ($0.name, $0.value) })
        try file.flush()
        noteProgress()
    }

    /// Makes the file another user's; needs root's rights.
    package func give(toUser user: UInt32, group: UInt32) throws(TapeError) {
        try settle()
        try file.give(toUser: user, group: group)
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
        if outcome == .tooLarge { throw TapeError(path: path, offset: writtenBytes, reason: .tooLarge) }
        if chunk.buffer.count >= options.chunkBytes { try closeChunk() }
        if let packer, packer.collect(waits: false) { try takeOver() }
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
        try settle()
    }

    /// Adds a file that travels with the tape. Written at once, so that a tape that is cut later has it.
    package func attach(name: String, mediaType: String, bytes: [UInt8], createdNanos: UInt64 = 0) throws(TapeError) {
        try checkOpen()
        try settle()
        if bytes.count > TapeLimits.recordBytes {
            throw TapeError(path: path, offset: writtenBytes, reason: .tooLarge)
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
        try file.emit(whole)
        file.summary.attachments.append(
            TapeAttachment(
                name: name, mediaType: mediaType, bytes: UInt64(bytes.count), createdNanos: createdNanos,
                offset: offset, length: UInt64(whole.count)))
        try file.flush()
        noteProgress()
    }

    /// Adds a metadata record.
    package func add(metadata name: String, _ entries: [(String, String)]) throws(TapeError) {
        try checkOpen()
        try settle()
        var record = MCAPRecord(MCAP.Opcode.metadata)
        record.string(name)
        record.map(entries)
        let offset = file.position
        let whole = record.finished()
        try file.emit(whole)
        file.summary.metadata.append((name: name, offset: offset, length: UInt64(whole.count)))
        noteProgress()
    }

    /// Writes what is open and the summary, and closes the file. Nothing may be added afterwards.
    package func finish() throws(TapeError) {
        try checkOpen()
        try closeChunk()
        try settle()
        isFinished = true
        try file.finish(channels: channels, exchanges: exchangeCount)
        noteProgress()
    }

    private func checkOpen() throws(TapeError) {
        precondition(!isFinished, "a finished tape takes nothing more")
        // What goes wrong while the packer is busy is seen when it is done.
        if packer?.isBusy != true { try checkFile() }
    }

    private func channelID(for key: ChannelKey) -> UInt16 {
        if let known = channelIDs[key] { return known }
        if channelIDs.count < channelLimit {
            let id = addChannel(topic: "\(key.protocol)/\(key.operation)", key: key)
            channelIDs[key] = id
            return id
        }
        let other = channels.other ?? addChannel(topic: "other", key: nil)
        channels.other = other
        return other
    }

    /// Puts a channel, and before the first one the schema, into the open chunk.
    private func addChannel(topic: String, key: ChannelKey?) -> UInt16 {
        if channels.records.isEmpty { chunk.buffer.raw(TapeSummaryBuilder.schema) }
        var record = MCAPRecord(MCAP.Opcode.channel)
        let id = UInt16(clamping: channels.records.count + 1)
        record.uint16(id)
        record.uint16(TapeSummaryBuilder.schemaID)
        record.string(topic)
        record.string("protobuf")
        record.map(key.map { [("protocol", "\($0.protocol)"), ("operation", $0.operation)] } ?? [])
        let whole = record.finished()
        chunk.buffer.raw(whole)
        channels.records.append(whole)
        return id
    }

    private func closeChunk() throws(TapeError) {
        openedNanos = nil
        if chunk.contents.entries.isEmpty { return }
        chunk.contents.exchangesUpToHere = exchangeCount
        if mayHavePacker {
            mayHavePacker = false
            if ChunkPacker.availableCPUs > 1 { packer = ChunkPacker(file, capacity: TapeWriter.capacity(options)) }
        }
        if let packer {
            try settle()
            chunk.submit(to: packer)
        } else {
            try file.write(chunk.buffer, chunk.contents)
            noteProgress()
        }
        chunk.buffer.removeAll()
        chunk.contents.removeAll()
    }

    /// A chunk may pass its limit by one exchange.
    private static func capacity(_ options: Options) -> Int { options.chunkBytes + (1 << 16) }

    /// Waits for the chunk that is under way, if there is one; the file is this thread's then.
    private func settle() throws(TapeError) {
        if let packer, packer.collect(waits: true) { try takeOver() }
    }

    /// Takes over what became of the chunk that was under way.
    private func takeOver() throws(TapeError) {
        noteProgress()
        try checkFile()
    }

    /// Throws what went wrong with the file, which is to be this thread's.
    private func checkFile() throws(TapeError) {
        if let failure = file.failure { throw failure }
    }

    private func noteProgress() { (writtenBytes, stored) = (file.position, file.stored) }
}
