package import Analysis
import Bytes

extension HTMLReport {
    /// A comparison of two tapes as one page.
    package static func render(_ comparison: Comparison, tapes: (String, String), version: String) -> [UInt8] {
        page("\(tapes.0) and \(tapes.1)") { main in
            main.element("header") { header in
                header.element("p", [("class", "eyebrow")], "tinct compare")
                header.element("h1") { title in
                    title.escaped(tapes.0)
                    title.raw(" <span class=\"arrow\">→</span> ")
                    title.escaped(tapes.1)
                }
                let failed = comparison.checks.count { !$0.holds }
                header.element("p", [("class", "verdict \(failed == 0 ? "good" : "bad")")]) { line in
                    line.element("strong", [], failed == 0 ? "✓ Alike" : "✕ Different")
                    line.raw(" ")
                    line.element(
                        "span", [],
                        failed == 0 ? "Every gate is passed." : "\(failed) of \(comparison.checks.count) gates fail.")
                }
            }
            panel("Gates", "the value furthest from passing, and where it is", into: &main) { panel in
                grid(
                    ["measure", "worst", "bound", "judged", "", "at"],
                    comparison.checks.map { check in
                        [
                            "\(check.gate): \(check.measure)", check.worst.map(ComparisonText.figure) ?? "–",
                            check.bound.map(ComparisonText.figure) ?? "–", "\(check.judged)",
                            check.holds ? "✓ holds" : "✕ \(check.failed) fail", check.at,
                        ]
                    }, into: &panel)
            }
            hours(comparison, into: &main)
            pictures(comparison, into: &main)
            pairs(comparison, into: &main)
            panel("Entities and decisions", "", into: &main) { panel in
                grid(
                    ["entity", "number", "there", "p99 of exchanges", "there", "transitions alike"],
                    comparison.entities.map { entity in
                        [
                            entity.path, "\(entity.entities.0)", "\(entity.entities.1)",
                            ComparisonText.figure(entity.p99.0), ComparisonText.figure(entity.p99.1),
                            entity.transitions.map(ComparisonText.figure) ?? "–",
                        ]
                    }, into: &panel)
                if !comparison.decisions.isEmpty {
                    grid(
                        ["decision", "share", "there"],
                        comparison.decisions.map {
                            [$0.name, ComparisonText.percent($0.shares.0), ComparisonText.percent($0.shares.1)]
                        }, into: &panel)
                }
            }
            main.element(
                "footer", [],
                "Made by tinct \(version). The reference is drawn filled, the other tape as a line. "
                    + "\(Figures.count(comparison.exchanges.0)) and \(Figures.count(comparison.exchanges.1)) exchanges."
            )
        }
    }

    private static func hours(_ comparison: Comparison, into main: inout Markup) {
        let (a, b) = comparison.byHour
        if a.allSatisfy({ $0 == 0 }) && b.allSatisfy({ $0 == 0 }) { return }
        panel("When requests come", "share by hour of the week, from Monday, UTC", into: &main) { panel in
            panel.element("svg", box(1120, 130)) { svg in
                bars(a, b, (0, 0, 1120, 104), into: &svg)
                for (day, name) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].enumerated() {
                    svg.element("text", [("class", "tick mid"), ("x", "\(day * 160 + 80)"), ("y", "124")], name)
                }
            }
        }
    }

    /// Small pictures of the fields' distributions, the least alike first.
    private static func pictures(_ comparison: Comparison, into main: inout Markup) {
        let fields = comparison.fields.filter { !$0.picture.shares.0.isEmpty }
            .sorted { ($0.similarity ?? 1, $0.path) < ($1.similarity ?? 1, $1.path) }.prefix(48)
        if fields.isEmpty { return }
        panel("Fields", "the least alike first; filled: reference, line: the other tape", into: &main) { panel in
            panel.element("div", [("class", "small")]) { list in
                for field in fields {
                    list.element("figure") { figure in
                        figure.element("figcaption") { caption in
                            caption.element("b", [("class", field.holds ? "" : "bad")], field.path)
                            caption.raw(" ")
                            caption.element(
                                "span", [("class", "muted")],
                                (field.similarity.map(ComparisonText.figure) ?? "–")
                                    + (field.psi.map { " · PSI \(ComparisonText.figure($0))" } ?? ""))
                        }
                        figure.element("svg", box(250, 84)) { svg in
                            bars(field.picture.shares.0, field.picture.shares.1, (0, 2, 250, 66), into: &svg)
                            labels(field, into: &svg)
                        }
                    }
                }
            }
        }
    }

    private static func labels(_ field: Comparison.Field, into svg: inout Markup) {
        let names = field.picture.labels
        if field.kind == .number {
            let ends = names.map { Double($0).map(ComparisonText.figure) ?? $0 }
            svg.element("text", [("class", "tick"), ("x", "0"), ("y", "82")], ends.first ?? "")
            svg.element("text", [("class", "tick end"), ("x", "250"), ("y", "82")], ends.last ?? "")
            return
        }
        let width = 250 / max(1, names.count)
        for (place, name) in names.enumerated() where width >= 16 {
            let room = max(2, width / 7)
            let text = name.count > room ? String(name.prefix(room - 1)) + "…" : name
            svg.element(
                "text", [("class", "tick mid"), ("x", "\(place * 250 / names.count + width / 2)"), ("y", "82")], text)
        }
    }

    /// The first as filled bars, the second as steps over them.
    private static func bars(
        _ a: [Double], _ b: [Double], _ frame: (x: Double, y: Double, width: Double, height: Double),
        into svg: inout Markup
    ) {
        let top = max(a.max() ?? 0, b.max() ?? 0)
        if top == 0 || a.isEmpty { return }
        func number(_ value: Double) -> String { Figures.trimmed(Figures.fixed(value, places: 1)) }
        func x(_ place: Int) -> Double { frame.x + frame.width * Double(place) / Double(a.count) }
        func y(_ share: Double) -> Double { frame.y + frame.height * (1 - share / top) }
        for (place, share) in a.enumerated() {
            svg.empty(
                "rect",
                [
                    ("class", "share"), ("x", number(x(place) + 0.5)), ("y", number(y(share))),
                    ("width", number(max(0.5, x(1) - x(0) - 1))),
                    ("height", number(frame.y + frame.height - y(share))),
                ])
        }
        var path = ""
        for (place, share) in b.enumerated() {
            path += "\(path.isEmpty ? "M" : "L")\(number(x(place))) \(number(y(share)))"
            path += "L\(number(x(place + 1))) \(number(y(share)))"
        }
        svg.empty("path", [("class", "line c2"), ("d", path)])
        let base = number(frame.y + frame.height)
        svg.empty(
            "line",
            [
                ("class", "axis"), ("x1", number(frame.x)), ("x2", number(frame.x + frame.width)), ("y1", base),
                ("y2", base),
            ])
    }

    /// A square for each pair of fields, the darker the less alike.
    private static func pairs(_ comparison: Comparison, into main: inout Markup) {
        if comparison.pairs.isEmpty { return }
        var names: [String] = []
        for pair in comparison.pairs {
            for name in [pair.first, pair.second] where !names.contains(name) { names.append(name) }
        }
        let places = Dictionary(names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { x, _ in x })
        let (left, cell) = (230, 22)
        panel("Pairs of fields", "the stronger the colour, the less alike; framed: fails", into: &main) { panel in
            panel.element("svg", box(left + cell * names.count + 10, cell * names.count + 10)) { svg in
                for (place, name) in names.enumerated() {
                    svg.element(
                        "text", [("class", "tick end"), ("x", "\(left - 8)"), ("y", "\(place * cell + 16)")], name)
                }
                for pair in comparison.pairs {
                    guard let row = places[pair.second], let column = places[pair.first] else { continue }
                    // Nothing at 1, everything at 0.7 and below.
                    let strength = min(1, max(0, (1 - pair.similarity) / 0.3))
                    let values = pair.values.map {
                        ", \(ComparisonText.figure($0.0)) and \(ComparisonText.figure($0.1))"
                    }
                    svg.element(
                        "rect",
                        [
                            ("class", pair.holds ? "cell2" : "cell2 fails"), ("x", "\(left + column * cell)"),
                            ("y", "\(row * cell + 2)"), ("width", "\(cell - 3)"), ("height", "\(cell - 3)"),
                            ("rx", "3"), ("fill-opacity", Figures.fixed(0.06 + 0.94 * strength, places: 3)),
                        ]
                    ) { rect in
                        rect.element(
                            "title", [],
                            "\(pair.first) × \(pair.second): \(ComparisonText.figure(pair.similarity))\(values ?? "")")
                    }
                }
            }
        }
    }

    private static func box(_ width: Int, _ height: Int) -> [(String, String)] {
        [
            ("class", "picture"), ("viewBox", "0 0 \(width) \(height)"), ("role", "img"),
            ("style", "max-width:\(width)px"),
        ]
    }
}
