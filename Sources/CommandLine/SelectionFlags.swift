import Analysis
import Bytes
import Expression
import Tape

/// The flags that choose exchanges, the same for every command that reads a tape.
enum SelectionFlags {
    static let all: [Flag] = [
        Flag(
            "operation", value: "GLOB", repeatable: true,
            help: "Only operations that match, as in 'RiskDecision.*' or 'POST *'."),
        Flag("flow", value: "N", repeatable: true, help: "Only exchanges of this flow."),
        Flag(
            "since", value: "TIME",
            help: "Only from this time on: RFC 3339, or +5s after the tape's start. The rest is not read."),
        Flag("until", value: "TIME", help: "Only before this time."),
        Flag(
            "where", value: "EXPR",
            help: "Only where this holds, as in 'request.payment.amount > 10000 and response.decision == \"approve\"'."),
        Flag("sample", value: "N/M", help: "Only N of M keys, chosen by hash: all exchanges of a key or none."),
        Flag(
            "sample-key", value: "PATH", help: "The key for --sample, as in request.user.id.", default: "the flow"),
    ]

    /// A paragraph for the commands' pages.
    static let discussion = """
        Fields are named as the IDL or the JSON names them (request.user.id, response.decision) or by Thrift field ids \
        (request.1.5.2); also there are operation, time, latencyMicros, latencyNanos, status, tagged, flow, client, server \
        and everything that show --json prints.
        """

    static func selection(_ invocation: Invocation) throws(CommandError) -> Selection {
        var selection = Selection()
        selection.operations = invocation.all("operation").map { Glob($0) }
        for text in invocation.all("flow") {
            guard let flow = UInt64(text) else {
                throw CommandError("--flow \(text) is not a number", remedy: "Give the number that tinct show prints.")
            }
            selection.flows.insert(flow)
        }
        selection.since = try invocation["since"].map { text throws(CommandError) in try time(text, flag: "since") }
        selection.until = try invocation["until"].map { text throws(CommandError) in try time(text, flag: "until") }
        if let text = invocation["where"] {
            do throws(ExpressionError) { selection.condition = try Expression(text) } catch {
                throw CommandError("--where: \(error)", remedy: "It reads like: operation == \"x\" and status >= 500.")
            }
        }
        selection.sample = try sample(invocation)
        return selection
    }

    private static func time(_ text: String, flag: String) throws(CommandError) -> Selection.Time {
        if text.hasPrefix("+") {
            return .afterStart(try FlagValue.durationNanos(String(text.dropFirst()), flag: flag))
        }
        guard let nanos = Timestamp.parse(text) else {
            throw CommandError(
                "--\(flag) \(text) is not a time",
                remedy: "Write it like 2026-07-01T08:30:00Z, or +90s after the start.")
        }
        return .at(nanos)
    }

    private static func sample(_ invocation: Invocation) throws(CommandError) -> Selection.Sample? {
        guard let text = invocation["sample"] else {
            if invocation.has("sample-key") {
                throw CommandError("--sample-key needs --sample", remedy: "As in --sample 1/100.")
            }
            return nil
        }
        var sample = try FlagValue.sample(text, flag: "sample")
        if let key = invocation["sample-key"] {
            do throws(ExpressionError) { sample.key = try ExpressionPath(key) } catch {
                throw CommandError("--sample-key: \(error)", remedy: "Name a field, as in request.user.id.")
            }
        }
        return sample
    }
}

/// A tape of which a command sees only what was selected.
struct SelectedTape {
    let reader: TapeReader
    private var filter: ExchangeFilter
    /// Exchanges that were read, taken or not.
    private(set) var readCount: UInt64 = 0

    /// - Parameters:
    ///   - startNanos: where relative times count from; the tape's own start unless given.
    ///   - view: decodes what the selection reads; it must show payload.
    init(
        _ reader: TapeReader, _ selection: Selection, startNanos: UInt64? = nil, view: ExchangeView
    ) throws(CommandError) {
        let start = startNanos ?? reader.startNanos
        if start == nil && selection.needsStart && reader.chunkCount > 0 {
            throw CommandError(
                "\(reader.path) has no index of times, so its start is not known", remedy: "Give times in RFC 3339.")
        }
        self.reader = reader
        filter = ExchangeFilter(selection, startNanos: start ?? 0, view: view)
        reader.window = filter.window
    }

    /// The next exchange that was selected; an unreadable part ends the command.
    mutating func next() throws(CommandError) -> Exchange? {
        while let exchange = try TapeInput.next(reader) {
            readCount += 1
            if filter.takes(exchange) { return exchange }
        }
        return nil
    }

    /// The same for commands that go on after damage.
    mutating func nextOrDamage() throws(TapeError) -> Exchange? {
        while let exchange = try reader.next() {
            readCount += 1
            if filter.takes(exchange) { return exchange }
        }
        return nil
    }
}
