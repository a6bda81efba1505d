/// The YAML 1.2 core schema (yaml.org/spec/1.2.2, §10.3.2) for plain scalars.
enum CoreSchema {
    static func resolve(_ text: String) -> YAMLNode.Value {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return number(text) ?? .string(text)
        }
    }

    /// Nil when `text` is not a number of the core schema.
    static func number(_ text: String) -> YAMLNode.Value? {
        let bytes = Array(text.utf8)
        if bytes.count > 2, bytes[0] == 0x30, bytes[1] == 0x6F || bytes[1] == 0x78 {
            let radix = bytes[1] == 0x6F ? 8 : 16
            // `Int64(_:radix:)` would also take a sign here, which the schema does not.
            guard bytes[2] != 0x2B, bytes[2] != 0x2D else { return nil }
            return Int64(text.dropFirst(2), radix: radix).map { .int($0) }
        }
        var at = 0
        func digits() -> Int {
            let start = at
            while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
            return at - start
        }
        if let first = bytes.first, first == 0x2B || first == 0x2D { at = 1 }
        let whole = digits()
        if at == bytes.count {
            guard whole > 0 else { return nil }
            return Int64(text).map { .int($0) } ?? .decimal(text)
        }
        var fraction = 0
        if bytes[at] == 0x2E {
            at += 1
            fraction = digits()
        }
        guard whole + fraction > 0 else { return nil }
        if at < bytes.count, bytes[at] == 0x65 || bytes[at] == 0x45 {
            at += 1
            if at < bytes.count, bytes[at] == 0x2B || bytes[at] == 0x2D { at += 1 }
            guard digits() > 0 else { return nil }
        }
        return at == bytes.count ? .decimal(text) : nil
    }
}
