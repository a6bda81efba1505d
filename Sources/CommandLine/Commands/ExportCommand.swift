import Analysis
import Expression
import Files
import Formats
import JSON
import Tape

package let exportCommand = CommandSpec(
    name: "export",
    summary: "Write the exchanges of a tape in another tool's format",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        The format follows from the ending of --output, or --format says it:

          jsonl    JSON Lines: everything with payload, or --columns
          csv      RFC 4180: the usual columns, or --columns
          har      HTTP Archive 1.2
          gor      GoReplay's file, for versions 1 and 2
          vegeta   vegeta's JSON targets
          curl     one curl command for each request, quoted for a POSIX shell
          pcap     a capture with valid checksums and sequence numbers

        HAR, gor, vegeta and curl know HTTP only; what a format cannot say is left out, counted, and told on standard
        error. All but har hold one record for each exchange and can be as long as the tape. What was masked on the tape
        is masked here too. The output of a raw tape is readable by its owner only.

        Spreadsheets run CSV cells that begin with = + - or @ as formulas, so a hostile request can act in them:
        --spreadsheet puts an apostrophe in front of such text. Programs should read the file without it.

        \(SelectionFlags.discussion)
        """,
    examples: [
        (
            "tinct export day.mcap -o day.csv --columns request.user.id,response.decision,latencyMicros",
            "Three columns for every exchange."
        ),
        ("tinct export day.mcap -o day.har --operation 'POST *'", "An archive that browsers open."),
        ("tinct export day.mcap --format curl --where 'id == 17'", "Prints the command that sends exchange 17 again."),
    ],
    flags: [
        Flag(
            "output", short: "o", value: "FILE", help: "Write here.", default: "standard output", completion: .file),
        Flag(
            "format", value: "FORMAT", help: "jsonl, csv, har, gor, vegeta, curl or pcap.",
            default: "by the ending of --output", completion: .choices(ExportFormat.allCases.map(\.rawValue))),
        Flag(
            "columns", value: "PATH,...", help: "What jsonl and csv hold, as in id,request.user.id,response.decision."),
        Flag("spreadsheet", help: "In CSV, put an apostrophe in front of text that would run as a formula."),
        Flag("limit", short: "n", value: "N", help: "Stop after so many exchanges."),
    ] + SelectionFlags.all + [
        DisplayMasking.flag,
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI besides what the tape carries, to name fields.", completion: .file),
    ],
    run: { try ExportRun($0).run() }
)

/// One run of the command.
private struct ExportRun {
    private let invocation: Invocation
    private let format: ExportFormat
    private let output: String
    private let columns: [ExpressionPath]
    private let selection: Selection
    private let limit: UInt64

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        output = invocation["output"] ?? "-"
        if let name = invocation["format"] {
            guard let known = ExportFormat(rawValue: name) else {
                throw CommandError(
                    "--format \(name) is not known",
                    remedy: "Give one of \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            format = known
        } else {
            guard let known = ExportFormat(path: output) else {
                throw CommandError(
                    "the ending of \(output) does not say a format", remedy: "Say it with --format, as in --format har."
                )
            }
            format = known
        }
        var columns: [ExpressionPath] = []
        for text in (invocation["columns"] ?? "").split(separator: ",") {
            do throws(ExpressionError) { columns.append(try ExpressionPath(String(text))) } catch {
                throw CommandError("--columns: \(error)", remedy: "Name fields, as in id,request.user.id.")
            }
        }
        if invocation.has("columns") && (!format.takesColumns || columns.isEmpty) {
            throw CommandError("--columns belongs to jsonl and csv", remedy: "As in --columns id,request.user.id.")
        }
        if invocation.has("spreadsheet") && format != .csv {
            throw CommandError("--spreadsheet belongs to csv", remedy: "Leave it out.")
        }
        self.columns = columns
        selection = try SelectionFlags.selection(invocation)
        limit =
            try invocation["limit"].map { text throws(CommandError) in
                try FlagValue.count(text, flag: "limit")
            } ?? .max
        try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
    }

    func run() throws(CommandError) -> ExitCode {
        let reader = try TapeInput.open(invocation.arguments[0])
        let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
        let view = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
        var tape = try SelectedTape(reader, selection, view: view)
        var display = DisplayMasking(invocation, reader, schemas)
        var exporter = format.exporter(
            columns: columns, view: view, creator: ("tinct", tinctVersion),
            isSpreadsheetSafe: invocation.has("spreadsheet"))
        var written: UInt64 = 0
        var leftOut: [LeftOut: UInt64] = [:]
        var progress = ProgressLine()
        defer { progress.finish() }
        do {
            let file = try FileOutput(path: output, mode: reader.isRaw ? 0o600 : 0o644)
            var out: [UInt8] = []
            exporter.begin(&out)
            func put(_ exchange: Exchange) throws {
                if let reason = exporter.append(exchange, to: &out) {
                    leftOut[reason, default: 0] += 1
                } else {
                    written += 1
                }
                if out.count >= 1 << 18 {
                    try file.write(out)
                    out.removeAll(keepingCapacity: true)
                }
                progress.update("\(written) exchanges written")
            }
            var taken: UInt64 = 0
            if format.isByTime {
                let sorter = ExchangeSorter(scratchPath: output == "-" ? reader.path : output)
                while taken < limit, var exchange = try tape.next() {
                    taken += 1
                    display.apply(&exchange)
                    try sorter.add(exchange)
                    progress.update("\(taken) exchanges read")
                }
                try sorter.drain(put)
            } else {
                while taken < limit, var exchange = try tape.next() {
                    taken += 1
                    display.apply(&exchange)
                    try put(exchange)
                }
            }
            exporter.finish(&out)
            try file.write(out)
            try file.close()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("the export stopped after \(written) exchanges: \(error)", exit: .failed)
        }
        progress.finish()
        return report(written, leftOut)
    }

    private func report(_ written: UInt64, _ leftOut: [LeftOut: UInt64]) -> ExitCode {
        for reason in LeftOut.allCases {
            if let count = leftOut[reason] { Output.warn("\(count) exchanges left out: \(reason.explanation)") }
        }
        if output != "-" { Output.note("\(written) exchanges written to \(output)") }
        return written == 0 && !leftOut.isEmpty ? .expectationFailed : .ok
    }
}
