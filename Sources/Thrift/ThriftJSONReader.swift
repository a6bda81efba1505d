import Bytes

/// Reads messages as Apache's `TJSONProtocol` writes them: by type, so that 64-bit numbers keep all their digits.
///
/// `str` holds text, or the base64 of bytes; only an IDL knows which, so its content stays as it is.
struct ThriftJSONReader: ~Escapable {
    private var reader: ByteReader

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, offset: Int = 0) { reader = ByteReader(bytes, offset: offset) }

    mutating func message() throws(ParsingError) -> ThriftMessage {
        try expect(0x5B)
        let version = try integer(Int64.self)
        guard version == 1 else { throw ParsingError(.invalid, at: reader.offset, "version of a JSON message") }
        try expect(0x2C)
        let name = String(decoding: try string(), as: UTF8.self)
        try expect(0x2C)
        guard let type = MessageType(rawValue: try integer(UInt8.self)) else {
            throw ParsingError(.invalid, at: reader.offset, "message type")
        }
        try expect(0x2C)
        let wide = try integer(Int64.self)
        try expect(0x2C)
        let body = try fields(depth: 1)
        try expect(0x5D)
        guard reader.isAtEnd else { throw ParsingError(.invalid, at: reader.offset, "end of the message") }
        var message = ThriftMessage(name: name, type: type, seqid: Int32(truncatingIfNeeded: wide), body: body)
        message.holdsBase64 = true
        return message
    }

    private mutating func fields(depth: Int) throws(ParsingError) -> [ThriftField] {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
        var fields: [ThriftField] = []
        try expect(0x7B)
        if try take(0x7D) { return fields }
        repeat {
            try expect(0x22)
            let id = try integer(Int16.self)
            try expect(0x22)
            try expect(0x3A)
            try expect(0x7B)
            let type = try typeName()
            try expect(0x3A)
            fields.append(ThriftField(id, try value(type, depth: depth)))
            try expect(0x7D)
        } while try take(0x2C)
        try expect(0x7D)
        return fields
    }

    private mutating func typeName() throws(ParsingError) -> ThriftType {
        let at = reader.offset
        guard let type = ThriftType(jsonName: try string()) else { throw ParsingError(.invalid, at: at, "type name") }
        return type
    }

    private mutating func value(_ type: ThriftType, depth: Int) throws(ParsingError) -> ThriftValue {
        switch type {
        case .bool: return .bool(try boolean())
        case .i8: return .i8(try quotable { (me) throws(ParsingError) in try me.integer(Int8.self) })
        case .i16: return .i16(try quotable { (me) throws(ParsingError) in try me.integer(Int16.self) })
        case .i32: return .i32(try quotable { (me) throws(ParsingError) in try me.integer(Int32.self) })
        case .i64: return .i64(try quotable { (me) throws(ParsingError) in try me.integer(Int64.self) })
        case .double: return .double(try double())
        case .binary: return .binary(try string())
        case .uuid:
            let at = reader.offset
            let text = String(decoding: try string(), as: UTF8.self).filter { $0 != "-" }
            guard let bytes = Hex.decode(text), bytes.count == 16 else { throw ParsingError(.invalid, at: at, "uuid") }
            return .uuid(bytes)
        case .structure: return .structure(try fields(depth: depth + 1))
        case .list, .set:
            let (element, values) = try elements(depth: depth + 1)
            return type == .list ? .list(element, values) : .set(element, values)
        case .map: return try map(depth: depth + 1)
        case .stop: throw ParsingError(.invalid, at: reader.offset, "value type")
        }
    }

    private mutating func elements(depth: Int) throws(ParsingError) -> (ThriftType, [ThriftValue]) {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
        try expect(0x5B)
        let type = try typeName()
        try expect(0x2C)
        let count = try integer(UInt32.self)
        var values: [ThriftValue] = []
        // Each turn takes bytes or throws, so a count from the wire cannot make it run on.
        var left = count
        while left > 0 {
            try expect(0x2C)
            values.append(try value(type, depth: depth))
            left -= 1
        }
        try expect(0x5D)
        return (type, values)
    }

    private mutating func map(depth: Int) throws(ParsingError) -> ThriftValue {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
        try expect(0x5B)
        let key = try typeName()
        try expect(0x2C)
        let inner = try typeName()
        try expect(0x2C)
        var left = try integer(UInt32.self)
        try expect(0x2C)
        try expect(0x7B)
        var pairs: [ThriftPair] = []
        while left > 0 {
            if !pairs.isEmpty { try expect(0x2C) }
            let first = try value(key, depth: depth)
            try expect(0x3A)
            pairs.append(ThriftPair(first, try value(inner, depth: depth)))
            left -= 1
        }
        try expect(0x7D)
        try expect(0x5D)
        return .map(key, inner, pairs)
    }

    // MARK: Tokens

    private mutating func skipBlanks() {
        while reader.offset < reader.bytes.byteCount {
            switch reader.bytes[byte: reader.offset] {
            case 0x20, 0x09, 0x0A, 0x0D: reader.offset += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) throws(ParsingError) -> Bool {
        skipBlanks()
        try reader.require(1)
        guard reader.bytes[byte: reader.offset] == byte else { return false }
        reader.offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(ParsingError) {
        guard try take(byte) else { throw ParsingError(.invalid, at: reader.offset, "JSON punctuation") }
    }

    /// A number as a key of a map stands in quotes.
    private mutating func quotable<T>(
        _ read: (inout ThriftJSONReader) throws(ParsingError) -> T
    ) throws(ParsingError) -> T {
        let isQuoted = try take(0x22)
        let value = try read(&self)
        if isQuoted { try expect(0x22) }
        return value
    }

    private mutating func integer<T: FixedWidthInteger>(_: T.Type) throws(ParsingError) -> T {
        let at = reader.offset
        guard let value = T(try numberText()) else { throw ParsingError(.invalid, at: at, "whole number") }
        return value
    }

    private mutating func boolean() throws(ParsingError) -> Bool {
        let at = reader.offset
        let text = try quotable { (me) throws(ParsingError) in try me.numberText() }
        switch text {
        case "1", "true": return true
        case "0", "false": return false
        default: throw ParsingError(.invalid, at: at, "boolean")
        }
    }

    private mutating func double() throws(ParsingError) -> Double {
        let at = reader.offset
        let text = try quotable { (me) throws(ParsingError) in try me.numberText() }
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            guard let value = Double(text) else { throw ParsingError(.invalid, at: at, "number") }
            return value
        }
    }

    /// The letters, digits and signs that a number, a boolean or the name of a number has.
    private mutating func numberText() throws(ParsingError) -> String {
        skipBlanks()
        let start = reader.offset
        while reader.offset < reader.bytes.byteCount, reader.offset - start < 512 {
            switch reader.bytes[byte: reader.offset] {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x41...0x5A, 0x61...0x7A:
                reader.offset += 1
                continue
            default: break
            }
            break
        }
        try reader.require(1)
        return String(decoding: [UInt8](copying: reader.bytes.extracting(start..<reader.offset)), as: UTF8.self)
    }

    /// The content of a text; escapes are undone, other bytes stay as they are.
    private mutating func string() throws(ParsingError) -> [UInt8] {
        try expect(0x22)
        var content: [UInt8] = []
        while true {
            let byte = try reader.uint8()
            switch byte {
            case 0x22: return content
            case 0x5C: try escape(&content)
            default: content.append(byte)
            }
        }
    }

    private mutating func escape(_ content: inout [UInt8]) throws(ParsingError) {
        let at = reader.offset
        switch try reader.uint8() {
        case 0x22: content.append(0x22)
        case 0x5C: content.append(0x5C)
        case 0x2F: content.append(0x2F)
        case 0x62: content.append(0x08)
        case 0x66: content.append(0x0C)
        case 0x6E: content.append(0x0A)
        case 0x72: content.append(0x0D)
        case 0x74: content.append(0x09)
        case 0x75:
            var units = [try codeUnit()]
            // A high surrogate and the low one behind it are one character.
            if units[0] & 0xFC00 == 0xD800, reader.remaining >= 6, reader.bytes[byte: reader.offset] == 0x5C,
                reader.bytes[byte: reader.offset + 1] == 0x75
            {
                reader.offset += 2
                units.append(try codeUnit())
            }
            content += Array(String(decoding: units, as: UTF16.self).utf8)
        default: throw ParsingError(.invalid, at: at, "JSON escape")
        }
    }

    private mutating func codeUnit() throws(ParsingError) -> UInt16 {
        let at = reader.offset
        let digits = try reader.array(4)
        guard let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw ParsingError(.invalid, at: at, "JSON escape")
        }
        return value
    }
}
