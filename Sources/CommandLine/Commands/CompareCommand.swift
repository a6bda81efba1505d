import Analysis
import Bytes
import Expression
import Files
import JSON
import Report
import Tape

package let compareCommand = CommandSpec(
    name: "compare",
    summary: "Show how alike the traffic on two tapes is",
    arguments: "TAPE TAPE",
    argumentCount: 2...2,
    discussion: """
        Measures how like the requests of the first tape, the reference, those of the second are: the distribution of each \
        field (Kolmogorov–Smirnov distance of numbers, total variation of categories and of the shapes of other texts, \
        population stability index), each pair of fields (rank correlation, contingency), the times between requests, \
        exchanges by entity and its transitions from one exchange to the next, and the mix of decisions. And that nobody \
        is copied: values of personal data, ids, and whole tuples that tell somebody apart, that stand on both. What only \
        a few people have is compared by its shape.

        Each measure has a gate; --gate changes its bound (field=0.9) or takes it away (psi=off). Ends with 1 when one \
        fails. Tapes should be of about the same length, for counts by entity are compared as they are; from some \
        10,000 requests on chance alone fails no gate. No values are printed except categories in --report, each with at \
        least 20 requests of as many people behind it.
        """,
    examples: [
        (
            "tinct compare recorded.mcap synthesized.mcap --report fidelity.html",
            "Judges a synthesized tape, with pictures."
        ),
        ("tinct compare a.mcap b.mcap --gate pair=0.8 --gate arrival=off --ignore '**.traceId'", "With other gates."),
    ],
    flags: [
        Flag(
            "gate", value: "NAME=BOUND", repeatable: true,
            help: "Another bound, or off: \(Comparison.Gates.names.joined(separator: ", ")).",
            default:
                "field=0.95 pair=0.90 psi=0.1 arrival=0.95 entity=5% transition=0.90 decision=1% copies=0 personal=0"),
        Flag("ignore", value: "PATH", repeatable: true, help: "A field that is not compared: sessionId, **.traceId."),
        Flag(
            "entity", value: "PATH", repeatable: true, help: "A field that names who acts.",
            default: "those named …Id whose values come back"),
        Flag("state", value: "PATH", help: "The field whose changes are counted by entity.", default: "the operation"),
        Flag(
            "quasi", value: "PATH", repeatable: true, help: "A field of the tuple that must not be copied.",
            default: "those whose names tell personal data"),
        Flag(
            "decision", value: "PATH", help: "Where the decision stands in a response.",
            default: "the field whose name has 'decision' in it"),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL besides what the tapes carry.", completion: .file),
        Flag("report", value: "FILE", help: "Write the comparison as one HTML page.", completion: .file),
        .json,
    ]
) { invocation in
    var gates = Comparison.Gates()
    for text in invocation.all("gate") { try setGate(text, &gates) }
    var options = try profileOptions(invocation)
    options.tiesEntities = true
    if let output = invocation["report"] { try OutputPath.check(output, "report", against: invocation.arguments) }
    var profiles: [TrafficProfile] = []
    var progress = ProgressLine()
    for path in invocation.arguments {
        let reader = try TapeInput.open(path)
        let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
        var profile = TrafficProfile(options, renderThrift: TapeInput.renderer(schemas))
        while let exchange = try TapeInput.next(reader) {
            profile.add(exchange)
            progress.update("read \(profile.exchanges) exchanges of \(path)")
        }
        progress.finish()
        guard profile.exchanges > profile.unreadable else {
            throw CommandError(
                "\(path) has no request whose fields can be read",
                remedy: "JSON bodies and Thrift are read; give the IDL with --idl.")
        }
        if profile.unreadable > 0 { Output.warn("\(profile.unreadable) requests of \(path) cannot be read") }
        if profile.fieldsBeyond > 0 {
            Output.warn("\(path) has more than \(TrafficProfile.columnLimit) fields: the others are not compared")
        }
        profiles.append(profile)
    }
    for (flag, names) in [
        ("entity", options.entities), ("state", options.state.isEmpty ? [] : [options.state]), ("quasi", options.quasi),
    ] {
        for name in names where profiles.allSatisfy({ $0.column(named: name) == nil }) {
            throw unknownField(flag, name, profiles[0])
        }
    }
    if let path = invocation["decision"], !profiles.contains(where: \.hasDecision) {
        throw CommandError(
            "no reply on either tape has '\(path)' in it, where --decision says that the decision stands",
            remedy: "Look at a reply with tinct show --payload, or leave --decision out to have the place found.")
    }
    let comparison = Comparison(profiles[0], profiles[1], gates)
    if let path = invocation["report"] {
        let page = HTMLReport.render(
            comparison, tapes: (invocation.arguments[0], invocation.arguments[1]), version: tinctVersion)
        do { try writeFile(path, bytes: page) } catch { throw CommandError("\(error)", exit: .failed) }
    }
    if invocation.wantsJSON {
        var object = JSONObject([.init("tapes", JSONValue(invocation.arguments.map { JSONValue($0) }))])
        object.members += comparison.json.members
        Output.line(JSONValue(object).text)
    } else {
        Output.write(ComparisonText.render(comparison))
    }
    return comparison.holds ? .ok : .expectationFailed
}

private func setGate(_ text: String, _ gates: inout Comparison.Gates) throws(CommandError) {
    let parts = text.split(separator: "=", maxSplits: 1).map { String($0) }
    guard parts.count == 2, Comparison.Gates.names.contains(parts[0]) else {
        throw CommandError(
            "--gate \(text) is not NAME=BOUND",
            remedy: "Names are \(Comparison.Gates.names.joined(separator: ", ")); write pair=0.8 or psi=off.")
    }
    if parts[1] == "off" {
        gates[parts[0]] = nil
        return
    }
    let isPercent = parts[1].hasSuffix("%")
    guard let value = Double(isPercent ? String(parts[1].dropLast()) : parts[1]), value.isFinite, value >= 0 else {
        throw CommandError("--gate \(text) has no number", remedy: "Write it like \(parts[0])=0.9, 5% or off.")
    }
    gates[parts[0]] = isPercent ? value / 100 : value
}

/// What is wrong with a flag that names a field of which no request has one.
func unknownField(_ flag: String, _ name: String, _ profile: TrafficProfile) -> CommandError {
    let paths = profile.columns.map(\.path).filter { !$0.contains("#") }
    let near = nearestName(name, in: paths).map { "Did you mean '\($0)'? " } ?? ""
    return CommandError(
        "--\(flag) \(name.isEmpty ? "''" : name): the requests have no such field",
        remedy: "\(near)They have \(paths.prefix(12).joined(separator: ", "))\(paths.count > 12 ? ", …" : "").")
}

/// The flags that say how traffic is looked at, shared by commands that do.
func profileOptions(_ invocation: Invocation) throws(CommandError) -> TrafficProfile.Options {
    var options = TrafficProfile.Options()
    for text in invocation.all("ignore") {
        let part = text.split(separator: ".").first { $0.contains("**") && $0 != "**" }
        guard let part else { continue }
        let name = String(part).replacing("**", with: "*")
        throw CommandError(
            "--ignore \(text): ** stands for whole names, and is none of '\(part)'",
            remedy: "Write **.\(name) for fields at any depth.")
    }
    options.entities = invocation.all("entity").map(plainPath)
    options.state = invocation["state"].map(plainPath) ?? ""
    options.quasi = invocation.all("quasi").map(plainPath)
    do throws(ExpressionError) {
        options.decision = try invocation["decision"].map { (text) throws(ExpressionError) in try ExpressionPath(text) }
        for text in invocation.all("ignore") { options.ignored.append(try PathPattern(plainPath(text))) }
    } catch {
        throw CommandError("--decision or --ignore: \(error)", remedy: "Write a path like user.id or **.traceId.")
    }
    return options
}

/// Paths are within the request.
private func plainPath(_ text: String) -> String { text.hasPrefix("request.") ? String(text.dropFirst(8)) : text }
