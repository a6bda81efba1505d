import Bytes
import Metrics

extension HTMLReport {
    /// A row for each outcome that occurred, with a bar in proportion.
    static func outcomes(_ result: RunResult, into panel: inout Markup) {
        let seen = Outcome.allCases.filter { result[$0] > 0 }
        if seen.isEmpty {
            panel.element("p", [("class", "nothing")], "Nothing came due.")
            return
        }
        panel.element("table", [("class", "bars")]) { table in
            table.element("tbody") { body in
                for outcome in seen {
                    bar(
                        outcome.name, result[outcome], of: result.totals.due,
                        outcome == .ok
                            ? "good" : outcome == .notAddressed ? "idle" : outcome == .overSLO ? "warning" : "bad",
                        into: &body)
                }
            }
        }
        if !result.refusals.isEmpty {
            panel.element("h3", [], "Refused by the guard")
            panel.element("table", [("class", "bars")]) { table in
                table.element("tbody") { body in
                    for refusal in result.refusals {
                        bar(
                            "\(refusal.operation): \(refusal.reason)", refusal.count, of: result.totals.due, "bad",
                            into: &body)
                    }
                }
            }
        }
        if !result.protocolErrors.isEmpty {
            panel.element("h3", [], "Connections given up for protocol errors")
            panel.element("table", [("class", "bars")]) { table in
                table.element("tbody") { body in
                    for error in result.protocolErrors {
                        bar(error.name, error.count, of: result.totals.connectionsOpened, "bad", into: &body)
                    }
                }
            }
        }
    }

    private static func bar(
        _ name: String, _ count: UInt64, of whole: UInt64, _ style: String, into body: inout Markup
    ) {
        let width = whole == 0 ? 0 : Double(count) / Double(whole) * 100
        body.element("tr") { row in
            row.element("th", [("scope", "row")], name)
            row.element("td", [("class", "track")]) { cell in
                // Half a percent is the least that can be seen.
                let share = Figures.fixed(max(0.5, min(width, 100)), places: 2)
                cell.element("span", [("class", "bar \(style)"), ("style", "width:\(share)%")], "")
            }
            row.element("td", [("class", "number")], Figures.count(count))
            row.element("td", [("class", "number muted")], Figures.share(count, of: whole))
        }
    }

    static func expectations(_ result: RunResult, into main: inout Markup) {
        if result.expectations.isEmpty { return }
        panel("Expectations", "requests without an answer count as slower than every answer", into: &main) { panel in
            panel.element("table", [("class", "wide")]) { table in
                table.element("tbody") { body in
                    for expectation in result.expectations {
                        body.element("tr") { row in
                            row.element("th", [("scope", "row")], expectation.text)
                            row.element("td", [], expectation.actual)
                            row.element(
                                "td", [("class", expectation.holds ? "muted" : "bad")],
                                expectation.holds ? "✓ holds" : "✕ fails")
                        }
                    }
                }
            }
        }
    }

    static func operations(_ result: RunResult, into main: inout Markup) {
        panel("Operations", "latency from the due time", into: &main) { panel in
            if result.operations.isEmpty {
                panel.element("p", [("class", "nothing")], "None was called.")
                return
            }
            panel.element("div", [("class", "scroll")]) { scroll in
                scroll.element("table", [("class", "wide")]) { table in
                    table.element("thead") { head in
                        head.element("tr") { row in
                            for name in [
                                "operation", "requests", "ok", "errors", "p50", "p90", "p95", "p99", "p99.9", "max",
                            ] {
                                row.element("th", [("scope", "col")], name)
                            }
                        }
                    }
                    table.element("tbody") { body in
                        for operation in result.operations { self.row(operation, into: &body) }
                    }
                }
            }
        }
    }

    private static func row(_ operation: RunResult.Operation, into body: inout Markup) {
        let latency = operation.latency.corrected
        let errors = Outcome.allCases.filter(\.isError).reduce(0) { $0 &+ operation[$1] }
        let times = [
            latency.p50Micros, latency.p90Micros, latency.p95Micros, latency.p99Micros, latency.p999Micros,
            latency.maxMicros,
        ]
        body.element("tr") { row in
            row.element("th", [("scope", "row")], operation.name)
            row.element("td", [], Figures.count(operation.count))
            row.element("td", [], Figures.share(operation[.ok], of: operation.count))
            row.element("td", [("class", errors > 0 ? "bad" : "muted")], Figures.count(errors))
            for time in times { row.element("td", [], latency.count == 0 ? "–" : Figures.micros(time)) }
        }
    }

    static func decisions(_ result: RunResult, into main: inout Markup) {
        let decided = result.operations.filter { !$0.decisions.isEmpty }
        if decided.isEmpty { return }
        panel("Decisions", "in the replies", into: &main) { panel in
            for operation in decided {
                let sum = operation.decisions.reduce(0) { $0 &+ $1.count }
                panel.element("h3", [], operation.name)
                panel.element("table", [("class", "bars")]) { table in
                    table.element("tbody") { body in
                        for decision in operation.decisions {
                            bar(decision.name, decision.count, of: sum, "plain", into: &body)
                        }
                    }
                }
            }
        }
    }

    static func tagCoverage(_ result: RunResult, into grid: inout Markup) {
        let totals = result.totals
        panel("Tag coverage", "of what was sent", into: &grid) { panel in
            panel.element("table", [("class", "bars")]) { table in
                table.element("tbody") { body in
                    bar("tagged", totals.tagged, of: totals.sent, "good", into: &body)
                    let bare = totals.sent - min(totals.sent, totals.tagged &+ totals.wireFaults)
                    if bare > 0 { bar("untagged", bare, of: totals.sent, "bad", into: &body) }
                    if totals.wireFaults > 0 {
                        bar("wire faults", totals.wireFaults, of: totals.sent, "warning", into: &body)
                    }
                }
            }
            panel.element("dl") { list in
                pair("tag", result.run.tag, into: &list)
                for carrier in result.run.carriers { pair("carrier", carrier, into: &list) }
            }
        }
    }

    static func facts(_ result: RunResult, into grid: inout Markup) {
        let (run, totals, lateness) = (result.run, result.totals, result.lateness)
        panel("Run", "", into: &grid) { panel in
            panel.element("dl") { list in
                pair("started", started(run.startNanos), into: &list)
                pair("lasted", Figures.duration(nanos: run.durationNanos), into: &list)
                pair(
                    "pacing", "\(run.rate.map { "\(Figures.rate($0))/s" } ?? run.pacer), \(run.loop.rawValue) loop",
                    into: &list)
                pair(
                    "connections", "\(run.connections) on \(run.threads) thread\(run.threads == 1 ? "" : "s")",
                    into: &list)
                if result.warmUp.nanos > 0 {
                    pair(
                        "warm-up",
                        "\(Figures.duration(nanos: result.warmUp.nanos)), \(Figures.count(result.warmUp.due)) requests, not measured",
                        into: &list)
                }
                pair("rounds", "\(run.rounds)\(run.allowedDuplicates ? ", duplicates allowed" : "")", into: &list)
                pair("sent", Figures.bytes(totals.bytesSent), into: &list)
                pair("received", Figures.bytes(totals.bytesReceived), into: &list)
                pair(
                    "generator lateness",
                    lateness.count == 0
                        ? "–" : "p99 \(Figures.micros(lateness.p99Micros)), max \(Figures.micros(lateness.maxMicros))",
                    into: &list)
                pair("CPU", "\(Figures.fixed(result.cpuSeconds, places: 2)) s", into: &list)
                pair(
                    "ended", run.exitDetail.isEmpty ? run.exitReason : "\(run.exitReason): \(run.exitDetail)",
                    into: &list)
                if let tape = result.runTape {
                    pair(
                        "run tape", "\(Figures.count(tape.exchanges)) exchanges, \(Figures.bytes(tape.bytes))",
                        into: &list)
                    let reasons = TextReport.leftOut(tape, dropped: totals.runTapeDropped)
                    if !reasons.isEmpty {
                        pair("not on the run tape", reasons.joined(separator: ", "), into: &list)
                    }
                } else if totals.runTapeDropped > 0 {
                    pair("not in the ledger", Figures.count(totals.runTapeDropped), into: &list)
                }
            }
        }
    }

    /// To the second: `2026-07-01 08:30:00 UTC`.
    private static func started(_ nanos: UInt64) -> String {
        if nanos == 0 { return "" }
        let text = Timestamp.rfc3339(nanos)
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC"
    }

    private static func pair(_ name: String, _ value: String, into list: inout Markup) {
        list.element("div") { pair in
            pair.element("dt", [], name)
            pair.element("dd", [], value.isEmpty ? "–" : value)
        }
    }

    /// A table whose first column names its rows; cells that begin with ✕ stand out.
    static func grid(_ head: [String], _ rows: [[String]], into panel: inout Markup) {
        panel.element("div", [("class", "scroll")]) { scroll in
            scroll.element("table", [("class", "wide")]) { table in
                table.element("thead") { section in
                    section.element("tr") { row in
                        for name in head { row.element("th", [("scope", "col")], name) }
                    }
                }
                table.element("tbody") { body in
                    for cells in rows {
                        body.element("tr") { row in
                            for (column, cell) in cells.enumerated() {
                                if column == 0 {
                                    row.element("th", [("scope", "row")], cell)
                                } else {
                                    row.element("td", cell.hasPrefix("✕") ? [("class", "bad")] : [], cell)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
