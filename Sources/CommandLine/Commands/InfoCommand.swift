import Analysis
import Bytes
import JSON
import Metrics
import Schema
import Tape

package let infoCommand = CommandSpec(
    name: "info",
    summary: "Tell what is on a tape",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        Operations with counts and latency, bytes, time span, losses by reason, how many requests carry the stress-test
        tag, labels and expected decisions, and what is attached. A tape that was cut is read up to its last whole chunk.
        Parts that are damaged are counted and passed over; the command then ends with status 5.

        \(SelectionFlags.discussion)
        """,
    examples: [
        ("tinct info day.mcap", "Sums up a tape."), ("tinct info day.mcap --json", "The same for programs."),
        (
            "tinct info day.mcap --since +10m --until +20m --where 'status >= 500'",
            "Sums up what failed in ten minutes."
        ),
    ],
    flags: [Flag.json] + SelectionFlags.all + [
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI besides what the tape carries, to name fields.", completion: .file)
    ]
) { invocation in
    let selection = try SelectionFlags.selection(invocation)
    let reader = try TapeInput.open(invocation.arguments[0])
    let schemas =
        selection.isEverything ? SchemaSet() : try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
    let view = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
    var tape = try SelectedTape(reader, selection, view: view)
    var summary = TapeSummary()
    var progress = ProgressLine()
    var damaged: UInt64 = 0
    while true {
        do throws(TapeError) {
            guard let exchange = try tape.nextOrDamage() else { break }
            summary.add(exchange)
            progress.update("\(summary.exchanges) exchanges")
        } catch {
            if case .file = error.reason { throw CommandError(error.description, exit: .failed) }
            // The reader passes over what it cannot read, so this ends.
            damaged += 1
            if damaged == 1 { Output.warn(error.description) }
        }
    }
    progress.finish()
    if invocation.wantsJSON {
        Output.write(infoJSON(reader, summary, damaged: damaged).encoded(pretty: true) + [10])
    } else {
        Output.line(infoText(reader, summary, damaged: damaged))
    }
    return damaged == 0 ? .ok : .failed
}

private func infoJSON(_ reader: TapeReader, _ summary: TapeSummary, damaged: UInt64) -> JSONValue {
    var object = JSONObject()
    object.append("tape", JSONValue(reader.path))
    object.append("bytes", JSONValue(reader.fileBytes))
    object.append("library", JSONValue(reader.program))
    object.append("complete", JSONValue(reader.isComplete))
    object.append("bytesBeyond", JSONValue(reader.bytesBeyond))
    object.append("damaged", JSONValue(damaged))
    object.append("raw", JSONValue(reader.isRaw))
    object.append("maskPolicy", reader.maskPolicy.map { JSONValue($0) } ?? .null)
    object.append("maskKey", reader.maskKey.map { JSONValue($0) } ?? .null)
    object.append("attachments", JSONValue(reader.attachments.map { JSONValue($0.name) }))
    if let capture = liveCapture(reader) {
        var entries = JSONObject()
        for (key, value) in capture {
            let isText = ["interface", "filter", "dropWindows"].contains(key)
            entries.append(key, isText ? JSONValue(value) : UInt64(value).map { JSONValue($0) } ?? .null)
        }
        object.append("capture", .object(entries))
    }
    for member in summary.json.members { object.append(member.key, member.value) }
    return .object(object)
}

/// What the tape says of the live recording that made it.
private func liveCapture(_ reader: TapeReader) -> [(key: String, value: String)]? {
    reader.metadata.first { $0.name == "capture" }?.entries
}

private func infoText(_ reader: TapeReader, _ summary: TapeSummary, damaged: UInt64) -> String {
    var lines: [String] = []
    if reader.isRaw { lines.append("RAW TAPE: personal data and credentials stand in it unmasked") }
    var title = "\(reader.path): \(summary.exchanges) exchanges, \(TextTable.bytes(reader.fileBytes)) on disk"
    if !reader.program.isEmpty { title += ", written by \(reader.program)" }
    lines.append(title)
    if !reader.isComplete {
        lines.append("cut: \(TextTable.bytes(reader.bytesBeyond)) beyond the last whole chunk are not read")
    }
    if damaged > 0 { lines.append("damaged: \(damaged) chunks or exchanges cannot be read and are not counted") }
    if let capture = liveCapture(reader) {
        func value(_ key: String) -> String { capture.first { $0.key == key }?.value ?? "?" }
        lines.append(
            "recorded live on \(value("interface")): the kernel dropped \(value("kernelDropped")) of "
                + "\(value("kernelReceived")) packets by then")
    }
    if summary.exchanges > 0 {
        let span = summary.lastNanos - min(summary.firstNanos, summary.lastNanos)
        lines.append(
            "from \(Timestamp.rfc3339(summary.firstNanos)) to \(Timestamp.rfc3339(summary.lastNanos)), "
                + TextTable.seconds(span))
    }
    lines.append(
        "\(summary.requests) requests (\(TextTable.bytes(summary.requestBytes))), "
            + "\(summary.responses) responses (\(TextTable.bytes(summary.responseBytes))), \(summary.interim) interim")
    if let coverage = summary.tagCoverage {
        lines.append("tagged: \(summary.tagged) of \(summary.requests) requests (\(TextTable.percent(coverage)))")
    }
    if summary.redactions > 0 {
        let by = reader.maskKey.map { ", policy \(reader.maskPolicy?.prefix(12) ?? "?"), key \($0)" } ?? ""
        lines.append("redacted: \(summary.redactions) values\(by)")
    }
    if !reader.attachments.isEmpty {
        lines.append("attached: " + reader.attachments.map(\.name).joined(separator: ", "))
    }
    for (name, counts) in [
        ("lost", summary.losses), ("carriers", summary.carriers), ("labels", summary.labels),
        ("expected", summary.expected), ("outcomes", summary.outcomes),
    ] where !counts.isEmpty {
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        lines.append("\(name): " + ranked.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
    var table = TextTable(["operation", "protocol", "exchanges", "p50 ms", "p95 ms", "p99 ms", "bytes", "tagged"])
    for operation in summary.rankedOperations {
        let format = operation.format
        let wire = ["\(format.protocol)", "\(format.transport)", "\(format.encoding)"].filter { $0 != "none" }
        let latency = operation.latency.percentiles
        let times = [latency.p50Micros, latency.p95Micros, latency.p99Micros]
        table.add(
            [operation.name, wire.joined(separator: " "), String(operation.exchanges)]
                + times.map { latency.count == 0 ? "-" : TextTable.millis(micros: $0) }
                + [TextTable.bytes(operation.bytes), String(operation.tagged)])
    }
    return (lines + [""] + table.lines(textColumns: 2)).joined(separator: "\n")
}
