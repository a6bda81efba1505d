import Files
import Formats
import JSON
import Schema
import Tape

package let packCommand = CommandSpec(
    name: "pack",
    summary: "Make a tape of test cases from a table",
    arguments: "CASES",
    argumentCount: 1...1,
    discussion: """
        One request for each row, in the order of the rows and 1 ms apart. Columns of a CSV are paths into the request \
        (user.userId, items.0.sku); their texts become what the schema says of the field. A cell with nothing in it leaves \
        its field out, "" is the empty text, and cells of lists and objects hold JSON. A column may be a parameter of an \
        OpenAPI operation. In JSON Lines each object is a request, or {"request": …, "parameters": …, "expected": …}.

        The expected decision is kept beside the request; an object that is expected becomes the whole response. \
        tinct replay sends the tape and writes a run tape, tinct diff compares that with what was expected and ends with 1 \
        when anything differs. `reject` stands for any exception or status 4xx.
        """,
    examples: [
        (
            "tinct pack cases.csv --idl risk.thrift --operation RiskDecision.evaluate --expect-column decision -o cases.mcap",
            "Thrift calls, framed Binary, with the decision that each should get."
        ),
        (
            "tinct pack cases.jsonl --idl risk.openapi.yaml --operation 'POST /v1/risk/decisions' -o cases.mcap",
            "HTTP requests."
        ),
    ],
    flags: [
        Flag("output", short: "o", value: "TAPE", required: true, help: "Write the tape here.", completion: .file),
        Flag(
            "operation", value: "NAME", required: true,
            help: "Service.method, an operationId, or METHOD /path."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI, kept on the tape.", completion: .file),
        Flag("expect-column", value: "NAME", help: "The column (or member) that holds the expected decision."),
        Flag("ignore-column", value: "NAME", repeatable: true, help: "A column that is no part of the request."),
        Flag(
            "format", value: "FORMAT", help: "What CASES is.", default: "by its name, else csv",
            completion: .choices(["csv", "jsonl"])),
        Flag("as-is", help: "Do not hold HTTP requests against the OpenAPI document."),
    ] + ThriftLayoutFlags.all + [.json]
) { invocation in
    let input = invocation.arguments[0]
    guard let output = invocation["output"], let name = invocation["operation"] else {
        throw CommandError("tinct pack needs --operation and --output")
    }
    try OutputPath.checkIsNotStandardOutput(output, "output")
    try OutputPath.check(output, "output", against: [input] + invocation.all("idl"))
    let schemas = try SchemaFiles.load(invocation.all("idl"))
    var options = CaseTable.Options()
    options.expectColumn = invocation["expect-column"]
    options.ignoredColumns = invocation.all("ignore-column")
    let isCSV = try isTable(input, invocation["format"])
    let bytes: [UInt8]
    do throws(FileError) { bytes = try readFile(input) } catch { throw CommandError("\(error)") }
    do {
        var composer = try RequestComposer(
            name, schemas, try ThriftLayoutFlags.format(invocation), isMultiplexed: invocation.has("multiplexed"))
        composer.isUnchecked = invocation.has("as-is")
        var table = try CaseTable(bytes, isCSV: isCSV, composer, options)
        // Every row is read before the tape is opened: a mistake in the last one leaves no half of a tape.
        var cases: [Exchange] = []
        while let row = try table.next() { cases.append(try exchange(row, composer, index: cases.count)) }
        if cases.isEmpty { throw CommandError("\(input) holds no cases", remedy: "Give at least one row.") }
        try write(cases, to: output, schemas, from: input)
        report(cases, composer.operation, output, asJSON: invocation.wantsJSON)
        return .ok
    } catch let error as ComposingError {
        let place = error.path.isEmpty ? "" : "\(error.path): "
        throw CommandError("\(input): \(place)\(error.message)", remedy: error.remedy)
    }
}

private func isTable(_ path: String, _ format: String?) throws(CommandError) -> Bool {
    switch format {
    case "csv": return true
    case "jsonl": return false
    case nil: return ![".jsonl", ".ndjson", ".json"].contains { path.hasSuffix($0) }
    case let other?: throw CommandError("--format \(other) is not known", remedy: "Give csv or jsonl.")
    }
}

/// When the first case stands on the tape: 2000-01-01. The same table gives the same tape.
private let firstNanos: UInt64 = 946_684_800_000_000_000

private func exchange(
    _ row: CaseTable.Case, _ composer: RequestComposer, index: Int
) throws(ComposingError) -> Exchange {
    var exchange = Exchange()
    let time = firstNanos + UInt64(index) * 1_000_000
    let number = Int32(truncatingIfNeeded: (index + 1) & 0x7FFF_FFFF)
    exchange.id = UInt64(index)
    exchange.flow = UInt64(index)
    exchange.format = composer.format
    exchange.operation = composer.operation
    exchange.expected = row.expected
    do throws(ComposingError) {
        exchange.request = Message(
            wire: try composer.request(row.content, host: "localhost", number: number), startNanos: time, endNanos: time
        )
        if let response = row.response {
            exchange.response = Message(
                wire: try composer.response(response, number: number), startNanos: time, endNanos: time)
        }
    } catch {
        throw ComposingError(
            ["line \(row.line)" + (error.path.isEmpty ? "" : ", \(error.path)")], error.message, remedy: error.remedy)
    }
    return exchange
}

private func write(_ cases: [Exchange], to output: String, _ schemas: SchemaSet, from input: String)
    throws(CommandError)
{
    do throws(TapeError) {
        let options = TapeWriter.Options(
            source: input.split(separator: "/").last.map { String($0) } ?? input, program: "tinct \(tinctVersion)")
        let writer = try TapeWriter(path: output, options: options)
        for source in schemas.sources {
            let name = source.name.split(separator: "/").last.map { String($0) } ?? source.name
            try writer.attach(name: name, mediaType: source.mediaType, bytes: source.bytes)
        }
        for exchange in cases { try writer.append(exchange) }
        try writer.finish()
    } catch {
        throw CommandError(error.description, exit: .failed)
    }
}

private func report(_ cases: [Exchange], _ operation: String, _ output: String, asJSON: Bool) {
    let expected = cases.count { !$0.expected.isEmpty }
    let responses = cases.count { $0.response != nil }
    if asJSON {
        let object = JSONObject([
            .init("tape", JSONValue(output)), .init("operation", JSONValue(operation)),
            .init("cases", JSONValue(cases.count)), .init("expectedDecisions", JSONValue(expected)),
            .init("expectedResponses", JSONValue(responses)),
        ])
        Output.write(JSONValue.object(object).encoded(pretty: true) + [10])
        return
    }
    Output.line("\(output): \(cases.count) requests of \(operation)")
    Output.line("  expected  \(expected) decisions, \(responses) responses")
}
