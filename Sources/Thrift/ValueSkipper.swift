package import Bytes

/// Walks over one encoded value without keeping it, in as many calls as the bytes need to arrive.
///
/// Its state is a fixed-size stack of the containers it stands in, so it allocates nothing, and no byte is looked at
/// twice except those of a field header or a length that was cut.
package struct ValueSkipper: Sendable {
    struct Level: Sendable {
        /// Elements left; keys and values of a map count apart. -1 in a struct, which ends at its stop byte.
        var left: Int
        var first: ThriftType
        /// The type after `first`, alternating with it: the values of a map. Else the same as `first`.
        var second: ThriftType

        init(left: Int, first: ThriftType, second: ThriftType) {
            self.left = left
            self.first = first
            self.second = second
        }
    }

    package enum Outcome: Sendable, Equatable {
        /// The offset just behind the value.
        case end(Int)
        /// At least so many bytes of the span must be there before it is worth trying again.
        case needMore(atLeast: Int)
        case invalid(ParsingError)
    }

    let encoding: ThriftEncoding
    /// No value may reach beyond this offset: the end of the frame, or the greatest length of a message.
    let limit: Int
    var offset: Int
    var depth: Int
    var levels: InlineArray<64, Level>
    /// A value that has not been begun: the one to skip is not a struct and its first bytes are not there yet.
    var pending: ThriftType

    /// - Parameters:
    ///   - type: of the value that begins at `offset`.
    ///   - limit: an offset that the value must not pass; a count or length that would is an error at once.
    package init(_ type: ThriftType, at offset: Int, _ encoding: ThriftEncoding, limit: Int) {
        self.encoding = encoding
        self.limit = limit
        self.offset = offset
        depth = 0
        levels = InlineArray(repeating: Level(left: 0, first: .stop, second: .stop))
        pending = type
        if type == .structure {
            pending = .stop
            levels[0] = Level(left: -1, first: .stop, second: .stop)
            depth = 1
        }
    }

    /// Goes on over `bytes`, which begin where those of the previous call began and hold at least as many.
    package mutating func resume(_ bytes: RawSpan) -> Outcome {
        do throws(ParsingError) {
            if pending != .stop {
                try value(pending, bytes, from: offset)
                pending = .stop
            }
            while depth > 0 {
                // A fixed-width value may have been counted before its bytes came.
                if offset > bytes.byteCount { return .needMore(atLeast: leastEnd) }
                let top = depth - 1
                let level = levels[top]
                if level.left < 0 {
                    skipPlainFields(bytes)
                    try field(bytes)
                } else if level.left == 0 {
                    depth = top
                } else if level.first == level.second, let width = level.first.fixedWidth(in: encoding) {
                    // The count was checked against the limit, so the product cannot overflow.
                    offset += level.left * width
                    depth = top
                } else {
                    levels[top] = Level(left: level.left - 1, first: level.second, second: level.first)
                    do throws(ParsingError) {
                        try value(level.first, bytes, from: offset)
                    } catch {
                        if error.status == .truncated { levels[top] = level }
                        throw error
                    }
                }
            }
            return offset <= bytes.byteCount ? .end(offset) : .needMore(atLeast: offset)
        } catch {
            return error.status == .truncated ? .needMore(atLeast: max(leastEnd, bytes.byteCount + 1)) : .invalid(error)
        }
    }

    /// Each open struct still needs its stop byte.
    var leastEnd: Int {
        var result = offset
        for level in 0..<depth where levels[level].left < 0 { result += 1 }
        return result
    }

    /// Passes over scalar and string fields that are whole; stops before anything else, which ``field(_:)`` judges.
    ///
    /// Most fields are of this kind, and this loop has nothing but loads and additions.
    private mutating func skipPlainFields(_ bytes: RawSpan) {
        var at = offset
        // Each load below is checked against `end`, which is within the span.
        let end = min(bytes.byteCount, limit)
        switch encoding {
        case .binary:
            while end - at >= 7 {
                var next: Int
                switch unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) {
                case ThriftType.bool.rawValue, ThriftType.i8.rawValue: next = at + 4
                case ThriftType.i16.rawValue: next = at + 5
                case ThriftType.i32.rawValue: next = at + 7
                case ThriftType.i64.rawValue, ThriftType.double.rawValue: next = at + 11
                case ThriftType.binary.rawValue:
                    let length = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at + 3, as: UInt32.self)
                    next = at + 7 + Int(length.bigEndian)
                default: next = .max
                }
                if next > end { break }
                at = next
            }
        case .compact:
            while end - at >= 2 {
                let head = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self)
                let first = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at + 1, as: UInt8.self)
                var next = Int.max
                // Only short headers, and only lengths and integers of few bytes.
                switch head & 0x0F {
                case _ where head < 0x10: break
                case 1, 2: next = at + 1
                case 3: next = at + 2
                case 7: next = at + 9
                case 8 where first < 0x80: next = at + 2 + Int(first)
                case 4, 5, 6:
                    var last = at + 1
                    while last < end, last - at < 9,
                        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: last, as: UInt8.self) >= 0x80
                    {
                        last += 1
                    }
                    if last - at < 9 { next = last + 1 }
                default: break
                }
                if next > end { break }
                at = next
            }
        }
        offset = at
    }

    /// Reads one field header and its value's head; commits only when both are there.
    mutating func field(_ bytes: RawSpan) throws(ParsingError) {
        var reader = ByteReader(bytes, offset: offset)
        let head = try reader.uint8()
        if head == 0 {
            depth -= 1
            offset = reader.offset
            return
        }
        switch encoding {
        case .binary:
            guard let type = ThriftType(rawValue: head) else { throw ParsingError(.invalid, at: offset, "field type") }
            try reader.skip(2)
            try value(type, bytes, from: reader.offset)
        case .compact:
            guard let type = ThriftType(compact: head & 0x0F), type != .stop else {
                throw ParsingError(.invalid, at: offset, "field type")
            }
            if head & 0xF0 == 0 {
                guard Int16(exactly: try reader.zigzag()) != nil else {
                    throw ParsingError(.invalid, at: offset + 1, "field id")
                }
            }
            if type == .bool {
                offset = reader.offset
            } else {
                try value(type, bytes, from: reader.offset)
            }
        }
    }

    /// Passes over a scalar that begins at `start`, or enters a container.
    mutating func value(_ type: ThriftType, _ bytes: RawSpan, from start: Int) throws(ParsingError) {
        if let width = type.fixedWidth(in: encoding) {
            try advance(to: start, width)
            return
        }
        var reader = ByteReader(bytes, offset: start)
        switch type {
        case .i16, .i32, .i64:
            _ = try reader.varint()
            try advance(to: reader.offset, 0)
        case .binary:
            let length =
                encoding == .binary ? UInt64(try reader.bigEndianUInt32()) : try reader.varint()
            guard length <= 0x7FFF_FFFF else { throw ParsingError(.invalid, at: start, "length of a string") }
            try advance(to: reader.offset, Int(length))
        case .structure:
            try enter(Level(left: -1, first: .stop, second: .stop), at: start)
        case .list, .set:
            let head = try ContainerHead.list(&reader, encoding)
            try fits(head.count, head.first.leastWidth(in: encoding), at: reader.offset)
            try enter(Level(left: head.count, first: head.first, second: head.first), at: reader.offset)
        case .map:
            let head = try ContainerHead.map(&reader, encoding)
            let least = head.first.leastWidth(in: encoding) + head.second.leastWidth(in: encoding)
            try fits(head.count, least, at: reader.offset)
            try enter(Level(left: head.count * 2, first: head.first, second: head.second), at: reader.offset)
        default:
            throw ParsingError(.invalid, at: start, "value type")
        }
    }

    mutating func advance(to start: Int, _ count: Int) throws(ParsingError) {
        guard start <= limit, count <= limit - start else {
            throw ParsingError(.invalid, at: start, "value within its message")
        }
        offset = start + count
    }

    /// A count from the wire is believed only if that many elements could stand before the limit.
    func fits(_ count: Int, _ least: Int, at start: Int) throws(ParsingError) {
        guard start <= limit, count <= (limit - start) / max(least, 1) else {
            throw ParsingError(.invalid, at: start, "count of a container")
        }
    }

    mutating func enter(_ level: Level, at start: Int) throws(ParsingError) {
        guard depth < ThriftType.Limit.depth else { throw ParsingError(.limit, at: start, "nesting depth") }
        levels[depth] = level
        depth += 1
        offset = start
    }
}

/// The element types and the count before the elements of a list, set or map.
///
/// ```
/// Binary   list, set:  type u8, count i32          map: key type u8, value type u8, count i32
/// Compact  list, set:  cccctttt, or 1111tttt and a varint count; map: varint count, then kkkkvvvv unless it is 0
/// ```
struct ContainerHead {
    /// Elements; pairs in a map. Not negative, at most 2^31 - 1.
    let count: Int
    /// Of the elements, or of the keys. `stop` only when the container is empty.
    let first: ThriftType
    /// Of the values of a map; else as `first`.
    let second: ThriftType

    init(count: UInt64, first: ThriftType?, second: ThriftType?, at start: Int) throws(ParsingError) {
        guard count <= 0x7FFF_FFFF else { throw ParsingError(.invalid, at: start, "count of a container") }
        guard let first, let second, count == 0 || (first != .stop && second != .stop) else {
            throw ParsingError(.invalid, at: start, "element type")
        }
        self.count = Int(count)
        self.first = first
        self.second = second
    }

    static func list(_ reader: inout ByteReader, _ encoding: ThriftEncoding) throws(ParsingError) -> ContainerHead {
        let start = reader.offset
        let head = try reader.uint8()
        switch encoding {
        case .binary:
            let type = ThriftType(rawValue: head)
            return try ContainerHead(
                count: UInt64(try reader.bigEndianUInt32()), first: type, second: type, at: start)
        case .compact:
            let type = ThriftType(compact: head & 0x0F)
            let count = head >> 4 == 15 ? try reader.varint() : UInt64(head >> 4)
            return try ContainerHead(count: count, first: type, second: type, at: start)
        }
    }

    static func map(_ reader: inout ByteReader, _ encoding: ThriftEncoding) throws(ParsingError) -> ContainerHead {
        let start = reader.offset
        switch encoding {
        case .binary:
            let key = ThriftType(rawValue: try reader.uint8())
            let value = ThriftType(rawValue: try reader.uint8())
            return try ContainerHead(
                count: UInt64(try reader.bigEndianUInt32()), first: key, second: value, at: start)
        case .compact:
            let count = try reader.varint()
            if count == 0 { return try ContainerHead(count: 0, first: .stop, second: .stop, at: start) }
            let types = try reader.uint8()
            return try ContainerHead(
                count: count, first: ThriftType(compact: types >> 4), second: ThriftType(compact: types & 0x0F),
                at: start)
        }
    }
}
