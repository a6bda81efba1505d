import Bytes
import EventLoop
import Files
import JSON
import Schema
import Stub
import Tagging
import Tape

package let stubCommand = CommandSpec(
    name: "stub",
    summary: "Answer HTTP and Thrift calls from a tape or by rules",
    arguments: "[TAPE]",
    argumentCount: 0...1,
    discussion: """
        Listens on one port for HTTP/1.1 and for Thrift (framed or not, THeader, TTHeader, Binary or Compact, told
        apart by the first bytes of each connection). A request gets the response that the tape holds for the same request,
        else the next one of its operation; ids that the schema declares, and the tag, do not count. A
        synthesized tape is answered with the decision that its scenario expects. What the tape does not know
        gets 404, or a TApplicationException of type 1. Without a tape, each operation of --idl gets the least
        answer that its schema allows.

        A rules file (schemas/stub.schema.json) decides by operation, fields of the request and time since the
        start about answers, delays, bandwidth and faults: resets, closes, half-closes, stalls, half-sent
        replies, garbage and errors. Of the rules that hold for a request, the first that states an answer
        gives the answer, the first that states a delay the delay, and so on. Under the same seed the n-th
        request that a rule holds for meets the same fate. Oneways have no answer and meet no rule.

        Once it listens it says 'listening on ADDRESS:PORT' on standard error. SIGINT and SIGTERM end it; then
        it prints how many requests came with the tag and how many without.
        """,
    examples: [
        ("tinct stub payments.mcap --listen 127.0.0.1:9090", "Stands in for the engine on port 9090."),
        (
            "tinct stub payments.mcap --listen 127.0.0.1:0 --delay exp:10ms --json",
            "Takes a free port; answers wait 10 ms on average."
        ),
        (
            "tinct stub --idl risk.thrift --rules drill.yaml --listen 127.0.0.1:9090",
            "Answers by rules, without a tape."
        ),
    ],
    flags: [
        Flag("listen", value: "HOST:PORT", required: true, help: "Where to listen; port 0 takes a free one."),
        Flag("rules", value: "FILE", help: "Answers, delays and faults by rules.", completion: .file),
        Flag(
            "delay", value: "DIST", help: "How long each answer waits, where no rule says: \(Delay.forms).",
            default: "none"),
        Flag("seed", value: "N", help: "Seed of delays and faults.", default: "that of the rules, else 0"),
        Flag(
            "carrier", value: "CARRIER", repeatable: true,
            help: "Where the tag is looked for besides the default places, as in replay (didi:path=1.20, http:NAME)."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI besides what the tape carries.",
            completion: .file),
        Flag(
            "output", short: "o", value: "TAPE",
            help: "Write a tape of what was asked and answered, as tinct explain joins it with a run.",
            completion: .file),
        Flag("count", value: "N", help: "End after so many requests."),
        Flag("duration", value: "D", help: "End after this time."),
        .json,
    ]
) { invocation in
    guard let listen = invocation["listen"] else { throw CommandError("--listen is missing") }
    let (host, port) = try FlagValue.hostPort(listen, flag: "listen", anyPort: true)
    let limits = StubServer.Limits(
        requests: try invocation["count"].map { try FlagValue.count($0, flag: "count") },
        durationNanos: try invocation["duration"].map { try FlagValue.durationNanos($0, flag: "duration") })
    let probe = TagProbe(try stubCarriers(invocation.all("carrier")))
    var rules = try stubRules(invocation["rules"])
    if let seed = invocation["seed"] { rules.seed = try FlagValue.count(seed, flag: "seed") }
    let delay = try stubDelay(invocation["delay"], seed: rules.seed)
    let path = invocation.arguments.first
    let reader = try path.map { path throws(CommandError) in try TapeInput.open(path) }
    if reader == nil && rules.rules.isEmpty && invocation.all("idl").isEmpty {
        throw CommandError("there is nothing to answer from", remedy: "Give a tape, --rules or --idl.")
    }
    let schemas =
        try reader.map { reader throws(CommandError) in try TapeInput.schemas(of: reader, idl: invocation.all("idl")) }
        ?? SchemaFiles.load(invocation.all("idl"))
    if let output = invocation["output"] {
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
    }
    let book = try stubBook(reader, schemas, rules.rules, probe)
    if let path, book.answerCount == 0, rules.rules.isEmpty {
        let reasons = book.unusable.map { "\($0.reason) (\($0.count))" }.joined(separator: ", ")
        throw CommandError(
            "\(path) holds nothing to answer with" + (reasons.isEmpty ? "" : ": \(reasons)"),
            remedy: "A synthesized tape needs its schema: give it with --idl.")
    }
    var engine = StubEngine(book: book, probe: probe, delay: delay)
    do throws(ComposingError) { try engine.use(rules, schemas) } catch {
        throw CommandError(
            "the rule cannot be used: \(error.path): \(error.message)", remedy: error.remedy)
    }

    let signals: SignalWatch
    var server: StubServer
    do throws(SystemError) {
        signals = try SignalWatch()
        let address = try SocketAddress(resolving: host, port: port)
        server = try StubServer(listeningOn: address, engine: engine)
    } catch {
        throw CommandError(error.description, remedy: "Give --listen an address of this machine and a free port.")
    }
    if !server.address.isLoopback { Output.warn("\(server.address) can be reached from other machines") }
    Output.note("listening on \(server.address)")
    let start = Clock.monotonicNanos()
    let recorder = try invocation["output"].map { path throws(CommandError) in
        try stubRecorder(path, server.address.description, reader)
    }
    server.record(with: recorder)
    do throws(SystemError) {
        try server.run(limits, signals: signals)
    } catch {
        throw CommandError(error.description, exit: .failed)
    }
    recorder?.finish()
    let summary = StubSummary(
        address: server.address.description, durationNanos: Clock.monotonicNanos() - start,
        counts: server.engine.counts,
        answers: book.answerCount, unusable: book.unusable)
    Output.write(invocation.wantsJSON ? summary.json.text + "\n" : summary.text)
    if let text = recorder?.failureText {
        Output.note("tinct: the tape is not whole: \(text)")
        return .failed
    }
    return .ok
}

private func stubRecorder(
    _ path: String, _ server: String, _ reader: TapeReader?
) throws(CommandError) -> StubRecorder {
    do {
        let options = TapeWriter.Options(source: "stub", program: "tinct \(tinctVersion)")
        let writer = try TapeWriter(path: path, options: options)
        for file in try reader.map({ try TapeJoin.attachments(of: [$0]) }) ?? [] {
            try writer.attach(name: file.name, mediaType: file.mediaType, bytes: file.bytes)
        }
        return StubRecorder(
            writer, server: server, clockOffsetNanos: Clock.realtimeNanos() &- Clock.monotonicNanos())
    } catch {
        throw CommandError("\(error)")
    }
}

private func stubRules(_ path: String?) throws(CommandError) -> StubRules {
    guard let path else { return StubRules() }
    do {
        return try StubRules.parse(
            try readFile(path, limit: 16 << 20), file: path,
            duration: { try? FlagValue.durationNanos($0, flag: "rules") },
            share: { try? FlagValue.shareBillionths($0, flag: "rules") }, size: { FlagValue.bytes($0) })
    } catch {
        throw CommandError("the rules cannot be used: \(error)")
    }
}

private func stubDelay(_ text: String?, seed: UInt64) throws(CommandError) -> Delay {
    guard let text else { return .none }
    guard let delay = Delay(text, duration: { try? FlagValue.durationNanos($0, flag: "delay") }) else {
        throw CommandError("--delay \(text) is no delay", remedy: "Write it like \(Delay.forms); at most an hour.")
    }
    return Delay(delay.distribution, seed: seed)
}

private func stubCarriers(_ texts: [String]) throws(CommandError) -> [Carrier] {
    var carriers = Carrier.defaults
    for text in texts {
        do throws(TagError) {
            carriers += try Carrier.parse(text)
        } catch {
            throw CommandError("--carrier: \(error.message)", remedy: error.remedy)
        }
    }
    return carriers
}

private func stubBook(
    _ reader: TapeReader?, _ schemas: SchemaSet, _ rules: [StubRule], _ probe: TagProbe
) throws(CommandError) -> AnswerBook {
    var builder = AnswerBook.Builder(source: SchemaAnswers(schemas), probe: probe)
    let tooLarge = CommandError(
        "the tape's answers do not fit in memory", remedy: "Cut the tape to what is to be answered.")
    var progress = ProgressLine()
    var read = 0
    while let exchange = try reader.flatMap({ reader throws(CommandError) in try TapeInput.next(reader) }) {
        do throws(ParsingError) { try builder.add(exchange) } catch { throw tooLarge }
        read += 1
        progress.update("read \(read) exchanges")
    }
    progress.finish()
    // A tape without rules answers what is on it and nothing else.
    if reader == nil || !rules.isEmpty {
        do throws(ParsingError) { try builder.addOperations(of: schemas, rules: rules) } catch { throw tooLarge }
    }
    return builder.finish()
}
