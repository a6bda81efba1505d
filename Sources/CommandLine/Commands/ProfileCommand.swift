import Analysis
import Bytes
import Expression
import Files
import JSON
import Schema
import Synthesis
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
        kind and shape. A value is kept only as a category of a field that does not look personal, in which nothing \
        personal is found, and with at least --least requests behind it, of as many people where a field tells people \
        apart (userId and the like, else numbers of persons, phones, mailboxes); quantiles are rounded and have as many \
        between them. It takes five times --least requests, and --least people. tinct compare says how like the \
        recording what is made of it has become, and that nobody is copied.

        What is written is read again as tinct synth reads it, and a profile that it could not use fails with status 5.
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
        Flag(
            "least", value: "K", help: "Requests and people behind each category, and between two quantiles.",
            default: "20"),
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
        let fileName = output.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        guard fileName.hasSuffix(".yaml") || fileName.hasSuffix(".yml"), fileName.count > 5 else {
            throw CommandError(
                "--output \(output) is no name for a scenario",
                remedy: "Give one that ends in .yaml, as in -o profile.yaml.")
        }
        least = try FlagValue.count(invocation["least"] ?? "20", flag: "least")
        guard (2...1_000_000).contains(least) else {
            throw CommandError("--least \(least) is not from 2 to 1000000", remedy: "20 is usual.")
        }
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        try OutputPath.checkFolder(output, "output")
        options = try profileOptions(invocation)
        options.tiesEntities = true
        if invocation["state"] != nil {
            options.sessionNanos = try FlagValue.durationNanos(invocation["session"] ?? "30m", flag: "session")
            if options.sessionNanos == 0 {
                throw CommandError("--session 0s leaves no time for a second exchange", remedy: "30m is usual.")
            }
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
        try check(profile, operation)
        var draft = ProfileDraft(profile, try draftOptions(operation, schemas))
        guard !draft.isEmpty else {
            throw CommandError(
                "no field of \(operation) is left to fit",
                remedy: "Its requests must be Thrift or JSON objects; ignore less of them.")
        }
        try checkSessions(draft)
        let isKnown = schemas.operation(named: operation) != nil || schemas.route(named: operation) != nil
        let schemaFiles = try writeSchemas(draft, schemas, isKnown: isKnown)
        let text = draft.scenario()
        do { try writeFile(output, bytes: Array(text.utf8)) } catch { throw CommandError("\(error)", exit: .failed) }
        try readAgain()
        if profile.unreadable > 0 {
            Output.warn("\(profile.unreadable) requests cannot be read and are not fitted")
        }
        if profile.fieldsBeyond > 0 {
            Output.warn("there are more than \(TrafficProfile.columnLimit) fields: the others are not fitted")
        }
        for note in draft.notes.prefix(Self.noteLimit) { Output.warn(note) }
        if draft.notes.count > Self.noteLimit {
            Output.warn(
                "\(draft.notes.count - Self.noteLimit) more notes of this kind; the first 50 stand in \(output)")
        }
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

    private static let noteLimit = 10

    /// Refuses what is too little to hide anybody among, and flags that name nothing.
    private func check(_ profile: TrafficProfile, _ operation: String) throws(CommandError) {
        guard profile.readable > 0 else {
            throw CommandError(
                "none of the \(profile.exchanges) requests of \(operation) can be read",
                remedy: "JSON objects and Thrift are; give the IDL with --idl, or choose another --operation.")
        }
        try checkNames(profile)
        guard profile.readable >= least * 5 else {
            throw CommandError(
                "\(profile.readable) requests of \(operation) can be read: too few to hide anybody among",
                remedy:
                    "At least \(least * 5) are needed; record more, choose another --operation, or give a smaller --least."
            )
        }
        let crowd = Crowd(profile)
        if let people = crowd.people, let column = crowd.column, people < Double(least) {
            throw CommandError(
                "the requests of \(operation) are those of \(Int(people)) people, by \(profile.columns[column].path): too few to hide anybody among",
                remedy:
                    "At least \(least) are needed; record more people, give a smaller --least, or --ignore the field if it names none."
            )
        }
    }

    private func checkNames(_ profile: TrafficProfile) throws(CommandError) {
        let paths = profile.columns.map(\.path).filter { !$0.contains("#") }
        func unknown(_ flag: String, _ name: String) -> CommandError {
            let near = nearestName(name, in: paths).map { "Did you mean '\($0)'? " } ?? ""
            return CommandError(
                "--\(flag) \(name.isEmpty ? "''" : name): the requests have no such field",
                remedy: "\(near)They have \(paths.prefix(12).joined(separator: ", "))\(paths.count > 12 ? ", …" : "").")
        }
        for name in options.entities {
            guard let column = profile.column(named: name) else { throw unknown("entity", name) }
            if profile.columns[column].structures > 0 || name.contains("*") {
                throw CommandError("--entity \(name) is no single value", remedy: "Name a field such as userId.")
            }
        }
        if let pattern = profile.ignoredInVain.first { throw unknown("ignore", pattern.description) }
        if invocation["state"] == nil { return }
        guard let column = profile.column(named: options.state) else {
            if profile.ignores(options.state) {
                throw CommandError("--state \(options.state) is ignored, too", remedy: "Leave it out of --ignore.")
            }
            throw unknown("state", options.state)
        }
        if profile.columns[column].isNumeric || profile.columns[column].structures > 0 {
            throw CommandError("--state \(options.state) is no text", remedy: "Name a category, as in scene.")
        }
    }

    /// Refuses a field whose values cannot be the states of sessions.
    private func checkSessions(_ draft: ProfileDraft) throws(CommandError) {
        if options.state.isEmpty || draft.hasCategory(options.state) { return }
        throw CommandError(
            "--state \(options.state) has no values that may be told: they look personal, or too few requests or people have each",
            remedy: "Name a category, as in scene, or give a smaller --least.")
    }

    /// Makes a plan of what was written, as tinct synth does.
    private func readAgain() throws(CommandError) {
        do {
            let scenario = try ScenarioFile.load(output)
            let schemas = try SchemaFiles.load([Scenario.resolve(scenario.schemaPath, beside: output)])
            _ = try SynthesisPlan(scenario, schemas, total: 1000, seed: 1)
        } catch {
            throw CommandError(
                "what was written cannot be used by tinct synth: \(error)",
                remedy: "Leave the field out with --ignore, or mend the line by hand.", exit: .failed)
        }
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
    private var stem: String { String(fileName.dropLast(fileName.hasSuffix(".yaml") ? 5 : 4)) }

    private func draftOptions(_ operation: String, _ schemas: SchemaSet) throws -> ProfileDraft.Options {
        var result = ProfileDraft.Options()
        result.least = least
        result.operation = operation
        result.name = "Like \(operation) on \(invocation.arguments[0].split(separator: "/").last ?? "a tape")"
        result.version = tinctVersion
        result.schema = RequestSchema(schemas, operation: operation)
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
