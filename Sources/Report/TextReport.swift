package import Metrics

/// A run's result for a terminal: verdict first, then totals, latency, outcomes, operations.
package enum TextReport {
    /// Ends with a line feed. Control characters from outside are shown as `?`.
    package static func render(_ result: RunResult) -> String {
        let run = result.run
        let totals = result.totals
        let verdict = Verdict(result)
        var lines: [String] = []
        lines.append("\(verdict.title.uppercased())  \(verdict.sentence)")
        lines.append("")
        lines += facts(of: run)
        lines.append("")
        lines.append(
            "  due \(Figures.count(totals.due))   sent \(Figures.count(totals.sent))"
                + "   answered \(Figures.count(totals.answered))   unsent \(Figures.count(totals.unsent))"
                + (totals.retries > 0 ? "   sent again \(Figures.count(totals.retries))" : ""))
        let through = run.carriers.isEmpty ? "" : " through \(run.carriers.joined(separator: ", "))"
        lines.append(
            "  tagged \(Figures.count(totals.tagged)) of \(Figures.count(totals.sent)) sent"
                + " (\(Figures.share(totals.tagged, of: totals.sent)))\(through)")
        if result.warmUp.nanos > 0 {
            lines.append(
                "  before that, \(Figures.duration(nanos: result.warmUp.nanos)) of warm-up with"
                    + " \(Figures.count(result.warmUp.due)) requests that are in no figure")
        }
        lines += runTape(result)
        lines.append("")
        lines += table(
            ["latency", "p50", "p90", "p95", "p99", "p99.9", "max"],
            [
                row("corrected (from due)", result.latency.corrected), row("raw (from send)", result.latency.raw),
                row("lateness of generator", result.lateness),
            ])
        lines.append("")
        lines += table(
            ["outcome", "requests", "share"],
            Outcome.allCases.filter { result[$0] > 0 }.map {
                [$0.name, Figures.count(result[$0]), Figures.share(result[$0], of: totals.due)]
            })
        if let search = result.search {
            lines.append("")
            lines += table(
                ["offered", "for", "achieved", "p50", "p95", "p99", "lateness p99", ""],
                search.steps.map { step in
                    [
                        "\(Figures.rate(step.rate))/s", "\(step.seconds) s",
                        "\(Figures.fixed(step.achievedShare * 100, places: 1)) %", Figures.micros(step.p50Micros),
                        Figures.micros(step.p95Micros), Figures.micros(step.p99Micros),
                        Figures.micros(step.latenessP99Micros), step.passed ? "passes" : step.reason,
                    ]
                }, leading: [7])
        }
        if !result.expectations.isEmpty {
            lines.append("")
            lines += table(
                ["expected", "it is", ""],
                result.expectations.map { [$0.text, $0.actual, $0.holds ? "holds" : "FAILS"] }, leading: [0, 2])
        }
        if result.tls.handshakes > 0 || !result.tls.errors.isEmpty {
            lines.append("")
            lines += table(
                ["TLS", "times"],
                [
                    ["handshakes", Figures.count(result.tls.handshakes)],
                    ["resumed", Figures.count(result.tls.resumed)],
                ] + result.tls.errors.map { [$0.name, Figures.count($0.count)] })
        }
        if !result.refusals.isEmpty {
            lines.append("")
            lines += table(
                ["refused by the guard", "requests", "operation"],
                result.refusals.map { [$0.reason, Figures.count($0.count), $0.operation] }, leading: [0, 2])
        }
        if !result.protocolErrors.isEmpty {
            lines.append("")
            lines += table(
                ["given up for protocol errors", "connections"],
                result.protocolErrors.map { [$0.name, Figures.count($0.count)] })
        }
        lines += mirrors(result)
        lines.append("")
        lines += table(
            ["operation", "requests", "ok", "p50", "p95", "p99", "max"],
            result.operations.map { operation in
                let latency = operation.latency.corrected
                return [
                    operation.name, Figures.count(operation.count),
                    Figures.share(operation[.ok], of: operation.count), Figures.micros(latency.p50Micros),
                    Figures.micros(latency.p95Micros), Figures.micros(latency.p99Micros),
                    Figures.micros(latency.maxMicros),
                ]
            })
        if !result.slowest.isEmpty {
            lines.append("")
            lines += table(
                ["slowest", "from due", "from send", "due at", "outcome", "operation"],
                result.slowest.prefix(5).map { slow in
                    [
                        "#\(slow.position)" + (slow.round > 0 ? " round \(slow.round)" : ""),
                        Figures.micros(slow.correctedMicros), Figures.micros(slow.rawMicros),
                        Figures.duration(nanos: slow.dueNanos), slow.outcome, slow.operation,
                    ]
                }, leading: [0, 4, 5])
        }
        lines += connections(result.connections)
        let decided = result.operations.filter { !$0.decisions.isEmpty }
        if !decided.isEmpty {
            lines.append("")
            lines += table(
                ["decision", "replies", "share", "operation"],
                decided.flatMap { operation in
                    let sum = operation.decisions.reduce(0) { $0 &+ $1.count }
                    return operation.decisions.map {
                        [$0.name, Figures.count($0.count), Figures.share($0.count, of: sum), operation.name]
                    }
                }, leading: [0, 3])
        }
        return lines.map { trimmedEnd(printable($0)) + "\n" }.joined()
    }

    /// What is on the run tape, and what is not and why.
    private static func runTape(_ result: RunResult) -> [String] {
        guard let tape = result.runTape else { return [] }
        var line = "  run tape \(Figures.count(tape.exchanges)) exchanges, \(Figures.bytes(tape.bytes))"
        if tape.tapes != 1 { line += " on \(Figures.count(tape.tapes)) tapes" }
        let reasons = leftOut(tape, dropped: result.totals.runTapeDropped)
        return [line + (reasons.isEmpty ? "" : "; left out \(reasons.joined(separator: ", "))")]
    }

    /// Why exchanges are not on the run tape, with how many; nothing when all are.
    static func leftOut(_ tape: RunResult.RunTape, dropped: UInt64) -> [String] {
        let counts: [(UInt64, String)] = [
            (tape.leftOut.succeeded, "that ended ok"), (tape.leftOut.notSampled, "not in the sample \(tape.sample)"),
            (tape.leftOut.overLimit, "beyond \(tape.limit)"), (tape.leftOut.unwritten, "that could not be written"),
            (dropped, "that came too fast"),
        ]
        return counts.filter { $0.0 > 0 }.map { "\(Figures.count($0.0)) \($0.1)" }
    }

    private static func facts(of run: RunResult.Run) -> [String] {
        var facts = [
            run.tag.isEmpty ? "" : "run \(run.tag)",
            run.rate.map { "\(Figures.rate($0))/s" } ?? (run.pacer.isEmpty ? "" : "rate \(run.pacer)"),
            run.loop == .open ? "open loop" : "CLOSED LOOP",
        ]
        facts.append("\(run.connections) connection\(run.connections == 1 ? "" : "s")")
        if run.inFlight > 1 { facts.append("\(run.inFlight) in flight on each") }
        facts.append("\(run.threads) thread\(run.threads == 1 ? "" : "s")")
        facts.append(run.io)
        facts.append(Figures.duration(nanos: run.durationNanos))
        if run.rounds > 1 { facts.append("\(run.rounds) rounds") }
        if let part = run.part { facts.append("part \(part)") }
        return [
            "  \(run.tape) → \(run.targets.joined(separator: ", "))",
            "  " + facts.filter { !$0.isEmpty }.joined(separator: " · "),
        ]
    }

    static func row(_ name: String, _ latency: Percentiles) -> [String] {
        let values = [
            latency.p50Micros, latency.p90Micros, latency.p95Micros, latency.p99Micros, latency.p999Micros,
            latency.maxMicros,
        ]
        return [name] + values.map { latency.count == 0 ? "–" : Figures.micros($0) }
    }

    /// Columns as wide as their widest cell, numbers to the right; `leading` columns are texts, to the left.
    package static func table(_ head: [String], _ rows: [[String]], leading: Set<Int> = [0]) -> [String] {
        let all = [head] + rows
        let widths = head.indices.map { column in
            all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return all.map { row in
            "  "
                + zip(row.indices, row).map { column, cell in
                    let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
                    return leading.contains(column) ? cell + padding : padding + cell
                }.joined(separator: "   ")
        }
    }

    /// Control characters (C0, DEL, C1) could rewrite what the terminal shows.
    package static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "?" : $0 }))
    }

    private static func trimmedEnd(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
