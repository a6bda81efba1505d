package import Analysis
import Bytes
package import Metrics

extension HTMLReport {
    /// A score as one page; with the result of its run, it is a section of that run's report instead.
    package static func render(
        _ card: Scorecard, tape: String, runTape: String, expectations: [ExpectationResult], version: String
    ) -> [UInt8] {
        page("Score of \(runTape)") { main in
            main.element("header") { header in
                header.element("p", [("class", "eyebrow")], "tinct score")
                header.element("h1") { title in
                    title.escaped(tape)
                    title.raw(" <span class=\"arrow\">→</span> ")
                    title.escaped(runTape)
                }
                let failed = expectations.count { !$0.holds }
                if !expectations.isEmpty {
                    header.element("p", [("class", "verdict \(failed == 0 ? "good" : "bad")")]) { line in
                        line.element("strong", [], failed == 0 ? "✓ Holds" : "✕ Fails")
                        line.raw(" ")
                        line.element(
                            "span", [], "\(expectations.count - failed) of \(expectations.count) expectations hold")
                    }
                }
            }
            stated(expectations, into: &main)
            sections(card, into: &main)
            main.element("footer", [], "Made by tinct \(version). Intervals are Wilson's, of 95 %.")
        }
    }

    static func stated(_ expectations: [ExpectationResult], into main: inout Markup) {
        if expectations.isEmpty { return }
        panel("Expectations", "", into: &main) { panel in
            grid(
                ["", "it is", ""],
                expectations.map { [$0.text, $0.actual, $0.holds ? "✓ holds" : "✕ fails"] }, into: &panel)
        }
    }

    static func sections(_ card: Scorecard, into main: inout Markup) {
        let verdicts = card.verdicts
        main.element("section", [("class", "tiles"), ("aria-label", "Score")]) { tiles in
            tile(
                "recall", verdicts.recall.value.map(ScoreText.decimal) ?? "–",
                ScoreText.interval(verdicts.recall.interval), .good, into: &tiles)
            tile(
                "precision", verdicts.precision.value.map(ScoreText.decimal) ?? "–",
                ScoreText.interval(verdicts.precision.interval), .good, into: &tiles)
            tile(
                "F1", verdicts.f1.map(ScoreText.decimal) ?? "–", ScoreText.interval(verdicts.f1Interval), .good,
                into: &tiles)
            tile(
                "false alarms, clean", ScoreText.share(card.clean.falseAlarms),
                "\(Figures.count(card.clean.alarms)) of \(Figures.count(card.clean.falseAlarms.whole))",
                card.clean.alarms == 0 ? .good : .bad, into: &tiles)
            tile(
                "false alarms, hard negatives", ScoreText.share(card.hardNegatives.falseAlarms),
                "\(Figures.count(card.hardNegatives.alarms)) of \(Figures.count(card.hardNegatives.falseAlarms.whole))",
                card.hardNegatives.alarms == 0 ? .good : .bad, into: &tiles)
            tile(
                "as expected", Figures.share(card.asExpected, of: card.scored),
                "of \(Figures.count(card.scored)) scored", .good, into: &tiles)
        }
        let anomalies = card.types.filter { !$0.isHardNegative }
        if !anomalies.isEmpty {
            panel("Caught by type", "bar: share caught; line: 95 % interval", into: &main) { panel in
                intervals(anomalies.map { ($0.type, $0.layer, $0.tally.recall) }, into: &panel)
            }
        }
        let innocents = card.types.filter(\.isHardNegative)
        if !innocents.isEmpty {
            panel("False alarms on hard negatives", "bar: share stopped; line: 95 % interval", into: &main) { panel in
                intervals(innocents.map { ($0.type, "mimics \($0.mimics)", $0.tally.falseAlarms) }, into: &panel)
            }
        }
        campaigns(card, into: &main)
        confusion(card, into: &main)
        main.element("div", [("class", "grid2")]) { grid in
            panel("Layers, difficulty, where detectable", "", into: &grid) { panel in
                let tables = [card.layers, card.difficulties, card.detectable]
                self.grid(
                    ["", "caught", "missed", "recall", "95 %"],
                    tables.flatMap { $0.sorted { $0.key < $1.key } }.map { name, tally in
                        [
                            name, Figures.count(tally.caught), Figures.count(tally.missed),
                            ScoreText.share(tally.recall), ScoreText.interval(tally.recall.interval),
                        ]
                    }, into: &panel)
            }
            panel("Not scored", "", into: &grid) { panel in
                var rows = [
                    ["no decision expected", Figures.count(card.unknown)],
                    ["labels void as sent", Figures.count(card.void)],
                    ["not on the run tape", Figures.count(card.notReplayed)],
                ]
                rows += card.unanswered.sorted { $0.key < $1.key }.map {
                    ["without a reply: \($0.key)", Figures.count($0.value)]
                }
                self.grid(["", "exchanges"], rows, into: &panel)
            }
        }
    }

    private static func campaigns(_ card: Scorecard, into main: inout Markup) {
        let rows = card.types.compactMap { row in row.campaigns.map { (row, $0) } }
        if rows.isEmpty { return }
        panel("Campaigns", "median / p90 / greatest, by the \(ScoreText.clock(card))", into: &main) { panel in
            grid(
                ["type", "sent", "hold", "detected", "share", "records to detection", "seconds to detection", "void"],
                rows.map { row, tally in
                    [
                        row.type, Figures.count(tally.sent), Figures.count(tally.held), Figures.count(tally.detected),
                        ScoreText.share(tally.recall), ScoreText.spread(tally.records.sorted().map { Double($0) }),
                        ScoreText.spread(tally.nanos.sorted().map { Double($0) / 1e9 }), ScoreText.reasons(tally),
                    ]
                }, into: &panel)
        }
    }

    /// A heat map: rows are what was expected, columns what the engine said; each row adds up to one.
    private static func confusion(_ card: Scorecard, into main: inout Markup) {
        let grid = ConfusionGrid(card)
        if grid.rows.isEmpty || grid.columns.count > 24 || grid.rows.count > 40 { return }
        panel("Confusion matrix", "rows: expected; columns: given; framed: as expected", into: &main) { panel in
            let (left, top, wide, high) = (130, 34, 96, 34)
            let (width, height) = (left + wide * grid.columns.count, top + high * grid.rows.count)
            panel.element(
                "svg",
                [
                    ("class", "matrix"), ("viewBox", "0 0 \(width) \(height)"), ("role", "img"),
                    ("style", "max-width:\(width)px"), ("aria-label", "Confusion matrix"),
                ]
            ) { svg in
                for (column, name) in grid.columns.enumerated() {
                    let x = "\(left + wide * column + wide / 2)"
                    svg.element("text", [("class", "tick mid"), ("x", x), ("y", "\(top - 10)")], name)
                }
                for (row, name) in grid.rows.enumerated() {
                    let y = top + high * row
                    svg.element("text", [("class", "tick end"), ("x", "\(left - 10)"), ("y", "\(y + 21)")], name)
                    let cells = grid.columns.indices.map { grid[row, $0] }
                    let sum = cells.reduce(0) { $0 + ($1?.count ?? 0) }
                    for (column, cell) in cells.enumerated() {
                        let x = left + wide * column
                        let count = cell?.count ?? 0
                        let share = sum == 0 ? 0 : Double(count) / Double(sum)
                        svg.empty(
                            "rect",
                            [
                                ("class", cell?.isAsExpected == true ? "cell right" : "cell"), ("x", "\(x + 2)"),
                                ("y", "\(y + 2)"), ("width", "\(wide - 4)"), ("height", "\(high - 4)"), ("rx", "4"),
                                ("fill-opacity", Figures.fixed(share * 0.55, places: 3)),
                            ])
                        if count == 0 { continue }
                        svg.element(
                            "text",
                            [("class", "value mid"), ("x", "\(x + wide / 2)"), ("y", "\(y + 21)")],
                            Figures.count(count))
                    }
                }
            }
            self.grid(
                ["decision", "expected", "given right", "precision", "recall", "F1", "F1 95 %"],
                card.decisionFigures.map { figures in
                    let verdicts = figures.verdicts
                    return [
                        figures.decision, Figures.count(verdicts.recall.whole),
                        Figures.count(verdicts.truePositives), ScoreText.share(verdicts.precision),
                        ScoreText.share(verdicts.recall), verdicts.f1.map(ScoreText.decimal) ?? "–",
                        ScoreText.interval(verdicts.f1Interval),
                    ]
                }, into: &panel)
        }
    }

    /// Horizontal bars with an interval each.
    static func intervals(_ rows: [(name: String, note: String, share: Proportion)], into panel: inout Markup) {
        let (left, right, high) = (200.0, 230.0, 26)
        let (width, height) = (830.0, high * rows.count + 24)
        let room = width - left - right
        func x(_ share: Double) -> String { Figures.fixed(left + room * share, places: 1) }
        panel.element(
            "svg",
            [
                ("class", "bars-chart"), ("viewBox", "0 0 \(Int(width)) \(height)"), ("role", "img"),
                ("style", "max-width:\(Int(width))px"),
                ("aria-label", "Shares with intervals"),
            ]
        ) { svg in
            for tick in [0.0, 0.25, 0.5, 0.75, 1] {
                svg.empty(
                    "line",
                    [("class", "grid"), ("x1", x(tick)), ("x2", x(tick)), ("y1", "0"), ("y2", "\(height - 20)")])
                svg.element(
                    "text", [("class", "tick mid"), ("x", x(tick)), ("y", "\(height - 5)")], "\(Int(tick * 100)) %")
            }
            for (index, row) in rows.enumerated() {
                let y = index * high
                svg.element(
                    "text", [("class", "tick end"), ("x", "\(Int(left) - 10)"), ("y", "\(y + 17)")], row.name)
                svg.element(
                    "text", [("class", "tick"), ("x", "\(Int(width - right) + 10)"), ("y", "\(y + 17)")],
                    row.share.value == nil
                        ? "\(row.note): none"
                        : "\(ScoreText.share(row.share)) of \(Figures.count(row.share.whole)) · \(row.note)")
                guard let value = row.share.value, let interval = row.share.interval else { continue }
                svg.empty(
                    "rect",
                    [
                        ("class", "share"), ("x", x(0)), ("y", "\(y + 6)"), ("rx", "2"),
                        ("width", Figures.fixed(room * value, places: 1)), ("height", "14"),
                    ])
                svg.empty(
                    "line",
                    [
                        ("class", "whisker"), ("x1", x(interval.lowerBound)), ("x2", x(interval.upperBound)),
                        ("y1", "\(y + 13)"), ("y2", "\(y + 13)"),
                    ])
            }
        }
    }
}
