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
        with their attributes and their activity. The schema that the tape carries goes along beside it; for JSON without \
        one an OpenAPI document is inferred.

        Of a tape with several operations each becomes a stream, with fields of its own and the entities that they share, \
        and exchanges of one entity that follow each other become flows from operation to operation, with the transitions \
        between them and their times. With --state they go through the values of a field of one operation instead.

        No recorded value that could be somebody's stands in it: identifiers, names and free texts become generators by \
        kind and shape. A value is kept only as a category of a field that does not look personal, and with at least \
        --least requests behind it; quantiles are rounded and have as many requests between them. tinct compare says how \
        like the recording what is made of it has become, and that nobody is copied.
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
        Flag("least", value: "K", help: "Requests behind each category, and between two quantiles.", default: "20"),
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
        least = try FlagValue.count(invocation["least"] ?? "20", flag: "least")
        guard (2...1_000_000).contains(least) else {
            throw CommandError("--least \(least) keeps nobody apart", remedy: "Give at least 2; 20 is usual.")
        }
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        options = try profileOptions(invocation)
        options.tiesEntities = true
        options.sessionNanos = try FlagValue.durationNanos(invocation["session"] ?? "30m", flag: "session")
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
        let fitted = each.filter { $0.profile.exchanges - $0.profile.unreadable >= least * 5 }
        let tooFew = each.filter { $0.profile.exchanges - $0.profile.unreadable < least * 5 }.map {
            "\($0.profile.exchanges - $0.profile.unreadable) requests of \($0.name) can be read: too few to hide anybody among"
        }
        guard let first = fitted.first else {
            throw CommandError(
                tooFew.first ?? "nothing can be read",
                remedy: "At least \(least * 5) are needed; record more, or choose another --operation.")
        }
        let operations = fitted.map(\.name)
        let draftOptions = draftOptions(operations, schemas)
        let text: String
        var (notes, document): ([String], String?)
        if fitted.count == 1 {
            var draft = ProfileDraft(first.profile, draftOptions)
            text = draft.scenario()
            (notes, document) = (draft.notes, draft.openAPI())
        } else {
            var draft = StreamsDraft(all, fitted, draftOptions)
            text = draft.scenario()
            (notes, document) = (draft.notes, draft.openAPI())
        }
        notes += tooFew
        let schemaFiles = try writeSchemas(
            inferred: document, schemas, isKnown: OperationChoice.isKnown(operations[0], schemas))
        do { try writeFile(output, bytes: Array(text.utf8)) } catch { throw CommandError("\(error)", exit: .failed) }
        for note in notes { Output.warn(note) }
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

    private var fileName: String { output.split(separator: "/").last.map { String($0) } ?? output }
    private var stem: String { fileName.hasSuffix(".yaml") ? String(fileName.dropLast(5)) : fileName }

    private func draftOptions(_ operations: [String], _ schemas: SchemaSet) -> ProfileDraft.Options {
        let operation = operations[0]
        var result = ProfileDraft.Options()
        result.least = least
        result.operation = operation
        let what = operations.count == 1 ? operation : "\(operation) and \(operations.count - 1) more"
        result.name = "Like \(what) on \(invocation.arguments[0].split(separator: "/").last ?? "a tape")"
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
