import YAML

extension Scenario {
    /// What is wrong, what only looks wrong, and what changes with time.
    struct AnomalySection: Sendable {
        /// Share of all exchanges, in billionths.
        var rate: UInt64 = 0
        /// How many anomalies of single exchanges one entity may have; nil is any number.
        var capPerEntity: UInt64?
        var types: [AnomalySpec] = []
        var hardNegatives: [AnomalySpec] = []
        var drifts: [AnomalySpec] = []

        var all: [AnomalySpec] { types + hardNegatives + drifts }
    }

    struct AnomalySpec: Sendable {
        var name: String
        var mark: YAMLMark
        var type: AnomalyType
        var weight: UInt64
        /// Share of all exchanges in billionths, for hard negatives.
        var rate: UInt64
        var expected: String
        var difficulty: String
        var labelDelayNanos: UInt64
        /// What is made otherwise in such exchanges, twins included.
        var overrides: [FieldSpec]
        var parameters: AnomalyParameters
        var campaign: CampaignSpec?
        /// The type that a hard negative looks like.
        var mimics: String
        /// The anomalies that each such exchange has together; only itself when empty.
        var parts: [AnomalySpec] = []
        /// The stream whose exchanges it is made of.
        var stream = 0
    }

    struct CampaignSpec: Sendable {
        var windowNanos: UInt64
        var stages: [StageSpec]
        /// Hours of the day, UTC, in which campaigns begin.
        var hours: ClosedRange<UInt64>?
        /// One member is never sent.
        var loses = false

        var size: ClosedRange<UInt64> {
            stages.reduce(0) { $0 + $1.members.lowerBound }...stages.reduce(0) { $0 + $1.members.upperBound }
        }
    }

    /// Members of a campaign that do the same.
    struct StageSpec: Sendable {
        var name: String
        var role: String
        var members: ClosedRange<UInt64>
        /// When, in billionths of the window.
        var from: UInt64
        var to: UInt64
        var casts: [Cast]
        var overrides: [FieldSpec]
        var isCopy = false
        var isEven = false
    }

    /// Who an entity is in a stage.
    struct Cast: Sendable {
        var entity: Generator.Reference
        var who: CampaignPattern.Who
    }
}
