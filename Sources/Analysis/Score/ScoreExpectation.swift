package import Expression

/// A statement about a score that must hold: `recall(cardTesting) > 0.8`, `precision >= 99%`, `void == 0`.
///
/// ```
/// expectation = figure [ "(" name ")" ] comparison number ["%"]
/// figure      = "recall" | "precision" | "f1" | "falseAlarms" | "campaigns" | "asExpected"
///             | "void" | "unanswered" | "unknown"
/// ```
///
/// The name is a type of anomaly or hard negative, a layer (`L2`), a difficulty (`hard`) or where it can be detected
/// (`schema`); `falseAlarms` knows `clean` and `hardNegatives` besides.
package struct ScoreExpectation: Sendable, Equatable {
    package enum Figure: String, Sendable, CaseIterable {
        case recall, precision, f1, falseAlarms, campaigns, asExpected, void, unanswered, unknown

        /// Of exchanges, and not a share of something.
        var isCount: Bool { [.void, .unanswered, .unknown].contains(self) }
    }

    package let text: String
    package let figure: Figure
    /// Nil: of the whole.
    package let name: String?
    private let bound: Expectation

    package init(_ text: String) throws(ExpressionError) {
        self.text = text
        let head = text.prefix { !"<>=!".contains($0) }
        var plain = text
        var name: String?
        if let open = head.firstIndex(of: "("), let close = head.lastIndex(of: ")"), open < close {
            name = String(text[text.index(after: open)..<close].filter { $0 != " " })
            plain = String(text[..<open] + text[text.index(after: close)...])
        }
        bound = try Expectation(plain, metrics: Figure.allCases.map(\.rawValue))
        guard let figure = Figure(rawValue: bound.metric), bound.unit != .nanos else {
            throw ExpressionError(
                column: text.count, expected: "a number or a percentage", found: "a duration",
                suggestion: "as in recall(cardTesting) > 0.8")
        }
        if !figure.isCount, bound.bound < 0 || bound.bound > 1 {
            throw ExpressionError(
                column: text.count, expected: "a share from 0 to 1, or a percentage up to 100 %",
                found: "\(bound.bound)", suggestion: "as in \(figure) > 0.8")
        }
        if name != nil, ![.recall, .falseAlarms, .campaigns].contains(figure) {
            throw ExpressionError(
                column: 1, expected: "recall(…), falseAlarms(…) or campaigns(…)", found: "'\(figure)(\(name ?? ""))'",
                suggestion: "\(figure) is of the whole")
        }
        self.figure = figure
        self.name = name
    }

    package struct Outcome: Sendable, Equatable {
        package var holds: Bool
        /// What it is, for people.
        package var actual: String
    }

    /// Nil when the tape has nothing of that name.
    package func judge(_ card: Scorecard) -> Outcome? {
        switch figure {
        case .recall:
            guard let name else { return judge(card.verdicts.recall) }
            return (card.byType[name]?.tally ?? card.layers[name] ?? card.difficulties[name] ?? card.detectable[name])
                .map { judge($0.recall) }
        case .falseAlarms:
            guard let name else { return judge(card.verdicts.falseAlarms) }
            if name == "clean" { return judge(card.clean.falseAlarms) }
            if name == "hardNegatives" { return judge(card.hardNegatives.falseAlarms) }
            return card.byType[name].map { judge($0.tally.falseAlarms) }
        case .campaigns:
            let all = card.byType.values.filter { !$0.isHardNegative }
            guard let name else {
                let tallies = all.compactMap(\.campaigns)
                return judge(
                    Proportion(
                        tallies.reduce(0) { $0 + $1.detected }, of: tallies.reduce(0) { $0 + $1.held }))
            }
            return card.byType[name]?.campaigns.map { judge($0.recall) }
        case .precision: return judge(card.verdicts.precision)
        case .asExpected: return judge(Proportion(card.asExpected, of: card.scored))
        case .f1:
            guard let value = card.verdicts.f1 else { return nothing }
            return Outcome(holds: bound.holds(ExactNumber("\(value)") ?? 0), actual: Self.decimal(value))
        case .void: return count(card.void, of: card.replayed)
        case .unanswered: return count(card.unansweredCount, of: card.replayed)
        case .unknown: return count(card.unknown, of: card.replayed)
        }
    }

    private var nothing: Outcome { Outcome(holds: false, actual: "nothing to judge by") }

    private func judge(_ proportion: Proportion) -> Outcome {
        guard let value = proportion.value else { return nothing }
        return Outcome(
            holds: bound.holds(ExactNumber("\(value)") ?? 0),
            actual: "\(Self.decimal(value)) (\(proportion.part) of \(proportion.whole))")
    }

    private func count(_ part: UInt64, of whole: UInt64) -> Outcome {
        Outcome(holds: bound.holds(part: part, of: whole), actual: "\(part) of \(whole)")
    }

    private static func decimal(_ value: Double) -> String {
        let scaled = (value * 10_000).rounded() / 10_000
        return "\(scaled)"
    }
}
