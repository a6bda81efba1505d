import Metrics

extension TextReport {
    /// The primary and its mirrors side by side, and where they decided differently.
    static func mirrors(_ result: RunResult) -> [String] {
        if result.mirrors.isEmpty { return [] }
        let primary = result.run.targets.joined(separator: ", ")
        var lines = [""]
        lines += table(
            ["target", "due", "answered", "ok", "p50", "p90", "p95", "p99", "p99.9", "max"],
            [
                side("\(primary)", result.totals, result[.ok], result.latency.corrected)
            ]
                + result.mirrors.map { side("mirror \($0.target)", $0.totals, $0[.ok], $0.latency.corrected) })
        lines.append("")
        let seen = Outcome.allCases.filter { outcome in
            result[outcome] > 0 || result.mirrors.contains { $0[outcome] > 0 }
        }
        lines += table(
            ["outcome", primary] + result.mirrors.map { "mirror \($0.target)" },
            seen.map { outcome in
                [outcome.name, Figures.count(result[outcome])] + result.mirrors.map { Figures.count($0[outcome]) }
            })
        for mirror in result.mirrors {
            for refusal in mirror.refusals {
                lines.append(
                    "  the guard refused \(mirror.target) \(Figures.count(refusal.count)) of \(refusal.operation): "
                        + refusal.reason)
            }
            guard let decisions = mirror.decisions else { continue }
            lines.append("")
            lines.append(
                "  \(mirror.target) decided differently \(Figures.count(decisions.different)) times of "
                    + "\(Figures.count(decisions.compared))"
                    + (decisions.incomparable > 0
                        ? "; \(Figures.count(decisions.incomparable)) replies had nothing to compare with" : ""))
            if decisions.differences.isEmpty { continue }
            lines += table(
                ["primary", "mirror", "replies", "operation", "examples"],
                decisions.differences.prefix(20).map { difference in
                    [
                        difference.primary, difference.mirror, Figures.count(difference.count), difference.operation,
                        difference.examples.map { "#\($0)" }.joined(separator: " "),
                    ]
                }, leading: [0, 1, 3, 4])
        }
        return lines
    }

    private static func side(
        _ name: String, _ totals: RunResult.Totals, _ ok: UInt64, _ latency: Percentiles
    ) -> [String] {
        let times = row("", latency).dropFirst()
        return [name, Figures.count(totals.due), Figures.count(totals.answered), Figures.share(ok, of: totals.due)]
            + times
    }
}
