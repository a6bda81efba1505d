import Analysis
import Files
import JSON
import Schema
import Tape

package let profileCommand = CommandSpec(
    name: "profile",
    summary: "Fit a scenario to the traffic on a tape",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        Writes a scenario for 'tinct synth' whose requests are like those on the tape: types, ranges, categories, quantiles, \
        how often fields are missing and what that depends on, rank correlations, arrivals by hour and weekday, entities \
        with their attributes and their activity. With --state, exchanges of one entity that follow each other become flows \
        through the values of that field, with the transitions between them and their times. The schema that the tape carries goes along beside it; for JSON without \
        one an OpenAPI document is inferred.

        No recorded value that could be somebody's stands in it: identifiers, names and free texts become generators by \
        kind and shape. A value is kept only as a category of a field that does not look personal, and with at least \
        --least requests behind it; quantiles are rounded and have as many requests between them. tinct compare says how \
        like the recording what is made of it has become, and that nobody is copied.
        """,
    examples: [
        ("tinct profile recorded.mcap -o profile.yaml", "Fits a scenario to the most frequent operation."),
        (
            "tinct profile recorded.mcap -o p.yaml --entity user.userId --state scene",
            "With the sessions of users, from scene to scene."
        ),
        ("tinct profile recorded.mcap -o p.yaml --least 50 --ignore '**.traceId'", "With more to hide among."),
    ],
    flags: [
        Flag(
            "output", short: "o", value: "PROFILE", required: true, help: "Write the scenario here (.yaml).",
            completion: .file),
        Flag("operation", value: "NAME", help: "The operation that is fitted.", default: "the most frequent one"),
        Flag("least", value: "K", help: "Requests behind each category, and between two quantiles.", default: "20"),
        Flag(
            "entity", value: "PATH", repeatable: true, help: "A field that names who acts.",
            default: "those named …Id whose values come back"),
        Flag(
            "state", value: "PATH",
            help: "A category whose changes within the sessions of an entity are fitted, as in scene.",
            default: "none: each exchange is made by itself"),
        Flag(
            "session", value: "DURATION", help: "The longest pause within a session, with --state.", default: "30m"),
        Flag("ignore", value: "PATH", repeatable: true, help: "A field that is left out."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI besides what the tape carries.",
            completion: .file),
        .json,
    ]
) { try ProfileRun($0).run() }

private struct ProfileRun {
    let invocation: Invocation
    let output: String
    let least: UInt64
    var options: TrafficProfile.Options

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        guard let output = invocation["output"] else {
            throw CommandError("there is no output", remedy: "Give -o PROFILE.yaml.")
        }
        self.output = output
        least = try FlagValue.count(invocation["least"] ?? "20", flag: "least")
        guard (2...1_000_000).contains(least) else {
            throw CommandError("--least \(least) keeps nobody apart", remedy: "Give at least 2; 20 is usual.")
        }
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        options = try profileOptions(invocation)
        options.tiesEntities = true
        if !options.state.isEmpty {
            options.sessionNanos = try FlagValue.durationNanos(invocation["session"] ?? "30m", flag: "session")
        } else if invocation["session"] != nil {
            throw CommandError("--session says nothing without --state", remedy: "Give --state PATH, too.")
        }
    }

    func run() throws -> ExitCode {
        let path = invocation.arguments[0]
        let operation = try operation(path)
        let reader = try TapeInput.open(path)
        let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
        var profile = TrafficProfile(options, renderThrift: TapeInput.renderer(schemas))
        var progress = ProgressLine()
        while let exchange = try TapeInput.next(reader) {
            if exchange.operation != operation { continue }
            profile.add(exchange)
            progress.update("read \(profile.exchanges) exchanges")
        }
        progress.finish()
        guard profile.exchanges - profile.unreadable >= least * 5 else {
            throw CommandError(
                "\(profile.exchanges - profile.unreadable) requests of \(operation) can be read: too few to hide anybody among",
                remedy: "At least \(least * 5) are needed; record more, or choose another --operation.")
        }
        var draft = ProfileDraft(profile, try draftOptions(operation, schemas))
        let isKnown = schemas.operation(named: operation) != nil || schemas.route(named: operation) != nil
        let schemaFiles = try writeSchemas(draft, schemas, isKnown: isKnown)
        let text = draft.scenario()
        do { try writeFile(output, bytes: Array(text.utf8)) } catch { throw CommandError("\(error)", exit: .failed) }
        for note in draft.notes { Output.warn(note) }
        if invocation.wantsJSON {
            Output.line(
                JSONValue(
                    JSONObject([
                        .init("profile", JSONValue(output)), .init("operation", JSONValue(operation)),
                        .init("exchanges", JSONValue(profile.exchanges)),
                        .init("unreadable", JSONValue(profile.unreadable)),
                        .init("fields", JSONValue(profile.columns.count)),
                        .init("schemas", JSONValue(schemaFiles.map { JSONValue($0) })),
                        .init("leftOut", JSONValue(draft.notes.map { JSONValue($0) })),
                    ])
                ).text)
        } else {
            Output.line("\(output): \(profile.columns.count) fields of \(profile.exchanges) requests of \(operation)")
            for file in schemaFiles { Output.line("schema: \(file)") }
        }
        return .ok
    }

    /// The operation that was asked for, or the most frequent one.
    private func operation(_ path: String) throws -> String {
        let reader = try TapeInput.open(path)
        var counts: [String: UInt64] = [:]
        while let exchange = try TapeInput.next(reader) {
            if counts.count < 10_000 || counts[exchange.operation] != nil {
                counts[exchange.operation, default: 0] += 1
            }
        }
        if let wanted = invocation["operation"] {
            if counts[wanted] != nil { return wanted }
            throw CommandError(
                "\(path) has no operation '\(wanted)'",
                remedy: "It has \(counts.keys.sorted().prefix(10).joined(separator: ", ")).")
        }
        guard let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else {
            throw CommandError("\(path) holds no exchanges", remedy: "Give a tape with traffic.")
        }
        let others = counts.values.reduce(0, +) - most.value
        if others > 0 {
            Output.warn("\(others) exchanges of other operations are not fitted: --operation chooses one")
        }
        return most.key
    }

    private var fileName: String { output.split(separator: "/").last.map { String($0) } ?? output }
    private var stem: String { fileName.hasSuffix(".yaml") ? String(fileName.dropLast(5)) : fileName }

    private func draftOptions(_ operation: String, _ schemas: SchemaSet) throws -> ProfileDraft.Options {
        var result = ProfileDraft.Options()
        result.least = least
        result.operation = operation
        result.name = "Like \(operation) on \(invocation.arguments[0].split(separator: "/").last ?? "a tape")"
        result.version = tinctVersion
        let main = schemas.operation(named: operation).map(\.scope)
        let isHTTP = schemas.route(named: operation) != nil
        let found = schemas.sources.first { source in
            let name = source.name.split(separator: "/").last.map { String($0) } ?? source.name
            if let main, main == (name.hasSuffix(".thrift") ? String(name.dropLast(7)) : name) { return true }
            return isHTTP && source.mediaType == TapeMediaType.openAPI
        }
        if let found {
            result.schemaPath = "\(stem).schemas/\(found.name.split(separator: "/").last ?? "schema")"
        } else {
            result.schemaPath = "\(stem).openapi.yaml"
        }
        return result
    }

    /// Puts the schema where the scenario looks for it; returns the paths.
    private func writeSchemas(_ draft: ProfileDraft, _ schemas: SchemaSet, isKnown: Bool) throws -> [String] {
        let folder = output.lastIndex(of: "/").map { String(output[...$0]) } ?? ""
        var written: [String] = []
        func save(_ path: String, _ bytes: [UInt8]) throws(CommandError) {
            do { try writeFile(path, bytes: bytes) } catch { throw CommandError("\(error)", exit: .failed) }
            written.append(path)
        }
        if isKnown {
            let place = "\(folder)\(stem).schemas"
            do { try makeFolder(place) } catch { throw CommandError("\(error)", exit: .failed) }
            for source in schemas.sources {
                try save("\(place)/\(source.name.split(separator: "/").last ?? "schema")", source.bytes)
            }
            return written
        }
        guard let document = draft.openAPI() else {
            throw CommandError(
                "there is no schema for \(invocation["operation"] ?? "the operation"), and none can be inferred",
                remedy: "Give the IDL or an OpenAPI document with --idl.")
        }
        try save("\(folder)\(stem).openapi.yaml", Array(document.utf8))
        return written
    }
}
