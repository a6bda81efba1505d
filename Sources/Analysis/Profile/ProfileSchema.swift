extension ProfileDraft {
    /// An OpenAPI document for JSON that came without one: what the fields were seen to be.
    ///
    /// - Returns: nil when the operation is no HTTP method and path without values in it.
    package func openAPI() -> String? { Self.openAPI([(options.operation, self)]) }

    /// Likewise for several operations; nil when one of them cannot stand there.
    static func openAPI(_ operations: [(name: String, draft: ProfileDraft)]) -> String? {
        var methods: [String: [String]] = [:]
        for (name, draft) in operations {
            let parts = name.split(separator: " ", maxSplits: 1).map { String($0) }
            guard parts.count == 2, isPlain(name) else { return nil }
            methods[parts[1], default: []] +=
                [
                    "    \(parts[0].lowercased()):", "      requestBody:", "        content:",
                    "          application/json:", "            schema:",
                ] + draft.structure(draft.root, indent: "              ")
                + ["      responses:", "        \"200\": {description: As the service answers.}"]
        }
        var lines = [
            "# Inferred from recorded requests.", "openapi: 3.1.0",
            "info: {title: Inferred, version: \"1\"}", "paths:",
        ]
        for (path, operations) in methods.sorted(by: { $0.key < $1.key }) {
            lines += ["  \(quoted(path)):"] + operations
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// True for an HTTP method and a path without values in it, which alone can be made again.
    package static func isPlain(_ operation: String) -> Bool {
        let path = operation.split(separator: " ", maxSplits: 1).dropFirst().first ?? ""
        return path.hasPrefix("/") && !path.contains("{")
    }

    private func structure(_ node: Node, indent: String) -> [String] {
        var lines = [indent + "type: object", indent + "properties:"]
        for member in node.members where !isListWithin(member) {
            lines.append("\(indent)  \(Self.quoted(member.name)):")
            lines += schema(member, indent: indent + "    ")
        }
        return lines
    }

    private func isListWithin(_ node: Node) -> Bool { node.lengthColumn != nil && node.path.contains("*") }

    private func schema(_ node: Node, indent: String) -> [String] {
        if node.lengthColumn != nil {
            guard let element = node.element else { return [indent + "type: array", indent + "items: {type: string}"] }
            return [indent + "type: array", indent + "items:"] + schema(element, indent: indent + "  ")
        }
        if !node.members.isEmpty { return structure(node, indent: indent) }
        guard let column = node.column else { return [indent + "type: string"] }
        let entry = profile.columns[column]
        let type = entry.isBool ? "boolean" : entry.isWhole ? "integer" : entry.isNumeric ? "number" : "string"
        return [indent + "type: \(type)"]
    }
}
