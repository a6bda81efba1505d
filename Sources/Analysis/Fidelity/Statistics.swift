/// The measures of fidelity, on plain numbers.
package enum Statistics {
    /// The greatest distance between two empirical distribution functions (Kolmogorov and Smirnov). Both ascending.
    package static func kolmogorovSmirnov(_ a: [Double], _ b: [Double]) -> Double? {
        if a.isEmpty || b.isEmpty { return nil }
        var (i, j) = (0, 0)
        var greatest = 0.0
        while i < a.count && j < b.count {
            let value = min(a[i], b[j])
            while i < a.count && a[i] == value { i += 1 }
            while j < b.count && b[j] == value { j += 1 }
            greatest = max(greatest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
        }
        return greatest
    }

    /// Half the sum of the differences of two tables' shares.
    package static func totalVariation<Key: Hashable & Comparable>(_ a: [Key: UInt64], _ b: [Key: UInt64]) -> Double? {
        let (sumA, sumB) = (a.values.reduce(0, +), b.values.reduce(0, +))
        if sumA == 0 || sumB == 0 { return nil }
        var sum = 0.0
        // In one order, so that the same tapes give the same last digit.
        for key in Set(a.keys).union(b.keys).sorted() {
            sum += abs(Double(a[key] ?? 0) / Double(sumA) - Double(b[key] ?? 0) / Double(sumB))
        }
        return sum / 2
    }

    /// Population stability index: Σ (q − p) ln(q / p). A bin that one side does not have counts as half an observation.
    package static func stabilityIndex(_ a: [UInt64], _ b: [UInt64]) -> Double? {
        let (sumA, sumB) = (a.reduce(0, +), b.reduce(0, +))
        if sumA == 0 || sumB == 0 { return nil }
        var sum = 0.0
        for (countA, countB) in zip(a, b) where countA > 0 || countB > 0 {
            let p = max(Double(countA), 0.5) / Double(sumA)
            let q = max(Double(countB), 0.5) / Double(sumB)
            sum += (q - p) * naturalLogarithm(q / p)
        }
        return sum
    }

    /// Inner edges of at most `bins` bins that hold equally many of the values; ascending, each once.
    package static func edges(_ sorted: [Double], bins: Int) -> [Double] {
        if sorted.isEmpty { return [] }
        var edges: [Double] = []
        for bin in 1..<bins {
            let edge = sorted[min(sorted.count - 1, sorted.count * bin / bins)]
            if edges.last != edge && edge != sorted[0] { edges.append(edge) }
        }
        return edges
    }

    /// Which of the bins a value falls into: as many edges are at or below it.
    package static func bin(_ value: Double, _ edges: [Double]) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Ranks from 1, equal values sharing the mean of theirs.
    package static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count && values[order[end]] == values[order[start]] { end += 1 }
            let rank = Double(start + end + 1) / 2
            for place in start..<end { ranks[order[place]] = rank }
            start = end
        }
        return ranks
    }

    /// Of ranks it is Spearman's. Nil when a side does not vary.
    package static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
        let n = Double(a.count)
        if a.count < 2 || a.count != b.count { return nil }
        let (meanA, meanB) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
        var (product, squareA, squareB) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += (x - meanA) * (y - meanB)
            squareA += (x - meanA) * (x - meanA)
            squareB += (y - meanB) * (y - meanB)
        }
        let scale = (squareA * squareB).squareRoot()
        return scale > 0 ? product / scale : nil
    }

    /// ln without a C library, whose last digits differ between machines: binary exponent plus a series for the
    /// significand.
    package static func naturalLogarithm(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 0 }
        // m in [1, 2): ln m = 2 artanh t, t = (m − 1) / (m + 1) ≤ 1/3, and 3⁻³⁵ / 35 is below an ulp.
        let t = (value.significand - 1) / (value.significand + 1)
        var sum = 0.0
        for power in stride(from: 35, through: 1, by: -2) { sum = sum * t * t + 1 / Double(power) }
        return 2 * t * sum + Double(value.exponent) * 0.693_147_180_559_945_3
    }

    /// eˣ, likewise: a power of two and a series for the rest.
    package static func exponential(_ value: Double) -> Double {
        if value > 700 { return .greatestFiniteMagnitude }
        if value < -700 { return 0 }
        let doublings = (value / 0.693_147_180_559_945_3).rounded()
        let rest = value - doublings * 0.693_147_180_559_945_3
        var sum = 1.0
        for n in stride(from: 18, through: 1, by: -1) { sum = 1 + sum * rest / Double(n) }
        return sum * Double(sign: .plus, exponent: Int(doublings), significand: 1)
    }
}
