import Analysis
import JSON
import Schema
import Tape

package let showCommand = CommandSpec(
    name: "show",
    summary: "List the exchanges of a tape",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        One exchange a line, as text or, with --json, as JSON Lines. Thrift arguments and results are shown by name where
        the tape carries the IDL or --idl gives it, else by field id. Payload (header values, bodies, arguments, results)
        is printed only with --payload, because it may hold personal data.

        \(SelectionFlags.discussion)
        """,
    examples: [
        ("tinct show day.mcap --limit 20", "Lists the first 20 exchanges."),
        (
            "tinct show day.mcap --operation RiskDecision.* --payload --json",
            "Prints every exchange of one service with arguments and results by name."
        ),
        (
            "tinct show day.mcap --where 'request.payment.amount > 10000 and response.decision == \"approve\"'",
            "Lists the large payments that were approved."
        ),
    ],
    flags: [
        Flag.json,
        Flag("limit", short: "n", value: "N", help: "Stop after so many exchanges."),
    ] + SelectionFlags.all + [
        Flag("payload", help: "Print header values, bodies, arguments and results."),
        DisplayMasking.flag,
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI besides what the tape carries.", completion: .file),
    ]
) { invocation in
    let reader = try TapeInput.open(invocation.arguments[0])
    let schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
    let view = ExchangeView(
        showsPayload: invocation.has("payload"), renderThrift: TapeInput.renderer(schemas))
    let fields = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
    var tape = try SelectedTape(reader, try SelectionFlags.selection(invocation), view: fields)
    var left =
        try invocation["limit"].map { text throws(CommandError) in try FlagValue.count(text, flag: "limit") } ?? .max
    var display = DisplayMasking(invocation, reader, schemas)
    while left > 0, var exchange = try tape.next() {
        left -= 1
        display.apply(&exchange)
        if invocation.wantsJSON {
            Output.write(view.json(exchange).encoded() + [10])
        } else {
            Output.line(view.line(exchange))
        }
    }
    return .ok
}
