package import Analysis
package import Metrics

/// A score for a terminal: the verdict, what was sent, then types, campaigns, decisions.
package enum ScoreText {
    /// Ends with a line feed. Control characters from outside are shown as `?`.
    package static func render(_ card: Scorecard, _ expectations: [ExpectationResult] = []) -> String {
        var lines = summary(card)
        if !expectations.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["expected", "it is", ""],
                expectations.map { [$0.text, $0.actual, $0.holds ? "holds" : "FAILS"] }, leading: [0, 2])
        }
        let anomalies = card.types.filter { !$0.isHardNegative }
        if !anomalies.isEmpty {
            lines.append("")
            lines += TextReport.table(
                [
                    "anomaly", "layer", "labelled", "void", "caught", "missed", "early", "recall", "95 % interval",
                    "as expected",
                ],
                anomalies.map { row in
                    [row.type, row.layer] + counts(row.tally)
                }, leading: [0, 1])
        }
        let innocents = card.types.filter(\.isHardNegative)
        if !innocents.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["hard negative", "mimics", "labelled", "void", "alarms", "passed", "false alarms", "95 % interval"],
                innocents.map { row in
                    [
                        row.type, row.mimics, Figures.count(row.tally.labelled), Figures.count(row.tally.voidCount),
                        Figures.count(row.tally.alarms), Figures.count(row.tally.passed), share(row.tally.falseAlarms),
                        interval(row.tally.falseAlarms.interval),
                    ]
                }, leading: [0, 1])
        }
        lines += campaigns(card)
        for (name, table) in [
            ("layer", card.layers), ("difficulty", card.difficulties), ("detectable at", card.detectable),
        ] where !table.isEmpty {
            lines.append("")
            lines += TextReport.table(
                [name, "labelled", "caught", "missed", "recall", "95 % interval"],
                table.sorted { $0.key < $1.key }.map { key, tally in
                    [
                        key, Figures.count(tally.labelled), Figures.count(tally.caught), Figures.count(tally.missed),
                        share(tally.recall), interval(tally.recall.interval),
                    ]
                })
        }
        lines += decisions(card)
        return lines.map { TextReport.printable($0) + "\n" }.joined()
    }

    private static func summary(_ card: Scorecard) -> [String] {
        let verdicts = card.verdicts
        let positives = verdicts.recall.whole
        var lines = [
            "SCORE  \(Figures.count(verdicts.truePositives)) of \(Figures.count(positives)) anomalous exchanges caught,"
                + " \(Figures.count(verdicts.falsePositives)) false alarms", "",
            "  decision     "
                + (card.decisionPath.map { "at \($0)" } ?? "nowhere found (--decision names one)"),
            "  exchanges    \(Figures.count(card.replayed)) replayed, \(Figures.count(card.scored)) scored,"
                + " \(Figures.count(card.asExpected)) as expected"
                + " (\(Figures.share(card.asExpected, of: card.scored)))",
            "  recall       \(full(verdicts.recall))", "  precision    \(full(verdicts.precision))",
            "  F1           " + (verdicts.f1.map { decimal($0) } ?? "–") + "   \(interval(verdicts.f1Interval))",
            "  clean        \(Figures.count(card.clean.alarms)) false alarms in"
                + " \(Figures.count(card.clean.falseAlarms.whole)) (\(share(card.clean.falseAlarms)))",
        ]
        if card.hardNegatives.labelled > 0 {
            lines.append(
                "  hard neg.    \(Figures.count(card.hardNegatives.alarms)) false alarms in"
                    + " \(Figures.count(card.hardNegatives.falseAlarms.whole))"
                    + " (\(share(card.hardNegatives.falseAlarms)))")
        }
        if card.cleanToStop.labelled > 0 {
            lines.append(
                "  not to pass  \(Figures.count(card.cleanToStop.caught)) of"
                    + " \(Figures.count(card.cleanToStop.recall.whole)) clean exchanges that the scenario would not let pass"
            )
        }
        func note(_ count: UInt64, _ text: String) {
            if count > 0 { lines.append("  not scored   \(Figures.count(count)) \(text)") }
        }
        note(card.unknown, "with no decision expected")
        note(card.void, "whose labels do not hold as sent")
        for (outcome, count) in card.unanswered.sorted(by: { $0.key < $1.key }) {
            note(count, "without a reply: \(outcome)")
        }
        note(card.unknownSource, "that are not of this tape")
        note(card.notReplayed, "on the tape and not on the run tape")
        return lines
    }

    private static func counts(_ tally: Scorecard.Tally) -> [String] {
        [
            Figures.count(tally.labelled), Figures.count(tally.voidCount), Figures.count(tally.caught),
            Figures.count(tally.missed), Figures.count(tally.early), share(tally.recall),
            interval(tally.recall.interval), Figures.count(tally.asExpected),
        ]
    }

    private static func campaigns(_ card: Scorecard) -> [String] {
        let rows = card.types.filter { $0.campaigns != nil }
        if rows.isEmpty { return [] }
        var lines = [""]
        lines += TextReport.table(
            ["campaigns", "sent", "hold", "detected", "share", "records to it", "seconds to it", "void"],
            rows.compactMap { row in
                guard let tally = row.campaigns else { return nil }
                return [
                    row.type, Figures.count(tally.sent), Figures.count(tally.held), Figures.count(tally.detected),
                    share(tally.recall), spread(tally.records.sorted().map { Double($0) }),
                    spread(tally.nanos.sorted().map { Double($0) / 1e9 }), reasons(tally),
                ]
            }, leading: [0, 7])
        lines.append("  (median / p90 / greatest, by the \(clock(card)))")
        return lines
    }

    static func clock(_ card: Scorecard) -> String {
        card.options.clock == .arrival
            ? "times of arrival"
            : card.options.timesFollowSends ? "times in the requests, which follow the sends" : "times in the requests"
    }

    static func reasons(_ tally: Scorecard.CampaignTally) -> String {
        let void = tally.void.sorted { $0.key < $1.key }.map { "\(Figures.count($0.value)) \($0.key)" }
        let order = tally.reordered > 0 ? ["(\(Figures.count(tally.reordered)) reordered, and hold)"] : []
        return (void + order).joined(separator: ", ")
    }

    private static func decisions(_ card: Scorecard) -> [String] {
        if card.confusion.isEmpty { return [] }
        let grid = ConfusionGrid(card)
        var lines = [""]
        lines += TextReport.table(
            ["expected \\ decision"] + grid.columns,
            grid.rows.enumerated().map { row, name in
                [name]
                    + grid.columns.indices.map { column in
                        grid[row, column].map { Figures.count($0.count) + ($0.isAsExpected ? " =" : "") } ?? "·"
                    }
            })
        lines.append("")
        lines += TextReport.table(
            ["decision", "expected", "given right", "precision", "recall", "F1", "F1 95 %"],
            card.decisionFigures.map { figures in
                let verdicts = figures.verdicts
                return [
                    figures.decision, Figures.count(verdicts.recall.whole), Figures.count(verdicts.truePositives),
                    share(verdicts.precision), share(verdicts.recall), verdicts.f1.map(decimal) ?? "–",
                    interval(verdicts.f1Interval),
                ]
            })
        return lines
    }

    // MARK: Figures

    static func share(_ proportion: Proportion) -> String { Figures.share(proportion.part, of: proportion.whole) }

    static func interval(_ range: ClosedRange<Double>?) -> String {
        range.map { "\(decimal($0.lowerBound))–\(decimal($0.upperBound))" } ?? "–"
    }

    static func decimal(_ value: Double) -> String { Figures.fixed(value, places: 3) }

    static func full(_ proportion: Proportion) -> String {
        guard let value = proportion.value else { return "–" }
        return "\(decimal(value))   \(interval(proportion.interval))"
            + "   (\(Figures.count(proportion.part)) of \(Figures.count(proportion.whole)))"
    }

    /// Median, p90 and greatest of ascending values.
    static func spread(_ sorted: [Double]) -> String {
        func figure(_ share: Double) -> String {
            Scorecard.quantile(sorted, share).map { Figures.trimmed(Figures.fixed($0, places: $0 < 10 ? 2 : 1)) } ?? "–"
        }
        return sorted.isEmpty ? "–" : "\(figure(0.5)) / \(figure(0.9)) / \(figure(1))"
    }
}

/// The confusion matrix as rows and columns in a fixed order.
struct ConfusionGrid {
    let rows: [String]
    let columns: [String]
    private var cells: [String: Scorecard.Cell] = [:]

    init(_ card: Scorecard) {
        let all = card.confusion
        rows = Set(all.map(\.expected)).sorted()
        // What came in place of a decision stands last.
        columns = Set(all.map(\.actual)).sorted { ($0.hasPrefix("(") ? 1 : 0, $0) < ($1.hasPrefix("(") ? 1 : 0, $1) }
        for cell in all { cells["\(cell.expected)\u{0}\(cell.actual)"] = cell }
    }

    /// Nil where the two never met.
    subscript(row: Int, column: Int) -> Scorecard.Cell? { cells["\(rows[row])\u{0}\(columns[column])"] }
}
