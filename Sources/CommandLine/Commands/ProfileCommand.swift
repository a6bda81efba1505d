import Analysis
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
        with their attributes and their activity. The schema that the tape carries goes along beside it; for JSON without \
        one an OpenAPI document is inferred.

        Of a tape with several operations each becomes a stream, with fields of its own and the entities that they share, \
        and exchanges of one entity that follow each other become flows from operation to operation, with the transitions \
        between them and their times. With --state they go through the values of a field of one operation instead.

        No recorded value that could be somebody's stands in it: identifiers, names and free texts become generators by \
        kind and shape. A value is kept only as a category of a field that does not look personal, in which nothing \
        personal is found, and with at least --least requests behind it, of as many people where a field tells people \
        apart (userId and the like, else numbers of persons, phones, mailboxes); quantiles are rounded and have as many \
        between them. It takes five times --least requests, and --least people. tinct compare says how like the \
        recording what is made of it has become, and that nobody is copied.

        What is written is read again as tinct synth reads it, and a profile that it could not use fails with status 5.
        """,
    examples: [
        ("tinct profile recorded.mcap -o profile.yaml", "Fits a scenario to the operations of the tape."),
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
        Flag(
            "operation", value: "NAME", repeatable: true, help: "An operation that is fitted.",
            default: "the eight most frequent ones; with --state the most frequent one"),
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
            "session", value: "DURATION", help: "The longest pause within a session of an entity.", default: "30m"),
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
        options.sessionNanos = try FlagValue.durationNanos(invocation["session"] ?? "30m", flag: "session")
        if options.sessionNanos == 0 {
            throw CommandError("--session 0s leaves no time for a second exchange", remedy: "30m is usual.")
        }
        if !options.state.isEmpty, invocation.all("operation").count > 1 {
            throw CommandError(
                "--state is a field of one operation", remedy: "Give one --operation, or leave out --state.")
        }
    }

    func run() throws -> ExitCode {
        let path = invocation.arguments[0]
        let reader = try TapeInput.open(path)
        let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
        let operations = try OperationChoice(path, invocation, schemas, least: least).operations
        let isAlone = operations.count == 1
        if isAlone, options.state.isEmpty, invocation["session"] != nil {
            throw CommandError(
                "--session says nothing of one operation without --state", remedy: "Give --state PATH, too.")
        }
        let renderer = TapeInput.renderer(schemas)
        var all = TrafficProfile(options, renderThrift: renderer)
        // Only all together have sessions.
        var own = options
        own.sessionNanos = 0
        var each = isAlone ? [] : operations.map { _ in TrafficProfile(own, renderThrift: renderer) }
        var progress = ProgressLine()
        while let exchange = try TapeInput.next(reader) {
            guard let place = operations.firstIndex(of: exchange.operation) else { continue }
            all.add(exchange)
            if !isAlone { each[place].add(exchange) }
            progress.update("read \(all.exchanges) exchanges")
        }
        progress.finish()
        return try write(
            all, isAlone ? [.init(operations[0], all)] : zip(operations, each).map { .init($0, $1) }, schemas)
    }

    /// - Parameters:
    ///   - all: all operations as one.
    ///   - each: each of them alone.
    private func write(
        _ all: TrafficProfile, _ each: [StreamsDraft.Operation], _ schemas: SchemaSet
    ) throws -> ExitCode {
        try check(all, each)
        let fitted = each.filter { $0.profile.readable >= least * 5 }
        let tooFew = each.filter { $0.profile.readable < least * 5 }.map {
            "\($0.name) is left out: \($0.profile.readable) of its requests can be read, too few to hide anybody among"
        }
        let operations = fitted.map(\.name)
        let draftOptions = draftOptions(operations, schemas)
        let text: String
        var (notes, document): ([String], String?)
        if fitted.count == 1 {
            var draft = ProfileDraft(fitted[0].profile, draftOptions)
            if draft.isEmpty { throw nothingToFit(operations[0]) }
            try checkSessions(draft)
            text = draft.scenario()
            (notes, document) = (draft.notes, draft.openAPI())
        } else {
            var draft = StreamsDraft(all, fitted, draftOptions)
            if let empty = draft.emptyOperation { throw nothingToFit(empty) }
            text = draft.scenario()
            (notes, document) = (draft.notes, draft.openAPI())
        }
        notes += tooFew
        let schemaFiles = try writeSchemas(
            inferred: document, schemas, isKnown: OperationChoice.isKnown(operations[0], schemas))
        do { try writeFile(output, bytes: Array(text.utf8)) } catch { throw CommandError("\(error)", exit: .failed) }
        try readAgain()
        if all.unreadable > 0 { Output.warn("\(all.unreadable) requests cannot be read and are not fitted") }
        if all.fieldsBeyond > 0 {
            Output.warn("there are more than \(TrafficProfile.columnLimit) fields: the others are not fitted")
        }
        for note in notes.prefix(Self.noteLimit) { Output.warn(note) }
        if notes.count > Self.noteLimit {
            Output.warn("\(notes.count - Self.noteLimit) more notes of this kind; the first 50 stand in \(output)")
        }
        if invocation.wantsJSON {
            Output.line(
                JSONValue(
                    JSONObject([
                        .init("profile", JSONValue(output)),
                        .init("operations", JSONValue(operations.map { JSONValue($0) })),
                        .init("exchanges", JSONValue(all.exchanges)),
                        .init("unreadable", JSONValue(all.unreadable)),
                        .init("fields", JSONValue(all.columns.count)),
                        .init("schemas", JSONValue(schemaFiles.map { JSONValue($0) })),
                        .init("leftOut", JSONValue(notes.map { JSONValue($0) })),
                    ])
                ).text)
        } else {
            let what = operations.count == 1 ? operations[0] : "\(operations.count) operations"
            Output.line("\(output): \(all.columns.count) fields of \(all.exchanges) requests of \(what)")
            for file in schemaFiles { Output.line("schema: \(file)") }
        }
        return .ok
    }

    private static let noteLimit = 10

    private func nothingToFit(_ operation: String) -> CommandError {
        CommandError(
            "no field of \(operation) is left to fit",
            remedy: "Its requests must be Thrift or JSON objects; ignore less of them, or choose another --operation.")
    }

    /// Refuses what is too little to hide anybody among, and flags that name nothing.
    private func check(_ all: TrafficProfile, _ each: [StreamsDraft.Operation]) throws(CommandError) {
        let what = each.count == 1 ? each[0].name : "\(each.count) operations"
        guard all.readable > 0 else {
            throw CommandError(
                "none of the \(all.exchanges) requests of \(what) can be read",
                remedy: "JSON objects and Thrift are; give the IDL with --idl, or choose another --operation.")
        }
        try checkNames(all)
        guard each.contains(where: { $0.profile.readable >= least * 5 }) else {
            throw CommandError(
                "\(each[0].profile.readable) requests of \(each[0].name) can be read: too few to hide anybody among",
                remedy: "At least \(least * 5) are needed: record more, choose another --operation, or give a smaller "
                    + "--least.")
        }
        let crowd = Crowd(all)
        if let people = crowd.people, let column = crowd.column, people < Double(least) {
            let path = all.columns[column].path
            throw CommandError(
                "the requests of \(what) are those of \(Int(people)) people, by \(path): too few to hide anybody among",
                remedy:
                    "At least \(least) are needed: record more people, give a smaller --least, or --ignore the field "
                    + "if it names none.")
        }
    }

    private func checkNames(_ profile: TrafficProfile) throws(CommandError) {
        func unknown(_ flag: String, _ name: String) -> CommandError { unknownField(flag, name, profile) }
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

    private var fileName: String { output.split(separator: "/").last.map { String($0) } ?? output }
    private var stem: String { String(fileName.dropLast(fileName.hasSuffix(".yaml") ? 5 : 4)) }

    private func draftOptions(_ operations: [String], _ schemas: SchemaSet) -> ProfileDraft.Options {
        let operation = operations[0]
        var result = ProfileDraft.Options()
        result.least = least
        result.operation = operation
        let what = operations.count == 1 ? operation : "\(operation) and \(operations.count - 1) more"
        result.name = "Like \(what) on \(invocation.arguments[0].split(separator: "/").last ?? "a tape")"
        result.version = tinctVersion
        result.schemas = schemas
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
    private func writeSchemas(inferred document: String?, _ schemas: SchemaSet, isKnown: Bool) throws -> [String] {
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
        guard let document else {
            throw CommandError(
                "there is no schema for \(invocation["operation"] ?? "the operation"), and none can be inferred",
                remedy: "Give the IDL or an OpenAPI document with --idl.")
        }
        try save("\(folder)\(stem).openapi.yaml", Array(document.utf8))
        return written
    }
}
