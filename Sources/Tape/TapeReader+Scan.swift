import Bytes

extension TapeReader {
    /// Finds the whole records of a tape without a (sound) summary, from the beginning to where it is cut.
    func scan(from dataStart: UInt64) throws(TapeError) {
        var window = ScanWindow()
        var position = dataStart
        let size = fileBytes
        bytesBeyond = 0
        while true {
            if size - position < UInt64(MCAP.prefixBytes) { break }
            let start = try window.bytes(of: self, at: position, count: MCAP.prefixBytes)
            var reader = ByteReader(start.rawSpan)
            guard let opcode = try? reader.uint8(), let content = try? reader.littleEndianUInt64() else { break }
            // Zeros are what a crashed file system leaves; no record has opcode 0.
            if opcode == 0 || content > size - position - UInt64(MCAP.prefixBytes) { break }
            let length = content + UInt64(MCAP.prefixBytes)
            if opcode == MCAP.Opcode.dataEnd || opcode == MCAP.Opcode.footer {
                isComplete = try hasTail()
                position = isComplete ? size : position + length
                break
            }
            try note(opcode, TapeChunk(offset: position, length: length, startNanos: 0, endNanos: 0), &window)
            position += length
        }
        bytesBeyond = size - position
    }

    private func hasTail() throws(TapeError) -> Bool {
        if fileBytes < UInt64(MCAP.tailBytes) { return false }
        let offset = fileBytes - UInt64(MCAP.tailBytes)
        let tail = try record(at: offset, length: UInt64(MCAP.tailBytes), limit: MCAP.tailBytes)
        return tail.first == MCAP.Opcode.footer && tail.suffix(MCAP.magic.count) == MCAP.magic[...]
    }

    /// Remembers one record of the data section. Records that make no sense are passed over: their chunk's checksum, or
    /// their absence, says so when they are needed.
    private func note(_ opcode: UInt8, _ place: TapeChunk, _ window: inout ScanWindow) throws(TapeError) {
        switch opcode {
        case MCAP.Opcode.chunk:
            var chunk = place
            let start = try window.bytes(of: self, at: place.offset, count: Int(min(place.length, 25)))
            var fields = ByteReader(start.rawSpan, offset: MCAP.prefixBytes)
            chunk.startNanos = (try? fields.littleEndianUInt64()) ?? 0
            chunk.endNanos = (try? fields.littleEndianUInt64()) ?? 0
            chunks.append(chunk)
        case MCAP.Opcode.message:
            if let last = chunks.last, last.isLoose, last.offset + last.length == place.offset,
                last.length + place.length <= 8 << 20
            {
                chunks[chunks.count - 1].length += place.length
            } else {
                var loose = place
                loose.isLoose = true
                chunks.append(loose)
            }
        case MCAP.Opcode.schema, MCAP.Opcode.channel:
            let bytes = try record(at: place.offset, length: place.length, limit: TapeLimits.recordBytes)
            var fields = ByteReader(bytes.rawSpan, offset: MCAP.prefixBytes)
            if opcode == MCAP.Opcode.schema { try? addSchema(&fields) } else { try? addChannel(&fields) }
        case MCAP.Opcode.metadata:
            if place.length > 16 << 20 { return }
            let bytes = try record(at: place.offset, length: place.length, limit: 16 << 20)
            var fields = ByteReader(bytes.rawSpan, offset: MCAP.prefixBytes)
            if let name = try? fields.mcapString(), let entries = try? fields.mcapStringMap() {
                metadata.append((name, entries))
            }
        case MCAP.Opcode.attachment:
            // Names beyond this are not ours.
            let start = try window.bytes(of: self, at: place.offset, count: Int(min(place.length, 4096)))
            var fields = ByteReader(start.rawSpan, offset: MCAP.prefixBytes)
            guard (try? fields.skip(8)) != nil, let created = try? fields.littleEndianUInt64(),
                let name = try? fields.mcapString(), let mediaType = try? fields.mcapString(),
                let bytes = try? fields.littleEndianUInt64()
            else { return }
            attachments.append(
                TapeAttachment(
                    name: name, mediaType: mediaType, bytes: bytes, createdNanos: created, offset: place.offset,
                    length: place.length))
        default: break
        }
    }
}

/// A stretch of the file that is kept while a scan moves over many small records.
private struct ScanWindow {
    private var buffer: [UInt8] = []
    private var start: UInt64 = 0

    /// `count` bytes at `offset`, all of which must lie in the file.
    mutating func bytes(of reader: TapeReader, at offset: UInt64, count: Int) throws(TapeError) -> [UInt8] {
        if offset < start || offset - start > UInt64(buffer.count) || buffer.count - Int(offset - start) < count {
            let size = max(count, Int(min(1 << 16, reader.fileBytes - offset)))
            buffer = try reader.record(at: offset, length: UInt64(size), limit: size)
            start = offset
        }
        let from = Int(offset - start)
        return Array(buffer[from..<from + count])
    }
}
