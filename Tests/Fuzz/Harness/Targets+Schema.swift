import Bytes
import JSON
import Schema
import YAML

/// Schemas, which anyone may have written, and values that are held against them.
let schemaTargets: [FuzzTarget] = [
    FuzzTarget(name: "idl") { bytes in
        var set = SchemaSet()
        let text = [UInt8](copying: bytes)
        // A document may include itself, under its own name or another.
        guard
            (try? set.load(
                SchemaSource(name: "a.thrift", bytes: text), include: { SchemaSource(name: $0, bytes: text) })) != nil
        else { return }
        _ = set.lint()
        for operation in set.operations.prefix(4) { _ = set.violations(ofArguments: [], of: operation) }
    },
    FuzzTarget(name: "yaml") { bytes in
        guard let node = try? YAMLNode.parse([UInt8](copying: bytes), file: "a.yaml") else { return }
        _ = JSONValue(node)
    },
    FuzzTarget(name: "jsonSchema") { bytes in load("a.json", bytes) },
    FuzzTarget(name: "openAPI") { bytes in load("a.yaml", bytes) },
    FuzzTarget(name: "pattern", maximumLength: 256) { bytes in
        let parts = [UInt8](copying: bytes).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let text = parts.first, let pattern = try? Pattern(String(decoding: text, as: UTF8.self)) else { return }
        _ = pattern.matches(parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "")
    },
]

/// Loads a document, checks it, and holds it against itself.
private func load(_ name: String, _ bytes: RawSpan) {
    var set = SchemaSet()
    let text = [UInt8](copying: bytes)
    guard
        (try? set.load(SchemaSource(name: name, bytes: text), include: { SchemaSource(name: $0, bytes: text) })) != nil
    else { return }
    _ = set.lint()
    let value = (try? JSONValue(parsing: text)) ?? .null
    for type in set.roots.values { _ = set.violations(of: value, as: type) }
    for route in set.routes.prefix(4) {
        if let type = route.requestBody { _ = set.violations(of: value, as: type) }
    }
}
