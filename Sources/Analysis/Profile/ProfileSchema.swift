extension ProfileDraft {
    /// An OpenAPI document for JSON that came without one: what the fields were seen to be.
    ///
    /// - Returns: nil when the operation is no HTTP method and path without values in it.
    package func openAPI() -> String? {
        let parts = options.operation.split(separator: " ", maxSplits: 1).map { String($0) }
        guard parts.count == 2, !parts[1].contains("{"), parts[1].hasPrefix("/") else { return nil }
        var lines = [
            "# Inferred from recorded requests.", "openapi: 3.1.0",
            "info: {title: Inferred, version: \"1\"}", "paths:", "  \(Self.quoted(parts[1])):",
            "    \(parts[0].lowercased()):", "      requestBody:", "        content:", "          application/json:",
            "            schema:",
        ]
        lines += structure(root, indent: "              ")
        lines += ["      responses:", "        \"200\": {description: As the service answers.}"]
        return lines.map { $0 + "\n" }.joined()
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
