import Bytes
import JSON
import Synthesis

/// `tinct anomalies`: the catalogue of what `synth` can put into requests.
package let anomaliesCommand = CommandSpec(
    name: "anomalies",
    summary: "List the anomalies that synth can make",
    arguments: "[TYPE]",
    argumentCount: 0...1,
    discussion: """
        Without TYPE, one line for each type by layer: L0 the wire, L1 one field, L2 one record, L3 a sequence, L4 a fraud \
        over many requests (and hard negatives, which only look like one), L5 drift. With TYPE, its parameters and an \
        example to copy into a scenario. --json keeps to schemas/output/anomalies.schema.json.

        Every type also takes weight (hard negatives: rate), with, expected, difficulty and labelDelay; campaigns take \
        stages and campaign.
        """,
    examples: [
        ("tinct anomalies --layer L4", "Frauds and their hard negatives."),
        ("tinct anomalies cardTesting", "Parameters, defaults and an example."),
    ],
    flags: [
        Flag("layer", value: "LAYER", help: "Only L0, L1, L2, L3, L4 or L5."),
        .json,
    ]
) { invocation in
    var types = AnomalyType.all
    if let layer = invocation["layer"] {
        guard let wanted = AnomalyType.Layer(rawValue: layer.uppercased()) else {
            throw CommandError("--layer \(layer) is no layer", remedy: "Expected L0, L1, L2, L3, L4 or L5.")
        }
        types = types.filter { $0.layer == wanted }
    }
    if let name = invocation.arguments.first {
        guard let type = AnomalyType.named(name) else {
            let near = nearestName(name, in: AnomalyType.all.map(\.name)).map { "Did you mean '\($0)'?" }
            throw CommandError(
                "there is no anomaly '\(name)'", remedy: near ?? "tinct anomalies lists them.")
        }
        types = [type]
    }
    if invocation.wantsJSON {
        var writer = JSONWriter(pretty: true)
        writer.value(.array(types.map(json)))
        writer.newline()
        Output.write(writer.bytes)
    } else if invocation.arguments.isEmpty {
        for line in list(types) { Output.line(line) }
    } else {
        for line in types.flatMap(page) { Output.line(line) }
    }
    return .ok
}

private func list(_ types: [AnomalyType]) -> [String] {
    var table = TextTable(["layer", "type", "seen in", "what it is"])
    for type in types {
        let kind = type.isHardNegative ? " (hard negative: mimics \(type.mimics))" : ""
        table.add([type.layer.rawValue, type.name, type.detectableAt.rawValue, type.summary + kind])
    }
    return table.lines(textColumns: 4)
}

private func page(_ type: AnomalyType) -> [String] {
    var lines = ["\(type.name)  \(type.layer.rawValue)", "  \(type.summary)"]
    lines.append(
        "  seen in \(type.detectableAt.rawValue), \(type.difficulty.rawValue), expected: \(type.expected)"
            + (type.isCampaign ? ", a campaign" : "") + (type.isHardNegative ? ", mimics \(type.mimics)" : "")
            + (type.carrier == .any ? "" : ", only \(type.carrier.rawValue)"))
    if !type.parameters.isEmpty {
        lines.append("")
        var table = TextTable(["  parameter", "kind", "default", "what it is"])
        for parameter in type.parameters {
            let value = parameter.isRequired ? "required" : parameter.defaultText ?? "–"
            let words = parameter.words.isEmpty ? "" : " One of: \(parameter.words.joined(separator: ", "))."
            table.add(["  " + parameter.name, parameter.kind.rawValue, value, parameter.help + words])
        }
        lines += table.lines(textColumns: 4)
    }
    lines.append("")
    lines += type.example.split(separator: "\n", omittingEmptySubsequences: false).map { "    " + $0 }
    return lines
}

private func json(_ type: AnomalyType) -> JSONValue {
    var object = JSONObject()
    object.append("type", JSONValue(type.name))
    object.append("layer", JSONValue(type.layer.rawValue))
    object.append("summary", JSONValue(type.summary))
    object.append("campaign", JSONValue(type.isCampaign))
    object.append("hardNegative", JSONValue(type.isHardNegative))
    object.append("mimics", type.mimics.isEmpty ? .null : JSONValue(type.mimics))
    object.append("detectableAt", JSONValue(type.detectableAt.rawValue))
    object.append("minHistory", JSONValue(Int(type.minHistory)))
    object.append("expected", JSONValue(type.expected))
    object.append("difficulty", JSONValue(type.difficulty.rawValue))
    object.append("carrier", JSONValue(type.carrier.rawValue))
    object.append(
        "parameters",
        .array(
            type.parameters.map { parameter in
                var item = JSONObject()
                item.append("name", JSONValue(parameter.name))
                item.append("kind", JSONValue(parameter.kind.rawValue))
                item.append("required", JSONValue(parameter.isRequired))
                item.append("default", parameter.defaultText.map { JSONValue($0) } ?? .null)
                item.append("words", .array(parameter.words.map { JSONValue($0) }))
                item.append("help", JSONValue(parameter.help))
                return .object(item)
            }))
    object.append("example", JSONValue(type.example))
    return .object(object)
}
