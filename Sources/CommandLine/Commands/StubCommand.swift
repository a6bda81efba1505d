import Bytes
import EventLoop
import JSON
import Report
import Stub
import Tagging
import Tape

package let stubCommand = CommandSpec(
    name: "stub",
    summary: "Answer HTTP and Thrift calls from a tape",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        Listens on one port for HTTP/1.1 and for Thrift (framed or not, Binary or Compact, told apart by the
        first bytes of each connection). A request gets the response that the tape holds for the same request,
        else the next one of its operation; ids that the schema declares, and the tag, do not count. A
        synthesized tape is answered with the decision that its scenario expects. What the tape does not know
        gets 404, or a TApplicationException of type 1.

        Once it listens it says 'listening on ADDRESS:PORT' on standard error. SIGINT and SIGTERM end it; then
        it prints how many requests came with the tag and how many without.
        """,
    examples: [
        ("tinct stub payments.mcap --listen 127.0.0.1:9090", "Stands in for the engine on port 9090."),
        (
            "tinct stub payments.mcap --listen 127.0.0.1:0 --delay exp:10ms --json",
            "Takes a free port; answers wait 10 ms on average."
        ),
    ],
    flags: [
        Flag("listen", value: "HOST:PORT", required: true, help: "Where to listen; port 0 takes a free one."),
        Flag(
            "delay", value: "DIST", help: "How long each answer waits: 5ms, uniform:1ms..20ms or exp:10ms (mean).",
            default: "none"),
        Flag("seed", value: "N", help: "Seed of the delays.", default: "0"),
        Flag(
            "carrier", value: "CARRIER", repeatable: true,
            help: "Where the tag is looked for besides the default places, as in replay (didi:path=1.20, http:NAME)."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI besides what the tape carries.",
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
    let delay = try stubDelay(invocation)
    let probe = TagProbe(try stubCarriers(invocation.all("carrier")))
    let path = invocation.arguments[0]
    let reader = try TapeInput.open(path)
    let book = try stubBook(reader, idl: invocation.all("idl"), probe)
    if book.answerCount == 0 {
        let reasons = book.unusable.map { "\($0.reason) (\($0.count))" }.joined(separator: ", ")
        throw CommandError(
            "\(path) holds nothing to answer with" + (reasons.isEmpty ? "" : ": \(reasons)"),
            remedy: "A synthesized tape needs its schema: give it with --idl.")
    }

    let signals: SignalWatch
    var server: StubServer
    do throws(SystemError) {
        signals = try SignalWatch()
        let address = try SocketAddress(resolving: host, port: port)
        server = try StubServer(
            listeningOn: address, engine: StubEngine(book: book, probe: probe, delay: delay))
    } catch {
        throw CommandError(error.description, remedy: "Give --listen an address of this machine and a free port.")
    }
    if !server.address.isLoopback { Output.warn("\(server.address) can be reached from other machines") }
    Output.note("listening on \(server.address)")
    let start = Clock.monotonicNanos()
    do throws(SystemError) {
        try server.run(limits, signals: signals)
    } catch {
        throw CommandError(error.description, exit: .failed)
    }
    let summary = StubSummary(
        address: server.address.description, durationNanos: Clock.monotonicNanos() - start,
        counts: server.engine.counts,
        answers: book.answerCount, unusable: book.unusable)
    Output.write(invocation.wantsJSON ? summary.json.text + "\n" : summary.text)
    return .ok
}

private func stubDelay(_ invocation: Invocation) throws(CommandError) -> Delay {
    let seed =
        try invocation["seed"].map { (text) throws(CommandError) in try FlagValue.count(text, flag: "seed") } ?? 0
    guard let text = invocation["delay"] else { return .none }
    guard let delay = Delay(text, duration: { try? FlagValue.durationNanos($0, flag: "delay") }) else {
        throw CommandError(
            "--delay \(text) is no delay", remedy: "Write it like 5ms, uniform:1ms..20ms or exp:10ms; at most an hour.")
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

private func stubBook(_ reader: TapeReader, idl: [String], _ probe: TagProbe) throws(CommandError) -> AnswerBook {
    let schemas = try TapeInput.schemas(of: reader, idl: idl)
    var builder = AnswerBook.Builder(source: SchemaAnswers(schemas), probe: probe)
    var progress = ProgressLine()
    var read = 0
    while let exchange = try TapeInput.next(reader) {
        do throws(ParsingError) {
            try builder.add(exchange)
        } catch {
            throw CommandError(
                "the tape's answers do not fit in memory", remedy: "Cut the tape to what is to be answered.")
        }
        read += 1
        progress.update("read \(read) exchanges")
    }
    progress.finish()
    return builder.finish()
}

/// What `tinct stub` prints at its end.
struct StubSummary {
    var address: String
    var durationNanos: UInt64
    var counts: StubCounts
    var answers: Int
    var unusable: [(reason: String, count: Int)]

    var json: JSONValue {
        let carriers = zip(counts.carriers, counts.byCarrier).map { JSONObject.Member($0, JSONValue($1)) }
        let operations = counts.operations.map { operation in
            JSONValue.object(
                JSONObject([
                    .init("name", JSONValue(operation.name)), .init("requests", JSONValue(operation.requests)),
                    .init("tagged", JSONValue(operation.tagged)), .init("untagged", JSONValue(operation.untagged)),
                    .init("matched", JSONValue(operation.matched)),
                    .init(
                        "carriers",
                        .object(
                            JSONObject(zip(counts.carriers, operation.byCarrier).map { .init($0, JSONValue($1)) }))),
                ]))
        }
        return .object(
            JSONObject([
                .init("listened", JSONValue(address)), .init("durationNanos", JSONValue(durationNanos)),
                .init("requests", JSONValue(counts.requests)), .init("tagged", JSONValue(counts.tagged)),
                .init("untagged", JSONValue(counts.untagged)), .init("answered", JSONValue(counts.answered)),
                .init("matched", JSONValue(counts.matched)), .init("oneway", JSONValue(counts.oneway)),
                .init("unknownOperation", JSONValue(counts.unknownOperation)),
                .init("withoutAnswer", JSONValue(counts.withoutAnswer)),
                .init("malformed", JSONValue(counts.malformed)),
                .init("unfinished", JSONValue(counts.unfinished)),
                .init("connections", JSONValue(counts.connections)),
                .init("bytesReceived", JSONValue(counts.bytesReceived)),
                .init("bytesSent", JSONValue(counts.bytesSent)),
                .init("carriers", .object(JSONObject(carriers))), .init("operations", JSONValue(operations)),
                .init(
                    "tape",
                    .object(
                        JSONObject([
                            .init("answers", JSONValue(answers)),
                            .init(
                                "unusable",
                                .object(JSONObject(unusable.map { .init($0.reason, JSONValue($0.count)) }))),
                        ]))),
            ]))
    }

    var text: String {
        let (requests, tagged) = (Figures.count(counts.requests), Figures.count(counts.tagged))
        var lines = [
            "\(address) took \(requests) requests on \(Figures.count(counts.connections)) connections"
                + " in \(Figures.duration(nanos: durationNanos))",
            "",
            "  tagged     \(tagged) of \(requests) (\(Figures.share(counts.tagged, of: counts.requests)))",
            "  untagged   \(Figures.count(counts.untagged))",
            "  answered   \(Figures.count(counts.answered)), \(Figures.count(counts.matched)) of them as the same request"
                + " was on the tape",
        ]
        for (name, count) in [
            ("oneway", counts.oneway), ("unknown", counts.unknownOperation), ("no answer", counts.withoutAnswer),
            ("malformed", counts.malformed), ("unfinished", counts.unfinished),
        ] where count > 0 {
            lines.append("  \(name.padded(to: 9))  \(Figures.count(count))")
        }
        let carried = zip(counts.carriers, counts.byCarrier).filter { $0.1 > 0 }
        if !carried.isEmpty {
            lines.append("")
            lines += TextReport.table(["carrier", "requests"], carried.map { [$0.0, Figures.count($0.1)] })
        }
        let called = counts.operations.filter { $0.requests > 0 }
        if !called.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["operation", "requests", "tagged", "untagged", "matched"],
                called.map { operation in
                    [
                        operation.name, Figures.count(operation.requests), Figures.count(operation.tagged),
                        Figures.count(operation.untagged), Figures.count(operation.matched),
                    ]
                })
        }
        return lines.map { TextReport.printable($0) + "\n" }.joined()
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
