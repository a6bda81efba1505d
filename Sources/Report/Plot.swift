/// One line of a chart.
struct PlotSeries {
    var name: String
    /// The class that gives it its colour: `c1` … `c4`.
    var style: String
    /// One for each position; nil where there is nothing to draw.
    var values: [Double?]
    var isDashed = false
}

/// A line chart in SVG: axes, lines, and a hit area for each position that carries the text for hovering.
struct Plot {
    enum Scale {
        /// From 0.
        case linear
        /// For values that span orders of magnitude; what is not above 0 is left out.
        case logarithmic
    }

    var label: String
    var scale = Scale.linear
    var series: [PlotSeries]
    /// Where each position stands on the x axis, in the unit of ``marks``; ascending.
    var positions: [Double]
    /// What is written below the x axis.
    var marks: [(at: Double, text: String)]
    /// For hovering; the first line is the heading. One for each position.
    var tips: [String]
    var format: (Double) -> String
    /// Draws each value as a dot too.
    var hasDots = false

    private static let width = 560.0
    private static let height = 230.0
    private static let left = 62.0
    private static let right = 16.0
    private static let top = 12.0
    private static let bottom = 30.0

    func render(into markup: inout Markup) {
        let ticks = yTicks
        let box = "0 0 \(Int(Self.width)) \(Int(Self.height))"
        let role = [("class", "chart"), ("viewBox", box), ("role", "img"), ("aria-label", label)]
        markup.element("svg", role) { svg in
            for tick in ticks {
                let y = number(self.y(tick, ticks))
                svg.empty(
                    "line",
                    [
                        ("class", "grid"), ("x1", number(Self.left)), ("x2", number(Self.width - Self.right)),
                        ("y1", y), ("y2", y),
                    ])
                svg.element(
                    "text",
                    [("class", "tick end"), ("x", number(Self.left - 8)), ("y", number(self.y(tick, ticks) + 4))],
                    format(tick))
            }
            for mark in marks {
                svg.element(
                    "text", [("class", "tick mid"), ("x", number(x(mark.at))), ("y", number(Self.height - 9))],
                    mark.text)
            }
            svg.empty(
                "line",
                [
                    ("class", "axis"), ("x1", number(Self.left)), ("x2", number(Self.width - Self.right)),
                    ("y1", number(Self.height - Self.bottom)), ("y2", number(Self.height - Self.bottom)),
                ])
            for line in series { draw(line, ticks, into: &svg) }
            svg.empty(
                "line",
                [
                    ("class", "cross"), ("x1", "0"), ("x2", "0"), ("y1", number(Self.top)),
                    ("y2", number(Self.height - Self.bottom)),
                ])
            hitAreas(into: &svg)
        }
    }

    private func draw(_ line: PlotSeries, _ ticks: [Double], into svg: inout Markup) {
        var path = ""
        var isDown = false
        var dots: [(Double, Double)] = []
        for (position, value) in zip(positions, line.values) {
            guard let value, scale == .linear || value > 0 else {
                isDown = false
                continue
            }
            let point = (x(position), y(value, ticks))
            path += "\(isDown ? "L" : "M")\(number(point.0)) \(number(point.1))"
            isDown = true
            dots.append(point)
        }
        if path.isEmpty { return }
        svg.empty("path", [("class", "line \(line.style)\(line.isDashed ? " dashed" : "")"), ("d", path)])
        if hasDots || dots.count == 1 {
            for (cx, cy) in dots {
                svg.empty(
                    "circle", [("class", "dot \(line.style)"), ("cx", number(cx)), ("cy", number(cy)), ("r", "3")])
            }
        }
    }

    private func hitAreas(into svg: inout Markup) {
        for (index, (position, tip)) in zip(positions, tips).enumerated() {
            let here = x(position)
            let before = index == 0 ? Self.left : (x(positions[index - 1]) + here) / 2
            let after = index + 1 < positions.count ? (x(positions[index + 1]) + here) / 2 : Self.width - Self.right
            svg.empty(
                "rect",
                [
                    ("class", "hit"), ("x", number(before)), ("y", number(Self.top)),
                    ("width", number(max(0, after - before))),
                    ("height", number(Self.height - Self.top - Self.bottom)), ("data-x", number(here)),
                    ("data-tip", tip),
                ])
        }
    }

    private func x(_ position: Double) -> Double {
        guard let first = positions.first, let last = positions.last, last > first else {
            return (Self.left + Self.width - Self.right) / 2
        }
        return Self.left + (position - first) / (last - first) * (Self.width - Self.left - Self.right)
    }

    private func y(_ value: Double, _ ticks: [Double]) -> Double {
        let room = Self.height - Self.top - Self.bottom
        guard let low = ticks.first, let high = ticks.last, high > low else { return Self.height - Self.bottom }
        let share =
            switch scale {
            case .linear: (value - low) / (high - low)
            case .logarithmic: (value.logarithm - low.logarithm) / (high.logarithm - low.logarithm)
            }
        return Self.height - Self.bottom - min(max(share, 0), 1) * room
    }

    private func number(_ value: Double) -> String { Figures.trimmed(Figures.fixed(value, places: 1)) }

    private var drawn: [Double] {
        series.flatMap(\.values).compactMap { $0 }.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    }

    /// Round values from the lowest to at least the highest one drawn.
    var yTicks: [Double] {
        let highest = drawn.max() ?? 0
        if scale == .logarithmic, let lowest = drawn.min(), highest > 0 {
            var ticks: [Double] = []
            var decade = 1.0
            while decade * 10 <= lowest && decade < 1e12 { decade *= 10 }
            let isWide = highest / decade > 200
            outer: while decade < 1e13 {
                for step in isWide ? [1.0] : [1.0, 2, 5] {
                    let tick = step * decade
                    if tick <= lowest { ticks = [] }
                    ticks.append(tick)
                    if tick >= highest && ticks.count > 1 { break outer }
                }
                decade *= 10
            }
            return ticks
        }
        let step = Self.niceStep(highest / 4)
        return (0...max(1, Int(min((highest / step).rounded(.up), 10)))).map { Double($0) * step }
    }

    /// The least of 1, 2, 2.5, 5 × 10ⁿ that is not below `value`.
    static func niceStep(_ value: Double) -> Double {
        guard value.isFinite, value > 0 else { return 1 }
        var scale = 1.0
        while scale * 10 <= value && scale < 1e15 { scale *= 10 }
        while scale > value && scale > 1e-9 { scale /= 10 }
        return [1, 2, 2.5, 5, 10].map { $0 * scale }.first { $0 >= value } ?? scale * 10
    }
}

extension Double {
    /// log₁₀ without a C library: binary exponent plus a series for the significand, good to a thousandth of a pixel.
    var logarithm: Double {
        guard self > 0, isFinite else { return 0 }
        // significand m in [1, 2): ln m = 2 artanh((m − 1) / (m + 1)).
        let t = (significand - 1) / (significand + 1)
        let square = t * t
        let series = t * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11)))))
        let naturalLogarithmOf2 = 0.693_147_180_559_945_3
        return (2 * series + Double(exponent) * naturalLogarithmOf2) / 2.302_585_092_994_046
    }
}
