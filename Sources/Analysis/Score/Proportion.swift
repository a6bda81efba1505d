/// A share of a count, with how far it can be trusted.
package struct Proportion: Sendable, Equatable {
    package var part: UInt64
    package var whole: UInt64

    package init(_ part: UInt64, of whole: UInt64) {
        self.part = min(part, whole)
        self.whole = whole
    }

    /// 0…1; nil of nothing.
    package var value: Double? { whole == 0 ? nil : Double(part) / Double(whole) }

    /// The 95 % score interval. E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209–212.
    package var interval: ClosedRange<Double>? {
        guard let share = value else { return nil }
        let z = 1.959_963_984_540_054
        let n = Double(whole)
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        // What rounding leaves at the ends is taken away: 0 of n begins at 0, n of n ends at 1.
        let low = part == 0 ? 0 : max(0, middle - reach)
        let high = part == whole ? 1 : min(1, middle + reach)
        return low...max(low, high)
    }
}

/// What a yes-or-no classifier did.
package struct Verdicts: Sendable, Equatable {
    package var truePositives: UInt64 = 0
    package var falseNegatives: UInt64 = 0
    package var falsePositives: UInt64 = 0
    package var trueNegatives: UInt64 = 0

    package init() {}

    package var recall: Proportion { Proportion(truePositives, of: truePositives + falseNegatives) }
    package var precision: Proportion { Proportion(truePositives, of: truePositives + falsePositives) }
    /// False alarms among what should have passed.
    package var falseAlarms: Proportion { Proportion(falsePositives, of: falsePositives + trueNegatives) }

    /// Found, of all that was found or should have been; F1 rises with it: 2 F / (1 + F).
    private var overlap: Proportion { Proportion(truePositives, of: truePositives + falseNegatives + falsePositives) }

    package var f1: Double? { overlap.value.map { 2 * $0 / (1 + $0) } }
    /// Wilson's interval of the share of which F1 is a rising function.
    package var f1Interval: ClosedRange<Double>? {
        overlap.interval.map { 2 * $0.lowerBound / (1 + $0.lowerBound)...2 * $0.upperBound / (1 + $0.upperBound) }
    }
}
