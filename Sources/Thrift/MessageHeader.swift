package import Bytes

/// What stands before the arguments or the result of a message.
///
/// ```
/// strict Binary                                    Compact
/// +--+--+--+--+--+--+--+--+-- … --+--+--+--+--+    +--+-----+--- … ---+--- … ---+-- … --+
/// |80|01|xx|0T| name length | name  |   seqid   |  |82|TTT v| seqid   | length  | name  |
/// +--+--+--+--+--+--+--+--+-- … --+--+--+--+--+    +--+-----+--- … ---+--- … ---+-- … --+
///                                                       v = 1 (5 bits)  varint    varint
/// ```
package struct MessageHeader: Sendable, Hashable {
    package var type: MessageType
    package var seqid: Int32
    /// Where the name stands, in bytes from the beginning of the span that was parsed.
    package var nameRange: Range<Int>
    /// Where the argument or result struct begins, likewise.
    package var bodyOffset: Int

    package init(type: MessageType, seqid: Int32, nameRange: Range<Int>, bodyOffset: Int) {
        self.type = type
        self.seqid = seqid
        self.nameRange = nameRange
        self.bodyOffset = bodyOffset
    }

    /// The method's name (`Service:method` in a multiplexed call) from the bytes that were parsed; invalid UTF-8 is
    /// repaired, because a header is shown even when it is odd.
    package func name(in bytes: RawSpan) -> String {
        guard nameRange.lowerBound >= 0, nameRange.upperBound <= bytes.byteCount else { return "" }
        return unsafe bytes.extracting(nameRange).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Reads a header at `offset`. Throws `truncated` when more bytes may make it whole and `invalid` when none can.
    package static func parse(
        _ bytes: RawSpan, at offset: Int = 0, _ encoding: ThriftEncoding
    ) throws(ParsingError) -> MessageHeader {
        var reader = ByteReader(bytes, offset: offset)
        return switch encoding {
        case .binary: try binary(&reader)
        case .compact: try compact(&reader)
        }
    }

    static func binary(_ reader: inout ByteReader) throws(ParsingError) -> MessageHeader {
        let start = reader.offset
        // Wrong magic must be seen even before the four bytes are whole.
        guard try reader.uint8() == 0x80, try reader.uint8() == 0x01 else {
            throw ParsingError(.invalid, at: start, "magic of a strict Binary message")
        }
        let version = try reader.bigEndianUInt16()
        guard let type = MessageType(rawValue: UInt8(truncatingIfNeeded: version)) else {
            throw ParsingError(.invalid, at: start + 3, "message type")
        }
        let name = try nameRange(&reader, length: UInt64(try reader.bigEndianUInt32()))
        let seqid = Int32(bitPattern: try reader.bigEndianUInt32())
        return MessageHeader(type: type, seqid: seqid, nameRange: name, bodyOffset: reader.offset)
    }

    static func compact(_ reader: inout ByteReader) throws(ParsingError) -> MessageHeader {
        let start = reader.offset
        guard try reader.uint8() == 0x82 else { throw ParsingError(.invalid, at: start, "magic of a Compact message") }
        let versionAndType = try reader.uint8()
        guard versionAndType & 0x1F == 1 else {
            throw ParsingError(.invalid, at: start + 1, "version of a Compact message")
        }
        guard let type = MessageType(rawValue: versionAndType >> 5) else {
            throw ParsingError(.invalid, at: start + 1, "message type")
        }
        let at = reader.offset
        guard let seqid = UInt32(exactly: try reader.varint()) else { throw ParsingError(.invalid, at: at, "seqid") }
        let name = try nameRange(&reader, length: try reader.varint())
        return MessageHeader(
            type: type, seqid: Int32(bitPattern: seqid), nameRange: name, bodyOffset: reader.offset)
    }

    static func nameRange(_ reader: inout ByteReader, length: UInt64) throws(ParsingError) -> Range<Int> {
        guard length <= UInt64(ThriftType.Limit.nameLength) else {
            throw ParsingError(.invalid, at: reader.offset, "length of a method name")
        }
        let start = reader.offset
        // Names are text: a control byte among those already here settles that this is something else.
        var at = start
        let end = min(start + Int(length), reader.bytes.byteCount)
        while at < end {
            // Below the number of bytes, see above.
            if unsafe reader.bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) < 0x20 {
                throw ParsingError(.invalid, at: at, "method name")
            }
            at += 1
        }
        try reader.skip(Int(length))
        return start..<reader.offset
    }
}
