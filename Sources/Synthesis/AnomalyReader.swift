import Bytes
import YAML

/// Reads `anomalies`, `hardNegatives` and `drift` of a scenario.
struct AnomalyReader {
    enum Section { case anomalies, hardNegatives, drift }

    private static let expectations = ["reject", "4xx", "decline", "stepUp", "review", "freeze", "pass"]

    private let section: Section
    /// Names of the scenario's entities.
    let entities: [String]
    private let streams: [Scenario.StreamSpec]

    static func section(
        _ map: YAMLMapping, _ entities: [String], _ streams: [Scenario.StreamSpec]
    ) throws(YAMLError) -> Scenario.AnomalySection {
        var result = Scenario.AnomalySection()
        if let node = map["anomalies"] {
            let parts = try node.mapping("the anomalies", keys: ["rate", "types", "capPerEntity"])
            result.rate = try parts["rate"].map(GeneratorReader.share) ?? 0
            result.capPerEntity = try parts["capPerEntity"].map { node throws(YAMLError) in
                UInt64(try node.int("a number", in: 1...1_000_000))
            }
            let reader = AnomalyReader(section: .anomalies, entities: entities, streams: streams)
            let entries = try parts["types"]?.entries() ?? []
            for entry in entries where try !Self.isComposite(entry) { result.types.append(try reader.spec(entry)) }
            for entry in entries where try Self.isComposite(entry) {
                result.types.append(try reader.composite(entry, result.types))
            }
        }
        let negatives = AnomalyReader(section: .hardNegatives, entities: entities, streams: streams)
        for entry in try map["hardNegatives"]?.entries() ?? [] {
            result.hardNegatives.append(try negatives.spec(entry))
        }
        let drifts = AnomalyReader(section: .drift, entities: entities, streams: streams)
        for entry in try map["drift"]?.entries() ?? [] { result.drifts.append(try drifts.spec(entry)) }
        return result
    }

    private static func isComposite(_ entry: YAMLNode.Entry) throws(YAMLError) -> Bool {
        try entry.value.entries("an anomaly's parameters").contains { $0.key == "all" }
    }

    var what: String {
        switch section {
        case .anomalies: "anomaly"
        case .hardNegatives: "hard negative"
        case .drift: "drift"
        }
    }

    private func fits(_ type: AnomalyType) -> Bool {
        switch section {
        case .anomalies: !type.isHardNegative && !type.isDrift
        case .hardNegatives: type.isHardNegative
        case .drift: type.isDrift
        }
    }

    // MARK: One anomaly

    func spec(_ entry: YAMLNode.Entry) throws(YAMLError) -> Scenario.AnomalySpec {
        let name =
            try entry.value.entries("the parameters of '\(entry.key)'").first { $0.key == "type" }?.value.string()
            ?? entry.key
        guard let type = AnomalyType.named(name), fits(type) else {
            let all = AnomalyType.all.filter(fits).map(\.name)
            let near = nearestName(name, in: all).map { "Did you mean '\($0)'? " } ?? ""
            throw YAMLError(
                "'\(name)' is not a type of \(what)", at: entry.keyMark,
                remedy: near + "Expected one of: \(all.joined(separator: ", ")).")
        }
        var keys = ["type", "expected", "difficulty", "labelDelay", "with", "stream"] + type.parameters.map(\.name)
        if section == .anomalies { keys.append("weight") }
        if section == .hardNegatives { keys.append("rate") }
        if type.isHardNegative { keys.append("mimics") }
        if type.isCampaign { keys += ["campaign", "stages"] }
        let map = try entry.value.mapping("the \(what) '\(entry.key)'", keys: keys)
        var spec = Scenario.AnomalySpec(
            name: entry.key, mark: entry.keyMark, type: type, weight: try weight(map, entry.keyMark),
            rate: section == .hardNegatives ? try map["rate"].map(GeneratorReader.share) ?? 0 : 0,
            expected: type.expected,
            difficulty: type.difficulty.rawValue,
            labelDelayNanos: try map["labelDelay"].map(GeneratorReader.duration) ?? 0,
            overrides: try fields(map["with"], "the fields of '\(entry.key)'"),
            parameters: try parameters(type, map), mimics: type.mimics)
        try common(map, &spec)
        if case .campaign(let pattern) = type.injector {
            if let node = map["campaign"] {
                spec.campaign = try campaign(node, spec.parameters, pattern)
            } else {
                spec.campaign = try expand(pattern, spec, map["stages"])
            }
        }
        try check(spec)
        return spec
    }

    private func common(_ map: YAMLMapping, _ spec: inout Scenario.AnomalySpec) throws(YAMLError) {
        if let node = map["stream"] {
            let name = try node.string("the name of a stream")
            guard let stream = streams.firstIndex(where: { $0.name == name }) else {
                let near = nearestName(name, in: streams.map(\.name)).map { "Did you mean '\($0)'? " } ?? ""
                let known = streams.map(\.name).filter { !$0.isEmpty }
                throw YAMLError(
                    "there is no stream '\(name)'", at: node.mark,
                    remedy: near
                        + (known.isEmpty ? "The scenario names none." : "It has: \(known.joined(separator: ", ")).")
                )
            }
            spec.stream = stream
        }
        if let node = map["expected"] { spec.expected = try node.choice("expected decision", of: Self.expectations) }
        if let node = map["difficulty"] {
            spec.difficulty = try node.choice("difficulty", of: AnomalyType.Difficulty.allCases.map(\.rawValue))
        }
        if let node = map["mimics"] {
            spec.mimics = try node.choice("type", of: AnomalyType.all.filter { !$0.isHardNegative }.map(\.name))
        }
    }

    private func weight(_ map: YAMLMapping, _ mark: YAMLMark) throws(YAMLError) -> UInt64 {
        let weight = try map["weight"]?.scaled(3, "a weight") ?? 1000
        guard (0...1_000_000_000).contains(weight) else {
            throw YAMLError(
                "a weight lies between 0 and a million", at: mark, remedy: "Weights are relative: scale them down.")
        }
        return UInt64(weight)
    }

    func fields(_ node: YAMLNode?, _ what: String) throws(YAMLError) -> [FieldSpec] {
        guard let node else { return [] }
        return try GeneratorReader.fields(node, what)
    }

    /// Several anomalies of single exchanges in one: `all: [checkDigitBroken, justUnderThreshold]`.
    private func composite(
        _ entry: YAMLNode.Entry, _ known: [Scenario.AnomalySpec]
    ) throws(YAMLError) -> Scenario.AnomalySpec {
        let map = try entry.value.mapping(
            "the anomaly '\(entry.key)'", keys: ["all", "weight", "expected", "difficulty", "with"])
        var parts: [Scenario.AnomalySpec] = []
        for node in try map.required("all").sequence("a list of anomalies") {
            let name = try node.string("the name of an anomaly")
            let single = known.filter { $0.campaign == nil && $0.parts.isEmpty }
            guard let part = single.first(where: { $0.name == name }), !parts.contains(where: { $0.name == name })
            else {
                throw YAMLError(
                    "'\(name)' cannot be part of '\(entry.key)'", at: node.mark,
                    remedy: "Expected different ones of: \(single.map(\.name).joined(separator: ", ")).")
            }
            parts.append(part)
        }
        guard parts.count >= 2, let first = parts.first else {
            throw YAMLError(
                "'all' names at least two anomalies", at: entry.keyMark,
                remedy: "Name another one, or write the one under 'types' itself.")
        }
        guard parts.filter(\.type.isWireFault).count <= 1 else {
            throw YAMLError(
                "an exchange has at most one fault of its bytes", at: entry.keyMark, remedy: "Keep one of layer L0.")
        }
        var spec = first
        (spec.name, spec.mark, spec.weight) = (entry.key, entry.keyMark, try weight(map, entry.keyMark))
        spec.overrides = []
        for override in try parts.flatMap(\.overrides) + fields(map["with"], "the fields of '\(entry.key)'") {
            spec.overrides.removeAll { $0.name == override.name }
            spec.overrides.append(override)
        }
        // What spoils bytes comes last.
        spec.parts = parts.filter { !$0.type.isWireFault } + parts.filter(\.type.isWireFault)
        spec.expected = parts.contains { $0.expected == "reject" } ? "reject" : first.expected
        try common(map, &spec)
        return spec
    }

    // MARK: Parameters

    func parameters(_ type: AnomalyType, _ map: YAMLMapping) throws(YAMLError) -> AnomalyParameters {
        var result = AnomalyParameters()
        for parameter in type.parameters {
            guard let node = parameter.isRequired ? try map.required(parameter.name) : map[parameter.name] else {
                if let value = parameter.value { result.values[parameter.name] = value }
                continue
            }
            result.values[parameter.name] = try value(parameter, node)
        }
        return result
    }

    func value(_ parameter: AnomalyType.Parameter, _ node: YAMLNode) throws(YAMLError)
        -> AnomalyParameters.Value
    {
        switch parameter.kind {
        case .field, .entity: return .reference(try GeneratorReader.reference(node))
        case .number: return .number(try node.int(parameter.name, in: -(1 << 62)...(1 << 62)))
        case .share: return .share(try GeneratorReader.share(node))
        case .duration: return .duration(try GeneratorReader.duration(node))
        case .text: return .text(try node.string(parameter.name))
        case .word: return .text(try node.choice(parameter.name, of: parameter.words))
        case .terms: return .terms(try GeneratorReader.terms(node))
        case .range: return .range(try range(node))
        case .identifier:
            let word = try node.choice("kind of identifier", of: IdentifierKind.allCases.map(\.rawValue))
            return .identifier(IdentifierKind(rawValue: word) ?? .card)
        case .table:
            var rows: [AnomalyParameters.Row] = []
            for entry in try node.entries("values by key") {
                var values: [String] = []
                if case .sequence(let nodes) = entry.value.value {
                    for node in nodes { values.append(try node.string("a value")) }
                } else {
                    values = [try entry.value.string("a value")]
                }
                rows.append(.init(key: entry.key, values: values))
            }
            guard rows.count >= 2 else {
                throw node.expected(
                    "at least two keys",
                    remedy: "Write each key with what may stand beside it, like {BR: [55], CN: [86]}.")
            }
            return .table(rows)
        }
    }

    /// `[least, greatest]` or one number.
    func range(_ node: YAMLNode) throws(YAMLError) -> ClosedRange<UInt64> {
        let most: Int64 = 10_000_000
        guard case .sequence(let nodes) = node.value else {
            let value = UInt64(try node.int("a number", in: 0...most))
            return value...value
        }
        guard nodes.count == 2 else {
            throw node.expected("[least, greatest]", remedy: "Write two numbers, like [3, 9], or a single one.")
        }
        let (low, high) = (try nodes[0].int("a number", in: 0...most), try nodes[1].int("a number", in: 0...most))
        guard low <= high else {
            throw YAMLError("the least is above the greatest", at: nodes[0].mark, remedy: "Swap them.")
        }
        return UInt64(low)...UInt64(high)
    }

    // MARK: What cannot be

    private func check(_ spec: Scenario.AnomalySpec) throws(YAMLError) {
        if spec.type.name == "justUnderThreshold" || spec.type.name == "structuring" {
            guard (spec.parameters.number("margin") ?? 0) >= 1 else {
                throw YAMLError(
                    "a margin is at least 1", at: spec.mark,
                    remedy: "Say how far below the threshold amounts lie, like margin: 500.")
            }
        }
        if let low = spec.parameters.number("min"), let high = spec.parameters.number("max"), low > high {
            throw YAMLError("'min' is above 'max'", at: spec.mark, remedy: "Swap them.")
        }
        if case .range(let hours)? = spec.parameters.values["hours"],
            hours.upperBound > 24 || hours.lowerBound == hours.upperBound
        {
            throw YAMLError("hours lie between 0 and 24", at: spec.mark, remedy: "Write them like [1, 5].")
        }
        guard let campaign = spec.campaign else { return }
        guard campaign.size.lowerBound >= 2, campaign.size.upperBound <= 10_000 else {
            throw YAMLError(
                "a campaign has 2 to 10,000 members", at: spec.mark, remedy: "Write size: [3, 9], or members: [3, 9].")
        }
        guard campaign.windowNanos >= 1000 * campaign.size.upperBound else {
            throw YAMLError(
                "the window is too short for its members", at: spec.mark, remedy: "Give each at least a microsecond.")
        }
        if spec.type.name == "impossibleTravel" {
            // The nearest two of the places lie 6,300 km apart.
            let seconds = 6300 * 3600 / max(1, min(1_000_000, spec.parameters.number("kmh") ?? 900))
            guard campaign.windowNanos < UInt64(clamping: seconds) * 1_000_000_000 else {
                throw YAMLError(
                    "within that window the journey is possible", at: spec.mark,
                    remedy: "Shorten 'window' or lower 'kmh'.")
            }
        }
    }
}
