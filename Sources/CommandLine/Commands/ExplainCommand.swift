import Analysis
import Files
import JSON
import Metrics
import Replay
import Report
import Tape

package let explainCommand = CommandSpec(
    name: "explain",
    summary: "Tell how much of a run's time was spent in each dependency",
    arguments: "RUNTAPE",
    argumentCount: 1...1,
    discussion: """
        Joins the exchanges of a run tape (replay -o) with what the dependencies of the target were asked while they \
        lasted, on tapes that stand-ins wrote (stub -o) or that were recorded in front of them. A call belongs to an \
        exchange when both carry the same trace id and it began between the send and the end of the exchange; the clocks of \
        both tapes must agree. Calls that overlap count once, and calls without an answer last to the end of their exchange.

        The trace id is looked for in traceparent (its second part), x-b3-traceid, b3, x-request-id, x-trace-id and \
        didi-header-rid, as HTTP headers and as keys of THeader and TTHeader, and in logId of the Thrift argument's trace; \
        or where --trace-id says. Exchanges are told apart by whether they were in time, slow, or timed out or late.
        """,
    examples: [
        (
            "tinct explain run.mcap --dependency features=features.mcap --dependency lists=lists.mcap",
            "Which of two dependencies the slow and timed-out exchanges waited for."
        ),
        (
            "tinct explain run.mcap --dependency lists=lists.mcap --trace-id header.x-trace --slow 200ms --report run.html",
            "With a header of its own as trace id, as a page."
        ),
    ],
    flags: [
        Flag(
            "dependency", value: "NAME=TAPE", repeatable: true, required: true,
            help: "A dependency and the tape of what it was asked.", completion: .file),
        Flag(
            "trace-id", value: "FIELD", repeatable: true,
            help:
                "Where the trace id stands: header.NAME, query.NAME, a field by name (trace.logId) or Thrift ids (1.20.1)."
        ),
        Flag(
            "slow", value: "TIME", help: "What takes longer from its send is slow.",
            default: "the 95th percentile of the run"),
        Flag("top", value: "N", help: "How many of the slowest exchanges are shown.", default: "10"),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI besides what the tapes carry.",
            completion: .file),
        Flag("report", value: "FILE", help: "Write it as one HTML page.", completion: .file),
        Flag(
            "result", value: "FILE",
            help: "The result of the run (replay --result): --report writes its page, with the dependencies.",
            completion: .file),
        .json,
    ]
) { invocation in try ExplainRun(invocation).run() }

private struct ExplainRun {
    let invocation: Invocation
    let runPath: String
    private var dependencies: [(name: String, path: String)] = []
    private var fields: [RequestField] = []
    private var top = 10

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        runPath = invocation.arguments[0]
        for text in invocation.all("dependency") {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex,
                text.index(after: equals) != text.endIndex
            else {
                throw CommandError(
                    "--dependency \(text) is not NAME=TAPE", remedy: "As in --dependency features=features.mcap.")
            }
            let name = String(text[..<equals])
            if dependencies.contains(where: { $0.name == name }) {
                throw CommandError("--dependency names \(name) twice", remedy: "Join its tapes with tinct cut.")
            }
            dependencies.append((name, String(text[text.index(after: equals)...])))
        }
        for text in invocation.all("trace-id") {
            guard let field = RequestField(text) else {
                throw CommandError(
                    "--trace-id \(text) names no field", remedy: "As in header.x-request-id, trace.logId or 1.20.1.")
            }
            fields.append(field)
        }
        if let text = invocation["top"] {
            let count = try FlagValue.count(text, flag: "top")
            guard count <= 100_000 else { throw CommandError("--top shows 100000 at most") }
            top = Int(count)
        }
        if let output = invocation["report"] {
            try OutputPath.check(output, "report", against: [runPath] + dependencies.map(\.path))
        } else if invocation.has("result") {
            throw CommandError("--result is for --report", remedy: "Give --report FILE as well.")
        }
    }

    func run() throws -> ExitCode {
        let slow = try invocation["slow"].map { text throws(CommandError) in
            try FlagValue.durationNanos(text, flag: "slow")
        }
        RunTapeExtent(try TapeInput.open(runPath)).warn(runPath)
        let bound = try slow ?? usualBound()
        var calls: [DependencyTimes.Call] = []
        var withoutTrace = [UInt64](repeating: 0, count: dependencies.count)
        for (index, dependency) in dependencies.enumerated() {
            try read(dependency.path, index, &calls, &withoutTrace[index])
        }
        var times = DependencyTimes(
            names: dependencies.map(\.name), calls: calls, withoutTrace: withoutTrace, slowNanos: bound,
            exampleLimit: top)
        try forEachExchange { exchange, record, finder in
            times.add(
                trace: exchange.request.flatMap {
                    finder.id(in: $0.wire, exchange.format, operation: exchange.operation)
                }, operation: exchange.operation, outcome: record.outcome, position: record.sourceID,
                round: UInt64(record.round), startNanos: record.sentNanos, endNanos: Self.end(exchange, record))
        }
        if times.joined.allSatisfy({ $0 == 0 }) { Output.warn(Self.nothingJoined(times)) }
        try write(times)
        return times.joined.allSatisfy { $0 == 0 } ? .inconclusive : .ok
    }

    private static func nothingJoined(_ times: DependencyTimes) -> String {
        if times.withoutTrace == times.exchanges {
            return "no exchange carries a trace id where it was looked for: say where with --trace-id"
        }
        if times.callsWithoutTrace == times.calls {
            return "no call of a dependency carries a trace id where it was looked for: does the target pass it on?"
        }
        return
            "no call of a dependency has the trace id of an exchange and began while it lasted: are these the tapes of the "
            + "same run, with clocks that agree?"
    }

    /// The 95th percentile of all exchanges that were answered.
    private func usualBound() throws -> UInt64 {
        let histogram = Histogram()
        try forEachExchange { exchange, record, _ in
            if exchange.response != nil {
                histogram.record(nanos: Self.end(exchange, record) &- record.sentNanos)
            }
        }
        return histogram.valueMicros(atPercentile: 95) * 1000
    }

    private static func end(_ exchange: borrowing Exchange, _ record: RunRecord) -> UInt64 {
        max(record.sentNanos, record.endNanos > 0 ? record.endNanos : exchange.response?.endNanos ?? 0)
    }

    /// What went to the target; what mirrors got is theirs.
    private func forEachExchange(_ body: (Exchange, RunRecord, TraceFinder) -> Void) throws {
        let tape = try TapeInput.open(runPath)
        let schemas = try TapeInput.schemas(of: tape, idl: invocation.all("idl"))
        let finder = TraceFinder(fields, FieldLocator(schemas: schemas))
        var isRun = false
        while let exchange = try TapeInput.next(tape) {
            guard let record = exchange.run else { continue }
            isRun = true
            if !record.isMirror { body(exchange, record, finder) }
        }
        guard isRun else {
            throw CommandError(
                "\(runPath) is not a run tape: nothing on it was replayed",
                remedy: "Give the tape that tinct replay wrote with -o.")
        }
    }

    private func read(
        _ path: String, _ dependency: Int, _ calls: inout [DependencyTimes.Call], _ withoutTrace: inout UInt64
    ) throws {
        let tape = try TapeInput.open(path)
        let schemas = try TapeInput.schemas(of: tape, idl: invocation.all("idl"))
        let finder = TraceFinder(fields, FieldLocator(schemas: schemas))
        while let exchange = try TapeInput.next(tape) {
            guard let request = exchange.request else { continue }
            guard let trace = finder.id(in: request.wire, exchange.format, operation: exchange.operation) else {
                withoutTrace += 1
                continue
            }
            calls.append(
                .init(
                    trace: trace, dependency: dependency, startNanos: request.startNanos,
                    endNanos: exchange.response?.endNanos))
            if calls.count > 50_000_000 {
                throw CommandError(
                    "the dependencies' tapes hold more than 50,000,000 calls",
                    remedy: "Cut them to the time of the run: tinct cut --since … --until ….")
            }
        }
    }

    private func write(_ times: DependencyTimes) throws {
        if let path = invocation["report"] {
            let page: [UInt8]
            if let file = invocation["result"] {
                do {
                    let result = try RunResult(parsing: try JSONValue(parsing: try readFile(file, limit: 1 << 30)))
                    page = HTMLReport.render(result, dependencies: times)
                } catch {
                    throw CommandError(
                        "\(file) cannot be read: \(error)", remedy: "Give the file of 'tinct replay --result'.")
                }
            } else {
                page = HTMLReport.render(times, run: runPath)
            }
            do { try writeFile(path, bytes: page) } catch { throw CommandError("\(error)", exit: .failed) }
        }
        if invocation.wantsJSON {
            Output.line(times.json.text)
        } else {
            for line in DependencyTables.text(times) { Output.line(line) }
        }
    }
}
