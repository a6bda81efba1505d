import Metrics

extension HTMLReport {
    /// At most this many positions on a time axis; longer runs are gathered into buckets of whole seconds.
    static let bucketLimit = 240

    /// The series with neighbouring seconds gathered: counts become means a second, percentiles the worst of them.
    struct Bucket {
        var firstSecond: Int
        var seconds: Int
        var due = 0.0
        var sent = 0.0
        var answered = 0.0
        var errors = 0.0
        var p50Micros: UInt64 = 0
        var p99Micros: UInt64 = 0
    }

    static func buckets(_ series: [RunResult.Second]) -> [Bucket] {
        let width = max(1, (series.count + bucketLimit - 1) / bucketLimit)
        return stride(from: 0, to: series.count, by: width).map { start in
            let part = series[start..<min(start + width, series.count)]
            var bucket = Bucket(firstSecond: series[start].second, seconds: part.count)
            let share = 1 / Double(part.count)
            for second in part {
                bucket.due += Double(second.due) * share
                bucket.sent += Double(second.sent) * share
                bucket.answered += Double(second.answered) * share
                bucket.errors += Double(second.errors) * share
                bucket.p50Micros = max(bucket.p50Micros, second.p50Micros)
                bucket.p99Micros = max(bucket.p99Micros, second.p99Micros)
            }
            return bucket
        }
    }

    static func throughput(_ buckets: [Bucket]) -> Plot {
        var series = [
            PlotSeries(name: "due", style: "c3", values: buckets.map(\.due), isDashed: true),
            PlotSeries(name: "sent", style: "c2", values: buckets.map(\.sent)),
            PlotSeries(name: "answered", style: "c1", values: buckets.map(\.answered)),
        ]
        if buckets.contains(where: { $0.errors > 0 }) {
            series.insert(PlotSeries(name: "errors", style: "c4", values: buckets.map(\.errors)), at: 0)
        }
        return Plot(
            label: "Requests a second over time", series: series, positions: positions(buckets), marks: marks(buckets),
            tips: buckets.map { bucket in
                """
                \(heading(bucket))
                due \(Figures.rate(bucket.due))/s
                sent \(Figures.rate(bucket.sent))/s
                answered \(Figures.rate(bucket.answered))/s
                errors \(Figures.rate(bucket.errors))/s
                """
            }, format: { compact($0) })
    }

    static func latencyOverTime(_ buckets: [Bucket]) -> Plot {
        let p50 = buckets.map { $0.p50Micros == 0 ? nil : Double($0.p50Micros) }
        let p99 = buckets.map { $0.p99Micros == 0 ? nil : Double($0.p99Micros) }
        let values = (p50 + p99).compactMap { $0 }
        let isWide = (values.max() ?? 0) > 20 * (values.min() ?? 1)
        return Plot(
            label: "Latency over time, from the due time", scale: isWide ? .logarithmic : .linear,
            series: [
                PlotSeries(name: "p99", style: "c2", values: p99), PlotSeries(name: "p50", style: "c1", values: p50),
            ],
            positions: positions(buckets), marks: marks(buckets),
            tips: buckets.map { bucket in
                let values =
                    bucket.p99Micros == 0
                    ? "no reply" : "p50 \(Figures.micros(bucket.p50Micros))\np99 \(Figures.micros(bucket.p99Micros))"
                return "\(heading(bucket))\n\(values)"
            }, format: { microsTick($0) })
    }

    /// The x axis counts nines, so that the tail has as much room as the bulk.
    static func percentiles(_ latency: RunResult.Latency) -> Plot {
        let names = ["p50", "p90", "p95", "p99", "p99.9", "max"]
        let positions = [0.301, 1, 1.301, 2, 3, 3.7]
        func values(_ percentiles: Percentiles) -> [UInt64] {
            [
                percentiles.p50Micros, percentiles.p90Micros, percentiles.p95Micros, percentiles.p99Micros,
                percentiles.p999Micros, percentiles.maxMicros,
            ]
        }
        func drawn(_ percentiles: Percentiles) -> [Double?] {
            values(percentiles).map { percentiles.count == 0 || $0 == 0 ? nil : Double($0) }
        }
        let (corrected, raw) = (values(latency.corrected), values(latency.raw))
        return Plot(
            label: "Latency percentiles, corrected and raw", scale: .logarithmic,
            series: [
                PlotSeries(name: "raw", style: "c2", values: drawn(latency.raw), isDashed: true),
                PlotSeries(name: "corrected", style: "c1", values: drawn(latency.corrected)),
            ],
            positions: positions, marks: zip(positions, names).map { ($0, $1) },
            tips: names.indices.map { i in
                "\(names[i])\ncorrected \(Figures.micros(corrected[i]))\nraw \(Figures.micros(raw[i]))"
            }, format: { microsTick($0) }, hasDots: true)
    }

    private static func positions(_ buckets: [Bucket]) -> [Double] { buckets.map { Double($0.firstSecond) } }

    private static func heading(_ bucket: Bucket) -> String {
        bucket.seconds == 1
            ? "second \(bucket.firstSecond)"
            : "seconds \(bucket.firstSecond)–\(bucket.firstSecond + bucket.seconds - 1)"
    }

    private static func marks(_ buckets: [Bucket]) -> [(at: Double, text: String)] {
        guard let first = buckets.first?.firstSecond, let last = buckets.last?.firstSecond else { return [] }
        if first == last { return [(Double(first), "\(first) s")] }
        let step = max(1, Int(Plot.niceStep(Double(last - first) / 6).rounded(.up)))
        return stride(from: first, through: last, by: step).map { (Double($0), "\($0) s") }
    }

    /// `500 µs`, `20 ms`, `1 s`: as short as a round number is.
    private static func microsTick(_ value: Double) -> String {
        let (scaled, unit) = value < 1e3 ? (value, "µs") : value < 1e6 ? (value / 1e3, "ms") : (value / 1e6, "s")
        return Figures.trimmed(Figures.fixed(scaled, places: 2)) + " " + unit
    }

    /// `1,200`, `12k`, `1.5M`.
    private static func compact(_ value: Double) -> String {
        if value >= 1e6 { return Figures.trimmed(Figures.fixed(value / 1e6, places: 2)) + "M" }
        if value >= 1e4 { return Figures.trimmed(Figures.fixed(value / 1e3, places: 1)) + "k" }
        return value == value.rounded() ? Figures.rate(value) : Figures.trimmed(Figures.fixed(value, places: 2))
    }
}
