import JSON
import Privacy
import Recording

/// What `tinct record` prints at the end of an import.
struct ImportReport {
    let balance: ImportBalance
    let notes: [String]
    let tape: String?
    var expectations: [(text: String, holds: Bool, value: Double)] = []

    init(balance: ImportBalance, notes: [String], tape: String?) {
        self.balance = balance
        self.notes = notes
        self.tape = tape
    }

    /// The same as a recording's balance, for what is expected of one.
    var recording: Balance {
        var recording = Balance()
        let partial = balance.partial.values.reduce(0, +)
        recording.requests.seen = balance.requests + balance.responses + balance.refusedTotal
        recording.requests.partial = partial
        recording.requests.whole =
            balance.requests + balance.responses - min(partial, balance.requests + balance.responses)
        recording.requests.lost = balance.refused
        recording.exchanges = balance.exchanges
        recording.pairedExchanges = balance.paired
        return recording
    }

    var exit: ExitCode {
        let isNothing = balance.exchanges == 0 && (balance.records > 0 || !notes.isEmpty)
        if !notes.isEmpty { return .failed }
        return balance.closes && !isNothing && expectations.allSatisfy(\.holds) ? .ok : .expectationFailed
    }

    func printText() {
        for note in notes { Output.warn(note) }
        let b = balance
        func row(_ name: String, _ text: String) {
            Output.line(name + String(repeating: " ", count: max(1, 12 - name.count)) + text)
        }
        func list(_ counts: [String: UInt64]) -> String {
            let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            return ranked.isEmpty ? "" : ": " + ranked.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        row("records", "\(b.records) in = \(b.used) used + \(b.refusedTotal) refused\(list(b.refused))")
        row("messages", "\(b.requests) requests, \(b.responses) responses")
        if !b.partial.isEmpty { row("", "of them in part\(list(b.partial))") }
        row("exchanges", "\(b.exchanges), \(b.paired) with request and response")
        let redactions = b.redactions.byName
        if !redactions.isEmpty { row("masked", String(list(redactions).dropFirst(2))) }
        if !b.reencoded.isEmpty { row("", "compressed bodies written anew for it\(list(b.reencoded))") }
        if !b.unmaskable.isEmpty { row("", "bodies left out, not decodable\(list(b.unmaskable))") }
        row("balance", b.closes ? "closes" : "DOES NOT CLOSE: this is a bug, please report it")
        for item in expectations {
            row(
                "expected",
                "\(item.text): \(item.holds ? "holds" : "FAILS"), it is \((item.value * 10_000).rounded() / 10_000)")
        }
        if let tape { row("tape", tape) }
    }

    func printJSON() {
        let b = balance
        func counts(_ table: [String: UInt64]) -> JSONValue {
            .object(JSONObject(table.sorted { $0.key < $1.key }.map { .init($0.key, JSONValue($0.value)) }))
        }
        func object(_ members: (String, JSONValue)...) -> JSONValue {
            .object(JSONObject(members.map { .init($0.0, $0.1) }))
        }
        let json = object(
            ("closes", JSONValue(b.closes)),
            (
                "records",
                object(
                    ("in", JSONValue(b.records)), ("used", JSONValue(b.used)), ("refused", JSONValue(b.refusedTotal)),
                    ("refusedBy", counts(b.refused)))
            ),
            (
                "messages",
                object(
                    ("requests", JSONValue(b.requests)), ("responses", JSONValue(b.responses)),
                    ("partialBy", counts(b.partial)))
            ),
            ("exchanges", object(("count", JSONValue(b.exchanges)), ("paired", JSONValue(b.paired)))),
            ("redactions", counts(b.redactions.byName)), ("reencoded", counts(b.reencoded)),
            ("unmaskable", counts(b.unmaskable)),
            (
                "expectations",
                JSONValue(
                    expectations.map {
                        object(
                            ("text", JSONValue($0.text)), ("holds", JSONValue($0.holds)), ("value", JSONValue($0.value))
                        )
                    })
            ),
            ("notes", JSONValue(notes.map { JSONValue($0) })), ("tape", tape.map { JSONValue($0) } ?? .null))
        Output.write(json.encoded(pretty: true) + [10])
    }
}
