import Metrics

extension HTMLReport {
    /// What took longest, with its position on the tape.
    static func slowest(_ result: RunResult, into main: inout Markup) {
        if result.slowest.isEmpty { return }
        panel("Slowest", "by position on the tape; tinct replay TAPE --only POSITION sends one again", into: &main) {
            panel in
            panel.element("div", [("class", "scroll")]) { scroll in
                scroll.element("table", [("class", "wide")]) { table in
                    table.element("thead") { head in
                        head.element("tr") { row in
                            for name in ["exchange", "from due", "from send", "due at", "outcome", "operation"] {
                                row.element("th", [("scope", "col")], name)
                            }
                        }
                    }
                    table.element("tbody") { body in
                        for slow in result.slowest {
                            body.element("tr") { row in
                                row.element(
                                    "th", [("scope", "row")],
                                    "#\(slow.position)" + (slow.round > 0 ? " round \(slow.round)" : ""))
                                row.element("td", [], Figures.micros(slow.correctedMicros))
                                row.element("td", [], Figures.micros(slow.rawMicros))
                                row.element("td", [], Figures.duration(nanos: slow.dueNanos))
                                row.element("td", [], slow.outcome)
                                row.element("td", [], slow.operation)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The steps of `--find-max`.
    static func search(_ result: RunResult, into main: inout Markup) {
        guard let search = result.search else { return }
        panel("Steps", search.objective.joined(separator: ", "), into: &main) { panel in
            panel.element("div", [("class", "scroll")]) { scroll in
                scroll.element("table", [("class", "wide")]) { table in
                    table.element("thead") { head in
                        head.element("tr") { row in
                            for name in ["offered", "for", "achieved", "p50", "p95", "p99", "lateness p99", "result"] {
                                row.element("th", [("scope", "col")], name)
                            }
                        }
                    }
                    table.element("tbody") { body in
                        for step in search.steps { self.row(step, into: &body) }
                    }
                }
            }
        }
    }

    private static func row(_ step: RunResult.Search.Step, into body: inout Markup) {
        body.element("tr") { row in
            row.element("th", [("scope", "row")], "\(Figures.rate(step.rate))/s")
            row.element("td", [], "\(step.seconds) s")
            row.element("td", [], "\(Figures.fixed(step.achievedShare * 100, places: 1)) %")
            for micros in [step.p50Micros, step.p95Micros, step.p99Micros, step.latenessP99Micros] {
                row.element("td", [], Figures.micros(micros))
            }
            row.element(
                "td", [("class", step.passed ? "muted" : "bad")],
                step.passed ? "✓ passes (\(step.phase))" : "✕ \(step.reason)")
        }
    }
}
