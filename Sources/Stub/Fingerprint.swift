import Bytes
import Thrift

/// A 64-bit digest of what makes a request the same request: not for security, and not stable across versions.
struct Fingerprint: Equatable {
    private(set) var value: UInt64

    init(seed: UInt64 = 0) { value = seed ^ 0x9E37_79B9_7F4A_7C15 }

    @inline(__always)
    mutating func mix(_ word: UInt64) {
        let product = (value ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        value = product.high ^ product.low ^ 0xE703_7ED1_A0B4_28DB
    }

    /// Eight bytes at a time; the length is part of it, so that neighbours cannot trade bytes.
    mutating func mix(_ bytes: RawSpan) {
        var at = 0
        while at + 8 <= bytes.byteCount {
            // Bounds were checked just above; integers have no invalid bit patterns.
            mix(unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self))
            at += 8
        }
        var rest: UInt64 = 0
        while at < bytes.byteCount {
            rest = rest << 8 | UInt64(bytes[byte: at])
            at += 1
        }
        mix(rest)
        mix(UInt64(bytes.byteCount))
    }
}

/// What is of interest in the arguments of a call, as a tree of field ids; node 0 is the root.
struct FieldTree: Sendable {
    struct Node: Sendable {
        var children: [(id: Int16, node: Int)] = []
        /// Does not tell requests apart, nor does what is below it.
        var isExcluded = false
        /// The tag rides here: which carrier, and how its value says so.
        var probe: (carrier: Int, condition: TagProbe.Condition)?
        /// Its text is given back in the answer.
        var isEcho = false
    }

    private(set) var nodes = [Node()]

    mutating func exclude(_ path: some Sequence<Int16>) { nodes[add(path)].isExcluded = true }
    mutating func echo(_ path: some Sequence<Int16>) { nodes[add(path)].isEcho = true }

    /// A tag is no part of the request, nor is the struct that was perhaps created to hold it.
    mutating func probe(_ path: [Int16], _ carrier: Int, _ condition: TagProbe.Condition) {
        nodes[add(path)].probe = (carrier, condition)
        exclude(path.count > 2 ? path.dropLast() : path[...])
    }

    private mutating func add(_ path: some Sequence<Int16>) -> Int {
        var node = 0
        for id in path {
            if let known = nodes[node].children.first(where: { $0.id == id }) {
                node = known.node
            } else {
                nodes.append(Node())
                nodes[node].children.append((id, nodes.count - 1))
                node = nodes.count - 1
            }
        }
        return node
    }

    /// The node below `node` for a field; -1 when nothing below it is of interest.
    @inline(__always)
    func child(of node: Int, _ id: Int16) -> Int {
        if node < 0 { return -1 }
        for child in nodes[node].children where child.id == id { return child.node }
        return -1
    }
}

/// What one walk over the arguments of a call finds: the same values give the same fingerprint in Binary and in Compact,
/// with or without the excluded fields.
struct ThriftReading {
    private let encoding: ThriftEncoding
    private let tree: FieldTree
    private var hash: Fingerprint
    /// False while within an excluded field.
    private var counts = true
    /// A bit for each carrier that held the tag.
    private(set) var tags: UInt64 = 0
    /// Where the text to give back stands.
    private(set) var echo: Range<Int>?

    var fingerprint: UInt64 { hash.value }

    /// Reads the struct that begins at `offset`. Throws when the bytes are no such struct.
    init(
        _ bytes: RawSpan, at offset: Int, _ encoding: ThriftEncoding, _ tree: FieldTree, seed: UInt64
    ) throws(ParsingError) {
        self.encoding = encoding
        self.tree = tree
        hash = Fingerprint(seed: seed)
        var reader = ByteReader(bytes, offset: offset)
        try structure(&reader, node: 0, depth: 1)
    }

    @inline(__always)
    private mutating func mix(_ word: UInt64) { if counts { hash.mix(word) } }

    private mutating func structure(_ reader: inout ByteReader, node: Int, depth: Int) throws(ParsingError) {
        if depth > ThriftType.Limit.depth { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
        var last: Int16 = 0
        while true {
            let start = reader.offset
            let head = try reader.uint8()
            if head == 0 { break }
            let type: ThriftType?
            switch encoding {
            case .binary:
                type = ThriftType(rawValue: head)
                last = Int16(bitPattern: try reader.bigEndianUInt16())
            case .compact:
                type = ThriftType(compact: head & 0x0F)
                if head >> 4 != 0 {
                    last = last &+ Int16(head >> 4)
                } else if let id = Int16(exactly: try reader.zigzag()) {
                    last = id
                } else {
                    throw ParsingError(.invalid, at: start, "field id")
                }
            }
            guard let type, type != .stop else { throw ParsingError(.invalid, at: start, "field type") }
            let child = tree.child(of: node, last)
            let before = counts
            if child >= 0 {
                if tree.nodes[child].isExcluded { counts = false }
                note(child, type, reader)
            }
            mix(UInt64(UInt16(bitPattern: last)) << 8 | UInt64(type.rawValue))
            if type == .bool && encoding == .compact {
                mix(head & 0x0F == 1 ? 1 : 0)
            } else {
                try value(type, &reader, node: child, depth: depth)
            }
            counts = before
        }
        mix(0)
    }

    private mutating func value(
        _ type: ThriftType, _ reader: inout ByteReader, node: Int, depth: Int
    ) throws(ParsingError) {
        let isBinary = encoding == .binary
        switch type {
        case .bool: mix(try reader.uint8() == 1 ? 1 : 0)
        case .i8: mix(UInt64(try reader.uint8()))
        case .double: mix(isBinary ? try reader.bigEndianUInt64() : try reader.littleEndianUInt64())
        case .i16: mix(bits(isBinary ? Int64(Int16(bitPattern: try reader.bigEndianUInt16())) : try reader.zigzag()))
        case .i32: mix(bits(isBinary ? Int64(Int32(bitPattern: try reader.bigEndianUInt32())) : try reader.zigzag()))
        case .i64: mix(isBinary ? try reader.bigEndianUInt64() : bits(try reader.zigzag()))
        case .binary:
            let length = isBinary ? UInt64(try reader.bigEndianUInt32()) : try reader.varint()
            guard let count = Int(exactly: length) else {
                throw ParsingError(.invalid, at: reader.offset, "length of a string")
            }
            let span = try reader.span(count)
            if counts { hash.mix(span) }
        case .uuid:
            let span = try reader.span(16)
            if counts { hash.mix(span) }
        case .structure: try structure(&reader, node: node, depth: depth + 1)
        case .list, .set:
            if depth > ThriftType.Limit.depth { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
            let (count, element) = try listHead(&reader)
            mix(UInt64(count) << 8 | UInt64(element.rawValue))
            for _ in 0..<count { try self.value(element, &reader, node: -1, depth: depth + 1) }
        case .map:
            if depth > ThriftType.Limit.depth { throw ParsingError(.limit, at: reader.offset, "nesting depth") }
            let (count, key, value) = try mapHead(&reader)
            mix(UInt64(count) << 16 | UInt64(key.rawValue) << 8 | UInt64(value.rawValue))
            for _ in 0..<count {
                try self.value(key, &reader, node: -1, depth: depth + 1)
                try self.value(value, &reader, node: -1, depth: depth + 1)
            }
        case .stop: throw ParsingError(.invalid, at: reader.offset, "value type")
        }
    }

    @inline(__always)
    private func bits(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) }

    /// Looks ahead at the value of a field of interest; `reader` stands before it.
    private mutating func note(_ child: Int, _ type: ThriftType, _ reader: ByteReader) {
        let node = tree.nodes[child]
        if !node.isEcho && node.probe == nil { return }
        var ahead = reader
        if type == .binary {
            let length = (encoding == .binary ? try? UInt64(ahead.bigEndianUInt32()) : try? ahead.varint()) ?? 0
            guard let count = Int(exactly: length), count <= ahead.remaining else { return }
            let range = ahead.offset..<ahead.offset + count
            if node.isEcho { echo = range }
            if let probe = node.probe, probe.condition.holds(ahead.bytes.extracting(range)) { mark(probe.carrier) }
        } else if let probe = node.probe, let value = integer(type, &ahead), probe.condition.holds(value) {
            mark(probe.carrier)
        }
    }

    private mutating func mark(_ carrier: Int) { tags |= 1 << UInt64(carrier) }

    private func integer(_ type: ThriftType, _ reader: inout ByteReader) -> Int64? {
        let isBinary = encoding == .binary
        return switch type {
        case .i8: (try? reader.uint8()).map { Int64(Int8(bitPattern: $0)) }
        case .i16 where isBinary: (try? reader.bigEndianUInt16()).map { Int64(Int16(bitPattern: $0)) }
        case .i32 where isBinary: (try? reader.bigEndianUInt32()).map { Int64(Int32(bitPattern: $0)) }
        case .i64 where isBinary: (try? reader.bigEndianUInt64()).map { Int64(bitPattern: $0) }
        case .i16, .i32, .i64: try? reader.zigzag()
        default: nil
        }
    }

    /// Every element takes at least a byte, which bounds the count by what is there.
    private func checked(_ count: UInt64, _ reader: ByteReader) throws(ParsingError) -> Int {
        guard count <= UInt64(reader.remaining) else {
            throw ParsingError(.invalid, at: reader.offset, "count of a container")
        }
        return Int(count)
    }

    private func listHead(_ reader: inout ByteReader) throws(ParsingError) -> (Int, ThriftType) {
        let start = reader.offset
        let head = try reader.uint8()
        let type = encoding == .binary ? ThriftType(rawValue: head) : ThriftType(compact: head & 0x0F)
        let count =
            encoding == .binary
            ? UInt64(try reader.bigEndianUInt32()) : head >> 4 == 15 ? try reader.varint() : UInt64(head >> 4)
        guard let type, count == 0 || type != .stop else { throw ParsingError(.invalid, at: start, "element type") }
        // An empty container's element type says nothing.
        return (try checked(count, reader), count == 0 ? .stop : type)
    }

    private func mapHead(_ reader: inout ByteReader) throws(ParsingError) -> (Int, ThriftType, ThriftType) {
        let start = reader.offset
        var key: ThriftType?
        var value: ThriftType?
        let count: UInt64
        if encoding == .binary {
            key = ThriftType(rawValue: try reader.uint8())
            value = ThriftType(rawValue: try reader.uint8())
            count = UInt64(try reader.bigEndianUInt32())
        } else {
            count = try reader.varint()
            if count > 0 {
                let types = try reader.uint8()
                (key, value) = (ThriftType(compact: types >> 4), ThriftType(compact: types & 0x0F))
            }
        }
        if count == 0 { return (0, .stop, .stop) }
        guard let key, let value, key != .stop, value != .stop else {
            throw ParsingError(.invalid, at: start, "element type")
        }
        return (try checked(count, reader), key, value)
    }
}
