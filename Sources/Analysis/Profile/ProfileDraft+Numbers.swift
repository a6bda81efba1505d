extension ProfileDraft {
    /// A generator with the distribution of `values`, of which nobody's own value stands in it.
    func distribution(_ values: [Double], decimals: Int) -> String {
        let sorted = values.sorted()
        guard let steps = steps(sorted) else { return quantiles(sorted, decimals) }
        return steps
    }

    /// Few different whole numbers, each often enough, as a staircase; nil where there are more.
    private func steps(_ sorted: [Double]) -> String? {
        var counts: [(value: Double, count: UInt64)] = []
        for value in sorted {
            if counts.last?.value == value {
                counts[counts.count - 1].count += 1
            } else {
                if counts.count > 60 { return nil }
                counts.append((value, 1))
            }
        }
        guard counts.allSatisfy({ $0.value == $0.value.rounded() }) else { return nil }
        let kept = counts.filter { $0.count >= options.least }
        let sum = kept.reduce(0) { $0 + $1.count }
        if kept.isEmpty || sum * 100 < UInt64(sorted.count) * 95 { return nil }
        if kept.count == 1 { return "{constant: \(Self.text(kept[0].value, 0))}" }
        var points: [String] = []
        var before: UInt64 = 0
        for entry in kept {
            // A billionth further on the next value begins.
            let start = Self.billionths(before, of: sum)
            points.append("\(Self.probability(before == 0 ? 0 : start + 1)): \(Self.text(entry.value, 0))")
            before += entry.count
            points.append("\(Self.probability(Self.billionths(before, of: sum))): \(Self.text(entry.value, 0))")
        }
        return "{quantiles: {\(points.joined(separator: ", "))}}"
    }

    private func quantiles(_ sorted: [Double], _ decimals: Int) -> String {
        let least = Int(clamping: options.least)
        // So many are cut at either end, for the last ones are somebody's.
        let inner = sorted.count > 3 * least ? Array(sorted[(least - 1)..<(sorted.count - least + 1)]) : []
        guard let low = inner.first, let high = inner.last, low < high else {
            let middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            return "{constant: \(Self.text(Self.rounded(middle, digits: 2), decimals))}"
        }
        let count = max(2, min(options.points, inner.count / least))
        var points: [(UInt64, Double)] = []
        for point in 0...count {
            let value = inner[min(inner.count - 1, point * (inner.count - 1) / count)]
            points.append((Self.billionths(UInt64(point), of: UInt64(count)), Self.rounded(value, digits: 4)))
        }
        points = tail(points, sorted, least)
        points.sort { $0.0 < $1.0 }
        var rising: [String] = []
        var (last, lastPoint) = (-Double.infinity, UInt64.max)
        for (probability, value) in points where probability != lastPoint {
            last = max(last, value)
            lastPoint = probability
            rising.append("\(Self.probability(probability)): \(Self.text(last, decimals))")
        }
        let scale = decimals > 0 ? ", decimals: \(decimals)" : ""
        return "{quantiles: {\(rising.joined(separator: ", "))}\(scale)}"
    }

    /// Beyond the last point that may stand: Pareto's tail with the index that the greatest values have together (B. M.
    /// Hill, Annals of Statistics 3 (1975), 1163–1174), none of which stands there itself.
    private func tail(_ inner: [(UInt64, Double)], _ sorted: [Double], _ least: Int) -> [(UInt64, Double)] {
        let top = sorted.suffix(least)
        guard let start = sorted.dropLast(least).last, start > 0, let greatest = top.last, greatest > start else {
            return inner
        }
        let mean = top.reduce(0) { $0 + Statistics.naturalLogarithm($1 / start) } / Double(least)
        let share = Double(least) / Double(sorted.count)
        let border = UInt64((1 - share) * 1e9)
        var points = inner.filter { $0.0 < border }
        points.append((border, Self.rounded(start, digits: 4)))
        for part in [0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 1 / Double(least)] {
            let value = start * Statistics.exponential(-mean * Statistics.naturalLogarithm(part))
            let isLast = part == 1 / Double(least)
            points.append((isLast ? 1_000_000_000 : UInt64((1 - share * part) * 1e9), Self.rounded(value, digits: 4)))
        }
        return points
    }

    // MARK: Writing numbers

    static func billionths(_ part: UInt64, of whole: UInt64) -> UInt64 {
        UInt64(UInt128(part) * 1_000_000_000 / UInt128(max(1, whole)))
    }

    static func probability(_ billionths: UInt64) -> String {
        if billionths >= 1_000_000_000 { return "1" }
        if billionths == 0 { return "0" }
        var digits = String(billionths)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "0." + digits
    }

    /// So many significant digits.
    static func rounded(_ value: Double, digits: Int) -> Double {
        if value == 0 || !value.isFinite { return 0 }
        var scale = 1.0
        var size = abs(value)
        var limit = 1.0
        for _ in 0..<digits { limit *= 10 }
        while size >= limit && scale < 1e15 {
            size /= 10
            scale *= 10
        }
        if scale > 1 { return (value / scale).rounded() * scale }
        while size < limit / 10 && scale > 1e-9 {
            size *= 10
            scale /= 10
        }
        return (value / scale).rounded() * scale
    }

    static func text(_ value: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value * scale).rounded()
        guard abs(scaled) < 9e15 else { return value < 0 ? "-9000000000" : "9000000000" }
        var digits = String(Int64(abs(scaled)))
        if decimals > 0 {
            digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
            digits = "\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
            while digits.last == "0" { digits.removeLast() }
            if digits.last == "." { digits.removeLast() }
        }
        return scaled < 0 ? "-" + digits : digits
    }
}
