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
    private let split: TapeParts.Split?
    private let isSorted: Bool

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        guard let output = invocation["output"] else {
            throw CommandError("tinct cut needs --output TAPE", remedy: "As in -o part.mcap.")
        }
        self.output = output
        selection = try SelectionFlags.selection(invocation)
        split = try invocation["split"].map { text throws(CommandError) in try Self.split(text) }
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
                try OutputPath.check(TapeParts.name(output, number), "output", against: invocation.arguments)
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
            Output.warn("\(output) is raw, as its source is: credentials and card numbers stand in it unmasked")
        }
        let parts: TapeParts
        do throws(TapeError) {
            parts = try TapeParts(
                path: output, split: split, options: options, attachments: attachments,
                metadata: TapeJoin.metadata(of: readers))
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
                    if isSorted { try sorter.add(exchange) } else { try parts.append(exchange) }
                    progress.update("\(read + tape.readCount) exchanges read")
                }
                read += tape.readCount
            }
            try sorter.drain { exchange in
                try parts.append(exchange)
                progress.update("\(parts.exchangeCount) exchanges written")
            }
            try parts.finish()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(
                "the cut stopped: \(error)", remedy: "What \(output) holds up to its last whole chunk can be read.",
                exit: .failed)
        }
        progress.finish()
        report(parts, read: read, attachments: attachments)
        return .ok
    }

    private func report(_ parts: TapeParts, read: UInt64, attachments: [TapeParts.Attachment]) {
        if invocation.wantsJSON {
            var object = JSONObject()
            object.append("read", JSONValue(read))
            object.append("written", JSONValue(parts.exchangeCount))
            object.append("attachments", JSONValue(attachments.map { JSONValue($0.name) }))
            object.append(
                "tapes",
                JSONValue(
                    parts.parts.map { part in
                        .object(
                            JSONObject([
                                .init("tape", JSONValue(part.path)), .init("exchanges", JSONValue(part.exchanges)),
                            ]))
                    }))
            Output.write(JSONValue.object(object).encoded(pretty: true) + [10])
            return
        }
        Output.line("\(parts.exchangeCount) exchanges written of \(read) read")
        for part in parts.parts { Output.line("  \(part.path): \(part.exchanges)") }
    }

    private static func split(_ text: String) throws(CommandError) -> TapeParts.Split {
        if text.hasSuffix("B"), let bytes = FlagValue.bytes(text), bytes > 0 { return .bytes(bytes) }
        if let last = text.last, "smhd".contains(last),
            let nanos = try? FlagValue.durationNanos(text, flag: "split"), nanos > 0
        {
            return .nanos(nanos)
        }
        if let count = try? FlagValue.count(text, flag: "split"), count > 0 { return .count(count) }
        throw CommandError(
            "--split \(text) is no size, time or count", remedy: "Write it like 1GiB, 10m or 100k.")
    }
}
