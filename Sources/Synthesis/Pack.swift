import YAML

/// A versioned file of lists that scenarios take values from: names, towns, user agents, networks.
struct Pack: Sendable {
    var name: String
    var version: Int64
    var lists: [String: [Generator.Choice]]

    /// - Parameter wanted: the version that the scenario names.
    static func parse(
        _ bytes: [UInt8], file: String, wanted: Int64, at mark: YAMLMark
    ) throws(YAMLError) -> Pack {
        let map = try YAMLNode.parse(bytes, file: file).mapping(
            "the pack", keys: ["tinct", "name", "version", "about", "lists"])
        _ = try map.required("tinct").choice("kind of file", of: ["pack/1"])
        let version = try map.required("version").int("a version", in: 1...1_000_000)
        guard version == wanted else {
            throw YAMLError(
                "the pack is version \(version), not \(wanted)", at: mark,
                remedy: "Name the version that is meant: another one gives other exchanges.")
        }
        var lists: [String: [Generator.Choice]] = [:]
        for entry in try map.required("lists").entries("lists by name") {
            if case .sequence(let nodes) = entry.value.value {
                var items: [Generator.Choice] = []
                for node in nodes { items.append(.init(text: try node.string(), weight: 1000, mark: node.mark)) }
                guard !items.isEmpty else {
                    throw entry.value.expected(
                        "at least one value", remedy: "Write values, like [a, b], or remove the list.")
                }
                lists[entry.key] = items
            } else {
                lists[entry.key] = try GeneratorReader.choices(entry.value)
            }
        }
        return Pack(name: try map.required("name").string(), version: version, lists: lists)
    }
}
