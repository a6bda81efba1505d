import Bytes
import Thrift

/// Goes through a struct in Binary or Compact, and notes the strings and numbers in it that are, by the schema or by what
/// they look like, personal data.
struct ThriftWalker: ~Escapable {
    /// A number that the schema gives a class.
    struct Number {
        var range: Range<Int>
        var meaning: FieldNames.Meaning
        var isDouble = false
        var isCompact: Bool
    }

    /// What was found, in memory that is used for one message after the other.
    struct Findings {
        var finder = ValueFinder()
        var numbers: [Number] = []
        var texts = ThriftTexts()
    }

    private let bytes: RawSpan
    private let isCompact: Bool
    private let classes: ThriftClasses
    private(set) var at: Int

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, at start: Int, _ encoding: ThriftEncoding, _ classes: ThriftClasses) {
        self.bytes = bytes
        isCompact =
            switch encoding {
            case .compact: true
            case .binary: false
            }
        self.classes = classes
        at = start
    }

    private enum Kind { case stop, bool, byte, i16, i32, i64, double, binary, structure, map, list, uuid, wrong }

    private static func kind(_ code: UInt8, isCompact: Bool) -> Kind {
        if !isCompact {
            switch code {
            case 0: .stop
            case 2: .bool
            case 3: .byte
            case 4: .double
            case 6: .i16
            case 8: .i32
            case 10: .i64
            case 11: .binary
            case 12: .structure
            case 13: .map
            case 14, 15: .list
            case 16: .uuid
            default: .wrong
            }
        } else {
            switch code {
            case 0: .stop
            case 1, 2: .bool
            case 3: .byte
            case 4: .i16
            case 5: .i32
            case 6: .i64
            case 7: .double
            case 8: .binary
            case 9, 10: .list
            case 11: .map
            case 12: .structure
            case 13: .uuid
            default: .wrong
            }
        }
    }

    /// How many bytes a value of a type takes in Binary, if always the same; not of `uuid`.
    @inline(__always) private static func size(_ code: UInt8) -> Int? {
        // Four bits for each: bool 2, byte 3, double 4, i16 6, i32 8, i64 10.
        let size = code < 16 ? 0x0000_0804_0208_1100 >> (4 * UInt64(code)) & 15 as UInt64 : 0
        return size == 0 ? nil : Int(size)
    }

    @inline(__always) private mutating func byte() -> UInt8? {
        guard at < bytes.byteCount else { return nil }
        at += 1
        return bytes[byte: at - 1]
    }

    @inline(__always) private mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) -> T? {
        let size = MemoryLayout<T>.size
        guard size <= bytes.byteCount - at else { return nil }
        at += size
        return unsafe T(bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at - size, as: T.self))
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.byteCount && shift < 64 {
            let byte = bytes[byte: at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    @inline(__always) private mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= bytes.byteCount - at else { return false }
        at += count
        return true
    }

    /// False when the bytes are no such struct.
    mutating func structure(_ index: Int32, depth: Int, _ found: inout Findings) -> Bool {
        guard depth < ThriftType.Limit.depth else { return false }
        var last: Int16 = 0
        while true {
            guard let code = byte() else { return false }
            let kind: Kind
            let id: Int16
            if !isCompact {
                if index < 0, let size = Self.size(code) {
                    // No schema says what it is, so nobody wants to know.
                    guard skip(2 + size) else { return false }
                    continue
                }
                kind = Self.kind(code, isCompact: false)
                if kind == .stop { return true }
                guard let number = fixed(Int16.self) else { return false }
                id = number
            } else {
                kind = Self.kind(code & 15, isCompact: true)
                if code == 0 { return true }
                if code >> 4 != 0 {
                    id = last &+ Int16(code >> 4)
                } else {
                    guard let number = varint() else { return false }
                    id = Int16(truncatingIfNeeded: ZigZag.decode(number))
                }
                last = id
                // A field's bool stands in its type.
                if kind == .bool { continue }
            }
            if index < 0 {
                guard value(kind, .none, 0, isKnown: false, depth: depth, &found) else { return false }
            } else if let field = classes.field(index, id) {
                guard value(kind, field.meaning, field.type, isKnown: true, depth: depth, &found) else { return false }
            } else {
                guard value(kind, .none, 0, isKnown: false, depth: depth, &found) else { return false }
            }
        }
    }

    private mutating func value(
        _ kind: Kind, _ meaning: FieldNames.Meaning, _ type: Int32, isKnown: Bool, depth: Int,
        _ found: inout Findings
    ) -> Bool {
        let start = at
        switch kind {
        case .bool, .byte: return skip(1)
        case .i16, .i32, .i64:
            if isCompact {
                guard varint() != nil else { return false }
            } else {
                guard skip(kind == .i16 ? 2 : kind == .i32 ? 4 : 8) else { return false }
            }
            if meaning.personal != nil {
                found.numbers.append(Number(range: start..<at, meaning: meaning, isCompact: isCompact))
            }
            return true
        case .double:
            guard skip(8) else { return false }
            if meaning.personal != nil {
                found.numbers.append(Number(range: start..<at, meaning: meaning, isDouble: true, isCompact: isCompact))
            }
            return true
        case .uuid: return skip(16)
        case .binary: return text(meaning, type, &found)
        case .structure:
            let shape = classes.shape(type)
            return structure(shape.kind == .structure ? shape.first : ThriftClasses.unknown, depth: depth + 1, &found)
        case .list: return list(meaning, type, isKnown, depth, &found)
        case .map: return map(meaning, type, isKnown, depth, &found)
        case .stop, .wrong: return false
        }
    }

    private mutating func list(
        _ meaning: FieldNames.Meaning, _ type: Int32, _ isKnown: Bool, _ depth: Int, _ found: inout Findings
    ) -> Bool {
        guard depth < ThriftType.Limit.depth, let head = byte() else { return false }
        let element: Kind
        var count: UInt64
        if !isCompact {
            element = Self.kind(head, isCompact: false)
            guard let size = fixed(UInt32.self) else { return false }
            count = UInt64(size)
        } else {
            element = Self.kind(head & 15, isCompact: true)
            count = UInt64(head >> 4)
            if count == 15 {
                guard let size = varint() else { return false }
                count = size
            }
        }
        // Every element takes a byte at least.
        guard count <= UInt64(bytes.byteCount - at) else { return false }
        let shape = classes.shape(type)
        let inner = shape.kind == .list ? shape.first : 0
        for _ in 0..<count {
            guard value(element, meaning, inner, isKnown: isKnown, depth: depth + 1, &found) else { return false }
        }
        return true
    }

    private mutating func map(
        _ meaning: FieldNames.Meaning, _ type: Int32, _ isKnown: Bool, _ depth: Int, _ found: inout Findings
    ) -> Bool {
        guard depth < ThriftType.Limit.depth else { return false }
        let key: Kind
        let element: Kind
        let count: UInt64
        if !isCompact {
            guard let first = byte(), let second = byte(), let size = fixed(UInt32.self) else { return false }
            (key, element, count) = (
                Self.kind(first, isCompact: false), Self.kind(second, isCompact: false), UInt64(size)
            )
        } else {
            guard let size = varint() else { return false }
            if size == 0 { return true }
            guard let both = byte() else { return false }
            (key, element, count) = (Self.kind(both >> 4, isCompact: true), Self.kind(both & 15, isCompact: true), size)
        }
        guard count <= UInt64(bytes.byteCount - at) else { return false }
        let shape = classes.shape(type)
        let (first, second) = shape.kind == .map ? (shape.first, shape.second) : (0, 0)
        for _ in 0..<count {
            // A map of texts names its values.
            let mark = at
            guard value(key, .none, first, isKnown: isKnown, depth: depth + 1, &found) else { return false }
            var named = meaning
            if meaning == .none && key == .binary { named = keyMeaning(mark, &found) }
            guard value(element, named, second, isKnown: isKnown, depth: depth + 1, &found) else { return false }
        }
        return true
    }

    private func keyMeaning(_ start: Int, _ found: inout Findings) -> FieldNames.Meaning {
        var from = start + 4
        if isCompact {
            from = start
            while from < at && bytes[byte: from] >= 0x80 { from += 1 }
            from += 1
        }
        return from < at ? found.finder.meaning(bytes, from..<at, classes.names) : .none
    }

    private mutating func text(
        _ meaning: FieldNames.Meaning, _ type: Int32, _ found: inout Findings
    ) -> Bool {
        guard let length = isCompact ? varint() : fixed(UInt32.self).map({ UInt64($0) }),
            length <= UInt64(bytes.byteCount - at)
        else {
            return false
        }
        let range = at..<at + Int(length)
        at = range.upperBound
        if range.isEmpty { return true }
        if meaning.personal != nil {
            let isBinary = classes.shape(type).kind == .binary
            found.finder.found.append(.init(range: range, meaning: meaning, kind: isBinary ? .escaped : .named))
            return true
        }
        if range.count < 5 || meaning == .ordinary { return true }
        let first = bytes[byte: range.lowerBound]
        if first == 0x7B || first == 0x5B {
            found.finder.find(bytes, range, json: classes.names)
        } else if let match = Words.whole(bytes, range) {
            found.finder.found.append(.init(range: match.range, meaning: .init(match.personal), kind: .value))
        } else {
            found.finder.find(bytes, range)
        }
        return true
    }
}
