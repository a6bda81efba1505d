import Bytes
package import YAML

extension Scenario {
    /// Reads a scenario and what it extends.
    ///
    /// - Parameters:
    ///   - path: as given to `read`; `extends` is resolved beside it.
    ///   - read: gives the bytes at a path.
    /// - Throws: ``YAMLError`` with file, line, column and what was expected.
    package static func load(
        path: String, read: (_ path: String, _ mark: YAMLMark?) throws(YAMLError) -> [UInt8]
    ) throws(YAMLError) -> Scenario {
        var sources: [Source] = []
        var merged: [YAMLNode.Entry] = []
        var next: (path: String, mark: YAMLMark?)? = (path, nil)
        var root: YAMLNode?
        while let (file, mark) = next {
            if sources.count == 8 || sources.contains(where: { $0.path == file }) {
                throw YAMLError(
                    "the scenario extends itself, or more than eight others",
                    at: mark ?? YAMLMark(file: file, line: 1, column: 1),
                    remedy: "Let it extend one that does not lead back here.")
            }
            let bytes = try read(file, mark)
            sources.insert(Source(path: file, bytes: bytes), at: 0)
            let node = try YAMLNode.parse(bytes, file: file)
            if root == nil { root = node }
            let map = try node.mapping("the scenario", keys: ScenarioReader.keys)
            for entry in map.entries where !merged.contains(where: { $0.key == entry.key }) { merged.append(entry) }
            next = nil
            if let base = map["extends"] {
                next = (resolve(try base.string("the path of a scenario"), beside: file), base.mark)
            }
        }
        let mark = root?.mark ?? YAMLMark(file: path, line: 1, column: 1)
        let map = try YAMLNode(.mapping(merged), at: mark).mapping("the scenario", keys: ScenarioReader.keys)
        var reader = ScenarioReader(map: map)
        for node in try reader.filesNamed() {
            let file = resolve(try node.string("the path of a file"), beside: node.mark.file)
            if reader.files[file] != nil { continue }
            let bytes = try read(file, node.mark)
            reader.files[file] = bytes
            sources.insert(Source(path: file, bytes: bytes), at: 0)
        }
        return try reader.scenario(sources: sources)
    }

    /// `relative` as seen from the folder of `file`.
    package static func resolve(_ relative: String, beside file: String) -> String {
        if relative.hasPrefix("/") { return relative }
        guard let slash = file.lastIndex(of: "/") else { return relative }
        return String(file[...slash]) + relative
    }
}

/// Reads the sections of a scenario whose keys were merged.
struct ScenarioReader {
    static let keys = [
        "tinct", "extends", "name", "schema", "operation", "protocol", "time", "count", "cohorts", "packs", "entities",
        "values", "correlated", "fields", "streams", "flows", "labels", "expected", "anomalies", "hardNegatives",
        "drift",
    ]
    private static let decisions = ["approve", "decline", "review", "stepUp", "reject"]

    let map: YAMLMapping
    /// What packs and recordings hold, by resolved path.
    var files: [String: [UInt8]] = [:]

    func scenario(sources: [Scenario.Source]) throws(YAMLError) -> Scenario {
        _ = try map.required("tinct").choice("kind of file", of: ["scenario/1"])
        let schema = try map.required("schema")
        let protocolNode = try map.required("protocol")
        let time = try time(try map.required("time"))
        let streams = try streams(time.pattern)
        var entities: [Scenario.EntitySpec] = []
        for entry in try map["entities"]?.entries() ?? [] { entities.append(try entity(entry, entities)) }
        var scenario = Scenario(
            name: try map["name"]?.string() ?? "", schemaPath: try schema.string("the path of a schema"),
            schemaMark: schema.mark, streams: streams, protocol: try wireProtocol(protocolNode), time: time,
            cohortCount: try cohorts(), entities: entities,
            values: try map["values"].map { node throws(YAMLError) in try GeneratorReader.fields(node, "the values") }
                ?? [],
            rules: try rules(), anomalies: try AnomalyReader.section(map, entities.map(\.name), streams),
            sources: sources)
        scenario.flows = try flows(streams)
        scenario.count = try count()
        scenario.copulas = try copulas(streams)
        scenario.packs = try packs()
        scenario.labels = try labels()
        return scenario
    }

    private func cohorts() throws(YAMLError) -> Int {
        guard let node = map["cohorts"] else { return 1 }
        let count = Int(try node.int("a power of two", in: 1...256))
        guard count.nonzeroBitCount == 1 else {
            throw YAMLError("\(count) is no power of two", at: node.mark, remedy: "Expected 1, 2, 4, … or 256.")
        }
        return count
    }

    private func entity(
        _ entry: YAMLNode.Entry, _ known: [Scenario.EntitySpec]
    ) throws(YAMLError) -> Scenario.EntitySpec {
        if case .mapping(let entries) = entry.value.value, entries.contains(where: { $0.key == "like" }) {
            let like = try entry.value.mapping("the entity '\(entry.key)'", keys: ["like"]).required("like")
            let name = try like.choice("entity above this one", of: known.map(\.name))
            guard var spec = known.first(where: { $0.name == name }) else {
                throw like.expected("an entity", remedy: "Name one that stands above.")
            }
            (spec.name, spec.mark) = (entry.key, entry.keyMark)
            return spec
        }
        let parts = try entry.value.mapping(
            "the entity '\(entry.key)'",
            keys: ["count", "skew", "weight", "owner", "each", "near", "like", "attributes"])
        let owner = try parts["owner"].map(GeneratorReader.reference)
        if owner == nil { _ = try parts.required("count") }
        if owner == nil, let each = parts["each"] {
            throw YAMLError("'each' says how many an owner has", at: each.mark, remedy: "Name the 'owner' too.")
        }
        if let weight = parts["weight"], owner != nil || parts["skew"] != nil {
            throw YAMLError(
                "'weight' stands alone", at: weight.mark, remedy: "Leave out 'owner' and 'skew', or the weight.")
        }
        return .init(
            name: entry.key, mark: entry.keyMark, kind: entry.key, owner: owner,
            each: UInt64(try parts["each"]?.int(in: 1...1000) ?? 1),
            count: UInt64(try parts["count"]?.int("a count", in: 1...1_000_000_000) ?? 0),
            weight: try parts["weight"].map(GeneratorReader.reference),
            near: try parts["near"].map(near),
            skew: try parts["skew"].map(GeneratorReader.exponent) ?? 0,
            attributes: try parts["attributes"].map { node throws(YAMLError) in
                try GeneratorReader.fields(node, "the attributes")
            } ?? [])
    }

    func rules() throws(YAMLError) -> [Scenario.ExpectedRule] {
        var result: [Scenario.ExpectedRule] = []
        for node in try map["expected"]?.sequence("a list of rules") ?? [] {
            let parts = try node.mapping("a rule", keys: ["when", "decision"])
            result.append(
                .init(
                    condition: try parts["when"].map(GeneratorReader.condition),
                    decision: try parts.required("decision").choice("decision", of: Self.decisions)))
        }
        return result
    }
}
