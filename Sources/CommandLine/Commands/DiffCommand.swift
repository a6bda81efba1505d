import Analysis
import Expression
import JSON
import Report
import Tape

package let diffCommand = CommandSpec(
    name: "diff",
    summary: "Show which decisions and responses a replay changed",
    arguments: "TAPE RUNTAPE",
    argumentCount: 1...2,
    discussion: """
        Compares each response on the run tape with the one on the tape that was replayed: decisions, status,
        and bodies by field, after their codings. A synthesized tape has no responses: there the decision is
        compared with the one that the scenario expects. Values are shown only with --payload.

        With --mirror, one run tape of a replay with mirrors is compared with itself: the mirror's replies with the
        target's, send by send.

        Ends with 1 when anything changed or is missing, with 0 when nothing did.
        """,
    examples: [
        ("tinct diff payments.mcap run.mcap", "Which decisions changed, and which fields."),
        (
            "tinct diff payments.mcap run.mcap --decision decision --ignore '**.traceId'",
            "Leaves out what always differs."
        ),
        (
            "tinct diff run.mcap --mirror http://127.0.0.1:8081",
            "Where the mirror of a replay answered differently from its target."
        ),
    ],
    flags: [
        Flag(
            "mirror", value: "URL",
            help: "Compare the replies of this mirror with the target's, on one RUNTAPE; named as in replay --mirror."),
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
    if let mirror = invocation["mirror"] {
        guard invocation.arguments.count == 1 else {
            throw CommandError(
                "with --mirror both sides stand on one run tape", remedy: "tinct diff RUNTAPE --mirror URL")
        }
        return try MirrorDiff.run(invocation, mirror, options)
    }
    guard invocation.arguments.count == 2 else {
        throw CommandError(
            "tinct diff needs a TAPE and a RUNTAPE", remedy: "Or one RUNTAPE with --mirror URL (tinct help diff).")
    }
    let run = try TapeInput.open(invocation.arguments[1])
    let extent = RunTapeExtent(run)
    extent.warn(run.path)
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
        if record.isMirror { continue }
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
    if extent.reasons.isEmpty { diff.notReplayed = try first.countRest() }
    return show(diff, invocation)
}

private func show(_ diff: TapeDiff, _ invocation: Invocation) -> ExitCode {
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

/// One run tape, on which a mirror's replies stand beside the target's.
private enum MirrorDiff {
    static func run(_ invocation: Invocation, _ name: String, _ options: TapeDiff.Options) throws -> ExitCode {
        let path = invocation.arguments[0]
        let tape = try TapeInput.open(path)
        let extent = RunTapeExtent(tape)
        // One side of a pair may have failed, and the other not.
        if extent.isByOutcome { try extent.refuse(path, for: "which replies differ") }
        extent.warn(path)
        let schemas = try TapeInput.schemas(of: tape, idl: invocation.all("idl"))
        var diff = TapeDiff(options, renderThrift: TapeInput.renderer(schemas))
        var pairing = Pairing<Exchange>()
        var targets: [String: Bool] = [:]
        var progress = ProgressLine()
        func giveUp(_ exchanges: [Exchange]) {
            for exchange in exchanges {
                if isMirror(exchange, name) { diff.unknownSource += 1 } else { diff.notReplayed += 1 }
            }
        }
        while var exchange = try TapeInput.next(tape) {
            guard let record = exchange.run else { continue }
            let isMirror = isMirror(exchange, name)
            if targets[record.target] == nil { targets[record.target] = isMirror }
            // A run may have other mirrors.
            if record.isMirror && !isMirror { continue }
            let key = Pairing<Exchange>.Key(
                sourceID: record.sourceID, sourceTape: record.sourceTape, round: record.round)
            exchange.id = record.sourceID
            if let other = pairing.take(key) {
                if isMirror {
                    diff.add(source: other, replayed: exchange)
                } else {
                    diff.add(source: exchange, replayed: other)
                }
                progress.update("compared \(diff.compared) responses")
                continue
            }
            let size = (exchange.request?.wire.count ?? 0) + (exchange.response?.wire.count ?? 0)
            giveUp(pairing.wait(key, exchange, bytes: size))
        }
        progress.finish()
        giveUp(pairing.takeAll())
        guard targets.values.contains(true) else {
            let known = targets.keys.filter { !$0.isEmpty }.sorted().joined(separator: ", ")
            throw CommandError(
                targets.isEmpty
                    ? "\(path) is not a run tape: nothing on it was replayed"
                    : "\(path) has no mirror \(name)",
                remedy: targets.isEmpty
                    ? "Give the tape that tinct replay wrote with -o." : "Its targets and mirrors are \(known).")
        }
        return show(diff, invocation)
    }

    private static func isMirror(_ exchange: Exchange, _ name: String) -> Bool {
        exchange.run?.isMirror == true && exchange.run?.target == name
    }
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
