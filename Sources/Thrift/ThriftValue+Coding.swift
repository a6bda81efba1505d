package import Bytes

extension ThriftMessage {
    /// Decodes one message that fills `bytes` from its first to its last.
    ///
    /// Throws when anything is left over, `limit` beyond a depth of 64. Memory stays within a small multiple of the input.
    package init(decoding bytes: RawSpan, _ framing: ThriftFraming, _ encoding: ThriftEncoding) throws(ParsingError) {
        var start = 0
        if framing == .framed {
            var reader = ByteReader(bytes)
            let length = try reader.bigEndianUInt32()
            guard Int(length) == reader.remaining else {
                throw ParsingError(Int(length) > reader.remaining ? .truncated : .invalid, at: 0, "frame length")
            }
            start = 4
        }
        let header = try MessageHeader.parse(bytes, at: start, encoding)
        var reader = ByteReader(bytes, offset: header.bodyOffset)
        let body = try reader.thriftFields(encoding, depth: 1)
        guard reader.isAtEnd else { throw ParsingError(.invalid, at: reader.offset, "end of the message") }
        self.init(name: header.name(in: bytes), type: header.type, seqid: header.seqid, body: body)
    }

    package func encoded(_ framing: ThriftFraming, _ encoding: ThriftEncoding) -> [UInt8] {
        var writer = ThriftWriter(encoding)
        writer.message(self, framing)
        return writer.bytes
    }
}

extension ThriftValue {
    /// Decodes a value of `type` that fills `bytes`; a boolean is one byte, as it is in a container.
    package init(decoding bytes: RawSpan, as type: ThriftType, _ encoding: ThriftEncoding) throws(ParsingError) {
        var reader = ByteReader(bytes)
        self = try reader.thriftValue(type, encoding, depth: 0)
        guard reader.isAtEnd else { throw ParsingError(.invalid, at: reader.offset, "end of the value") }
    }
}

extension ThriftWriter {
    package mutating func message(_ message: ThriftMessage, _ framing: ThriftFraming) {
        beginMessage(message.name, message.type, seqid: message.seqid, framing)
        fields(message.body)
        endMessage()
    }

    package mutating func field(_ id: Int16, _ value: ThriftValue) {
        if case .bool(let value) = value {
            field(id, bool: value)
        } else {
            header(id, value.type)
            element(value)
        }
    }

    package mutating func element(_ value: ThriftValue) {
        switch value {
        case .bool(let value): element(bool: value)
        case .i8(let value): element(i8: value)
        case .i16(let value): element(i16: value)
        case .i32(let value): element(i32: value)
        case .i64(let value): element(i64: value)
        case .double(let value): element(double: value)
        case .binary(let value): element(binary: value)
        case .uuid(let value): element(uuid: value)
        case .structure(let fields):
            beginStruct()
            self.fields(fields)
            endStruct()
        case .list(let type, let values), .set(let type, let values):
            beginList(of: type, count: values.count)
            for value in values { element(value) }
        case .map(let key, let value, let pairs):
            beginMap(from: key, to: value, count: pairs.count)
            for pair in pairs {
                element(pair.key)
                element(pair.value)
            }
        }
    }

    private mutating func fields(_ fields: [ThriftField]) {
        for one in fields { field(one.id, one.value) }
    }
}

/// The header of a field.
///
/// ```
/// Binary   +------+-----------+   Compact  +---------+   or   +---------+--- … ---+
///          | type |  id (i16) |            |dddd tttt|        |0000 tttt| zigzag id|
///          +------+-----------+            +---------+        +---------+--- … ---+
/// ```
struct FieldHeader {
    var type: ThriftType
    var id: Int16
    /// Compact has the value of a boolean field in its header.
    var bool: Bool?
    /// Compact wrote the distance from the previous id, not the id.
    var isDelta: Bool
}

extension ByteReader {
    /// Reads a field's header, or nil at the stop byte.
    mutating func fieldHeader(_ encoding: ThriftEncoding, after last: Int16) throws(ParsingError) -> FieldHeader? {
        let start = offset
        let head = try uint8()
        if head == 0 { return nil }
        switch encoding {
        case .binary:
            guard let type = ThriftType(rawValue: head) else { throw ParsingError(.invalid, at: start, "field type") }
            return FieldHeader(type: type, id: Int16(bitPattern: try bigEndianUInt16()), bool: nil, isDelta: false)
        case .compact:
            guard let type = ThriftType(compact: head & 0x0F), type != .stop else {
                throw ParsingError(.invalid, at: start, "field type")
            }
            let delta = head >> 4
            let wide = delta > 0 ? Int64(last) + Int64(delta) : try zigzag()
            guard let id = Int16(exactly: wide) else { throw ParsingError(.invalid, at: start, "field id") }
            return FieldHeader(
                type: type, id: id, bool: type == .bool ? head & 0x0F == 1 : nil, isDelta: delta > 0)
        }
    }

    /// The fields of a struct up to and with its stop byte. `depth` counts this struct.
    mutating func thriftFields(_ encoding: ThriftEncoding, depth: Int) throws(ParsingError) -> [ThriftField] {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: offset, "nesting depth") }
        var fields: [ThriftField] = []
        var last: Int16 = 0
        while let header = try fieldHeader(encoding, after: last) {
            last = header.id
            if let bool = header.bool {
                fields.append(ThriftField(header.id, .bool(bool)))
            } else {
                fields.append(ThriftField(header.id, try thriftValue(header.type, encoding, depth: depth)))
            }
        }
        return fields
    }

    /// A value; `depth` counts the containers around it.
    mutating func thriftValue(
        _ type: ThriftType, _ encoding: ThriftEncoding, depth: Int
    ) throws(ParsingError) -> ThriftValue {
        let start = offset
        switch type {
        case .stop: throw ParsingError(.invalid, at: start, "value type")
        case .bool:
            let byte = try uint8()
            return .bool(encoding == .binary ? byte != 0 : byte == 1)
        case .i8: return .i8(Int8(bitPattern: try uint8()))
        case .i16: return .i16(try thriftInteger(encoding))
        case .i32: return .i32(try thriftInteger(encoding))
        case .i64: return .i64(try thriftInteger(encoding))
        case .double:
            let bits = encoding == .binary ? try bigEndianUInt64() : try littleEndianUInt64()
            return .double(Double(bitPattern: bits))
        case .uuid: return .uuid(try array(16))
        case .binary:
            let length = encoding == .binary ? UInt64(try bigEndianUInt32()) : try varint()
            guard length <= 0x7FFF_FFFF else { throw ParsingError(.invalid, at: start, "length of a string") }
            return .binary(try array(Int(length)))
        case .structure: return .structure(try thriftFields(encoding, depth: depth + 1))
        case .list, .set:
            let head = try ContainerHead.list(&self, encoding)
            let values = try thriftElements(head, encoding, at: start, depth: depth + 1)
            return type == .list ? .list(head.first, values) : .set(head.first, values)
        case .map:
            let head = try ContainerHead.map(&self, encoding)
            return .map(head.first, head.second, try thriftPairs(head, encoding, at: start, depth: depth + 1))
        }
    }

    private mutating func thriftInteger<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(
        _ encoding: ThriftEncoding
    ) throws(ParsingError) -> T {
        switch encoding {
        case .binary: return try load(T.self).bigEndian
        case .compact:
            let start = offset
            guard let value = T(exactly: try zigzag()) else { throw ParsingError(.invalid, at: start, "integer") }
            return value
        }
    }

    private mutating func thriftElements(
        _ head: ContainerHead, _ encoding: ThriftEncoding, at start: Int, depth: Int
    ) throws(ParsingError) -> [ThriftValue] {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: start, "nesting depth") }
        guard head.count <= remaining / head.first.leastWidth(in: encoding) else {
            throw ParsingError(.truncated, at: start, "elements of a container")
        }
        var values: [ThriftValue] = []
        values.reserveCapacity(head.count)
        for _ in 0..<head.count { values.append(try thriftValue(head.first, encoding, depth: depth)) }
        return values
    }

    private mutating func thriftPairs(
        _ head: ContainerHead, _ encoding: ThriftEncoding, at start: Int, depth: Int
    ) throws(ParsingError) -> [ThriftPair] {
        guard depth <= ThriftType.Limit.depth else { throw ParsingError(.limit, at: start, "nesting depth") }
        let least = head.first.leastWidth(in: encoding) + head.second.leastWidth(in: encoding)
        guard head.count <= remaining / least else {
            throw ParsingError(.truncated, at: start, "elements of a container")
        }
        var pairs: [ThriftPair] = []
        pairs.reserveCapacity(head.count)
        for _ in 0..<head.count {
            let key = try thriftValue(head.first, encoding, depth: depth)
            pairs.append(ThriftPair(key, try thriftValue(head.second, encoding, depth: depth)))
        }
        return pairs
    }
}
