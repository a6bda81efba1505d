import YAML

/// What to synthesize, as a scenario file says it. `schemas/scenarios/` holds examples that explain every key.
package struct Scenario: Sendable {
    package var name: String
    /// Path of the schema, relative to the scenario file.
    package var schemaPath: String
    var schemaMark: YAMLMark
    /// `RiskDecision.evaluate`, `POST /v1/risk/decisions` or an operationId.
    package var operation: String
    var operationMark: YAMLMark
    var `protocol`: WireProtocol
    var time: TimeSpec
    var cohortCount: Int
    var entities: [EntitySpec]
    var values: [FieldSpec]
    var fields: [FieldSpec]
    var rules: [ExpectedRule]
    var anomalyRate: UInt64
    var anomalies: [AnomalySpec]
    var hardNegatives: [AnomalySpec]
    /// The files it was read from, the one that was asked for last: what a tape attaches and what the digest covers.
    package var sources: [Source]

    package struct Source: Sendable, Equatable {
        package var path: String
        package var bytes: [UInt8]
    }

    enum WireProtocol: Sendable {
        case thrift(isCompact: Bool, isFramed: Bool)
        case http(host: String, headers: [(name: String, value: [Generator.Piece])])
    }

    struct TimeSpec: Sendable {
        var startNanos: UInt64
        var spanNanos: UInt64
        /// 24 weights, or none for an even flow.
        var byHour: [UInt64]
    }

    struct EntitySpec: Sendable {
        var name: String
        var mark: YAMLMark
        /// Nil for entities of their own.
        var owner: Generator.Reference?
        /// Each owner's share, for owned entities.
        var each: UInt64
        /// For entities of their own.
        var count: UInt64
        /// Zipf exponent of how often one comes up, scaled by 2^32.
        var skew: Int64
        var attributes: [FieldSpec]
    }

    struct ExpectedRule: Sendable {
        /// Nil is always.
        var condition: Condition?
        var decision: String
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
    }

    struct CampaignSpec: Sendable {
        var size: ClosedRange<UInt64>
        var windowNanos: UInt64
        var same: [Generator.Reference]
        var distinct: [Generator.Reference]
    }

    /// What the record anomalies need; each type reads its own.
    struct AnomalyParameters: Sendable {
        var field: Generator.Reference?
        var second: Generator.Reference?
        var identifier = IdentifierKind.card
        var low: Int64 = 0
        var high: Int64 = 0
        var parts: [Generator.Term] = []
        /// Country to currency.
        var table: [(String, String)] = []
    }
}
