import JSON
import Tagging
import YAML

/// A claim of a token as JSON: what the rules say, with values of the request in its texts.
enum ClaimText {
    static func json(
        _ node: YAMLNode, _ value: (RequestField) throws(TagError) -> String
    ) throws(TagError) -> [UInt8] {
        switch node.value {
        case .null: return Array("null".utf8)
        case .bool(let flag): return Array("\(flag)".utf8)
        case .int, .decimal:
            if case .number(let number)? = try? JSONValue(parsing: Array(node.text.utf8)) {
                return Array(number.text.utf8)
            }
            return JSONValue.string(node.text).encoded()
        case .sequence(let nodes):
            var text: [UInt8] = [0x5B]
            for (index, node) in nodes.enumerated() {
                if index > 0 { text.append(0x2C) }
                text += try json(node, value)
            }
            return text + [0x5D]
        case .mapping(let entries):
            var text: [UInt8] = [0x7B]
            for (index, entry) in entries.enumerated() {
                if index > 0 { text.append(0x2C) }
                text.append(jsonQuoted: entry.key)
                text.append(0x3A)
                text += try json(entry.value, value)
            }
            return text + [0x7D]
        default: return JSONValue.string(try filled(node.text, value)).encoded()
        }
    }

    /// `${request.user.id}` in a text is that field of the request.
    static func filled(
        _ text: String, _ value: (RequestField) throws(TagError) -> String
    ) throws(TagError) -> String {
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${request."), let end = rest[start.upperBound...].firstIndex(of: "}") {
            result += rest[..<start.lowerBound]
            let name = String(rest[start.upperBound..<end])
            guard let field = RequestField(name) else {
                throw TagError(.unreadable, "'\(name)' names no field of a request")
            }
            result += try value(field)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
