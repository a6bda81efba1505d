package import Analysis
import Bytes
package import Metrics

/// A run's result as one HTML file that needs nothing else: no font, script, style or picture from anywhere.
///
/// The markup is well formed as XML. Its policy (`Content-Security-Policy`) forbids every load, so that a text from a
/// tape could do nothing even if it were taken for markup.
package enum HTMLReport {
    /// - Parameter score: of the run, when it was scored: a section of its own.
    /// - Parameter dependencies: where its time went, when that was joined: a section of its own.
    package static func render(
        _ result: RunResult, score: Scorecard? = nil, dependencies times: DependencyTimes? = nil
    ) -> [UInt8] {
        page("\(Verdict(result).title) · tinct replay \(result.run.tag)") { main in
            header(result, into: &main)
            tiles(result, into: &main)
            search(result, into: &main)
            expectations(result, into: &main)
            charts(result, into: &main)
            mirrors(result, into: &main)
            operations(result, into: &main)
            decisions(result, into: &main)
            if let score { sections(score, into: &main) }
            if let times { dependencies(times, into: &main) }
            slowest(result, into: &main)
            connections(result.connections, into: &main)
            main.element("div", [("class", "grid2")]) { grid in
                tagCoverage(result, into: &grid)
                facts(result, into: &grid)
            }
            main.element("footer") { footer in
                footer.escaped("Made by tinct \(result.run.toolVersion). ")
                footer.escaped(
                    "Corrected latency runs from the time a request was due, raw latency from its send. ")
                footer.escaped("Every due request ends in exactly one outcome.")
            }
        }
    }

    /// A whole page around what stands in `main`.
    static func page(_ title: String, _ fill: (inout Markup) -> Void) -> [UInt8] {
        var page = Markup()
        page.raw("<!DOCTYPE html>\n")
        page.element("html", [("lang", "en")]) { html in
            head(title, into: &html)
            html.element("body") { body in
                body.element("main") { fill(&$0) }
                body.element("div", [("id", "tip"), ("role", "status")], " ")
                body.raw("<script>\(script)</script>")
            }
        }
        page.raw("\n")
        return Array(page.text.utf8)
    }

    private static func head(_ title: String, into html: inout Markup) {
        html.element("head") { head in
            head.empty("meta", [("charset", "utf-8")])
            head.empty("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")])
            head.empty(
                "meta",
                [
                    ("http-equiv", "Content-Security-Policy"),
                    ("content", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"),
                ])
            head.empty("meta", [("name", "color-scheme"), ("content", "light dark")])
            head.element("title", [], title)
            head.raw("<style>\(style)</style>")
        }
    }

    private static func header(_ result: RunResult, into main: inout Markup) {
        let run = result.run
        let verdict = Verdict(result)
        main.element("header") { header in
            header.element("p", [("class", "eyebrow")]) { line in
                line.escaped(run.tag.isEmpty ? "tinct replay" : "tinct replay · run \(run.tag)")
            }
            header.element("h1") { title in
                title.escaped(run.tape.isEmpty ? "tape" : run.tape)
                title.raw(" <span class=\"arrow\">→</span> ")
                title.escaped(run.targets.joined(separator: ", "))
            }
            header.element("p", [("class", "verdict \(verdict.level.rawValue)")]) { line in
                line.element("strong", [], "\(symbol(verdict.level)) \(verdict.title)")
                line.raw(" ")
                line.element("span", [], verdict.sentence)
            }
        }
    }

    /// A sign beside each colour, for those who cannot tell the colours apart.
    private static func symbol(_ level: Verdict.Level) -> String {
        switch level {
        case .good: "✓"
        case .warning: "!"
        case .bad: "✕"
        }
    }

    private static func tiles(_ result: RunResult, into main: inout Markup) {
        let totals = result.totals
        let seconds = Double(result.run.durationNanos) / 1e9
        let addressed = totals.due - min(totals.due, totals.notAddressed)
        let errors = Outcome.allCases.filter(\.isError).reduce(0) { $0 &+ result[$1] }
        let latency = result.latency.corrected
        func time(_ micros: UInt64) -> String { latency.count == 0 ? "–" : Figures.micros(micros) }
        main.element("section", [("class", "tiles"), ("aria-label", "Summary")]) { tiles in
            tile(
                "sent", Figures.count(totals.sent), "of \(Figures.count(totals.due)) due", .good, into: &tiles)
            tile(
                "answered a second", seconds > 0 ? Figures.rate(Double(totals.answered) / seconds) : "–",
                result.run.rate.map { "asked for \(Figures.rate($0))/s" } ?? "rate \(result.run.pacer)", .good,
                into: &tiles)
            tile(
                "ok", Figures.share(result[.ok], of: addressed), "\(Figures.count(errors)) errors",
                errors == 0 ? .good : .bad, into: &tiles)
            tile("p95 latency", time(latency.p95Micros), "median \(time(latency.p50Micros))", .good, into: &tiles)
            tile("p99 latency", time(latency.p99Micros), "max \(time(latency.maxMicros))", .good, into: &tiles)
            tile(
                "tagged", Figures.share(totals.tagged, of: totals.sent), "\(Figures.count(totals.tagged)) requests",
                totals.tagged &+ totals.wireFaults < totals.sent ? .bad : .good, into: &tiles)
        }
    }

    static func tile(
        _ name: String, _ value: String, _ note: String, _ level: Verdict.Level, into tiles: inout Markup
    ) {
        tiles.element("div", [("class", "tile \(level.rawValue)")]) { tile in
            tile.element("span", [("class", "name")], name)
            tile.element("span", [("class", "value")], value)
            tile.element("span", [("class", "note")], note)
        }
    }

    private static func charts(_ result: RunResult, into main: inout Markup) {
        let buckets = buckets(result.series)
        main.element("div", [("class", "grid2")]) { grid in
            panel("Throughput over time", "requests a second", into: &grid) { plot(throughput(buckets), into: &$0) }
            panel("Latency over time", "from the due time, by second of reply", into: &grid) {
                plot(latencyOverTime(buckets), into: &$0)
            }
            panel("Latency percentiles", "corrected from the due time, raw from the send", into: &grid) {
                plot(percentiles(result.latency), into: &$0)
            }
            panel("Outcomes", "each due request has one", into: &grid) { outcomes(result, into: &$0) }
        }
    }

    static func panel(
        _ title: String, _ note: String, into grid: inout Markup, _ body: (inout Markup) -> Void
    ) {
        grid.element("section", [("class", "panel")]) { panel in
            panel.element("h2") { heading in
                heading.escaped(title)
                if !note.isEmpty {
                    heading.raw(" ")
                    heading.element("small", [], note)
                }
            }
            body(&panel)
        }
    }

    /// The chart with its legend; nothing to draw is said in words.
    private static func plot(_ plot: Plot, into panel: inout Markup) {
        if plot.series.allSatisfy({ $0.values.allSatisfy { $0 == nil } }) {
            panel.element("p", [("class", "nothing")], "Nothing was measured.")
            return
        }
        panel.element("p", [("class", "legend")]) { legend in
            for series in plot.series.reversed() {
                legend.element("span") { item in
                    item.element("i", [("class", "key \(series.style)\(series.isDashed ? " dashed" : "")")], "")
                    item.escaped(series.name)
                }
            }
        }
        plot.render(into: &panel)
    }
}
