extension ProfileDraft {
    /// A number of a request, and a hash of whom it belongs to.
    struct Sample {
        var value: Double
        var holder: UInt64
    }

    /// What a distribution is written for.
    struct Range {
        var decimals = 0
        /// Numbers may stand as they are, where enough people have them.
        var isExact = true
        var bounds: ClosedRange<Double> = -4.6e18...4.6e18
    }

    /// Numbers of more digits are somebody's, however many requests have them.
    private static let exactLimit = 1e8

    /// A generator with the distribution of `values`, of which nobody's own value stands in it.
    func distribution(_ values: [Sample], _ range: Range) -> String {
        let sorted = values.sorted { ($0.value, $0.holder) < ($1.value, $1.holder) }
        if range.isExact, let steps = steps(sorted, range) { return steps }
        return quantiles(sorted, range)
    }

    /// The different numbers that enough people have, ascending, with how many requests have each; nil when there are more
    /// than a few.
    func steps(_ sorted: [Sample]) -> [(value: Double, count: UInt64)]? {
        var steps: [(value: Double, count: UInt64, holders: Set<UInt64>)] = []
        for sample in sorted {
            if steps.last?.value != sample.value {
                if steps.count > 60 { return nil }
                steps.append((sample.value, 0, []))
            }
            steps[steps.count - 1].count += 1
            if steps[steps.count - 1].holders.count < Int(clamping: options.least) {
                steps[steps.count - 1].holders.insert(sample.holder)
            }
        }
        return steps.filter { $0.holders.count >= Int(clamping: options.least) }.map { ($0.value, $0.count) }
    }

    /// Few different whole numbers, each often enough, as a staircase; nil where there are more.
    private func steps(_ sorted: [Sample], _ range: Range) -> String? {
        guard let kept = steps(sorted), kept.allSatisfy({ $0.value == $0.value.rounded() }),
            kept.allSatisfy({ abs($0.value) < Self.exactLimit && range.bounds.contains($0.value) })
        else { return nil }
        let sum = kept.reduce(0) { $0 + $1.count }
        if kept.isEmpty || sum * 100 < UInt64(sorted.count) * 95 { return nil }
        return Self.staircase(kept.map { ($0.value, Double($0.count)) }, range)
    }

    /// Each value with its share of the weights; ascending.
    static func staircase(_ steps: [(value: Double, weight: Double)], _ range: Range) -> String {
        guard let first = steps.first, steps.count > 1 else { return constant(steps.first?.value ?? 1, range) }
        let sum = steps.reduce(0) { $0 + $1.weight }
        var points = [(UInt64(0), first.value)]
        var before = 0.0
        for (place, step) in steps.enumerated() {
            // A billionth further on the next value begins.
            if place > 0 { points.append((UInt64(before / sum * 1e9) + 1, step.value)) }
            before += step.weight
            points.append((place == steps.count - 1 ? 1_000_000_000 : UInt64(before / sum * 1e9), step.value))
        }
        return quantiles(points, range)
    }

    /// With all decimals, for the cases of a table must have as many.
    private static func constant(_ value: Double, _ range: Range) -> String {
        let within = min(max(value, range.bounds.lowerBound), range.bounds.upperBound)
        let plain = text(within, range.decimals)
        if range.decimals == 0 { return "{constant: \(plain)}" }
        let parts = plain.split(separator: ".", maxSplits: 1)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        let zeros = String(repeating: "0", count: max(0, range.decimals - fraction.count))
        return "{constant: \(parts[0]).\(fraction)\(zeros)}"
    }

    private static func quantiles(_ points: [(UInt64, Double)], _ range: Range) -> String {
        let parts = points.map { probability, value in
            let within = min(max(value, range.bounds.lowerBound), range.bounds.upperBound)
            return "\(self.probability(probability)): \(text(within, range.decimals))"
        }
        let scale = range.decimals > 0 ? ", decimals: \(range.decimals)" : ""
        return "{quantiles: {\(parts.joined(separator: ", "))}\(scale)}"
    }

    private func quantiles(_ sorted: [Sample], _ range: Range) -> String {
        let least = Int(clamping: options.least)
        // So many people are cut at either end, for the last ones are somebody's.
        let low = Self.count(sorted, of: least) - 1
        let high = sorted.count - Self.count(sorted.reversed(), of: least)
        guard sorted.count > 3 * least, low < high, low < sorted.count, high >= 0,
            sorted[low].value < sorted[high].value
        else {
            let middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2].value
            return Self.constant(Self.rounded(middle, digits: 2), range)
        }
        let span = high - low
        let count = max(2, min(options.points, (span + 1) / least))
        var points: [(UInt64, Double)] = [(0, Self.rounded(sorted[low].value, digits: 4))]
        var holders: Set<UInt64> = []
        for place in low + 1...high {
            if holders.count < least { holders.insert(sorted[place].holder) }
            // The next of so many points, once enough people lie between it and the last.
            guard (place - low) * count / span > (place - low - 1) * count / span, place < high, holders.count >= least
            else {
                continue
            }
            points.append(
                (Self.billionths(UInt64(place - low), of: UInt64(span)), Self.rounded(sorted[place].value, digits: 4)))
            holders = []
        }
        if holders.count < least && points.count > 1 { points.removeLast() }
        points.append((1_000_000_000, Self.rounded(sorted[high].value, digits: 4)))
        points = tail(points, sorted[...high].last?.value ?? 0, sorted[(high + 1)...].map(\.value), of: sorted.count)
        points.sort { $0.0 < $1.0 }
        var rising: [(UInt64, Double)] = []
        for (probability, value) in points where probability != rising.last?.0 {
            rising.append((probability, max(rising.last?.1 ?? value, value)))
        }
        return Self.quantiles(rising, range)
    }

    /// How many of the samples it takes until so many people have one; one more than there are when they do not suffice.
    private static func count(_ samples: some Sequence<Sample>, of people: Int) -> Int {
        var holders: Set<UInt64> = []
        var count = 0
        for sample in samples {
            count += 1
            holders.insert(sample.holder)
            if holders.count >= people { return count }
        }
        return count + 1
    }

    /// Beyond the last point that may stand: Pareto's tail with the index that the greatest values have together (B. M.
    /// Hill, Annals of Statistics 3 (1975), 1163–1174), none of which stands there itself.
    private func tail(
        _ inner: [(UInt64, Double)], _ start: Double, _ top: [Double], of count: Int
    ) -> [(UInt64, Double)] {
        guard start > 0, let greatest = top.last, greatest > start else { return inner }
        let number = Double(top.count)
        let mean = top.reduce(0) { $0 + Statistics.naturalLogarithm($1 / start) } / number
        let share = number / Double(count)
        let border = UInt64((1 - share) * 1e9)
        var points = inner.filter { $0.0 < border }
        points.append((border, Self.rounded(start, digits: 4)))
        for part in [0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 1 / number] where part == 1 / number || part > 1 / number {
            let value = start * Statistics.exponential(-mean * Statistics.naturalLogarithm(part))
            let isLast = part == 1 / number
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
        // Beyond what a scenario can say it is as good as the most of it.
        guard abs(scaled) < 4.605e18 else { return text(value < 0 ? -4.6e18 / scale : 4.6e18 / scale, 0) }
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
