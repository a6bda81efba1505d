import Tape
import YAML

/// What to synthesize, as a scenario file says it. `schemas/scenarios/` holds examples that explain every key.
package struct Scenario: Sendable {
    package var name: String
    /// Path of the schema, relative to the scenario file.
    package var schemaPath: String
    var schemaMark: YAMLMark
    /// What is sent, at least one.
    package var streams: [StreamSpec]
    var flows: [FlowSpec] = []
    var `protocol`: WireProtocol
    var time: TimeSpec
    /// How many exchanges there are when nobody says it.
    var count: CountSpec?
    var cohortCount: Int
    var entities: [EntitySpec]
    var values: [FieldSpec]
    var copulas: [CopulaSpec] = []
    var packs: [String: Pack] = [:]
    var rules: [ExpectedRule]
    var anomalies = AnomalySection()
    /// What clean exchanges are labelled as, where the first of these holds.
    var labels: [LabelRule] = []
    /// The files it was read from, the one that was asked for last: what a tape attaches and what the digest covers.
    package var sources: [Source]

    package struct Source: Sendable, Equatable {
        package var path: String
        package var bytes: [UInt8]
    }

    enum WireProtocol: Sendable {
        case thrift(WireFormat, header: FrameHeader)
        case http(host: String, headers: [(name: String, value: [Generator.Piece])])
    }

    /// What a THeader or TTHeader says besides its protocol and the call's sequence number.
    struct FrameHeader: Sendable {
        /// How long the caller waits: TTHeader's alone.
        var timeoutMillis: UInt64?
        /// What is done to each payload, in this order: THeader's alone.
        var transforms: [FrameTransform] = []
    }

    struct TimeSpec: Sendable {
        var startNanos: UInt64
        var spanNanos: UInt64
        var pattern: RatePattern
    }

    /// The first stream's, which is the only one of a scenario that names none.
    package var operation: String { streams[0].operation }
    var operationMark: YAMLMark { streams[0].operationMark }
    var fields: [FieldSpec] { streams[0].fields }

    func stream(_ name: String) -> Int? { streams.firstIndex { $0.name == name } }

    struct EntitySpec: Sendable {
        var name: String
        var mark: YAMLMark
        /// The entity that it is another one of; its own name when it is none.
        var kind: String
        /// Nil for entities of their own.
        var owner: Generator.Reference?
        /// Each owner's share, for owned entities.
        var each: UInt64
        /// For entities of their own, and for owned ones that several owners share; 0 otherwise.
        var count: UInt64
        /// An attribute in proportion to which one comes up.
        var weight: Generator.Reference?
        /// One comes up only near another entity.
        var near: NearSpec?
        /// Zipf exponent of how often one comes up, scaled by 2^32.
        var skew: Int64
        var attributes: [FieldSpec]
    }

    struct ExpectedRule: Sendable {
        /// Nil is always.
        var condition: Condition?
        var decision: String
    }
}
