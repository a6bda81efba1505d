import Expression
import YAML

/// How a scenario makes one value. Numbers with decimals are whole numbers of 10^-scale.
indirect enum Generator: Sendable {
    case constant(YAMLNode)
    case weights([Choice])
    case uniform(low: Int64, high: Int64, scale: Int)
    /// mean and standard deviation, clamped to low…high.
    case normal(mean: Int64, deviation: Int64, low: Int64, high: Int64, scale: Int)
    /// `sigma` in ten-thousandths.
    case logNormal(median: Int64, sigma: Int64, low: Int64, high: Int64, scale: Int)
    /// Ranks from 0; the exponent scaled by 2^32.
    case zipf(count: UInt64, exponent: Int64)
    /// Even: the values that there are in all stand at even steps of probability, and only their order is drawn.
    case quantiles(QuantileTable, scale: Int, isEven: Bool = false)
    /// A list of a pack, as `pack.list`.
    case pack(Reference)
    case pattern(String)
    case sequence(prefix: String, start: Int64, step: Int64)
    case unique(prefix: String, digits: Int)
    /// Each number of low…high at most once.
    case permutation(low: Int64, high: Int64)
    case uuid
    case bytes(Int)
    case reference(Reference, Slice)
    case template([Piece])
    case table(Reference, cases: [Case], otherwise: Generator?)
    /// The exchange's time in units of so many ns.
    case eventTime(unitNanos: UInt64)
    /// A point in time, in units of so many ns.
    case time(from: UInt64, to: UInt64, unitNanos: UInt64)
    /// A day, as `YYYY-MM-DD`; days since 1970.
    case date(from: Int, to: Int)
    case identifier(IdentifierKind, date: Reference?, prefix: Reference?)
    case total([Term])
    /// A formula over other values, rounded to so many decimals.
    case formula(Formula, mark: YAMLMark, scale: Int)
    /// 1 while the entity is among those that were drawn: `count` of it every so often, each for so long; 0 otherwise.
    case drawn(Reference, count: UInt64, everyNanos: UInt64, lastingNanos: UInt64)
    case list(count: Generator, element: Element)
    case map([FieldSpec])

    struct Choice: Sendable {
        var text: String
        var weight: UInt64
        var mark: YAMLMark
    }

    struct Reference: Sendable {
        var name: String
        var mark: YAMLMark
    }

    enum Slice: Sendable { case all, first(Int), last(Int), middle(Int, Int) }

    enum Piece: Sendable {
        case literal(String)
        case reference(Reference)
    }

    struct Case: Sendable {
        var value: Choice
        /// Whole numbers, where `value` is written as `10..99`, `..9` or `100..`.
        var range: ClosedRange<Int64>?
        var generator: Generator
    }

    /// A signed product of references.
    struct Term: Sendable {
        var isNegative: Bool
        var factors: [Reference]
    }

    enum Element: Sendable {
        case scalar(Generator)
        case structure([FieldSpec])
    }

    /// What it reads itself; those of tables and totals are found by the builder.
    var references: [Reference] {
        switch self {
        case .reference(let reference, _): [reference]
        case .template(let pieces):
            pieces.compactMap { piece -> Reference? in
                if case .reference(let reference) = piece { reference } else { nil }
            }
        case .identifier(_, let date, let prefix): [date, prefix].compactMap { $0 }
        case .formula(let formula, let mark, _):
            formula.paths.map { Reference(name: $0.segments.joined(separator: "."), mark: mark) }
        default: []
        }
    }
}

/// A value of the scenario with the conditions under which it is there.
struct FieldSpec: Sendable {
    /// Dotted, as the schema names it; `payment.amountMinor`.
    var name: String
    var mark: YAMLMark
    /// Nil for a struct of which only the presence is said.
    var generator: Generator?
    var condition: Condition?
    /// In billionths; nil is always.
    var presence: UInt64?
}

/// All of these hold. A value that is absent holds nothing.
struct Condition: Sendable {
    struct Test: Sendable {
        var reference: Generator.Reference
        var values: [Generator.Choice]
        /// Whole numbers of 10^0, inclusive, when not a list of values.
        var range: ClosedRange<Int64>?
    }

    var tests: [Test]
}
