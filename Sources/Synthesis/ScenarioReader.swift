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
                    at: mark ?? YAMLMark(file: file, line: 1, column: 1))
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
        var rate: UInt64 = 0
        var anomalies: [Scenario.AnomalySpec] = []
        if let section = map["anomalies"] {
            let parts = try section.mapping("the anomalies", keys: ["rate", "types"])
            rate = try parts["rate"].map(GeneratorReader.share) ?? 0
            for entry in try parts["types"]?.entries() ?? [] {
                anomalies.append(try anomaly(entry, isHardNegative: false, streams))
            }
        }
        var negatives: [Scenario.AnomalySpec] = []
        for entry in try map["hardNegatives"]?.entries() ?? [] {
            negatives.append(try anomaly(entry, isHardNegative: true, streams))
        }
        var entities: [Scenario.EntitySpec] = []
        for entry in try map["entities"]?.entries() ?? [] { entities.append(try entity(entry, entities)) }
        var scenario = Scenario(
            name: try map["name"]?.string() ?? "", schemaPath: try schema.string("the path of a schema"),
            schemaMark: schema.mark, streams: streams, protocol: try wireProtocol(protocolNode), time: time,
            cohortCount: try cohorts(), entities: entities,
            values: try map["values"].map { node throws(YAMLError) in try GeneratorReader.fields(node, "the values") }
                ?? [],
            rules: try rules(), anomalyRate: rate, anomalies: anomalies, hardNegatives: negatives, sources: sources)
        scenario.flows = try flows(streams)
        scenario.count = try count()
        scenario.copulas = try copulas()
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

    private func wireProtocol(_ node: YAMLNode) throws(YAMLError) -> Scenario.WireProtocol {
        let parts = try node.mapping("the protocol", keys: ["kind", "encoding", "transport", "host", "headers"])
        if try parts.required("kind").choice("protocol", of: ["thrift", "http"]) == "thrift" {
            let encoding = try parts["encoding"]?.choice("encoding", of: ["binary", "compact"]) ?? "binary"
            let transport = try parts["transport"]?.choice("transport", of: ["framed", "unframed"]) ?? "framed"
            return .thrift(isCompact: encoding == "compact", isFramed: transport == "framed")
        }
        var headers: [(String, [Generator.Piece])] = []
        for entry in try parts["headers"]?.entries() ?? [] {
            let isToken = entry.key.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && !"()<>@,;:\\\"/[]?={}".utf8.contains($0)
            }
            guard isToken, !["content-length", "transfer-encoding", "host"].contains(entry.key.lowercased()) else {
                throw YAMLError(
                    "'\(entry.key)' cannot be set here", at: entry.keyMark, remedy: "Length and host are set for you.")
            }
            guard try entry.value.string().utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw YAMLError("a header value has no control characters", at: entry.value.mark)
            }
            headers.append((entry.key, try GeneratorReader.template(entry.value)))
        }
        return .http(host: try parts["host"]?.string() ?? "127.0.0.1", headers: headers)
    }

    private func entity(
        _ entry: YAMLNode.Entry, _ known: [Scenario.EntitySpec]
    ) throws(YAMLError) -> Scenario.EntitySpec {
        if case .mapping(let entries) = entry.value.value, entries.contains(where: { $0.key == "like" }) {
            let like = try entry.value.mapping("the entity '\(entry.key)'", keys: ["like"]).required("like")
            let name = try like.choice("entity above this one", of: known.map(\.name))
            guard var spec = known.first(where: { $0.name == name }) else { throw like.expected("an entity") }
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

    private func anomaly(
        _ entry: YAMLNode.Entry, isHardNegative: Bool, _ streams: [Scenario.StreamSpec]
    ) throws(YAMLError) -> Scenario.AnomalySpec {
        let what = isHardNegative ? "hard negative" : "anomaly"
        let all = AnomalyType.allCases.filter { $0.isHardNegative == isHardNegative }
        let name = try entry.value.entries().first { $0.key == "type" }?.value.string() ?? entry.key
        guard let type = all.first(where: { $0.rawValue == name }) else {
            let near = nearestName(name, in: all.map(\.rawValue)).map { "Did you mean '\($0)'? " } ?? ""
            throw YAMLError(
                "'\(name)' is not a type of \(what)", at: entry.keyMark,
                remedy: near + "Expected one of: \(all.map(\.rawValue).joined(separator: ", ")).")
        }
        let common = [
            "type", isHardNegative ? "rate" : "weight", "expected", "difficulty", "labelDelay", "with", "mimics",
            "stream",
        ]
        let parts = try entry.value.mapping("the \(what) '\(entry.key)'", keys: common + type.parameterKeys)
        let weight = try parts["weight"]?.scaled(3, "a weight") ?? 1000
        guard (0...1_000_000_000).contains(weight) else {
            throw YAMLError("a weight from 0 to a million", at: entry.keyMark)
        }
        return .init(
            name: entry.key, mark: entry.keyMark, type: type, weight: UInt64(weight),
            rate: try parts["rate"].map(GeneratorReader.share) ?? 0,
            expected: try parts["expected"]?.choice(
                "expected decision", of: ["reject", "4xx", "decline", "stepUp", "review", "freeze", "pass"])
                ?? type.defaultExpected,
            difficulty: try parts["difficulty"]?.choice("difficulty", of: ["easy", "medium", "hard"])
                ?? type.defaultDifficulty,
            labelDelayNanos: try parts["labelDelay"].map(GeneratorReader.duration) ?? 0,
            overrides: try parts["with"].map { node throws(YAMLError) in
                try GeneratorReader.fields(node, "the fields of '\(entry.key)'")
            } ?? [],
            parameters: try parameters(type, parts), campaign: try parts["campaign"].map(campaign),
            mimics: try parts["mimics"]?.string() ?? "",
            stream: try parts["stream"].map { node throws(YAMLError) in try streamNumber(node, streams) } ?? 0)
    }

    private func parameters(_ type: AnomalyType, _ parts: YAMLMapping) throws(YAMLError) -> Scenario.AnomalyParameters {
        var result = Scenario.AnomalyParameters()
        for key in type.parameterKeys {
            let node = try parts.required(key)
            switch key {
            case "field", "total", "earlier", "country": result.field = try GeneratorReader.reference(node)
            case "later", "currency": result.second = try GeneratorReader.reference(node)
            case "identifier":
                let word = try node.choice("kind of identifier", of: IdentifierKind.allCases.map(\.rawValue))
                result.identifier = IdentifierKind(rawValue: word) ?? .card
            case "min": result.low = try node.int(in: -(1 << 62)...(1 << 62))
            case "max", "threshold": result.high = try node.int(in: -(1 << 62)...(1 << 62))
            case "margin": result.low = try node.int("a margin", in: 1...(1 << 60))
            case "parts": result.parts = try GeneratorReader.terms(node)
            case "table":
                for entry in try node.entries("currencies by country") {
                    result.table.append((entry.key, try entry.value.string("a currency")))
                }
                guard result.table.count >= 2 else { throw node.expected("at least two countries") }
            default: break
            }
        }
        return result
    }

    private func campaign(_ node: YAMLNode) throws(YAMLError) -> Scenario.CampaignSpec {
        let parts = try node.mapping("the campaign", keys: ["size", "window", "same", "distinct"])
        let size = try parts.required("size").sequence("[least, greatest]")
        guard size.count == 2 else { throw try parts.required("size").expected("[least, greatest]") }
        let (low, high) = (try size[0].int("a size", in: 2...10_000), try size[1].int("a size", in: 2...10_000))
        guard low <= high else {
            throw YAMLError("the least is above the greatest", at: size[0].mark, remedy: "Swap them.")
        }
        var lists: [[Generator.Reference]] = []
        for key in ["same", "distinct"] {
            var names: [Generator.Reference] = []
            for name in try parts[key]?.sequence("a list of entities") ?? [] {
                names.append(try GeneratorReader.reference(name))
            }
            lists.append(names)
        }
        return .init(
            size: UInt64(low)...UInt64(high), windowNanos: try GeneratorReader.duration(try parts.required("window")),
            same: lists[0], distinct: lists[1])
    }
}
