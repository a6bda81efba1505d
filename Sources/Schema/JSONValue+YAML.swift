package import JSON
package import YAML

extension JSONValue {
    /// A YAML tree as JSON: the same document, without its marks.
    package init(_ node: YAMLNode) {
        switch node.value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = JSONValue(value)
        case .decimal(let text):
            self = JSONNumber(text: text).map { .number($0) } ?? Double(text).map { JSONValue($0) } ?? .string(text)
        case .string(let text): self = .string(text)
        case .sequence(let nodes): self = .array(nodes.map { JSONValue($0) })
        case .mapping(let entries):
            self = .object(JSONObject(entries.map { JSONObject.Member($0.key, JSONValue($0.value)) }))
        }
    }
}
