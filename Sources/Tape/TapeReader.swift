import Bytes
import Compression
import Files
import Glibc

/// Reads a tape, whether it was finished or is cut.
///
/// Chunks are read one at a time, so memory is bounded by the largest of them. After an error other than of the file
/// itself, reading may go on: the damaged chunk, or the rest of it, is passed over.
///
/// Not for several threads at once; each may open its own.
package final class TapeReader {
    package let path: String
    /// Length of the file in bytes.
    package let fileBytes: UInt64
    /// Who wrote it, from the header.
    package internal(set) var program = ""
    /// True when the tape has its end. False when it is cut, because its writer was stopped or the copy is not whole.
    package internal(set) var isComplete = false
    /// Bytes at the end of a cut tape that belong to no whole record.
    package internal(set) var bytesBeyond: UInt64 = 0
    /// From the summary; nil for a cut tape.
    package internal(set) var statistics: TapeStatistics?
    /// All channels of a finished tape; of a cut one, those met so far.
    package internal(set) var channels: [UInt16: TapeChannel] = [:]
    package internal(set) var attachments: [TapeAttachment] = []
    /// Metadata records by name, entries in their order.
    package internal(set) var metadata: [(name: String, entries: [(key: String, value: String)])] = []
    /// Only exchanges whose first byte was seen within it are read; chunks outside are not read from the file at all.
    /// Nil for all.
    package var window: Range<UInt64>?
    /// How many chunks were read from the file so far, and how many bytes of any kind.
    package private(set) var chunksRead: UInt64 = 0
    package private(set) var bytesRead: UInt64 = 0
    /// Messages that were passed over because their channel holds something other than exchanges.
    package private(set) var foreignMessages: UInt64 = 0

    let file: FileInput
    var chunks: [TapeChunk] = []
    /// Names by schema id.
    var schemas: [UInt16: String] = [:]

    private var nextChunk = 0
    private var stored: [UInt8] = []
    private var content: [UInt8] = []
    private var contentOffset: UInt64 = 0
    private var position = 0
    private var end = 0
    private let decompressor = ZstdFrameDecompressor()
    private var decoder = ExchangeDecoder()

    package init(path: String) throws(TapeError) {
        self.path = path
        do {
            file = try FileInput(path: path)
        } catch {
            throw TapeError(path: path, reason: .file(error))
        }
        guard let size = file.size else {
            // A summary stands at the end, and chunks are found by their offsets.
            throw TapeError(path: path, reason: .file(FileError(path: path, operation: .read, code: ESPIPE)))
        }
        fileBytes = size
        let dataStart = try readHeader()
        if try readSummary() { return }
        try scan(from: dataStart)
    }

    /// A value of the metadata record `tinct`.
    package func property(_ name: String) -> String? {
        metadata.first { $0.name == "tinct" }?.entries.first { $0.key == name }?.value
    }

    /// True when personal data and credentials were kept on it.
    package var isRaw: Bool { property("raw") == "true" }

    /// Digest of the policy that it was masked by, and what tells its key from others; nil when nothing masked it.
    package var maskPolicy: String? { property("maskPolicy") }
    package var maskKey: String? { property("maskKey") }

    /// How many chunks can be read.
    package var chunkCount: Int { chunks.count }

    /// First and last `log_time` of each chunk in turn, without reading them.
    package var chunkSpans: [ClosedRange<UInt64>] {
        chunks.map { $0.startNanos...max($0.startNanos, $0.endNanos) }
    }

    /// `log_time` of the earliest exchange as the chunk index states it; nil when the tape has no index of times.
    package var startNanos: UInt64? {
        chunks.contains(where: \.isLoose) ? nil : chunks.lazy.map(\.startNanos).min()
    }

    /// Begins again at the first exchange.
    package func rewind() { seek(toChunk: 0) }

    /// The next exchange will be the first of chunk `index`.
    package func seek(toChunk index: Int) {
        nextChunk = min(max(index, 0), chunks.count)
        position = 0
        end = 0
    }

    /// The next exchange, in the order of the file; nil at the end.
    package func next() throws(TapeError) -> Exchange? {
        var exchange = Exchange()
        return try next(into: &exchange) ? exchange : nil
    }

    /// Replaces `exchange` by the next one, reusing its memory; false at the end.
    package func next(into exchange: inout Exchange) throws(TapeError) -> Bool {
        while true {
            while position < end {
                if try nextRecord(into: &exchange) { return true }
            }
            if nextChunk >= chunks.count { return false }
            nextChunk += 1
            let chunk = chunks[nextChunk - 1]
            if let window, !chunk.overlaps(window) { continue }
            chunksRead += 1
            try load(chunk)
        }
    }

    /// Reads an attachment's content and checks its checksum.
    package func read(_ attachment: TapeAttachment) throws(TapeError) -> [UInt8] {
        let record = try record(at: attachment.offset, length: attachment.length, limit: TapeLimits.recordBytes)
        let content: Range<Int>
        let crc: UInt32
        do throws(ParsingError) {
            var reader = ByteReader(record.rawSpan, offset: MCAP.prefixBytes)
            try reader.skip(16)
            _ = try reader.mcapString()
            _ = try reader.mcapString()
            content = try reader.lengthPrefixed()
            crc = try reader.littleEndianUInt32()
        } catch {
            throw TapeError(path: path, offset: attachment.offset, reason: .corrupt(error))
        }
        if crc != 0 && crc != CRC32.of(record.rawSpan.extracting(MCAP.prefixBytes..<content.upperBound)) {
            throw TapeError(path: path, offset: attachment.offset, reason: .checksum)
        }
        return Array(record[content])
    }

    // MARK: Records of a chunk

    /// Takes one record of the chunk in hand; true when it was an exchange.
    private func nextRecord(into exchange: inout Exchange) throws(TapeError) -> Bool {
        let start = position
        do {
            return try takeRecord(into: &exchange)
        } catch {
            // A message that does not decode is passed over; where records themselves are broken, the chunk is.
            if position == start { position = end }
            throw TapeError(path: path, offset: contentOffset, reason: .corrupt(error))
        }
    }

    private func takeRecord(into exchange: inout Exchange) throws(ParsingError) -> Bool {
        let content = self.content
        var reader = ByteReader(content.rawSpan.extracting(0..<end), offset: position)
        let opcode = try reader.uint8()
        let place = try reader.lengthPrefixed()
        position = place.upperBound
        let body = content.rawSpan.extracting(place)
        var fields = ByteReader(body)
        switch opcode {
        case MCAP.Opcode.message:
            let channel = try fields.littleEndianUInt16()
            try fields.skip(4)
            let logNanos = try fields.littleEndianUInt64()
            try fields.skip(8)
            if let window, !window.contains(logNanos) { return false }
            if let known = channels[channel], !known.holdsExchanges {
                foreignMessages += 1
                return false
            }
            try decoder.decode(body.extracting(fields.offset..<body.byteCount), into: &exchange)
            return true
        case MCAP.Opcode.schema: try addSchema(&fields)
        case MCAP.Opcode.channel: try addChannel(&fields)
        default: break
        }
        return false
    }

    func addSchema(_ fields: inout ByteReader) throws(ParsingError) {
        let id = try fields.littleEndianUInt16()
        schemas[id] = try fields.mcapString()
    }

    func addChannel(_ fields: inout ByteReader) throws(ParsingError) {
        let id = try fields.littleEndianUInt16()
        let schema = try fields.littleEndianUInt16()
        let topic = try fields.mcapString()
        let encoding = try fields.mcapString()
        let isOurs = encoding == "protobuf" && schemas[schema] == ExchangeSchema.name
        channels[id] = TapeChannel(topic: topic, holdsExchanges: isOurs)
    }

    // MARK: Chunks

    /// Reads, checks and decompresses a chunk.
    private func load(_ chunk: TapeChunk) throws(TapeError) {
        position = 0
        end = 0
        contentOffset = chunk.offset
        if chunk.isLoose {
            content = try record(at: chunk.offset, length: chunk.length, limit: TapeLimits.recordBytes)
            end = content.count
            return
        }
        stored = try record(at: chunk.offset, length: chunk.length, limit: TapeLimits.recordBytes)
        let header: ChunkHeader
        do {
            header = try ChunkHeader(stored.rawSpan)
        } catch {
            throw TapeError(path: path, offset: chunk.offset, reason: .corrupt(error))
        }
        guard let size = Int(exactly: header.uncompressedBytes), size <= TapeLimits.recordBytes else {
            throw TapeError(path: path, offset: chunk.offset, reason: .tooLarge)
        }
        do throws(ParsingError) {
            let stored = self.stored
            let records = stored.rawSpan.extracting(header.records)
            switch header.compression {
            case "zstd": try decompressor.decompress(records, size: size, into: &content)
            case "":
                if size != records.byteCount { throw ParsingError(.invalid, at: 0, "chunk size") }
                content = [UInt8](copying: records)
            default: throw ParsingError(.unsupported, at: 0, "chunk compression")
            }
        } catch {
            let isUnknown = error.status == .unsupported
            throw TapeError(
                path: path, offset: chunk.offset, reason: isUnknown ? .unsupportedCompression : .corrupt(error))
        }
        let content = self.content
        if header.crc != 0 && header.crc != CRC32.of(content.rawSpan.extracting(0..<size)) {
            throw TapeError(path: path, offset: chunk.offset, reason: .checksum)
        }
        end = size
    }

    /// The bytes of a record, prefix included, whose place was stated by an index or found by the scan.
    func record(at offset: UInt64, length: UInt64, limit: Int) throws(TapeError) -> [UInt8] {
        if length > fileBytes || offset > fileBytes - length {
            let error = ParsingError(.truncated, at: 0, "record")
            throw TapeError(path: path, offset: offset, reason: .corrupt(error))
        }
        if length > UInt64(limit) { throw TapeError(path: path, offset: offset, reason: .tooLarge) }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        try fill(&bytes, at: offset)
        return bytes
    }

    /// Fills `bytes` from the file; throws when the file has become shorter meanwhile.
    func fill(_ bytes: inout [UInt8], at offset: UInt64) throws(TapeError) {
        let got: Int
        do {
            got = try file.read(into: &bytes, count: bytes.count, at: offset)
        } catch {
            throw TapeError(path: path, offset: offset, reason: .file(error))
        }
        bytesRead += UInt64(got)
        if got < bytes.count {
            throw TapeError(path: path, offset: offset, reason: .corrupt(ParsingError(.truncated, at: got, "file")))
        }
    }
}

/// What a chunk record says before its records.
struct ChunkHeader {
    /// `log_time` of its earliest and latest message.
    var startNanos: UInt64
    var endNanos: UInt64
    var uncompressedBytes: UInt64
    var crc: UInt32
    var compression: String
    /// Where the compressed records stand in the chunk record.
    var records: Range<Int>

    /// `record` with its prefix.
    init(_ record: RawSpan) throws(ParsingError) {
        var reader = ByteReader(record)
        try reader.skip(MCAP.prefixBytes)
        startNanos = try reader.littleEndianUInt64()
        endNanos = try reader.littleEndianUInt64()
        uncompressedBytes = try reader.littleEndianUInt64()
        crc = try reader.littleEndianUInt32()
        compression = try reader.mcapString()
        records = try reader.lengthPrefixed()
    }
}
