package import Analysis

/// A comparison of two tapes for a terminal: verdict, gates, then the fields and pairs that are least alike.
package enum ComparisonText {
    private static let fieldLimit = 40
    private static let pairLimit = 15

    package static func render(_ comparison: Comparison) -> String {
        let failed = comparison.checks.filter { !$0.holds }
        var lines = [
            failed.isEmpty
                ? "ALIKE  every gate is passed"
                : "DIFFERENT  \(failed.count) of \(comparison.checks.count) gates fail",
            "",
            "  exchanges  \(Figures.count(comparison.exchanges.0)) and \(Figures.count(comparison.exchanges.1))", "",
        ]
        lines += TextReport.table(
            ["gate", "worst", "bound", "", "of", "measure", "at"],
            comparison.checks.map { check in
                [
                    check.gate, check.worst.map(figure) ?? "–", check.bound.map(figure) ?? "–",
                    check.holds ? "holds" : "FAILS", "\(check.failed == 0 ? "" : "\(check.failed) of ")\(check.judged)",
                    check.measure, check.at,
                ]
            }, leading: [0, 3, 5, 6])
        let fields = comparison.fields.sorted { rank($0) < rank($1) }
        if !fields.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["field", "kind", "similar", "PSI", "present", "there", ""],
                fields.prefix(fieldLimit).map { field in
                    [
                        field.path, field.kind.rawValue, field.similarity.map(figure) ?? "–",
                        field.psi.map(figure) ?? "–", percent(field.present.0), percent(field.present.1),
                        field.holds ? "" : "FAILS",
                    ]
                }, leading: [0, 1, 6])
            if fields.count > fieldLimit { lines.append("  … and \(fields.count - fieldLimit) more (--json has all)") }
        }
        let pairs = comparison.pairs.sorted { $0.similarity < $1.similarity }
        if !pairs.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["pair", "measure", "here", "there", "similar", ""],
                pairs.prefix(pairLimit).map { pair in
                    [
                        "\(pair.first) × \(pair.second)", pair.measure, pair.values.map { figure($0.0) } ?? "",
                        pair.values.map { figure($0.1) } ?? "", figure(pair.similarity), pair.holds ? "" : "FAILS",
                    ]
                }, leading: [0, 1, 5])
            if pairs.count > pairLimit { lines.append("  … and \(pairs.count - pairLimit) more (--json has all)") }
        }
        if !comparison.entities.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["entity", "number", "there", "p99", "there", "transitions"],
                comparison.entities.map { entity in
                    [
                        entity.path, Figures.count(UInt64(entity.entities.0)), Figures.count(UInt64(entity.entities.1)),
                        figure(entity.p99.0), figure(entity.p99.1), entity.transitions.map(figure) ?? "–",
                    ]
                })
        }
        if !comparison.decisions.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["decision", "share", "there"],
                comparison.decisions.map { [$0.name, percent($0.shares.0), percent($0.shares.1)] })
        }
        return lines.map { TextReport.printable($0) + "\n" }.joined()
    }

    private static func rank(_ field: Comparison.Field) -> (Int, Double, String) {
        (field.holds ? 1 : 0, field.similarity ?? 2, field.path)
    }

    static func figure(_ value: Double) -> String {
        Figures.trimmed(Figures.fixed(value, places: abs(value) < 100 ? 4 : 1))
    }

    static func percent(_ share: Double) -> String { "\(Figures.trimmed(Figures.fixed(share * 100, places: 1))) %" }
}
