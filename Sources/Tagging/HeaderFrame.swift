import Bytes

/// The header infos of a THeader or TTHeader frame, and edits to them.
///
/// ```
/// +-----------------+-----------+-------+----------+-----------+------------------------------------+---------+
/// | u32 length      | u16 magic | u16   | u32      | u16 size  | protocol, transforms, infos,       | payload |
/// | of what follows | 0FFF 1000 | flags | sequence | in words  | zeros up to a multiple of 4        |         |
/// +-----------------+-----------+-------+----------+-----------+------------------------------------+---------+
/// 0                 4           6       8          12          14
/// ```
/// THeader counts in varints and has KEYVALUE (1); TTHeader counts in u16 and has StrKV (1), IntKV (16), ACL (17).
struct HeaderFrame {
    struct Pair {
        /// Text for string keys; nil for integer ones.
        var name: String?
        var number: UInt16 = 0
        /// The whole pair, and its value with its length before it.
        var range: Range<Int>
        var lengthAndValue: Range<Int>
        var value: Range<Int>
    }

    struct Block {
        var id: UInt8
        /// Where the number of pairs stands.
        var count: Range<Int>
        var pairs: [Pair]
    }

    let isTTHeader: Bool
    /// Where the first info stands, and where the infos end (padding, an unknown info, or the header's end).
    private(set) var infosStart = 0
    private(set) var infosEnd = 0
    private(set) var headerEnd = 0
    private(set) var isPaddedOnly = true
    private(set) var blocks: [Block] = []

    static let fixedLength = 14

    init(_ frame: RawSpan) throws(ParsingError) {
        var reader = ByteReader(frame)
        let length = Int(try reader.bigEndianUInt32())
        let magic = try reader.bigEndianUInt16()
        guard magic == 0x0FFF || magic == 0x1000 else { throw ParsingError(.invalid, at: 4, "header magic") }
        isTTHeader = magic == 0x1000
        try reader.skip(6)
        headerEnd = HeaderFrame.fixedLength + Int(try reader.bigEndianUInt16()) * 4
        guard headerEnd <= length + 4, headerEnd <= frame.byteCount else {
            throw ParsingError(.truncated, at: 12, "header")
        }
        var header = ByteReader(frame.extracting(0..<headerEnd), offset: HeaderFrame.fixedLength)
        if isTTHeader {
            if try header.uint8() == 3 { throw ParsingError(.unsupported, at: 14, "Compact v2 payload") }
            try header.skip(Int(try header.uint8()))
        } else {
            _ = try header.varint()
            let transforms = try header.varint()
            guard transforms <= 32 else { throw ParsingError(.limit, at: header.offset, "transforms") }
            for _ in 0..<transforms { _ = try header.varint() }
        }
        infosStart = header.offset
        infosEnd = header.offset
        try readInfos(&header)
    }

    private mutating func readInfos(_ reader: inout ByteReader) throws(ParsingError) {
        while !reader.isAtEnd {
            let id = try reader.uint8()
            switch (id, isTTHeader) {
            case (0, _):
                isPaddedOnly = (reader.offset..<headerEnd).allSatisfy { reader.bytes[byte: $0] == 0 }
                return
            case (1, _), (0x10, true): try readBlock(id, &reader)
            case (0x11, true): try reader.skip(Int(try reader.bigEndianUInt16()))
            case (_, true): throw ParsingError(.invalid, at: reader.offset - 1, "header info")
            default:
                // Infos of other kinds cannot be passed over in THeader: what follows is left alone.
                isPaddedOnly = false
                return
            }
            infosEnd = reader.offset
        }
    }

    private mutating func readBlock(_ id: UInt8, _ reader: inout ByteReader) throws(ParsingError) {
        let start = reader.offset
        let count = isTTHeader ? UInt64(try reader.bigEndianUInt16()) : try reader.varint()
        guard count <= UInt64(reader.remaining) else { throw ParsingError(.invalid, at: start, "header pairs") }
        var block = Block(id: id, count: start..<reader.offset, pairs: [])
        for _ in 0..<count {
            let first = reader.offset
            var pair = Pair(name: nil, range: first..<first, lengthAndValue: first..<first, value: first..<first)
            if id == 0x10 {
                pair.number = try reader.bigEndianUInt16()
            } else {
                pair.name = String(decoding: try reader.array(try length(&reader)), as: UTF8.self)
            }
            let valueStart = reader.offset
            let size = try length(&reader)
            pair.value = reader.offset..<reader.offset + size
            try reader.skip(size)
            pair.lengthAndValue = valueStart..<reader.offset
            pair.range = first..<reader.offset
            block.pairs.append(pair)
        }
        blocks.append(block)
    }

    private func length(_ reader: inout ByteReader) throws(ParsingError) -> Int {
        let start = reader.offset
        let size = isTTHeader ? UInt64(try reader.bigEndianUInt16()) : try reader.varint()
        guard size <= UInt64(reader.remaining) else { throw ParsingError(.truncated, at: start, "header text") }
        return Int(size)
    }

    func pair(_ place: Carrier.Place) -> Pair? {
        for block in blocks {
            for pair in block.pairs {
                switch place {
                case .theader(let key) where !isTTHeader && pair.name == key: return pair
                case .ttheaderString(let key) where isTTHeader && block.id == 1 && pair.name == key: return pair
                case .ttheaderInteger(let key) where isTTHeader && block.id == 0x10 && pair.number == key: return pair
                default: continue
                }
            }
        }
        return nil
    }

    /// `frame` with `value` at `place`: replaced where the key stands, else put first among its kind.
    func setting(_ place: Carrier.Place, to value: String, in frame: [UInt8]) throws(TagError) -> [UInt8] {
        var result = frame
        let text = counted(value)
        if let pair = pair(place) {
            result.replaceSubrange(pair.lengthAndValue, with: text)
        } else {
            var entry: [UInt8] = []
            var id: UInt8 = 1
            switch place {
            case .ttheaderInteger(let key):
                id = 0x10
                entry.append(bigEndian: key)
            case .theader(let key), .ttheaderString(let key): entry = counted(key)
            default: return frame
            }
            entry += text
            if isTTHeader, let block = blocks.first(where: { $0.id == id }), block.pairs.count < 0xFFFF {
                result.insert(contentsOf: entry, at: block.count.upperBound)
                result.store(bigEndian: UInt16(block.pairs.count + 1), at: block.count.lowerBound)
            } else {
                result.insert(contentsOf: [id] + (isTTHeader ? [0, 1] : [1]) + entry, at: infosStart)
            }
        }
        return try repaired(result, grownBy: result.count - frame.count)
    }

    /// Pads the header anew and sets its size and the frame's length.
    private func repaired(_ frame: [UInt8], grownBy growth: Int) throws(TagError) -> [UInt8] {
        var result = frame
        var end = headerEnd + growth
        if isPaddedOnly {
            result.removeSubrange(infosEnd + growth..<end)
            end = infosEnd + growth
        }
        let padding = (4 - (end - HeaderFrame.fixedLength) % 4) % 4
        result.insert(contentsOf: [UInt8](repeating: 0, count: padding), at: end)
        let words = (end + padding - HeaderFrame.fixedLength) / 4
        guard let size = UInt16(exactly: words), let length = UInt32(exactly: result.count - 4) else {
            throw TagError(.unsupported, "the frame's header has no room for the tag")
        }
        result.store(bigEndian: size, at: 12)
        result.store(bigEndian: length, at: 0)
        return result
    }

    private func counted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        if isTTHeader {
            bytes.append(bigEndian: UInt16(clamping: text.utf8.count))
        } else {
            bytes.append(varint: UInt64(text.utf8.count))
        }
        return bytes + Array(text.utf8)
    }
}
