import Bytes

/// A file that travels with a tape.
package struct TapeAttachment: Sendable, Hashable {
    package var name: String
    package var mediaType: String
    /// Length of its content.
    package var bytes: UInt64
    package var createdNanos: UInt64
    /// Where its record stands in the file.
    var offset: UInt64
    var length: UInt64
}

/// Where a chunk stands, and what is in it.
struct ChunkIndex {
    var startNanos: UInt64
    var endNanos: UInt64
    var offset: UInt64
    /// Of the chunk record, prefix included.
    var length: UInt64
    var storedBytes: UInt64
    var uncompressedBytes: UInt64
    /// Channel and offset of its message index record.
    var messageIndexes: [(UInt16, UInt64)] = []
    var messageCounts: [UInt64] = []
    var messageIndexBytes: UInt64 = 0
}

/// The channels of a tape.
struct TapeChannels {
    /// Whole records; ids count from 1.
    var records: [[UInt8]] = []
    /// That of all exchanges for whose operations there is no room.
    var other: UInt16?
}

/// Collects what stands at the end of a tape.
struct TapeSummaryBuilder {
    static let schemaID: UInt16 = 1
    static let schema: [UInt8] = {
        var record = MCAPRecord(MCAP.Opcode.schema)
        record.uint16(schemaID)
        record.string(ExchangeSchema.name)
        record.string("protobuf")
        record.uint32(UInt32(clamping: ExchangeSchema.fileDescriptorSet.count))
        record.raw(ExchangeSchema.fileDescriptorSet)
        return record.finished()
    }()

    /// Of everything from the magic to the DataEnd record.
    var dataCRC = CRC32()
    var attachments: [TapeAttachment] = []
    var metadata: [(name: String, offset: UInt64, length: UInt64)] = []
    private var chunks: [ChunkIndex] = []
    private var counts: [UInt64] = []
    private var startNanos = UInt64.max
    private var endNanos: UInt64 = 0

    mutating func add(_ chunk: ChunkIndex) {
        startNanos = min(startNanos, chunk.startNanos)
        endNanos = max(endNanos, chunk.endNanos)
        for (index, count) in zip(chunk.messageIndexes, chunk.messageCounts) where index.0 > 0 {
            if index.0 > counts.count {
                counts.append(contentsOf: repeatElement(0, count: Int(index.0) - counts.count))
            }
            counts[Int(index.0) - 1] += count
        }
        chunks.append(chunk)
    }

    /// DataEnd, the summary with its offsets, the footer and the magic, for a data section that ends at `position`.
    func end(at position: UInt64, channels: TapeChannels, exchanges: UInt64) -> [UInt8] {
        var dataEnd = MCAPRecord(MCAP.Opcode.dataEnd)
        dataEnd.uint32(dataCRC.value)
        var bytes = dataEnd.finished()
        let summaryStart = bytes.count

        var offsets: [MCAPRecord] = []
        func group(_ opcode: UInt8, _ records: [[UInt8]]) {
            if records.isEmpty { return }
            var offset = MCAPRecord(MCAP.Opcode.summaryOffset)
            offset.raw([opcode])
            offset.uint64(position + UInt64(bytes.count))
            let start = bytes.count
            for record in records { bytes += record }
            offset.uint64(UInt64(bytes.count - start))
            offsets.append(offset)
        }
        group(MCAP.Opcode.schema, channels.records.isEmpty ? [] : [TapeSummaryBuilder.schema])
        group(MCAP.Opcode.channel, channels.records)
        group(MCAP.Opcode.statistics, [statistics(channels: channels.records.count, exchanges: exchanges)])
        group(MCAP.Opcode.chunkIndex, chunks.map(TapeSummaryBuilder.record))
        group(MCAP.Opcode.attachmentIndex, attachments.map(TapeSummaryBuilder.record))
        group(
            MCAP.Opcode.metadataIndex,
            metadata.map { entry in
                var record = MCAPRecord(MCAP.Opcode.metadataIndex)
                record.uint64(entry.offset)
                record.uint64(entry.length)
                record.string(entry.name)
                return record.finished()
            })
        let offsetsStart = bytes.count
        for offset in offsets { bytes += offset.finished() }

        var footer = MCAPRecord(MCAP.Opcode.footer)
        footer.uint64(position + UInt64(summaryStart))
        footer.uint64(position + UInt64(offsetsStart))
        // The checksum covers the summary and the footer up to itself.
        bytes += footer.finished(extra: 4)
        bytes.append(littleEndian: CRC32.of(bytes.rawSpan.extracting(summaryStart..<bytes.count)))
        return bytes + MCAP.magic
    }

    private func statistics(channels: Int, exchanges: UInt64) -> [UInt8] {
        var record = MCAPRecord(MCAP.Opcode.statistics)
        record.uint64(exchanges)
        record.uint16(channels == 0 ? 0 : 1)
        record.uint32(UInt32(clamping: channels))
        record.uint32(UInt32(clamping: attachments.count))
        record.uint32(UInt32(clamping: metadata.count))
        record.uint32(UInt32(clamping: chunks.count))
        record.uint64(chunks.isEmpty ? 0 : startNanos)
        record.uint64(endNanos)
        record.map(counts.enumerated().map { (UInt16(clamping: $0.offset + 1), $0.element) })
        return record.finished()
    }

    private static func record(_ chunk: ChunkIndex) -> [UInt8] {
        var record = MCAPRecord(MCAP.Opcode.chunkIndex)
        record.uint64(chunk.startNanos)
        record.uint64(chunk.endNanos)
        record.uint64(chunk.offset)
        record.uint64(chunk.length)
        record.map(chunk.messageIndexes)
        record.uint64(chunk.messageIndexBytes)
        record.string("zstd")
        record.uint64(chunk.storedBytes)
        record.uint64(chunk.uncompressedBytes)
        return record.finished()
    }

    private static func record(_ attachment: TapeAttachment) -> [UInt8] {
        var record = MCAPRecord(MCAP.Opcode.attachmentIndex)
        record.uint64(attachment.offset)
        record.uint64(attachment.length)
        record.uint64(attachment.createdNanos)
        record.uint64(attachment.createdNanos)
        record.uint64(attachment.bytes)
        record.string(attachment.name)
        record.string(attachment.mediaType)
        return record.finished()
    }
}
