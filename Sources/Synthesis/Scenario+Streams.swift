import YAML

/// What is sent, when, and in which order.
extension Scenario {
    /// Exchanges of one operation.
    package struct StreamSpec: Sendable {
        /// Empty for the only stream of a scenario that names none.
        package var name: String
        var mark: YAMLMark
        /// `RiskDecision.evaluate`, `POST /v1/risk/decisions` or an operationId.
        package var operation: String
        var operationMark: YAMLMark
        var fields: [FieldSpec]
        /// Its part of all exchanges that belong to no campaign and no flow, relative to the other streams'.
        var share: UInt64
        var arrivals: ArrivalSpec
    }

    struct ArrivalSpec: Sendable {
        var process: Process
        var pattern: RatePattern

        enum Process: Sendable, Equatable {
            /// Independent of one another.
            case poisson
            /// Evenly spaced in expected volume.
            case cadence
            /// Gaps of a Weibull distribution with this shape, in ten-thousandths.
            case weibull(Int64)
        }
    }

    /// How the rate changes over time. Every part multiplies the others.
    struct RatePattern: Sendable {
        /// Hours, weekdays and days are those of this zone.
        var utcOffsetMinutes = 0
        /// 24 weights, or none.
        var byHour: [UInt64] = []
        /// Seven weights in thousandths from Monday on, or none.
        var byWeekday: [UInt64] = []
        /// Twelve weights in thousandths, or none.
        var byMonth: [UInt64] = []
        /// Days since 1970, and what the rate is multiplied by then, in thousandths.
        var holidays: [Int] = []
        var holidayFactor: UInt64 = 1000
        var bursts: Bursts?
        /// The time of day is normally distributed: mean and standard deviation.
        var ofDay: (meanNanos: UInt64, deviationNanos: UInt64)?
        /// Times of a recording, in ns since its first; they are stretched to the span. Replaces all else.
        var recorded: [UInt64] = []

        struct Bursts: Sendable {
            var perDay: UInt64
            var lengthNanos: UInt64
            /// In thousandths.
            var factor: UInt64
        }

        var isEven: Bool {
            byHour.isEmpty && byWeekday.isEmpty && byMonth.isEmpty && holidays.isEmpty && bursts == nil && ofDay == nil
                && recorded.isEmpty
        }
    }

    /// N from the scenario: a number, or what the rates of an entity's members add up to.
    enum CountSpec: Sendable {
        case exactly(UInt64)
        /// An attribute in exchanges a day, of which a share (in billionths) is kept.
        case rates(of: Generator.Reference, attribute: Generator.Reference, kept: UInt64)
    }

    /// An entity that comes up only within `radius` of another.
    struct NearSpec: Sendable {
        var entity: Generator.Reference
        /// Attributes that both have.
        var axes: [Generator.Reference]
        /// In units of 10^-``scale``.
        var radius: Int64
        var scale: Int
    }

    /// A label of exchanges that are made like all others: the first rule that holds counts.
    struct LabelRule: Sendable {
        var type: String
        var mark: YAMLMark
        /// Only exchanges of this flow have it; nil: those of none.
        var flow: String?
        var condition: Condition?
        var expected: String
        var labelDelayNanos: UInt64
    }

    /// Values whose ranks are correlated as those of jointly normal ones.
    struct CopulaSpec: Sendable {
        /// Of a stream's own with the stream before it, so that no two are called the same.
        var name: String
        /// Whose values alone are correlated; nil for those of all streams.
        var stream: Int?
        var mark: YAMLMark
        var members: [Generator.Reference]
        /// Row by row, in ten-thousandths.
        var correlations: [[Int64]]
    }

    /// A state machine: instance c walks from the first state on, and each state it comes to makes an exchange.
    struct FlowSpec: Sendable {
        var name: String
        var mark: YAMLMark
        /// In billionths of all exchanges, or a number of instances.
        var size: Size
        /// The longest time from the first to the last exchange; what would come later does not come.
        var withinNanos: UInt64
        var stepLimit: Int
        var values: [FieldSpec]
        var states: [State]

        enum Size: Sendable {
            case share(UInt64)
            case instances(UInt64)
        }

        struct State: Sendable {
            var name: String
            var mark: YAMLMark
            var stream: Int
            var overrides: [FieldSpec]
            /// Under which name each entity is drawn; another name draws another one.
            var draws: [(entity: Generator.Reference, key: String)]
            var next: [Transition]
        }

        struct Transition: Sendable {
            /// Nil ends the flow.
            var state: Int?
            var weight: UInt64
            var condition: Condition?
            var delay: ClosedRange<UInt64>
        }
    }
}
