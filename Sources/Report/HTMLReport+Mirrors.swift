import Metrics

extension HTMLReport {
    /// The primary and its mirrors side by side, and where they decided differently.
    static func mirrors(_ result: RunResult, into main: inout Markup) {
        if result.mirrors.isEmpty { return }
        panel("Mirrors", "the same requests at the same due times, latency from the due time", into: &main) { panel in
            let primary = result.run.targets.joined(separator: ", ")
            grid(
                ["target", "due", "answered", "ok", "p50", "p95", "p99", "max"],
                [side(primary, result.totals, result[.ok], result.latency.corrected)]
                    + result.mirrors.map { side($0.target, $0.totals, $0[.ok], $0.latency.corrected) }, into: &panel)
            let seen = Outcome.allCases.filter { outcome in
                result[outcome] > 0 || result.mirrors.contains { $0[outcome] > 0 }
            }
            panel.element("h3", [], "Outcomes")
            grid(
                ["outcome", primary] + result.mirrors.map(\.target),
                seen.map { outcome in
                    [outcome.name, Figures.count(result[outcome])]
                        + result.mirrors.map { Figures.count($0[outcome]) }
                }, into: &panel)
            for mirror in result.mirrors { decisions(mirror, into: &panel) }
        }
    }

    private static func decisions(_ mirror: RunResult.Mirror, into panel: inout Markup) {
        guard let decisions = mirror.decisions else { return }
        panel.element("h3", [], "Decisions of \(mirror.target)")
        panel.element(
            "p", [],
            "\(Figures.count(decisions.different)) of \(Figures.count(decisions.compared)) differ from the primary's"
                + (decisions.incomparable > 0
                    ? "; \(Figures.count(decisions.incomparable)) replies had nothing to compare with." : "."))
        if decisions.differences.isEmpty { return }
        grid(
            ["operation", "primary", "mirror", "replies", "examples"],
            decisions.differences.prefix(100).map { difference in
                [
                    difference.operation, difference.primary, difference.mirror, Figures.count(difference.count),
                    difference.examples.map { "#\($0)" }.joined(separator: " "),
                ]
            }, into: &panel)
    }

    private static func side(
        _ name: String, _ totals: RunResult.Totals, _ ok: UInt64, _ latency: Percentiles
    ) -> [String] {
        let times = [latency.p50Micros, latency.p95Micros, latency.p99Micros, latency.maxMicros]
        return [name, Figures.count(totals.due), Figures.count(totals.answered), Figures.share(ok, of: totals.due)]
            + times.map { latency.count == 0 ? "–" : Figures.micros($0) }
    }
}
