import Bytes

/// Writes messages as Apache's `TJSONProtocol` does: no blanks, ids as keys, values under the name of their type.
struct ThriftJSONWriter {
    var bytes: [UInt8] = []

    mutating func message(_ message: ThriftMessage) {
        text("[1,")
        string(Array(message.name.utf8))
        text(",\(message.type.rawValue),\(message.seqid),")
        structure(message.body)
        text("]")
    }

    private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func structure(_ fields: [ThriftField]) {
        text("{")
        for (index, field) in fields.enumerated() {
            text("\(index > 0 ? "," : "")\"\(field.id)\":{\"\(field.value.type.jsonName)\":")
            value(field.value, isKey: false)
            text("}")
        }
        text("}")
    }

    /// Numbers that are keys of a map stand in quotes, because JSON has only text for keys.
    private mutating func value(_ value: ThriftValue, isKey: Bool) {
        switch value {
        case .bool(let value): number(value ? "1" : "0", isKey)
        case .i8(let value): number(String(value), isKey)
        case .i16(let value): number(String(value), isKey)
        case .i32(let value): number(String(value), isKey)
        case .i64(let value): number(String(value), isKey)
        case .double(let value): double(value, isKey)
        case .binary(let bytes):
            // What is no text can only have been bytes, which travel as base64.
            string(String(validating: bytes, as: UTF8.self) == nil ? Array(Base64.encode(bytes).utf8) : bytes)
        case .uuid(let bytes): text("\"\(Self.uuid(bytes))\"")
        case .structure(let fields): structure(fields)
        case .list(let type, let values), .set(let type, let values):
            text("[\"\(type.jsonName)\",\(values.count)")
            for one in values {
                text(",")
                self.value(one, isKey: false)
            }
            text("]")
        case .map(let key, let inner, let pairs):
            text("[\"\(key.jsonName)\",\"\(inner.jsonName)\",\(pairs.count),{")
            for (index, pair) in pairs.enumerated() {
                if index > 0 { text(",") }
                self.value(pair.key, isKey: true)
                text(":")
                self.value(pair.value, isKey: false)
            }
            text("}]")
        }
    }

    private mutating func number(_ digits: String, _ isKey: Bool) { text(isKey ? "\"\(digits)\"" : digits) }

    private mutating func double(_ value: Double, _ isKey: Bool) {
        if value.isNaN { return text("\"NaN\"") }
        if value.isInfinite { return text(value < 0 ? "\"-Infinity\"" : "\"Infinity\"") }
        number("\(value)", isKey)
    }

    private mutating func string(_ content: [UInt8]) {
        bytes.append(0x22)
        for byte in content {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x08: bytes += [0x5C, 0x62]
            case 0x0C: bytes += [0x5C, 0x66]
            case 0x0A: bytes += [0x5C, 0x6E]
            case 0x0D: bytes += [0x5C, 0x72]
            case 0x09: bytes += [0x5C, 0x74]
            case 0..<0x20:
                text("\\u00")
                bytes += Hex.encode([byte]).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        let hex = Array(Hex.encode(bytes).utf8)
        guard hex.count == 32 else { return String(decoding: hex, as: UTF8.self) }
        return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }
}

extension ThriftType {
    /// The name that the JSON protocol gives the type. An empty container of unknown type has that of a byte.
    var jsonName: String {
        switch self {
        case .bool: "tf"
        case .i8, .stop: "i8"
        case .i16: "i16"
        case .i32: "i32"
        case .i64: "i64"
        case .double: "dbl"
        case .binary: "str"
        case .structure: "rec"
        case .list: "lst"
        case .set: "set"
        case .map: "map"
        case .uuid: "uid"
        }
    }

    init?(jsonName: [UInt8]) {
        switch String(decoding: jsonName, as: UTF8.self) {
        case "tf": self = .bool
        case "i8": self = .i8
        case "i16": self = .i16
        case "i32": self = .i32
        case "i64": self = .i64
        case "dbl": self = .double
        case "str": self = .binary
        case "rec": self = .structure
        case "lst": self = .list
        case "set": self = .set
        case "map": self = .map
        case "uid": self = .uuid
        default: return nil
        }
    }
}
