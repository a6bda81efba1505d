import Bytes

/// What one channel of a tape holds.
package struct TapeChannel: Sendable, Hashable {
    /// Protocol and operation, as in `thrift/RiskDecision.evaluate`.
    package var topic: String
    /// False for the channels of other programs' MCAP files.
    package var holdsExchanges: Bool
}

/// The counts that a finished tape states of itself.
package struct TapeStatistics: Sendable, Equatable {
    package var messages: UInt64
    package var chunks: UInt64
    /// Earliest and latest `log_time`, ns since 1970 UTC; 0 and 0 for an empty tape.
    package var startNanos: UInt64
    package var endNanos: UInt64
    package var messagesByChannel: [UInt16: UInt64]
}

/// Where a chunk stands in the file.
struct TapeChunk {
    var offset: UInt64
    /// Of the record, prefix included.
    var length: UInt64
    var startNanos: UInt64
    var endNanos: UInt64
    /// Records that stand in no chunk: other writers may do so. They are read as one that is not compressed.
    var isLoose = false

    /// False when the index says that nothing in it lies within `window`.
    func overlaps(_ window: Range<UInt64>) -> Bool {
        isLoose || (startNanos < window.upperBound && endNanos >= window.lowerBound)
    }
}

extension TapeReader {
    /// Reads the magic and the header; returns where the data section begins.
    func readHeader() throws(TapeError) -> UInt64 {
        let notATape = TapeError(path: path, reason: .notATape)
        let prefix = UInt64(MCAP.magic.count + MCAP.prefixBytes)
        if fileBytes < prefix { throw notATape }
        var start = [UInt8](repeating: 0, count: Int(prefix))
        try fill(&start, at: 0)
        var reader = ByteReader(start.rawSpan, offset: MCAP.magic.count)
        guard start.starts(with: MCAP.magic), (try? reader.uint8()) == MCAP.Opcode.header,
            let length = try? reader.littleEndianUInt64(), length <= 1 << 20, length <= fileBytes - prefix
        else { throw notATape }
        let header = try record(at: prefix, length: length, limit: 1 << 20)
        var fields = ByteReader(header.rawSpan)
        guard (try? fields.mcapString()) != nil, let program = try? fields.mcapString() else { throw notATape }
        self.program = program
        return prefix + length
    }

    /// Reads the summary; false when there is none, or none that is sound, and the tape must be scanned.
    func readSummary() throws(TapeError) -> Bool {
        let tail = UInt64(MCAP.tailBytes)
        if fileBytes < tail + UInt64(MCAP.magic.count) { return false }
        let footerStart = fileBytes - tail
        let footer = try record(at: footerStart, length: tail, limit: MCAP.tailBytes)
        guard footer.suffix(MCAP.magic.count) == MCAP.magic[...] else { return false }
        do {
            var reader = ByteReader(footer.rawSpan)
            guard try reader.uint8() == MCAP.Opcode.footer, try reader.littleEndianUInt64() == 20 else { return false }
            let start = try reader.littleEndianUInt64()
            try reader.skip(8)
            let crc = try reader.littleEndianUInt32()
            guard start > 0, start < footerStart, footerStart - start <= UInt64(TapeLimits.recordBytes) else {
                return false
            }
            // The checksum covers the footer too, up to where the checksum itself stands.
            let covered = footerStart - start + UInt64(MCAP.prefixBytes + 16)
            let bytes = try record(at: start, length: covered, limit: TapeLimits.recordBytes + 64)
            if crc != 0 && crc != CRC32.of(bytes.rawSpan) { return false }
            if try readSummary(bytes.rawSpan.extracting(0..<Int(footerStart - start))) {
                isComplete = true
                return true
            }
        } catch let error as TapeError {
            // A file that cannot be read is not mended by reading it in another way.
            if case .file = error.reason { throw error }
        } catch {}
        forget()
        return false
    }

    private func forget() {
        statistics = nil
        channels = [:]
        schemas = [:]
        chunks = []
        attachments = []
        metadata = []
    }

    /// False when the summary lacks what would make reading by it complete.
    private func readSummary(_ bytes: RawSpan) throws -> Bool {
        var metadataIndexes: [(UInt64, UInt64)] = []
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let opcode = try reader.uint8()
            guard let length = Int(exactly: try reader.littleEndianUInt64()) else { return false }
            var fields = ByteReader(try reader.span(length))
            switch opcode {
            case MCAP.Opcode.schema: try addSchema(&fields)
            case MCAP.Opcode.channel: try addChannel(&fields)
            case MCAP.Opcode.statistics: statistics = try readStatistics(&fields)
            case MCAP.Opcode.chunkIndex:
                let start = try fields.littleEndianUInt64()
                let end = try fields.littleEndianUInt64()
                chunks.append(
                    TapeChunk(
                        offset: try fields.littleEndianUInt64(), length: try fields.littleEndianUInt64(),
                        startNanos: start, endNanos: end))
            case MCAP.Opcode.attachmentIndex: attachments.append(try readAttachmentIndex(&fields))
            case MCAP.Opcode.metadataIndex:
                metadataIndexes.append((try fields.littleEndianUInt64(), try fields.littleEndianUInt64()))
            default: break
            }
        }
        guard let statistics, statistics.chunks == UInt64(chunks.count) else { return false }
        if statistics.messages > 0 && chunks.isEmpty { return false }
        // Chunks are read in the order of the file, which is that of the exchanges.
        chunks.sort { $0.offset < $1.offset }
        for (offset, length) in metadataIndexes {
            let bytes = try record(at: offset, length: length, limit: 16 << 20)
            var fields = ByteReader(bytes.rawSpan, offset: min(MCAP.prefixBytes, bytes.count))
            metadata.append((try fields.mcapString(), try fields.mcapStringMap()))
        }
        return true
    }

    private func readStatistics(_ fields: inout ByteReader) throws(ParsingError) -> TapeStatistics {
        let messages = try fields.littleEndianUInt64()
        try fields.skip(2 + 4 + 4 + 4)
        let chunks = UInt64(try fields.littleEndianUInt32())
        let start = try fields.littleEndianUInt64()
        let end = try fields.littleEndianUInt64()
        var map = ByteReader(try fields.span(Int(try fields.littleEndianUInt32())))
        var counts: [UInt16: UInt64] = [:]
        while !map.isAtEnd { counts[try map.littleEndianUInt16()] = try map.littleEndianUInt64() }
        return TapeStatistics(
            messages: messages, chunks: chunks, startNanos: start, endNanos: end, messagesByChannel: counts)
    }

    private func readAttachmentIndex(_ fields: inout ByteReader) throws(ParsingError) -> TapeAttachment {
        let offset = try fields.littleEndianUInt64()
        let length = try fields.littleEndianUInt64()
        try fields.skip(8)
        let created = try fields.littleEndianUInt64()
        let bytes = try fields.littleEndianUInt64()
        return TapeAttachment(
            name: try fields.mcapString(), mediaType: try fields.mcapString(), bytes: bytes, createdNanos: created,
            offset: offset, length: length)
    }
}
