/// A decoded value, without the names that only an IDL knows.
///
/// Values of one container have its element type; the writer does not check that.
package enum ThriftValue: Sendable, Hashable {
    case bool(Bool)
    case i8(Int8)
    case i16(Int16)
    case i32(Int32)
    case i64(Int64)
    case double(Double)
    /// `string` and `binary` alike.
    case binary([UInt8])
    /// 16 bytes.
    case uuid([UInt8])
    case structure([ThriftField])
    case list(ThriftType, [ThriftValue])
    case set(ThriftType, [ThriftValue])
    /// In the order of the wire.
    case map(ThriftType, ThriftType, [ThriftPair])
}

package struct ThriftField: Sendable, Hashable {
    package var id: Int16
    package var value: ThriftValue

    package init(_ id: Int16, _ value: ThriftValue) {
        self.id = id
        self.value = value
    }
}

package struct ThriftPair: Sendable, Hashable {
    package var key: ThriftValue
    package var value: ThriftValue

    package init(_ key: ThriftValue, _ value: ThriftValue) {
        self.key = key
        self.value = value
    }
}

/// A whole message as a tree. The body is the struct of arguments (ids as in the IDL), or of the result: field 0 is
/// success, others are declared exceptions; a message of type `exception` has a `TApplicationException` as its body.
package struct ThriftMessage: Sendable, Hashable {
    package var name: String
    package var type: MessageType
    package var seqid: Int32
    package var body: [ThriftField]
    /// It was read from JSON, where bytes travel as base64 and only an IDL tells them from text: binary values hold what
    /// stands in the JSON.
    package var holdsBase64 = false

    package init(name: String, type: MessageType, seqid: Int32, body: [ThriftField] = []) {
        self.name = name
        self.type = type
        self.seqid = seqid
        self.body = body
    }

    /// The bare method, without the service that a multiplexed call puts before it.
    package var method: String {
        guard let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")) else { return name }
        return String(name[name.utf8.index(after: colon)...])
    }

    /// The service of a multiplexed call (`Service:method`).
    package var service: String? {
        guard let colon = name.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        return String(name[..<colon])
    }

    /// A `TApplicationException` as a server sends it: 1 unknown method, 6 internal error, 7 protocol error.
    package static func applicationException(
        _ code: Int32, _ text: String, name: String, seqid: Int32
    ) -> ThriftMessage {
        ThriftMessage(
            name: name, type: .exception, seqid: seqid,
            body: [ThriftField(1, ThriftValue(text)), ThriftField(2, .i32(code))])
    }
}

extension ThriftValue {
    package init(_ text: String) { self = .binary(Array(text.utf8)) }

    package var type: ThriftType {
        switch self {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32: .i32
        case .i64: .i64
        case .double: .double
        case .binary: .binary
        case .uuid: .uuid
        case .structure: .structure
        case .list: .list
        case .set: .set
        case .map: .map
        }
    }

    /// Any integer, widened.
    package var integer: Int64? {
        switch self {
        case .i8(let value): Int64(value)
        case .i16(let value): Int64(value)
        case .i32(let value): Int64(value)
        case .i64(let value): value
        default: nil
        }
    }

    /// The text of a string; nil when its bytes are not UTF-8.
    package var string: String? {
        guard case .binary(let bytes) = self else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A field of a struct, the first with this id.
    package subscript(id: Int16) -> ThriftValue? {
        guard case .structure(let fields) = self else { return nil }
        return fields.first { $0.id == id }?.value
    }
}
