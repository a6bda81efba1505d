package import Analysis

/// Where the time of a run's exchanges went, as tables for terminal and page.
package enum DependencyTables {
    package static func title(_ group: DependencyTimes.Group) -> String {
        switch group {
        case .fast: "in time"
        case .slow: "slow"
        case .timedOut: "timed out or late"
        }
    }

    /// By operation and group: means of an exchange, with their share.
    package static func rows(_ times: DependencyTimes) -> (head: [String], rows: [[String]]) {
        let head =
            ["operation", "exchanges", "", "mean"] + times.names.map { "in \($0)" } + ["outside", "without calls"]
        let rows = times.rows.map { row in
            [row.operation, Figures.count(row.exchanges), title(row.group), mean(row.totalNanos, row.exchanges)]
                + row.dependencies.map { part in
                    "\(mean(part.nanos, row.exchanges)) (\(Figures.share(part.nanos, of: row.totalNanos)))"
                        + (part.unanswered > 0 ? ", \(Figures.count(part.unanswered)) unanswered" : "")
                }
                + [
                    "\(mean(row.outsideNanos, row.exchanges)) (\(Figures.share(row.outsideNanos, of: row.totalNanos)))",
                    Figures.count(row.withoutCalls),
                ]
        }
        return (head, rows)
    }

    package static func examples(_ times: DependencyTimes) -> (head: [String], rows: [[String]]) {
        let head = ["slowest", "outcome", "took"] + times.names.map { "in \($0)" } + ["outside", "operation"]
        let rows = times.examples.map { example in
            [
                "#\(example.position)" + (example.round > 0 ? " round \(example.round)" : ""), example.outcome,
                Figures.micros(example.totalNanos / 1000),
            ]
                + example.dependencies.map { part in
                    part.calls == 0
                        ? "–"
                        : Figures.micros(part.nanos / 1000) + (part.unanswered > 0 ? " unanswered" : "")
                } + [Figures.micros(example.outsideNanos / 1000), example.operation]
        }
        return (head, rows)
    }

    /// What the join rests on, a line for each dependency.
    package static func basis(_ times: DependencyTimes) -> [String] {
        var lines = [
            "\(Figures.count(times.exchanges)) exchanges"
                + (times.withoutTrace > 0 ? ", \(Figures.count(times.withoutTrace)) of them without a trace id" : "")
                + "; slow is what took more than \(Figures.micros(times.slowNanos / 1000))"
        ]
        for (index, name) in times.names.enumerated() {
            let rest = times.calls[index] - times.joined[index] - times.callsWithoutTrace[index]
            lines.append(
                "\(name): \(Figures.count(times.joined[index])) of \(Figures.count(times.calls[index])) calls belong to them"
                    + (times.callsWithoutTrace[index] > 0
                        ? ", \(Figures.count(times.callsWithoutTrace[index])) have no trace id" : "")
                    + (rest > 0 ? ", \(Figures.count(rest)) began at another time or for somebody else" : ""))
        }
        return lines
    }

    /// For a terminal.
    package static func text(_ times: DependencyTimes) -> [String] {
        var lines = basis(times).map { "  " + $0 }
        let (head, rows) = rows(times)
        lines.append("")
        lines += TextReport.table(head, rows, leading: [0, 2])
        let (exampleHead, exampleRows) = examples(times)
        lines.append("")
        lines += TextReport.table(exampleHead, exampleRows, leading: [0, 1, exampleHead.count - 1])
        return lines.map(TextReport.printable)
    }

    private static func mean(_ nanos: UInt64, _ count: UInt64) -> String {
        count == 0 ? "–" : Figures.micros(nanos / count / 1000)
    }
}

extension HTMLReport {
    /// A page about the dependencies alone.
    package static func render(_ times: DependencyTimes, run: String) -> [UInt8] {
        page("Dependencies · \(run)") { main in
            main.element("header") { header in
                header.element("p", [("class", "eyebrow")], "tinct explain")
                header.element("h1", [], run)
            }
            dependencies(times, into: &main)
        }
    }

    /// How much of the time was spent where.
    static func dependencies(_ times: DependencyTimes, into main: inout Markup) {
        panel("Dependencies", "where the time of the exchanges went, from the send", into: &main) { panel in
            for line in DependencyTables.basis(times) { panel.element("p", [], line) }
            let (head, rows) = DependencyTables.rows(times)
            grid(head, rows, into: &panel)
            panel.element("h3", [], "Slowest")
            let (exampleHead, exampleRows) = DependencyTables.examples(times)
            grid(exampleHead, exampleRows, into: &panel)
        }
    }
}
