import Bytes
import Compression

/// What one chunk turned out to hold.
struct ChunkFacts {
    var index: ChunkIndex
    var channels: Set<UInt16> = []
    /// By channel, in the order of the chunk: `log_time` and offset; forgotten when the next chunk comes.
    var entries: [UInt16: [(UInt64, UInt64)]] = [:]
    /// Message index records that followed it.
    var seenIndexes: Set<UInt16> = []
}

/// Reads a whole file record by record, trusting no index, and tells what it finds. Whole exchanges go to `keep`.
package final class TapeChecker {
    package internal(set) var check = TapeCheck()
    /// Whole attachments, and metadata records.
    package private(set) var attachments: [AttachedFile] = []
    package private(set) var metadata: [(name: String, entries: [(key: String, value: String)])] = []

    let reader: TapeReader
    let size: UInt64
    let keep: (Exchange) throws -> Void
    var chunks: [ChunkFacts] = []
    var channels: [UInt16: TapeChannel] = [:]
    var schemas: [UInt16: String] = [:]
    var counts: [UInt16: UInt64] = [:]
    var dataCRC = CRC32()
    var attachmentPlaces: Set<UInt64> = []
    var metadataPlaces: Set<UInt64> = []
    var lastID: UInt64?
    /// Places that looked like chunks and were none, while searching.
    var failedCandidates = 0
    let decompressor = ZstdFrameDecompressor()
    var decoder = ExchangeDecoder()
    var isCRCKnown = true
    /// What `keep` threw.
    private var failure: (any Error)?

    /// - Parameter keep: gets every whole exchange in the order of the file.
    package init(path: String, keep: @escaping (Exchange) throws -> Void = { _ in }) throws(TapeError) {
        reader = try TapeReader(path: path)
        size = reader.fileBytes
        self.keep = keep
    }

    /// The properties of the tape itself.
    package var tape: TapeReader { reader }

    /// Reads everything; throws when the file itself cannot be read, and what `keep` throws.
    package func run() throws {
        var position = try dataStart()
        while true {
            guard size - position >= UInt64(MCAP.prefixBytes) else {
                position = try cut(at: position)
                break
            }
            let prefix = try reader.record(at: position, length: 9, limit: 9)
            var fields = ByteReader(prefix.rawSpan)
            let opcode = (try? fields.uint8()) ?? 0
            let content = (try? fields.littleEndianUInt64()) ?? .max
            let rest = size - position - UInt64(MCAP.prefixBytes)
            if opcode == MCAP.Opcode.dataEnd && content == 4 && rest >= 4 {
                try end(at: position)
                break
            }
            let isKnown = opcode > 0 && (opcode <= MCAP.Opcode.dataEnd || opcode >= 0x80)
            guard isKnown, opcode != MCAP.Opcode.footer, content <= rest,
                content <= UInt64(TapeLimits.recordBytes)
            else {
                guard let next = try resynchronize(from: position + 1) else {
                    position = try cut(at: position)
                    break
                }
                check.note("record", position, "\(next - position) bytes are no records")
                check.lostBytes += next - position
                isCRCKnown = false
                position = next
                continue
            }
            let length = content + UInt64(MCAP.prefixBytes)
            let bytes = try reader.record(at: position, length: length, limit: TapeLimits.recordBytes + 16)
            dataCRC.update(bytes.rawSpan)
            take(opcode, bytes, at: position)
            if let failure { throw failure }
            position += length
        }
    }

    // MARK: Records

    func dataStart() throws(TapeError) -> UInt64 {
        let prefix = try reader.record(at: 0, length: 17, limit: 17)
        var fields = ByteReader(prefix.rawSpan, offset: 9)
        let length = 17 + ((try? fields.littleEndianUInt64()) ?? 0)
        let header = try reader.record(at: 0, length: length, limit: 1 << 21)
        dataCRC.update(header.rawSpan)
        return length
    }

    private func take(_ opcode: UInt8, _ bytes: [UInt8], at offset: UInt64) {
        do throws(ParsingError) {
            try read(opcode, bytes, at: offset)
        } catch {
            check.note(Self.kind(opcode), offset, "\(error)")
            if opcode == MCAP.Opcode.chunk { check.damagedChunks += 1 }
            check.lostBytes += UInt64(bytes.count)
        }
    }

    private func read(_ opcode: UInt8, _ bytes: [UInt8], at offset: UInt64) throws(ParsingError) {
        var fields = ByteReader(bytes.rawSpan, offset: MCAP.prefixBytes)
        switch opcode {
        case MCAP.Opcode.chunk: try takeChunk(bytes, at: offset)
        case MCAP.Opcode.messageIndex: try takeIndex(&fields, at: offset)
        case MCAP.Opcode.schema: try addSchema(&fields)
        case MCAP.Opcode.channel: try addChannel(&fields)
        case MCAP.Opcode.message: try takeMessage(bytes.rawSpan.extracting(9..<bytes.count), at: offset)
        case MCAP.Opcode.metadata:
            metadata.append((try fields.mcapString(), try fields.mcapStringMap()))
            metadataPlaces.insert(offset)
        case MCAP.Opcode.attachment: try takeAttachment(bytes, at: offset)
        default: break
        }
    }

    private static func kind(_ opcode: UInt8) -> String {
        switch opcode {
        case MCAP.Opcode.chunk: "chunk"
        case MCAP.Opcode.messageIndex: "index"
        case MCAP.Opcode.attachment: "attachment"
        case MCAP.Opcode.metadata: "metadata"
        default: "record"
        }
    }

    func addSchema(_ fields: inout ByteReader) throws(ParsingError) {
        schemas[try fields.littleEndianUInt16()] = try fields.mcapString()
    }

    func addChannel(_ fields: inout ByteReader) throws(ParsingError) {
        let id = try fields.littleEndianUInt16()
        let schema = try fields.littleEndianUInt16()
        let topic = try fields.mcapString()
        let isOurs = try fields.mcapString() == "protobuf" && schemas[schema] == ExchangeSchema.name
        channels[id] = TapeChannel(topic: topic, holdsExchanges: isOurs)
    }

    func takeAttachment(_ bytes: [UInt8], at offset: UInt64) throws(ParsingError) {
        var fields = ByteReader(bytes.rawSpan, offset: MCAP.prefixBytes)
        try fields.skip(8)
        let created = try fields.littleEndianUInt64()
        let name = try fields.mcapString()
        let mediaType = try fields.mcapString()
        let content = try fields.lengthPrefixed()
        let crc = try fields.littleEndianUInt32()
        if crc != 0 && crc != CRC32.of(bytes.rawSpan.extracting(MCAP.prefixBytes..<content.upperBound)) {
            throw ParsingError(.invalid, at: content.upperBound, "attachment checksum")
        }
        attachments.append(
            AttachedFile(
                name: name, mediaType: mediaType, bytes: Array(bytes[content]), createdNanos: created))
        attachmentPlaces.insert(offset)
    }

    // MARK: Chunks

    func takeChunk(_ bytes: [UInt8], at offset: UInt64) throws(ParsingError) {
        let (facts, content) = try open(bytes, at: offset)
        if let last = chunks.indices.last { chunks[last].entries = [:] }
        chunks.append(facts)
        check.chunks += 1
        let damaged = check.damagedExchanges
        var times: (least: UInt64, most: UInt64)?
        var records = ByteReader(content.rawSpan)
        while !records.isAtEnd {
            let start = records.offset
            guard let opcode = try? records.uint8(), let place = try? records.lengthPrefixed() else {
                check.damagedExchanges += 1
                check.note("chunk", offset, "its records break off \(start) bytes into its content")
                break
            }
            if let error = damage(opcode, content.rawSpan.extracting(place), start, at: offset, &times) {
                check.damagedExchanges += 1
                check.note("chunk", offset, "an exchange \(start) bytes into its content: \(error)")
            }
        }
        if check.damagedExchanges > damaged { check.damagedChunks += 1 }
        chunks[chunks.count - 1].channels = Set(chunks[chunks.count - 1].entries.keys)
        if let times, times.least != facts.index.startNanos || times.most != facts.index.endNanos {
            check.note("chunk", offset, "its times are not those of its exchanges")
        }
    }

    /// Takes one record of a chunk and returns what is wrong with it.
    private func damage(
        _ opcode: UInt8, _ body: RawSpan, _ start: Int, at offset: UInt64, _ times: inout (least: UInt64, most: UInt64)?
    ) -> ParsingError? {
        do throws(ParsingError) {
            try takeRecord(opcode, body, start, at: offset, &times)
            return nil
        } catch {
            return error
        }
    }

    /// One record of a chunk, which begins `start` bytes into its content.
    private func takeRecord(
        _ opcode: UInt8, _ body: RawSpan, _ start: Int, at offset: UInt64, _ times: inout (least: UInt64, most: UInt64)?
    ) throws(ParsingError) {
        var fields = ByteReader(body)
        switch opcode {
        case MCAP.Opcode.schema: try addSchema(&fields)
        case MCAP.Opcode.channel: try addChannel(&fields)
        case MCAP.Opcode.message:
            let channel = try fields.littleEndianUInt16()
            try fields.skip(4)
            let nanos = try fields.littleEndianUInt64()
            times = (min(times?.least ?? nanos, nanos), max(times?.most ?? nanos, nanos))
            chunks[chunks.count - 1].entries[channel, default: []].append((nanos, UInt64(start)))
            try takeMessage(body, at: offset)
        default: break
        }
    }

    /// The chunk's header and its decompressed, checked content.
    func open(_ bytes: [UInt8], at offset: UInt64) throws(ParsingError) -> (ChunkFacts, [UInt8]) {
        let header = try ChunkHeader(bytes.rawSpan)
        guard let size = Int(exactly: header.uncompressedBytes), size <= TapeLimits.recordBytes else {
            throw ParsingError(.limit, at: 0, "chunk size")
        }
        let records = bytes.rawSpan.extracting(header.records)
        var content: [UInt8] = []
        switch header.compression {
        case "zstd": try decompressor.decompress(records, size: size, into: &content)
        case "":
            if size != records.byteCount { throw ParsingError(.invalid, at: 0, "chunk size") }
            content = [UInt8](copying: records)
        default: throw ParsingError(.unsupported, at: 0, "chunk compression")
        }
        if content.count > size { content.removeLast(content.count - size) }
        if header.crc != 0 && header.crc != CRC32.of(content.rawSpan) {
            throw ParsingError(.invalid, at: 0, "chunk checksum")
        }
        let index = ChunkIndex(
            startNanos: header.startNanos, endNanos: header.endNanos, offset: offset, length: UInt64(bytes.count),
            storedBytes: UInt64(records.byteCount), uncompressedBytes: header.uncompressedBytes)
        return (ChunkFacts(index: index), content)
    }

    /// `body` is a message record without its prefix.
    func takeMessage(_ body: RawSpan, at offset: UInt64) throws(ParsingError) {
        var fields = ByteReader(body)
        let channel = try fields.littleEndianUInt16()
        try fields.skip(4)
        let nanos = try fields.littleEndianUInt64()
        try fields.skip(8)
        counts[channel, default: 0] += 1
        if let known = channels[channel], !known.holdsExchanges { return }
        if channels[channel] == nil { check.note("order", offset, "a message stands before its channel") }
        var exchange = Exchange()
        try decoder.decode(body.extracting(fields.offset..<body.byteCount), into: &exchange)
        check.exchanges += 1
        examine(exchange, nanos, offset)
        do { try keep(exchange) } catch { failure = failure ?? error }
    }

    func examine(_ exchange: Exchange, _ nanos: UInt64, _ offset: UInt64) {
        if nanos != exchange.startNanos {
            check.note("order", offset, "the time of exchange \(exchange.id) in the index is not its own")
        }
        if let last = lastID {
            if exchange.id <= last {
                check.note("order", offset, "exchange \(exchange.id) stands behind \(last)")
            } else {
                check.missingIDs += exchange.id - last - 1
            }
        } else {
            check.missingIDs += exchange.id
        }
        lastID = max(lastID ?? 0, exchange.id)
        for (side, message) in [("request", exchange.request), ("response", exchange.response)] {
            guard let message else { continue }
            let stored = UInt64(message.wire.count)
            let holes = message.holes.reduce(UInt64(0)) { $0 &+ $1.length }
            if message.omitted.isEmpty && stored &+ holes > message.wireLength {
                check.note("balance", offset, "the \(side) of exchange \(exchange.id) holds more than was on the wire")
            }
            if message.redactions.contains(where: { $0.offset > stored || $0.length > stored - $0.offset }) {
                check.note("balance", offset, "a masked span of exchange \(exchange.id) lies outside its \(side)")
            }
        }
    }
}
