import Bytes
import YAML

/// Campaigns: what a fraud's parameters make of its stages, and stages that a scenario spells out.
extension AnomalyReader {
    /// The stages of the type's pattern, with what the scenario says about each.
    func expand(
        _ pattern: CampaignPattern, _ spec: Scenario.AnomalySpec, _ node: YAMLNode?
    ) throws(YAMLError) -> Scenario.CampaignSpec {
        let stages = pattern.stages(spec.parameters)
        guard !stages.isEmpty else {
            throw YAMLError("'\(spec.name)' says its own stages", at: spec.mark, remedy: "Add the key 'campaign'.")
        }
        let said = try node?.mapping("the stages", keys: stages.map(\.name))
        var result = Scenario.CampaignSpec(
            windowNanos: spec.parameters.duration("window"), stages: [], hours: hours(spec.parameters),
            loses: pattern.loses)
        for stage in stages {
            var made = Scenario.StageSpec(
                name: stage.name, role: stage.role, members: stage.members, from: stage.from * 10_000_000,
                to: stage.to * 10_000_000, casts: [], overrides: [], isCopy: stage.isCopy, isEven: stage.isEven)
            for (role, who) in stage.who.sorted(by: { $0.key < $1.key }) {
                guard let reference = spec.parameters.reference(role) else { continue }
                made.casts.append(.init(entity: try entity(reference, role, spec), who: who))
            }
            if let own = said?[stage.name] {
                let parts = try own.mapping("the stage '\(stage.name)'", keys: ["with", "members", "at"])
                made.overrides = try fields(parts["with"], "the fields of '\(stage.name)'")
                if let node = parts["members"] { made.members = try range(node) }
                if let node = parts["at"] { (made.from, made.to) = try part(node) }
            }
            result.stages.append(made)
        }
        return result
    }

    func hours(_ parameters: AnomalyParameters) -> ClosedRange<UInt64>? {
        if case .range(let hours)? = parameters.values["hours"] { hours } else { nil }
    }

    /// A default name has no place in the scenario; the anomaly's stands for it.
    func entity(
        _ reference: Generator.Reference, _ role: String, _ spec: Scenario.AnomalySpec
    ) throws(YAMLError) -> Generator.Reference {
        if entities.contains(reference.name) {
            return .init(name: reference.name, mark: reference.mark.line == 0 ? spec.mark : reference.mark)
        }
        let near = nearestName(reference.name, in: entities).map { "Did you mean '\($0)'? " } ?? ""
        let remedy =
            role == "counterparty" && reference.mark.line == 0
            ? "Add an entity such as 'payee: {like: user}', or name one: '\(role): …'."
            : near + "Name one: '\(role): …'."
        throw YAMLError(
            "'\(spec.name)' needs an entity '\(reference.name)'",
            at: reference.mark.line == 0 ? spec.mark : reference.mark, remedy: remedy)
    }

    func part(_ node: YAMLNode) throws(YAMLError) -> (UInt64, UInt64) {
        let nodes = try node.sequence("[from, to] as shares of the window")
        guard nodes.count == 2 else {
            throw node.expected("[from, to] as shares of the window", remedy: "Write two shares, like [0%, 50%].")
        }
        let (from, to) = (try GeneratorReader.share(nodes[0]), try GeneratorReader.share(nodes[1]))
        guard from < to else {
            throw YAMLError("the stage ends before it begins", at: node.mark, remedy: "Swap the two.")
        }
        return (from, to)
    }

    /// A campaign that the scenario describes itself: stages, or one stage by size, same and distinct.
    func campaign(
        _ node: YAMLNode, _ parameters: AnomalyParameters, _ pattern: CampaignPattern
    ) throws(YAMLError) -> Scenario.CampaignSpec {
        let parts = try node.mapping("the campaign", keys: ["size", "window", "same", "distinct", "stages", "hours"])
        let window =
            try parts["window"].map(GeneratorReader.duration) ?? parameters.duration("window")
        var result = Scenario.CampaignSpec(
            windowNanos: window, stages: [],
            hours: try parts["hours"].map { node throws(YAMLError) in try range(node) } ?? hours(parameters),
            loses: pattern.loses)
        guard let stages = parts["stages"] else {
            let size = try range(try parts.required("size"))
            var casts: [Scenario.Cast] = []
            for key in ["same", "distinct"] {
                for name in try parts[key]?.sequence("a list of entities") ?? [] {
                    let reference = try GeneratorReader.reference(name)
                    casts.append(.init(entity: reference, who: key == "same" ? .same("own") : .each(reference.name)))
                }
            }
            result.stages = [
                .init(
                    name: "act", role: "actor", members: size, from: 0, to: 1_000_000_000, casts: casts, overrides: [])
            ]
            return result
        }
        for node in try stages.sequence("a list of stages") { result.stages.append(try stage(node)) }
        guard !result.stages.isEmpty else {
            throw stages.expected("at least one stage", remedy: "Write one, or leave 'stages' out.")
        }
        return result
    }

    private func stage(_ node: YAMLNode) throws(YAMLError) -> Scenario.StageSpec {
        let parts = try node.mapping(
            "a stage", keys: ["stage", "role", "members", "at", "who", "with", "copy", "even"])
        let name = try parts.required("stage").string("the name of a stage")
        var result = Scenario.StageSpec(
            name: name, role: try parts["role"]?.string() ?? "actor",
            members: try parts["members"].map { node throws(YAMLError) in try range(node) } ?? 1...1, from: 0,
            to: 1_000_000_000, casts: [], overrides: try fields(parts["with"], "the fields of '\(name)'"),
            isCopy: try parts["copy"]?.bool() ?? false, isEven: try parts["even"]?.bool() ?? false)
        if let at = parts["at"] { (result.from, result.to) = try part(at) }
        for entry in try parts["who"]?.entries("names by entity") ?? [] {
            guard entities.contains(entry.key) else {
                let near = nearestName(entry.key, in: entities).map { "Did you mean '\($0)'? " } ?? ""
                throw YAMLError(
                    "there is no entity '\(entry.key)'", at: entry.keyMark,
                    remedy: near + "Known: \(entities.joined(separator: ", ")).")
            }
            result.casts.append(
                .init(entity: .init(name: entry.key, mark: entry.keyMark), who: try who(entry.value)))
        }
        return result
    }

    private func who(_ node: YAMLNode) throws(YAMLError) -> CampaignPattern.Who {
        let words = try node.string("who it is").split(separator: " ").map(String.init)
        switch (words.count, words.dropFirst().first) {
        case (1, _): return .same(words[0])
        case (2, "each"): return .each(words[0])
        case (2, "next"): return .next(words[0])
        case (2, "ring"): return .ring(words[0])
        case (3, "of"):
            if let count = UInt64(words[2]), (1...10_000).contains(count) { return .pool(words[0], count) }
        default: break
        }
        throw YAMLError(
            "'\(node.text)' says nobody", at: node.mark,
            remedy: "Write a name, or a name with 'each', 'of 3', 'next' or 'ring'.")
    }
}
