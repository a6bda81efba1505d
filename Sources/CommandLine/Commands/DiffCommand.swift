import Analysis
import Expression
import JSON
import Report
import Tape

package let diffCommand = CommandSpec(
    name: "diff",
    summary: "Show which decisions and responses a replay changed",
    arguments: "TAPE RUNTAPE",
    argumentCount: 2...2,
    discussion: """
        Compares each response on the run tape with the one on the tape that was replayed: decisions, status,
        and bodies by field, after their codings. A synthesized tape has no responses: there the decision is
        compared with the one that the scenario expects. Values are shown only with --payload.

        Ends with 1 when anything changed or is missing, with 0 when nothing did.
        """,
    examples: [
        ("tinct diff payments.mcap run.mcap", "Which decisions changed, and which fields."),
        (
            "tinct diff payments.mcap run.mcap --decision decision --ignore '**.traceId'",
            "Leaves out what always differs."
        ),
    ],
    flags: [
        Flag(
            "decision", value: "PATH", help: "Where the decision stands in a response.",
            default: "the field whose name has 'decision' in it"),
        Flag(
            "ignore", value: "PATH", repeatable: true,
            help: "What is not compared: response.traceId, reasons.*, **.id; 'status' for the status."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL besides what the tape carries.", completion: .file
        ),
        Flag("payload", help: "Show the values of examples."),
        .json,
    ]
) { invocation in
    var options = TapeDiff.Options()
    options.keepsValues = invocation.has("payload")
    do throws(ExpressionError) {
        options.decision = try invocation["decision"].map { (text) throws(ExpressionError) in try ExpressionPath(text) }
    } catch {
        throw CommandError("--decision: \(error)", remedy: "Write a path like decision or result.decision.")
    }
    for text in invocation.all("ignore") {
        do throws(ExpressionError) {
            options.ignored.append(try PathPattern(text))
        } catch {
            throw CommandError("--ignore \(text): \(error)", remedy: "Write a path like response.traceId or **.id.")
        }
    }
    let run = try TapeInput.open(invocation.arguments[1])
    let first = try SourceCursor(invocation.arguments[0])
    let schemas = try TapeInput.schemas(of: first.reader, idl: invocation.all("idl"))
    var diff = TapeDiff(options, renderThrift: TapeInput.renderer(schemas))
    // Each round reads the tape once more, in step with the run tape; two rounds overlap at their borders.
    var cursors: [UInt32: SourceCursor] = [0: first]
    var progress = ProgressLine()
    let sourceName = ReplaySource.name(invocation.arguments[0])
    var isRun = false
    while let replayed = try TapeInput.next(run) {
        guard let record = replayed.run else { continue }
        isRun = true
        // Of a mix, what came from the other tapes is not this tape's.
        if !record.sourceTape.isEmpty && record.sourceTape != sourceName { continue }
        if cursors[record.round] == nil {
            cursors[record.round] = try SourceCursor(invocation.arguments[0])
            cursors = cursors.filter { $0.key == 0 || $0.key + 4 > record.round }
        }
        if let source = try cursors[record.round]?.take(record.sourceID) {
            diff.add(source: source, replayed: replayed)
        } else {
            diff.unknownSource += 1
        }
        progress.update("compared \(diff.compared) responses")
    }
    progress.finish()
    guard isRun else {
        throw CommandError(
            "\(invocation.arguments[1]) is not a run tape: nothing on it was replayed",
            remedy: "Give the tape that tinct replay wrote with -o as the second one.")
    }
    diff.notReplayed = try first.countRest()
    if invocation.wantsJSON {
        Output.line(diff.json.text)
    } else {
        let lines = diff.lines(count: Figures.count, share: { Figures.share($0, of: $1) }) {
            TextReport.table($0, $1, leading: $2)
        }
        for line in lines { Output.line(TextReport.printable(line)) }
    }
    return diff.isClean ? .ok : .expectationFailed
}

/// Finds exchanges of the replayed tape by their ids, in about the order of the tape: what was passed over is kept until
/// it is asked for.
private final class SourceCursor {
    let reader: TapeReader
    private var passed: [UInt64: Exchange] = [:]
    private var isAtEnd = false
    private var nextID: UInt64 = 0

    init(_ path: String) throws(CommandError) { reader = try TapeInput.open(path) }

    /// Nil when the tape has no such exchange, or when it was taken before.
    func take(_ id: UInt64) throws(CommandError) -> Exchange? {
        if let known = passed.removeValue(forKey: id) { return known }
        while !isAtEnd && nextID <= id {
            guard let exchange = try TapeInput.next(reader) else {
                isAtEnd = true
                break
            }
            nextID = exchange.id + 1
            if exchange.id == id { return exchange }
            passed[exchange.id] = exchange
        }
        return nil
    }

    /// How many were never taken; reads to the end.
    func countRest() throws(CommandError) -> UInt64 {
        var count = UInt64(passed.count)
        passed = [:]
        while !isAtEnd {
            guard try TapeInput.next(reader) != nil else { break }
            count += 1
        }
        isAtEnd = true
        return count
    }
}
