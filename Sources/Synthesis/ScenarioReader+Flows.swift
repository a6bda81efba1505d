import Bytes
import YAML

/// Flows, relations, copulas, packs and labels.
extension ScenarioReader {
    /// Nodes that name a file whose bytes are needed too.
    func filesNamed() throws(YAMLError) -> [YAMLNode] {
        var result: [YAMLNode] = []
        for entry in try map["packs"]?.entries("packs by name") ?? [] {
            if let file = try entry.value.entries("a pack").first(where: { $0.key == "file" })?.value {
                result.append(file)
            }
        }
        guard case .mapping(let streams)? = map["streams"]?.value else { return result }
        for stream in streams {
            guard case .mapping(let parts) = stream.value.value,
                case .mapping(let arrivals)? = parts.first(where: { $0.key == "arrivals" })?.value.value,
                let times = arrivals.first(where: { $0.key == "times" })?.value
            else { continue }
            result.append(times)
        }
        return result
    }

    func packs() throws(YAMLError) -> [String: Pack] {
        var result: [String: Pack] = [:]
        for entry in try map["packs"]?.entries("packs by name") ?? [] {
            let parts = try entry.value.mapping("the pack '\(entry.key)'", keys: ["file", "version"])
            let node = try parts.required("file")
            let version = try parts.required("version")
            let file = Scenario.resolve(try node.string("the path of a pack"), beside: node.mark.file)
            result[entry.key] = try Pack.parse(
                files[file] ?? [], file: file, wanted: try version.int("a version", in: 1...1_000_000),
                at: version.mark)
        }
        return result
    }

    func near(_ node: YAMLNode) throws(YAMLError) -> Scenario.NearSpec {
        let parts = try node.mapping("the neighbourhood", keys: ["of", "by", "radius"])
        let by = try parts.required("by")
        var axes: [Generator.Reference] = []
        for axis in try by.sequence("a list of attributes") { axes.append(try GeneratorReader.reference(axis)) }
        guard (1...3).contains(axes.count) else {
            throw by.expected("one to three attributes", remedy: "Write them like [x, y].")
        }
        let radius = try parts.required("radius")
        let scaled = try radius.scaled(6, "a radius")
        guard scaled > 0, scaled < 1 << 40 else {
            throw YAMLError(
                "a radius is above 0", at: radius.mark, remedy: "Give it in the unit of the attributes.")
        }
        return .init(
            entity: try GeneratorReader.reference(try parts.required("of")), axes: axes, radius: scaled, scale: 6)
    }

    func labels() throws(YAMLError) -> [Scenario.LabelRule] {
        var result: [Scenario.LabelRule] = []
        for node in try map["labels"]?.sequence("a list of labels") ?? [] {
            let parts = try node.mapping("a label", keys: ["type", "flow", "when", "expected", "labelDelay"])
            let type = try parts.required("type")
            result.append(
                .init(
                    type: try type.string("a name"), mark: type.mark,
                    flow: try parts["flow"].map { node throws(YAMLError) in
                        try node.choice("flow", of: try map["flows"]?.entries("flows by name").map(\.key) ?? [])
                    },
                    condition: try parts["when"].map(GeneratorReader.condition),
                    expected: try parts["expected"]?.choice(
                        "expected decision", of: ["reject", "4xx", "decline", "stepUp", "review", "freeze", "pass"])
                        ?? "decline",
                    labelDelayNanos: try parts["labelDelay"].map(GeneratorReader.duration) ?? 0))
        }
        return result
    }

    /// Those of all streams, and then those of each.
    func copulas(_ streams: [Scenario.StreamSpec]) throws(YAMLError) -> [Scenario.CopulaSpec] {
        var result = try copulas(map["correlated"], of: nil, streams)
        for entry in try map["streams"]?.entries("streams by name") ?? [] {
            let own = try entry.value.entries("a stream").first { $0.key == "correlated" }?.value
            result += try copulas(own, of: streams.firstIndex { $0.name == entry.key }, streams)
        }
        return result
    }

    private func copulas(
        _ node: YAMLNode?, of stream: Int?, _ streams: [Scenario.StreamSpec]
    ) throws(YAMLError) -> [Scenario.CopulaSpec] {
        var result: [Scenario.CopulaSpec] = []
        let prefix = stream.map { streams[$0].name + "/" } ?? ""
        for entry in try node?.entries("correlated values by name") ?? [] {
            let parts = try entry.value.mapping("the values '\(entry.key)'", keys: ["of", "ranks"])
            var members: [Generator.Reference] = []
            for node in try parts.required("of").sequence("a list of values") {
                members.append(try GeneratorReader.reference(node))
            }
            let matrix = try parts.required("ranks")
            guard (2...16).contains(members.count) else {
                throw YAMLError("2 to 16 values", at: entry.keyMark, remedy: "Name at least two under 'of'.")
            }
            var rows: [[Int64]] = []
            for (i, row) in try matrix.sequence("a list for each value").enumerated() {
                var values: [Int64] = []
                for item in try row.sequence("correlations") {
                    let value = try item.scaled(4, "a correlation")
                    guard (-9999...10_000).contains(value) else {
                        throw YAMLError(
                            "a correlation lies between -1 and 1", at: item.mark, remedy: "Write it like 0.45.")
                    }
                    values.append(value)
                }
                guard values.count == i + 1, values.last == 10_000 else {
                    throw YAMLError(
                        "row \(i + 1) has the correlations with the values before it, and 1", at: row.mark,
                        remedy: "Write [[1], [0.5, 1], [0.2, 0.1, 1]].")
                }
                rows.append(values)
            }
            guard rows.count == members.count else {
                throw YAMLError(
                    "\(members.count) values need as many rows", at: matrix.mark,
                    remedy: "Give each value's correlations with the ones before it, and 1.")
            }
            result.append(
                .init(
                    name: prefix + entry.key, stream: stream, mark: entry.keyMark, members: members, correlations: rows)
            )
        }
        return result
    }

    // MARK: Flows

    func flows(_ streams: [Scenario.StreamSpec]) throws(YAMLError) -> [Scenario.FlowSpec] {
        var result: [Scenario.FlowSpec] = []
        for entry in try map["flows"]?.entries("flows by name") ?? [] { result.append(try flow(entry, streams)) }
        return result
    }

    private func flow(
        _ entry: YAMLNode.Entry, _ streams: [Scenario.StreamSpec]
    ) throws(YAMLError) -> Scenario.FlowSpec {
        let parts = try entry.value.mapping(
            "the flow '\(entry.key)'", keys: ["share", "instances", "within", "steps", "values", "states"])
        let size: Scenario.FlowSpec.Size
        switch (parts["share"], parts["instances"]) {
        case (let share?, nil): size = .share(try GeneratorReader.share(share))
        case (nil, let count?): size = .instances(UInt64(try count.int("a number", in: 0...10_000_000_000)))
        default:
            throw YAMLError(
                "the flow '\(entry.key)' has a share or a number of instances", at: entry.keyMark,
                remedy: "Give 'share: 3%' or 'instances: 200'.")
        }
        let nodes = try parts.required("states").entries("states by name")
        guard (1...64).contains(nodes.count) else {
            throw YAMLError(
                "a flow has 1 to 64 states", at: entry.keyMark, remedy: "Name what happens first, and what then.")
        }
        let names = nodes.map(\.key)
        var states: [Scenario.FlowSpec.State] = []
        for node in nodes { states.append(try state(node, names, streams)) }
        return .init(
            name: entry.key, mark: entry.keyMark, size: size,
            withinNanos: try GeneratorReader.duration(try parts.required("within")),
            stepLimit: Int(try parts["steps"]?.int("a number of steps", in: 1...64) ?? 16),
            values: try parts["values"].map { node throws(YAMLError) in
                try GeneratorReader.fields(node, "the values of '\(entry.key)'")
            } ?? [], states: states)
    }

    private func state(
        _ entry: YAMLNode.Entry, _ names: [String], _ streams: [Scenario.StreamSpec]
    ) throws(YAMLError) -> Scenario.FlowSpec.State {
        let parts = try entry.value.mapping("the state '\(entry.key)'", keys: ["stream", "with", "draw", "next"])
        var stream = 0
        if let node = parts["stream"] {
            stream = try streamNumber(node, streams)
        } else if streams.count > 1 {
            throw YAMLError(
                "the state '\(entry.key)' needs 'stream'", at: entry.keyMark,
                remedy: "There are: \(streams.map(\.name).joined(separator: ", ")).")
        }
        var draws: [(entity: Generator.Reference, key: String)] = []
        for draw in try parts["draw"]?.entries("names by entity") ?? [] {
            draws.append((.init(name: draw.key, mark: draw.keyMark), try draw.value.string("a name")))
        }
        var next: [Scenario.FlowSpec.Transition] = []
        for node in try parts["next"]?.sequence("a list of transitions") ?? [] {
            next.append(try transition(node, names))
        }
        return .init(
            name: entry.key, mark: entry.keyMark, stream: stream,
            overrides: try parts["with"].map { node throws(YAMLError) in
                try GeneratorReader.fields(node, "the fields of '\(entry.key)'")
            } ?? [], draws: draws, next: next)
    }

    private func transition(_ node: YAMLNode, _ names: [String]) throws(YAMLError) -> Scenario.FlowSpec.Transition {
        let parts = try node.mapping("a transition", keys: ["to", "weight", "when", "after"])
        var state: Int?
        if let to = parts["to"] {
            let name = try to.choice("state", of: names + ["end"])
            state = names.firstIndex(of: name)
        }
        var delay: ClosedRange<UInt64> = 0...0
        if let after = parts["after"] {
            if case .sequence(let ends) = after.value {
                guard ends.count == 2 else {
                    throw after.expected("a duration or [shortest, longest]", remedy: "Write it like 30s or [10s, 5m].")
                }
                let (low, high) = (try GeneratorReader.duration(ends[0]), try GeneratorReader.duration(ends[1]))
                guard low <= high else {
                    throw YAMLError(
                        "the shortest is above the longest", at: after.mark, remedy: "Swap them.")
                }
                delay = low...high
            } else {
                let nanos = try GeneratorReader.duration(after)
                delay = nanos...nanos
            }
        } else if state != nil {
            throw YAMLError("a transition needs 'after'", at: node.mark, remedy: "Say 'after: [10s, 5m]'.")
        }
        let weight = try parts["weight"]?.scaled(3, "a weight") ?? 1000
        guard (1...1_000_000_000_000).contains(weight) else {
            throw YAMLError(
                "a weight must be above 0", at: parts["weight"]?.mark ?? node.mark,
                remedy: "Leave out what never happens.")
        }
        return .init(
            state: state, weight: UInt64(weight), condition: try parts["when"].map(GeneratorReader.condition),
            delay: delay)
    }
}
