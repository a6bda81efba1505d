/// What a chunk holds, for its record and its indexes.
struct ChunkContents {
    struct Entry {
        var channel: UInt16
        var logNanos: UInt64
        var offset: UInt64
    }

    private(set) var entries: [Entry] = []
    private(set) var startNanos = UInt64.max
    private(set) var endNanos: UInt64 = 0
    /// Exchanges of the tape up to the end of this chunk.
    var exchangesUpToHere: UInt64 = 0

    mutating func append(channel: UInt16, logNanos: UInt64, offset: UInt64) {
        entries.append(Entry(channel: channel, logNanos: logNanos, offset: offset))
        startNanos = min(startNanos, logNanos)
        endNanos = max(endNanos, logNanos)
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        startNanos = .max
        endNanos = 0
    }

    /// One record for each channel that occurs in the chunk, channels in order; `offset` is where the first will stand.
    func messageIndexes(from offset: UInt64, into index: inout ChunkIndex) -> [UInt8] {
        var order = entries.indices.map { UInt64(entries[$0].channel) << 32 | UInt64($0) }
        order.sort()
        var bytes: [UInt8] = []
        var at = 0
        while at < order.count {
            let channel = order[at] >> 32
            var end = at
            while end < order.count && order[end] >> 32 == channel { end += 1 }
            var record = MCAPRecord(MCAP.Opcode.messageIndex)
            record.uint16(UInt16(truncatingIfNeeded: channel))
            record.uint32(UInt32(clamping: (end - at) * 16))
            for position in order[at..<end] {
                let entry = entries[Int(position & 0xFFFF_FFFF)]
                record.uint64(entry.logNanos)
                record.uint64(entry.offset)
            }
            index.messageIndexes.append((UInt16(truncatingIfNeeded: channel), offset + UInt64(bytes.count)))
            index.messageCounts.append(UInt64(end - at))
            bytes += record.finished()
            at = end
        }
        index.messageIndexBytes = UInt64(bytes.count)
        return bytes
    }
}
