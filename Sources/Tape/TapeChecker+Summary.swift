import Bytes

extension TapeChecker {
    // MARK: Index, summary and end

    func takeIndex(_ fields: inout ByteReader, at offset: UInt64) throws(ParsingError) {
        let channel = try fields.littleEndianUInt16()
        var list = ByteReader(try fields.span(Int(try fields.littleEndianUInt32())))
        guard let last = chunks.indices.last else {
            check.note("index", offset, "a message index stands before every chunk")
            return
        }
        var entries: [(UInt64, UInt64)] = []
        while !list.isAtEnd { entries.append((try list.littleEndianUInt64(), try list.littleEndianUInt64())) }
        if !entries.elementsEqual(chunks[last].entries[channel] ?? [], by: ==) {
            check.note("index", offset, "the message index is not that of the chunk before it")
        }
        chunks[last].seenIndexes.insert(channel)
        chunks[last].index.messageIndexes.append((channel, offset))
    }

    /// The file ends, or nothing that can be read follows.
    func cut(at position: UInt64) throws(TapeError) -> UInt64 {
        check.note("end", position, "the tape is cut: \(size - position) bytes follow its last whole record")
        check.lostBytes += size - position
        return size
    }

    func end(at position: UInt64) throws {
        let record = try reader.record(at: position, length: 13, limit: 13)
        var fields = ByteReader(record.rawSpan, offset: MCAP.prefixBytes)
        let crc = try fields.littleEndianUInt32()
        if isCRCKnown && crc != 0 && crc != dataCRC.value {
            check.note("end", position, "the checksum of the data section does not fit")
        }
        check.isComplete = reader.isComplete
        guard reader.isComplete, let statistics = reader.statistics else {
            check.note("end", position, "the summary is missing or does not fit its checksum")
            return
        }
        let messages = counts.values.reduce(0, +)
        check.missingByStatistics = statistics.messages > messages ? statistics.messages - messages : 0
        if statistics.messages != messages {
            check.note(
                "statistics", position, "they state \(statistics.messages) exchanges, \(messages) are there")
        }
        if statistics.messagesByChannel.filter({ $0.value > 0 }) != counts {
            check.note("statistics", position, "the counts of the channels are not those of the exchanges")
        }
        let times = chunks.map { ($0.index.startNanos, $0.index.endNanos) }
        let span = (times.map(\.0).min() ?? 0, times.map(\.1).max() ?? 0)
        if (statistics.startNanos, statistics.endNanos) != span && statistics.messages == messages {
            check.note("statistics", position, "the span of time is not that of the chunks")
        }
        checkIndex(at: position)
    }

    func checkIndex(at position: UInt64) {
        let indexed = Dictionary(reader.chunks.map { ($0.offset, $0) }, uniquingKeysWith: { first, _ in first })
        if indexed.count != chunks.count {
            check.note("index", position, "it names \(indexed.count) chunks, \(chunks.count) are whole")
        }
        for facts in chunks {
            guard let entry = indexed[facts.index.offset] else {
                check.note("index", facts.index.offset, "the chunk is not in the index")
                continue
            }
            if entry.length != facts.index.length || entry.startNanos != facts.index.startNanos
                || entry.endNanos != facts.index.endNanos
            {
                check.note("index", facts.index.offset, "what the index says of the chunk is not so")
            }
            if !facts.seenIndexes.isEmpty && facts.seenIndexes != facts.channels {
                check.note("index", facts.index.offset, "message indexes of the chunk are missing")
            }
        }
        for attachment in reader.attachments where !attachmentPlaces.contains(attachment.offset) {
            check.note("index", attachment.offset, "the index names an attachment that is not there whole")
        }
        if reader.attachments.count < attachmentPlaces.count {
            check.note("index", position, "attachments are missing in the index")
        }
        if reader.metadata.count != metadataPlaces.count {
            check.note("index", position, "metadata is missing in the index or in the file")
        }
    }

    /// The next place from `start` on where a whole chunk stands.
    ///
    /// A chunk names its compression 37 bytes in; `u32 4, "zstd"` is sought, and believed when the whole chunk is sound.
    func resynchronize(from start: UInt64) throws(TapeError) -> UInt64? {
        let mark: [UInt8] = [4, 0, 0, 0, 0x7A, 0x73, 0x74, 0x64]
        let lead: UInt64 = 37
        let window = 1 << 20
        var base = start
        while base < size, size - base > lead + 8 {
            let count = Int(min(UInt64(window), size - base))
            let bytes = try reader.record(at: base, length: UInt64(count), limit: window)
            var at = 0
            while at + mark.count <= bytes.count {
                guard bytes[at] == 4, bytes[at..<at + mark.count].elementsEqual(mark), base + UInt64(at) >= lead + start
                else {
                    at += 1
                    continue
                }
                let candidate = base + UInt64(at) - lead
                if try isChunk(at: candidate) { return candidate }
                at += 1
            }
            if base + UInt64(count) >= size { return nil }
            base += UInt64(count - mark.count + 1)
        }
        return nil
    }

    func isChunk(at offset: UInt64) throws(TapeError) -> Bool {
        let prefix = try reader.record(at: offset, length: 9, limit: 9)
        var fields = ByteReader(prefix.rawSpan)
        guard (try? fields.uint8()) == MCAP.Opcode.chunk, let content = try? fields.littleEndianUInt64(),
            content <= UInt64(TapeLimits.recordBytes), content <= size - offset - 9, failedCandidates < 1000
        else { return false }
        let bytes = try reader.record(at: offset, length: content + 9, limit: TapeLimits.recordBytes + 16)
        if (try? open(bytes, at: offset)) != nil { return true }
        failedCandidates += 1
        return false
    }
}
