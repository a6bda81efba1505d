import Analysis
import Bytes
import EventLoop
import Expression
import Files
import Formats
import JSON
import Metrics
import Pacing
import Replay
import Report
import Schema
import Tagging
import Tape
import Thrift

package let callCommand = CommandSpec(
    name: "call",
    summary: "Send one tagged request by hand and print the reply",
    arguments: "URL OPERATION",
    argumentCount: 2...2,
    discussion: """
        URL is a target as replay takes it: thrift://HOST:PORT or http://HOST:PORT, thrift+tls and https for TLS. OPERATION is Service.method of the IDL, \
        an operationId of the OpenAPI document, or METHOD /path. The data is JSON by the names of the schema: the arguments \
        of a method (the one struct that it takes need not be named) or the body.

        The request goes the way of a replay of one: it carries the tag or it is not sent, and the same policy rules. The \
        reply is printed by name, as JSON.

        Exit status: 0 a reply; 1 an exception, a status from 300 on, or no reply; 2 nothing was sent, the message says why.
        """,
    examples: [
        (
            "tinct call thrift://127.0.0.1:9090 RiskDecision.evaluate --idl risk.thrift --carrier didi:path=1.20 -d @r.json",
            "Calls a Thrift method, framed Binary, tagged in the Trace struct at field 1.20."
        ),
        (
            "tinct call http://127.0.0.1:8080 'POST /v1/risk/decisions' -d '{\"amount\": 12}' -v",
            "Posts JSON, and says what carried the tag and how long it took."
        ),
    ],
    flags: [
        Flag(
            "data", short: "d", value: "JSON|@FILE", help: "Arguments or body; @- is standard input.",
            default: "no arguments, no body"),
        Flag("idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI.", completion: .file),
        Flag("param", value: "NAME=VALUE", repeatable: true, help: "A parameter of an OpenAPI operation."),
        Flag("header", short: "H", value: "NAME: VALUE", repeatable: true, help: "A further HTTP header field."),
        Flag("as-is", help: "Do not hold an HTTP request against the OpenAPI document."),
    ] + ThriftLayoutFlags.all + SendingFlags.all + [
        Flag("timeout", value: "TIME", help: "For the connection, and for the reply.", default: "5s"),
        Flag(
            "verbose", short: "v",
            help: "Say on standard error where it went, what carried the tag, and how long it took."),
        .json,
    ]
) { invocation in try CallCommand(invocation).run() }

private struct CallCommand {
    let invocation: Invocation
    let schemas: SchemaSet
    let exchange: Exchange
    let options: Run.Options
    let gatekeeper: Guard

    init(_ invocation: Invocation) throws {
        self.invocation = invocation
        let sending = try SendingFlags(invocation)
        var options = Run.Options(
            pacer: .constant(perThousandSeconds: 1_000_000), carriers: sending.carriers, tag: sending.tag)
        options.connections = 1
        options.threads = 1
        if let text = invocation["timeout"] {
            options.timeoutNanos = max(1_000_000, try FlagValue.durationNanos(text, flag: "timeout"))
        }
        schemas = try SchemaFiles.load(invocation.all("idl"))
        // The request is written before the guard resolves a name: what is wrong with it is told first.
        let target = try SendingFlags.target(invocation.arguments[0])
        exchange = try CallCommand.exchange(invocation, schemas, target)
        gatekeeper = try sending.makeGuard([target], options.pacer, rateIsStated: true)
        var keeper = SendingGuard(gatekeeper)
        if gatekeeper.leavesMachine {
            Output.note("call \(target) [\(gatekeeper.admitted[0].address)], tag \(sending.tag)")
        }
        try keeper.confirm(isConfirmed: invocation.has("yes"))
        options.tls = try TLSFlags.context(invocation, [target])
        self.options = options
    }

    private static func exchange(
        _ invocation: Invocation, _ schemas: SchemaSet, _ target: Target
    ) throws -> Exchange {
        let name = invocation.arguments[1]
        do {
            var composer: RequestComposer
            switch target.scheme {
            case .http: composer = try RequestComposer(http: name, schemas)
            case .thrift:
                composer = try RequestComposer(
                    thrift: name, schemas, try ThriftLayoutFlags.format(invocation),
                    isMultiplexed: invocation.has("multiplexed"))
            }
            composer.isUnchecked = invocation.has("as-is")
            var content = RequestComposer.Content(body: try invocation["data"].map { try data($0) })
            for text in invocation.all("param") {
                let (name, value) = try pair(text, "=", "param", "requestId=r-1")
                content.parameters.append((name, value))
            }
            for text in invocation.all("header") {
                let (name, value) = try pair(text, ":", "header", "Accept: application/json")
                content.fields.append((name, value))
            }
            var exchange = Exchange()
            exchange.format = composer.format
            exchange.operation = composer.operation
            exchange.request = Message(wire: try composer.request(content, host: target.authority, number: 1))
            return exchange
        } catch let error as ComposingError {
            throw CommandError(
                "nothing was sent: " + (error.path.isEmpty ? "" : "\(error.path): ") + error.message,
                remedy: error.remedy)
        }
    }

    private static func pair(
        _ text: String, _ separator: Character, _ flag: String, _ example: String
    ) throws(CommandError) -> (String, String) {
        guard let at = text.firstIndex(of: separator), at != text.startIndex else {
            throw CommandError("--\(flag) has no name", remedy: "Write it like '\(example)'.")
        }
        let value = text[text.index(after: at)...]
        return (String(text[..<at]), String(value.drop { $0 == " " }))
    }

    private static func data(_ text: String) throws(CommandError) -> JSONValue {
        var bytes = Array(text.utf8)
        let isFile = text.hasPrefix("@")
        if isFile {
            do throws(FileError) { bytes = try readFile(String(text.dropFirst()), limit: 64 << 20) } catch {
                throw CommandError("\(error)", remedy: "Give -d the JSON itself, or @ and the name of a file.")
            }
        }
        do { return try JSONValue(parsing: bytes) } catch {
            throw CommandError(
                "\(isFile ? String(text.dropFirst()) : "--data") is no JSON: \(error)",
                remedy: "Put names and texts in double quotes.")
        }
    }

    func run() throws -> ExitCode {
        let reply = SingleReply()
        let run = Run(
            options: options, gatekeeper: gatekeeper, source: SingleRequest(exchange),
            identities: DeclaredIdentities(schemas: schemas, fields: []), writer: reply)
        let signals: SignalWatch
        do throws(SystemError) { signals = try SignalWatch() } catch {
            throw CommandError("signals cannot be watched (\(error))", exit: .failed)
        }
        let result: RunResult
        do throws(ReplayError) { result = try run.run(signals: signals) { _ in } } catch {
            throw CommandError(
                error.isFailure ? error.message : "nothing was sent: \(error.message)", remedy: error.remedy,
                exit: error.isFailure ? .failed : .usage)
        }
        if result.run.exitReason == "signal" { return .stopped }
        guard let entry = reply.entry else {
            let outcome: Outcome = Outcome.allCases.first(where: { result[$0] > 0 }) ?? .unsent
            throw CommandError(
                "no reply from \(gatekeeper.admitted[0].target): \(outcome.name)", remedy: CallCommand.remedy(outcome),
                exit: .expectationFailed)
        }
        return report(entry)
    }

    private static func remedy(_ outcome: Outcome) -> String {
        switch outcome {
        case .refused: "Nothing listens there: check the port."
        case .connectTimeout: "Nothing answers there: check the address, or give --timeout."
        case .tlsError: "Check what the server speaks there, and its certificate."
        default: ""
        }
    }

    private func report(_ entry: RunTapeEntry) -> ExitCode {
        var sent = exchange
        sent.request = Message(wire: entry.request)
        sent.response = entry.reply.isEmpty ? nil : Message(wire: entry.reply)
        let content = sent.response.map { ResponseContent($0, of: sent, renderThrift: TapeInput.renderer(schemas)) }
        let nanos = entry.endNanos &- entry.sentNanos
        let carriers = TagReader(carriers: options.carriers).sightings(
            entry.request.rawSpan, TagFormat(exchange.format))
        if invocation.wantsJSON {
            let object = JSONObject([
                .init("operation", JSONValue(exchange.operation)),
                .init("target", JSONValue(gatekeeper.admitted[0].target.description)),
                .init("address", JSONValue(gatekeeper.admitted[0].address.description)),
                .init("tag", JSONValue(options.tag)),
                .init(
                    "carriers",
                    JSONValue(carriers.map { ["carrier": JSONValue($0.carrier), "value": JSONValue($0.value)] })),
                .init("outcome", JSONValue(entry.outcome.name)),
                .init("status", content.map { JSONValue($0.status) } ?? .null),
                .init("latencyMicros", JSONValue(nanos / 1000)),
                .init("requestBytes", JSONValue(entry.request.count)),
                .init("replyBytes", JSONValue(entry.reply.count)),
                .init("reply", content?.body ?? .null),
            ])
            Output.write(JSONValue.object(object).encoded(pretty: true) + [10])
        } else {
            if invocation.has("verbose") { explain(entry, content, carriers, nanos) }
            printReply(content, entry)
        }
        switch entry.outcome {
        case .ok, .lateReply, .overSLO: return .ok
        default: return .expectationFailed
        }
    }

    private func explain(_ entry: RunTapeEntry, _ content: ResponseContent?, _ carriers: [Sighting], _ nanos: UInt64) {
        let admitted = gatekeeper.admitted[0]
        Output.note("target   \(admitted.target) [\(admitted.address)]")
        Output.note("call     \(exchange.operation), \(entry.request.count) bytes")
        let places = carriers.map { "\($0.carrier) = \(TextReport.printable($0.value))" }
        Output.note("tag      \(options.tag): \(places.joined(separator: ", "))")
        let status = content.map { "\($0.status), \(entry.reply.count) bytes" } ?? "none"
        Output.note("reply    \(status), \(entry.outcome.name) after \(Figures.duration(nanos: nanos))")
    }

    private func printReply(_ content: ResponseContent?, _ entry: RunTapeEntry) {
        guard let content else {
            // A oneway has none.
            if entry.outcome != .ok { Output.note("tinct: no reply: \(entry.outcome.name)") }
            return
        }
        if content.status == "unreadable" { Output.note("tinct: the reply cannot be read") }
        switch content.body {
        case nil, .null?: break
        case .string(let text)?: Output.write(text.hasSuffix("\n") ? text : text + "\n")
        case let body?: Output.write(body.encoded(pretty: true) + [10])
        }
        if entry.outcome != .ok && entry.outcome.name != content.status {
            Output.note("tinct: \(entry.outcome.name) (\(content.status))")
        }
    }
}
