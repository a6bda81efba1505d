import Bytes

/// Appends messages and values to bytes that it owns, in the form that Apache Thrift's libraries give them.
///
/// ```swift
/// var writer = ThriftWriter(.compact)
/// writer.beginMessage("check", .call, seqid: 1, .framed)
/// writer.beginStruct(field: 1)
/// writer.field(1, string: "r-1")
/// writer.field(5, i64: 0x11)
/// writer.endStruct()
/// writer.endMessage()
/// ```
///
/// Begin and end must match, and as many elements must follow a container's head as it says: the caller's duty. With
/// ``removeAll()`` between messages it stops allocating once it has seen the largest.
package struct ThriftWriter: Sendable {
    package var bytes: [UInt8]
    package let encoding: ThriftEncoding
    /// The id of the field written last in the innermost struct, from which Compact counts.
    private var lastID: Int16 = 0
    private var enclosingIDs: [Int16] = []
    private var frameStart: Int?

    package init(_ encoding: ThriftEncoding, capacity: Int = 0) {
        self.encoding = encoding
        bytes = []
        bytes.reserveCapacity(capacity)
        enclosingIDs.reserveCapacity(8)
    }

    /// Continues a struct whose last field has the id `previousID`.
    init(_ encoding: ThriftEncoding, after previousID: Int16) {
        self.init(encoding)
        lastID = previousID
    }

    /// Forgets what was written and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        enclosingIDs.removeAll(keepingCapacity: true)
        lastID = 0
        frameStart = nil
    }

    // MARK: Messages

    /// Begins a message and its argument or result struct.
    package mutating func beginMessage(_ name: String, _ type: MessageType, seqid: Int32, _ framing: ThriftFraming) {
        if framing == .framed {
            frameStart = bytes.count
            bytes.append(bigEndian: 0 as UInt32)
        }
        switch encoding {
        case .binary:
            bytes.append(bigEndian: 0x8001_0000 | UInt32(type.rawValue))
            element(string: name)
            bytes.append(bigEndian: seqid)
        case .compact:
            bytes.append(0x82)
            bytes.append(type.rawValue << 5 | 1)
            bytes.append(varint: UInt64(UInt32(bitPattern: seqid)))
            element(string: name)
        }
        beginStruct()
    }

    /// Ends the argument or result struct and sets the frame's length.
    package mutating func endMessage() {
        endStruct()
        guard let start = frameStart else { return }
        bytes.store(bigEndian: UInt32(truncatingIfNeeded: bytes.count - start - 4), at: start)
        frameStart = nil
    }

    // MARK: Structs

    /// Begins a struct that is an element, or one whose field header was written.
    package mutating func beginStruct() {
        enclosingIDs.append(lastID)
        lastID = 0
    }

    package mutating func beginStruct(field id: Int16) {
        header(id, .structure)
        beginStruct()
    }

    package mutating func endStruct() {
        bytes.append(0)
        lastID = enclosingIDs.popLast() ?? 0
    }

    /// A field's header, to be followed by its value. Booleans go through ``field(_:bool:)``.
    package mutating func header(_ id: Int16, _ type: ThriftType) {
        switch encoding {
        case .binary:
            bytes.append(type.rawValue)
            bytes.append(bigEndian: id)
        case .compact:
            bytes.append(compactFieldHeader: type.compact, id: id, after: lastID)
        }
        lastID = id
    }

    package mutating func field(_ id: Int16, bool value: Bool) {
        switch encoding {
        case .binary:
            header(id, .bool)
            bytes.append(value ? 1 : 0)
        case .compact:
            bytes.append(compactFieldHeader: value ? 1 : 2, id: id, after: lastID)
            lastID = id
        }
    }

    package mutating func field(_ id: Int16, i8 value: Int8) {
        header(id, .i8)
        element(i8: value)
    }

    package mutating func field(_ id: Int16, i16 value: Int16) {
        header(id, .i16)
        element(i16: value)
    }

    package mutating func field(_ id: Int16, i32 value: Int32) {
        header(id, .i32)
        element(i32: value)
    }

    package mutating func field(_ id: Int16, i64 value: Int64) {
        header(id, .i64)
        element(i64: value)
    }

    package mutating func field(_ id: Int16, double value: Double) {
        header(id, .double)
        element(double: value)
    }

    package mutating func field(_ id: Int16, string value: String) {
        header(id, .binary)
        element(string: value)
    }

    package mutating func field(_ id: Int16, binary value: [UInt8]) {
        header(id, .binary)
        element(binary: value)
    }

    package mutating func beginList(field id: Int16, of type: ThriftType, count: Int) {
        header(id, .list)
        beginList(of: type, count: count)
    }

    package mutating func beginSet(field id: Int16, of type: ThriftType, count: Int) {
        header(id, .set)
        beginList(of: type, count: count)
    }

    package mutating func beginMap(field id: Int16, from key: ThriftType, to value: ThriftType, count: Int) {
        header(id, .map)
        beginMap(from: key, to: value, count: count)
    }

    // MARK: Elements

    /// The head of a list or set; `count` elements follow, and nothing ends it.
    package mutating func beginList(of type: ThriftType, count: Int) {
        switch encoding {
        case .binary:
            bytes.append(type.rawValue)
            bytes.append(bigEndian: Int32(truncatingIfNeeded: count))
        case .compact:
            if count < 15 {
                bytes.append(UInt8(truncatingIfNeeded: count) << 4 | type.compact)
            } else {
                bytes.append(0xF0 | type.compact)
                bytes.append(varint: UInt64(truncatingIfNeeded: count))
            }
        }
    }

    /// The head of a map; `count` times a key and its value follow.
    package mutating func beginMap(from key: ThriftType, to value: ThriftType, count: Int) {
        switch encoding {
        case .binary:
            bytes.append(key.rawValue)
            bytes.append(value.rawValue)
            bytes.append(bigEndian: Int32(truncatingIfNeeded: count))
        case .compact:
            bytes.append(varint: UInt64(truncatingIfNeeded: count))
            if count > 0 { bytes.append(key.compact << 4 | value.compact) }
        }
    }

    package mutating func element(bool value: Bool) {
        bytes.append(value ? 1 : (encoding == .binary ? 0 : 2))
    }

    package mutating func element(i8 value: Int8) { bytes.append(UInt8(bitPattern: value)) }
    package mutating func element(i16 value: Int16) { integer(value) }
    package mutating func element(i32 value: Int32) { integer(value) }
    package mutating func element(i64 value: Int64) { integer(value) }

    package mutating func element(double value: Double) {
        switch encoding {
        case .binary: bytes.append(bigEndian: value.bitPattern)
        case .compact: bytes.append(littleEndian: value.bitPattern)
        }
    }

    package mutating func element(string value: String) {
        length(value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    package mutating func element(binary value: [UInt8]) {
        length(value.count)
        bytes.append(contentsOf: value)
    }

    /// 16 bytes as they are.
    package mutating func element(uuid value: [UInt8]) { bytes.append(contentsOf: value) }

    private mutating func length(_ count: Int) {
        switch encoding {
        case .binary: bytes.append(bigEndian: Int32(truncatingIfNeeded: count))
        case .compact: bytes.append(varint: UInt64(truncatingIfNeeded: count))
        }
    }

    private mutating func integer<T: FixedWidthInteger & SignedInteger>(_ value: T) {
        switch encoding {
        case .binary: bytes.append(bigEndian: value)
        case .compact: bytes.append(varint: ZigZag.encode(Int64(value)))
        }
    }
}

extension [UInt8] {
    /// A Compact field header: `ddddtttt` when the id is 1 to 15 above the previous one, else `0000tttt` and the id.
    mutating func append(compactFieldHeader type: UInt8, id: Int16, after previous: Int16) {
        let delta = Int(id) - Int(previous)
        if (1...15).contains(delta) {
            append(UInt8(delta) << 4 | type)
        } else {
            append(type)
            append(varint: ZigZag.encode(Int64(id)))
        }
    }
}
