import Analysis
import Expression
import Files
import JSON
import Metrics
import Replay
import Report
import Tape

package let scoreCommand = CommandSpec(
    name: "score",
    summary: "Show which injected anomalies the engine caught",
    arguments: "RUNTAPE",
    argumentCount: 1...1,
    discussion: """
        Joins the labels of a synthesized tape with the replies on the run tape: for each type of anomaly and each campaign \
        what was caught and missed, false alarms on clean exchanges and on hard negatives, the decisions expected and \
        given, and how long it took to notice. Caught is what the engine did not let pass: a decision that --pass does not \
        name, a status 4xx, an exception, or a wire fault whose connection it closed. Shares come with Wilson's interval \
        of 95 %. Exchanges of which no decision is expected are counted and not scored.

        A label says what the bytes are; whether a campaign still is one depends on how it was sent. One that is not \
        complete on the run tape, whose stages came in another order, or whose exchanges lie further apart than its window \
        is void, and counted with its reason; so are labels about times when replay moved some of them. Distances are those of the times inside the requests; where replay wrote \
        these anew (--event-time scale), or with --clock arrival, those of the sends.

        Ends with 1 when a stated expectation does not hold. Figures: recall, precision, f1, falseAlarms, campaigns, \
        asExpected, void, unanswered, unknown; recall, falseAlarms and campaigns also of one type, recall of a layer, a \
        difficulty or a place of detection: recall(cardTesting), recall(L2), recall(hard).
        """,
    examples: [
        ("tinct score run.mcap", "Scores a replay of a synthesized tape, which the run tape names."),
        (
            "tinct score run.mcap --expect 'recall(cardTesting) > 0.8' --expect 'falseAlarms(clean) < 1%' --report score.html",
            "Fails unless both hold, and writes a page."
        ),
    ],
    flags: [
        Flag(
            "tape", value: "TAPE", help: "The synthesized tape that was replayed.",
            default: "the one that the run tape names", completion: .file),
        Flag(
            "decision", value: "PATH", help: "Where the decision stands in a response.",
            default: "the field whose name has 'decision' in it"),
        Flag(
            "pass", value: "DECISION", repeatable: true, help: "A decision that lets a request pass.",
            default: "approve, accept, allow, pass"),
        Flag(
            "clock", value: "CLOCK", help: "The times that the engine goes by: event or arrival.", default: "event",
            completion: .choices(Scorecard.Clock.allCases.map(\.rawValue))),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL besides what the tape carries.", completion: .file
        ),
        Flag(
            "expect", value: "CONDITION", repeatable: true,
            help: "Fail (status 1) unless it holds: 'recall(cardTesting) > 0.8', 'precision >= 99%'."),
        Flag("report", value: "FILE", help: "Write the score as one HTML page.", completion: .file),
        Flag(
            "result", value: "FILE",
            help: "The result of the run (replay --result): --report writes its page, with the score.",
            completion: .file),
        Flag("junit", value: "FILE", help: "Write the expectations as JUnit XML.", completion: .file),
        .json,
    ]
) { try ScoreRun($0).run() }

private struct ScoreRun {
    let invocation: Invocation
    let expectations: [ScoreExpectation]
    let runTape: TapeReader
    let tape: TapeReader
    var options = Scorecard.Options()

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        do throws(ExpressionError) {
            expectations = try invocation.all("expect").map { text throws(ExpressionError) in
                try ScoreExpectation(text)
            }
            options.decision = try invocation["decision"].map { (text) throws(ExpressionError) in
                try ExpressionPath(text)
            }
        } catch {
            throw CommandError("--expect or --decision: \(error)", remedy: "Write it like recall(cardTesting) > 0.8.")
        }
        if invocation.has("pass") { options.passes = Set(invocation.all("pass").map { $0.lowercased() }) }
        if let text = invocation["clock"] {
            guard let clock = Scorecard.Clock(rawValue: text) else {
                throw CommandError("--clock \(text) is not known", remedy: "Give event or arrival.")
            }
            options.clock = clock
        }
        runTape = try TapeInput.open(invocation.arguments[0])
        try RunTapeExtent(runTape).refuse(runTape.path, for: "what was caught and missed")
        let record = runTape.metadata.first { $0.name == "replay" }?.entries ?? []
        options.timesFollowSends = record.contains { $0.key == "eventTime" && $0.value == "scale" }
        options.timesMoved =
            options.timesFollowSends || record.contains { $0.key == "eventTime" && $0.value == "shift" }
        if record.isEmpty {
            Output.warn("the run tape does not say what became of the times in its requests: they count as kept")
        }
        guard let path = invocation["tape"] ?? record.first(where: { $0.key == "tape" })?.value else {
            throw CommandError(
                "\(runTape.path) does not name the tape that was replayed", remedy: "Give it with --tape TAPE.")
        }
        for flag in ["report", "junit"] {
            guard let output = invocation[flag] else { continue }
            try OutputPath.check(output, flag, against: [runTape.path, path])
        }
        tape = try TapeInput.open(path)
        try checkIsSame()
    }

    /// The manifest travels from tape to run tape: other bytes mean other exchanges under the same ids.
    private func checkIsSame() throws(CommandError) {
        func manifest(_ reader: TapeReader) throws(CommandError) -> [UInt8]? {
            guard let found = reader.attachments.first(where: { $0.mediaType == TapeMediaType.manifest }) else {
                return nil
            }
            do { return try reader.read(found) } catch { throw CommandError("\(error)", exit: .failed) }
        }
        guard let replayed = try manifest(runTape), let given = try manifest(tape), replayed != given else { return }
        throw CommandError(
            "\(tape.path) is not the tape that was replayed: the manifest on \(runTape.path) is another one",
            remedy: "Give the tape of that run with --tape, or replay this one.")
    }

    func run() throws -> ExitCode {
        var progress = ProgressLine()
        defer { progress.finish() }
        var truth = ScoreTruth()
        while let exchange = try TapeInput.next(tape) {
            truth.add(exchange)
            progress.update("read \(truth.exchanges) exchanges of the tape")
        }
        let schemas = try TapeInput.schemas(of: tape, idl: invocation.all("idl"))
        var card = Scorecard(truth, options, renderThrift: TapeInput.renderer(schemas))
        let name = ReplaySource.name(tape.path)
        var isRun = false
        while let exchange = try TapeInput.next(runTape) {
            guard let record = exchange.run else { continue }
            isRun = true
            // Of a mix, what came from the other tapes is not this tape's.
            if record.isMirror || (!record.sourceTape.isEmpty && record.sourceTape != name) { continue }
            card.add(exchange)
            progress.update("scored \(card.replayed) exchanges")
        }
        card.finish()
        progress.finish()
        guard isRun else {
            throw CommandError(
                "\(runTape.path) is not a run tape: nothing on it was replayed",
                remedy: "Give the tape that tinct replay wrote with -o.")
        }
        if truth.labelled == 0 {
            Output.warn("\(tape.path) has no labels: only decisions are compared")
        }
        try checkDecisions(card)
        let judged = try judge(card)
        try write(card, judged)
        return judged.allSatisfy(\.holds) ? .ok : .expectationFailed
    }

    /// A place or a decision that no reply knows makes a perfect score of a typing error.
    private func checkDecisions(_ card: Scorecard) throws(CommandError) {
        let given = card.decisionsGiven
        if given.isEmpty, let path = options.decision, card.confusion.contains(where: { $0.actual == "(none)" }) {
            throw CommandError(
                "no reply has '\(path)' in it, where --decision says that the decision stands",
                remedy: "Look at a reply with tinct show --payload, or leave --decision out to have the place found.")
        }
        if given.isEmpty || given.contains(where: { options.passes.contains($0.lowercased()) }) { return }
        Output.warn(
            "no reply decided \(options.passes.sorted().joined(separator: ", ")): every request counts as stopped; "
                + "replies decided \(given.prefix(10).joined(separator: ", "))"
                + (invocation.has("pass") ? "" : ", of which --pass may name those that let pass"))
    }

    private func judge(_ card: Scorecard) throws(CommandError) -> [ExpectationResult] {
        var results: [ExpectationResult] = []
        for expectation in expectations {
            guard let outcome = expectation.judge(card) else {
                let known = card.types.map(\.type) + card.layers.keys.sorted() + card.difficulties.keys.sorted()
                throw CommandError(
                    "--expect \(expectation.text): the tape has no label '\(expectation.name ?? "")'",
                    remedy: known.isEmpty ? "It has none at all." : "It has \(known.joined(separator: ", ")).")
            }
            results.append(.init(text: expectation.text, holds: outcome.holds, actual: outcome.actual))
        }
        return results
    }

    private func write(_ card: Scorecard, _ judged: [ExpectationResult]) throws(CommandError) {
        func save(_ bytes: [UInt8], _ flag: String) throws(CommandError) {
            guard let path = invocation[flag] else { return }
            do { try writeFile(path, bytes: bytes) } catch { throw CommandError("\(error)", exit: .failed) }
        }
        if invocation.has("report") {
            if let path = invocation["result"] {
                var result: RunResult
                do {
                    result = try RunResult(parsing: try JSONValue(parsing: try readFile(path, limit: 1 << 30)))
                } catch {
                    throw CommandError(
                        "\(path) cannot be read: \(error)", remedy: "Give the file of 'tinct replay --result'.")
                }
                result.expectations += judged
                try save(HTMLReport.render(result, score: card), "report")
            } else {
                try save(
                    HTMLReport.render(
                        card, tape: tape.path, runTape: runTape.path, expectations: judged, version: tinctVersion),
                    "report")
            }
        }
        try save(JUnitReport.render(judged, command: "score"), "junit")
        guard invocation.wantsJSON else { return Output.write(ScoreText.render(card, judged)) }
        var object = JSONObject([
            .init("tape", JSONValue(tape.path)), .init("runTape", JSONValue(runTape.path)),
        ])
        object.members += card.json.members
        object.append(
            "expectations",
            JSONValue(
                judged.map {
                    ["text": JSONValue($0.text), "holds": JSONValue($0.holds), "actual": JSONValue($0.actual)]
                }))
        Output.line(JSONValue(object).text)
    }
}
