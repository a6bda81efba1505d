package import Bytes

extension JSONValue {
    /// Containers within containers that are accepted unless a caller says otherwise.
    package static let defaultDepthLimit = 64

    /// Reads one JSON text from its first byte to its last.
    ///
    /// Throws `truncated` when the text ends too early, `limit` when it is nested deeper than `depthLimit`, and else
    /// `invalid`; ``TextPosition`` turns the error's offset into line and column.
    package init(parsing bytes: RawSpan, depthLimit: Int = defaultDepthLimit) throws(ParsingError) {
        var tokenizer = JSONTokenizer(bytes, depthLimit: depthLimit)
        self = try tokenizer.value(depth: 0)
        try tokenizer.end()
    }

    package init(parsing bytes: [UInt8], depthLimit: Int = defaultDepthLimit) throws(ParsingError) {
        try self.init(parsing: bytes.rawSpan, depthLimit: depthLimit)
    }

    package init(parsing text: String, depthLimit: Int = defaultDepthLimit) throws(ParsingError) {
        try self.init(parsing: Array(text.utf8), depthLimit: depthLimit)
    }
}

extension JSONTokenizer {
    mutating func value(depth: Int) throws(ParsingError) -> JSONValue {
        skipSpace()
        switch peek {
        case 0x7B:
            try enter(depth)
            var members: [JSONObject.Member] = []
            if !closes(0x7D) {
                repeat {
                    let key = try text(try key())
                    members.append(JSONObject.Member(key, try value(depth: depth + 1)))
                    skipSpace()
                } while take(0x2C)
                try expect(0x7D, "comma or closing brace")
            }
            return .object(JSONObject(members))
        case 0x5B:
            try enter(depth)
            var values: [JSONValue] = []
            if !closes(0x5D) {
                repeat {
                    values.append(try value(depth: depth + 1))
                    skipSpace()
                } while take(0x2C)
                try expect(0x5D, "comma or closing bracket")
            }
            return .array(values)
        case 0x22: return .string(try text(try string()))
        case UInt8(ascii: "t"):
            try literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try literal("null")
            return .null
        case .some(let byte) where byte == 0x2D || byte &- 0x30 < 10:
            let range = try number()
            let text = unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            return .number(JSONNumber(unchecked: text))
        default: throw unexpected("JSON value")
        }
    }
}
