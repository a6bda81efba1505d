extension Delay {
    /// What ``init(_:duration:)`` reads, for messages.
    package static let forms =
        "5ms, uniform:1ms..20ms, exp:10ms (mean), normal:10ms,2ms, lognormal:10ms,0.8 (median, sigma) or quantiles:p50=5ms,p99=80ms,max=1s"

    /// Reads a delay as ``forms`` shows them.
    ///
    /// - Parameter duration: reads one duration in nanoseconds; nil when it is none.
    /// - Returns: nil when `text` is none of these or beyond an hour.
    package init?(_ text: String, duration: (String) -> UInt64?) {
        func bounded(_ text: some StringProtocol) -> UInt64? {
            guard let nanos = duration(String(text)), nanos <= Self.limitNanos else { return nil }
            return nanos
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1 {
            guard let nanos = bounded(text) else { return nil }
            self.init(.constant(nanos: nanos))
            return
        }
        let values = parts[1].split(separator: ",", omittingEmptySubsequences: false)
        switch parts[0] {
        case "uniform":
            guard let dots = Self.dots(in: parts[1]), let low = bounded(parts[1][..<dots.lowerBound]),
                let high = bounded(parts[1][dots.upperBound...]), low <= high
            else { return nil }
            self.init(.uniform(nanos: low...high))
        case "exp":
            guard let mean = bounded(parts[1]) else { return nil }
            self.init(.exponential(meanNanos: mean))
        case "normal":
            guard values.count == 2, let mean = bounded(values[0]), let deviation = bounded(values[1]) else {
                return nil
            }
            self.init(.normal(meanNanos: mean, deviationNanos: deviation))
        case "lognormal":
            guard values.count == 2, let median = bounded(values[0]), let sigma = Double(values[1]), sigma >= 0,
                sigma <= 10
            else { return nil }
            self.init(.logNormal(medianNanos: median, sigma: sigma))
        case "quantiles":
            guard let points = Self.quantiles(values, bounded) else { return nil }
            self.init(.quantiles(points))
        default: return nil
        }
    }

    /// `p50=5ms`, `p99.9=1s`, `min=1ms` (0 when it is not given), `max=2s` (the last one when it is not given).
    private static func quantiles(_ texts: [Substring], _ bounded: (Substring) -> UInt64?) -> [Quantile]? {
        var points: [Quantile] = []
        for text in texts {
            let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let nanos = bounded(sides[1]) else { return nil }
            switch sides[0] {
            case "min": points.append(Quantile(share: 0, nanos: nanos))
            case "max": points.append(Quantile(share: 1, nanos: nanos))
            case let name:
                guard name.first == "p", let percent = Double(name.dropFirst()), percent > 0, percent < 100 else {
                    return nil
                }
                points.append(Quantile(share: percent / 100, nanos: nanos))
            }
        }
        points.sort { $0.share < $1.share }
        guard let first = points.first, let last = points.last else { return nil }
        if first.share > 0 { points.insert(Quantile(share: 0, nanos: 0), at: 0) }
        if last.share < 1 { points.append(Quantile(share: 1, nanos: last.nanos)) }
        for (a, b) in zip(points, points.dropFirst()) where a.share >= b.share || a.nanos > b.nanos { return nil }
        return points
    }

    private static func dots(in text: Substring) -> Range<Substring.Index>? {
        for index in text.indices {
            let next = text.index(after: index)
            if text[index] == ".", next < text.endIndex, text[next] == "." { return index..<text.index(after: next) }
        }
        return nil
    }
}
