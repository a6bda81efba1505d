package import Bytes

/// The headers that only the older and the textual protocol have.
///
/// ```
/// old Binary                               JSON
/// +--+--+--+--+-- … --+--+--+--+--+--+     [1,"name",T,seqid,{…}]
/// | name length | name | T|   seqid   |
/// +--+--+--+--+-- … --+--+--+--+--+--+
/// ```
extension MessageHeader {
    /// Reads a header at `offset`. Throws `truncated` when more bytes may make it whole and `invalid` when none can.
    package static func parse(
        _ bytes: RawSpan, at offset: Int = 0, protocol: ThriftProtocol
    ) throws(ParsingError) -> MessageHeader {
        var reader = ByteReader(bytes, offset: offset)
        return switch `protocol` {
        case .binary: try binary(&reader)
        case .compact: try compact(&reader)
        case .oldBinary: try oldBinary(&reader)
        case .json: try json(&reader)
        }
    }

    /// Nothing marks this header, so everything in it must be sane: a name of token characters, and a known type.
    static func oldBinary(_ reader: inout ByteReader) throws(ParsingError) -> MessageHeader {
        let start = reader.offset
        // The length's upper half is zero even before the lower one is there.
        for at in start..<min(start + 2, reader.bytes.byteCount) where reader.bytes[byte: at] != 0 {
            throw ParsingError(.invalid, at: start, "length of a method name")
        }
        let length = UInt64(try reader.bigEndianUInt32())
        guard length > 0 else { throw ParsingError(.invalid, at: start, "length of a method name") }
        let name = try nameRange(&reader, length: length)
        for at in name where !isNameByte(reader.bytes[byte: at]) {
            throw ParsingError(.invalid, at: at, "method name")
        }
        guard let type = MessageType(rawValue: try reader.uint8()) else {
            throw ParsingError(.invalid, at: reader.offset - 1, "message type")
        }
        let seqid = Int32(bitPattern: try reader.bigEndianUInt32())
        return MessageHeader(type: type, seqid: seqid, nameRange: name, bodyOffset: reader.offset)
    }

    /// A method's name is an identifier, with its service and a colon before it when it is multiplexed.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x24, 0x2D, 0x2E, 0x2F, 0x3A, 0x5F: true
        default: byte >= 0x80
        }
    }

    /// The body begins at the brace of the struct.
    static func json(_ reader: inout ByteReader) throws(ParsingError) -> MessageHeader {
        let start = reader.offset
        for expected: UInt8 in [0x5B, 0x31, 0x2C, 0x22] where try reader.uint8() != expected {
            throw ParsingError(.invalid, at: start, "beginning of a JSON message")
        }
        let nameStart = reader.offset
        var isEscaped = false
        while true {
            let byte = try reader.uint8()
            if byte == 0x22 && !isEscaped { break }
            guard byte >= 0x20, reader.offset - nameStart <= ThriftType.Limit.nameLength else {
                throw ParsingError(.invalid, at: nameStart, "method name")
            }
            isEscaped = byte == 0x5C && !isEscaped
        }
        let name = nameStart..<reader.offset - 1
        try reader.comma()
        guard let type = MessageType(rawValue: UInt8(clamping: try reader.jsonInteger())) else {
            throw ParsingError(.invalid, at: reader.offset, "message type")
        }
        try reader.comma()
        let at = reader.offset
        let wide = try reader.jsonInteger()
        // Some libraries write the seqid as an unsigned number.
        guard let seqid = Int32(exactly: wide) ?? UInt32(exactly: wide).map({ Int32(bitPattern: $0) }) else {
            throw ParsingError(.invalid, at: at, "seqid")
        }
        try reader.comma()
        try reader.skipJSONBlanks()
        guard reader.bytes[byte: reader.offset] == 0x7B else {
            throw ParsingError(.invalid, at: reader.offset, "body of a JSON message")
        }
        return MessageHeader(type: type, seqid: seqid, nameRange: name, bodyOffset: reader.offset)
    }
}

extension ByteReader {
    /// Passes over blanks; throws `truncated` when nothing else has come.
    mutating func skipJSONBlanks() throws(ParsingError) {
        while offset < bytes.byteCount {
            switch bytes[byte: offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
        throw ParsingError(.truncated, at: offset, "JSON")
    }

    fileprivate mutating func comma() throws(ParsingError) {
        try skipJSONBlanks()
        guard try uint8() == 0x2C else { throw ParsingError(.invalid, at: offset - 1, "comma") }
    }

    /// A whole number and the byte behind it, which is not taken: only that says where the number ends.
    fileprivate mutating func jsonInteger() throws(ParsingError) -> Int64 {
        try skipJSONBlanks()
        let start = offset
        let isNegative = bytes[byte: offset] == 0x2D
        if isNegative { offset += 1 }
        var value: Int64 = 0
        while true {
            guard offset < bytes.byteCount else { throw ParsingError(.truncated, at: start, "whole number") }
            let digit = bytes[byte: offset] &- 0x30
            if digit > 9 { break }
            guard value < 1 << 40 else { throw ParsingError(.invalid, at: start, "whole number") }
            value = value * 10 + Int64(digit)
            offset += 1
        }
        guard offset > start + (isNegative ? 1 : 0) else { throw ParsingError(.invalid, at: start, "whole number") }
        return isNegative ? -value : value
    }
}
