import Analysis
import JSON
import Tape

package let cutCommand = CommandSpec(
    name: "cut",
    summary: "Write a selection of one or more tapes as a new tape",
    arguments: "TAPE...",
    argumentCount: 1...4096,
    discussion: """
        Selects, merges, sorts and splits. The exchanges of all tapes are put in the order of their first byte; with
        --order given they stay in the order of the tapes and of each tape, as the shards of one synthesis need it.

        On the new tape an exchange's id is its position. Flows of the second and later recorded tapes are numbered on
        behind those of the tapes before, so that no two connections become one; flows of synthesized tapes keep their
        numbers. The position within a flow stays as it was, and so does the source id on a run tape. Attachments and
        metadata come along. What was masked stays masked; a tape cut from a raw one is raw.

        \(SelectionFlags.discussion)
        """,
    examples: [
        (
            "tinct cut day.mcap --since 2026-07-01T08:00:00Z --until 2026-07-01T09:00:00Z -o hour.mcap",
            "One hour; the rest of the tape is not read."
        ),
        (
            "tinct cut day.mcap --sample 1/100 --sample-key request.user.id -o users.mcap",
            "All traffic of one user in a hundred."
        ),
        ("tinct cut a.mcap b.mcap --split 1GiB -o all.mcap", "Merges two tapes into all-000001.mcap and so on."),
    ],
    flags: [
        Flag("output", short: "o", value: "TAPE", required: true, help: "Write the tape here.", completion: .file)
    ] + SelectionFlags.all + [
        Flag(
            "order", value: "ORDER", help: "time, or given: tape after tape as they are.", default: "time",
            completion: .choices(["time", "given"])),
        Flag(
            "split", value: "SIZE|TIME|COUNT",
            help: "Write several tapes of this size (1GiB), span (10m) or number of exchanges (1M), numbered."),
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI besides what the tapes carry, to name fields.", completion: .file),
        .json,
    ],
    run: { try CutRun($0).run() }
)

/// One run of the command.
private struct CutRun {
    private let invocation: Invocation
    private let output: String
    private let selection: Selection
    private let split: TapeSet.Rotation?
    private let isSorted: Bool

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        guard let output = invocation["output"] else {
            throw CommandError("tinct cut needs --output TAPE", remedy: "As in -o part.mcap.")
        }
        self.output = output
        selection = try SelectionFlags.selection(invocation)
        split = try invocation["split"].map { text throws(CommandError) in try FlagValue.rotation(text, flag: "split") }
        switch invocation["order"] ?? "time" {
        case "time": isSorted = true
        case "given": isSorted = false
        case let other:
            throw CommandError("--order \(other) is not known", remedy: "Give time or given.")
        }
        try OutputPath.checkIsNotStandardOutput(output, "output")
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        if split != nil {
            for number in 1...2 {
                try OutputPath.check(TapeSet.name(output, number), "output", against: invocation.arguments)
            }
        }
    }

    func run() throws(CommandError) -> ExitCode {
        var readers: [TapeReader] = []
        for path in invocation.arguments { readers.append(try TapeInput.open(path)) }
        let start =
            readers.contains { $0.startNanos == nil && $0.chunkCount > 0 }
            ? nil : readers.compactMap(\.startNanos).min()
        if start == nil && selection.needsStart && readers.contains(where: { $0.chunkCount > 0 }) {
            throw CommandError(
                "a tape has no index of times, so the start is not known", remedy: "Give times in RFC 3339.")
        }
        let attachments = try TapeJoin.attachments(of: readers)
        let options = TapeJoin.options(of: readers)
        if options.isRaw {
            Output.warn("\(output) is raw, as its source is: personal data and credentials stand in it unmasked")
        }
        let tapes: TapeSet
        do throws(TapeError) {
            var plan = TapeSet.Plan(path: output, rotation: split, options: options)
            plan.attachments = attachments
            plan.metadata = TapeJoin.metadata(of: readers)
            tapes = try TapeSet(plan)
        } catch { throw CommandError(error.description) }

        var read: UInt64 = 0
        var progress = ProgressLine()
        defer { progress.finish() }
        do {
            let sorter = ExchangeSorter(scratchPath: output)
            var flows: UInt64 = 0
            for reader in readers {
                let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
                let view = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
                var tape = try SelectedTape(reader, selection, startNanos: start, view: view)
                let isRecorded = !reader.attachments.contains { $0.mediaType == TapeMediaType.scenario }
                let base = isRecorded ? flows : 0
                while var exchange = try tape.next() {
                    exchange.flow &+= base
                    if isRecorded { flows = max(flows, exchange.flow &+ 1) }
                    if isSorted { try sorter.add(exchange) } else { try Self.add(&exchange, to: tapes) }
                    progress.update("\(read + tape.readCount) exchanges read")
                }
                read += tape.readCount
            }
            try sorter.drain { sorted in
                var exchange = sorted
                try Self.add(&exchange, to: tapes)
                progress.update("\(tapes.exchangeCount) exchanges written")
            }
            try tapes.finish()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(
                "the cut stopped: \(error)", remedy: "What \(output) holds up to its last whole chunk can be read.",
                exit: .failed)
        }
        progress.finish()
        report(tapes, read: read, attachments: attachments)
        return .ok
    }

    /// Adds an exchange to the tape in whose span its first byte lies.
    private static func add(_ exchange: inout Exchange, to tapes: TapeSet) throws(TapeError) {
        try tapes.rotateIfDue(recordedNanos: exchange.startNanos)
        try tapes.append(&exchange)
    }

    private func report(_ tapes: TapeSet, read: UInt64, attachments: [AttachedFile]) {
        if invocation.wantsJSON {
            var object = JSONObject()
            object.append("read", JSONValue(read))
            object.append("written", JSONValue(tapes.exchangeCount))
            object.append("attachments", JSONValue(attachments.map { JSONValue($0.name) }))
            object.append(
                "tapes",
                JSONValue(
                    tapes.tapes.map { tape in
                        .object(
                            JSONObject([
                                .init("tape", JSONValue(tape.path)), .init("exchanges", JSONValue(tape.exchanges)),
                            ]))
                    }))
            Output.write(JSONValue.object(object).encoded(pretty: true) + [10])
            return
        }
        Output.line("\(tapes.exchangeCount) exchanges written of \(read) read")
        for tape in tapes.tapes { Output.line("  \(tape.path): \(tape.exchanges)") }
    }
}
