/// A kind of anomaly, said once: what it is, what it needs, where it can be seen, and what puts it there.
///
/// The catalogue is ``all``; its parts stand in `AnomalyCatalogue+….swift`, by layer. What confirms a type from the
/// finished bytes stands apart, in the oracle's checks, and shares nothing with what is here but the name.
package struct AnomalyType: Sendable {
    package enum Layer: String, Sendable, CaseIterable {
        case wire = "L0"
        case field = "L1"
        case record = "L2"
        case sequence = "L3"
        case fraud = "L4"
        case drift = "L5"
    }

    /// Who can notice at the earliest.
    package enum Detection: String, Sendable { case wire, schema, record, window, graph }

    package enum Difficulty: String, Sendable, CaseIterable { case easy, medium, hard }

    /// What requests must be like for the type to be possible.
    package enum Carrier: String, Sendable {
        case any, thrift, binary, compact, http
        /// Thrift whose messages stand in frames, a header in them or not.
        case framed
        /// Thrift whose texts state their length: any encoding but JSON.
        case binaryOrCompact
        /// Thrift whose messages begin with a version: any encoding but old Binary.
        case versioned

        /// A fault of the message, whatever its frame does to it.
        var isWithinMessage: Bool { self != .any && self != .framed && self != .http }
    }

    package let name: String
    package let layer: Layer
    /// One line, as `tinct anomalies` prints it.
    package let summary: String
    package let parameters: [Parameter]
    /// By default; of a field's fault, only where the schema refuses the value that was drawn.
    package let detectableAt: Detection
    /// Records that the engine must have seen before.
    package let minHistory: UInt32
    package let expected: String
    package let difficulty: Difficulty
    package let carrier: Carrier
    /// The type that a hard negative looks like; empty for anomalies.
    package let mimics: String
    /// As it stands under `anomalies.types`, `hardNegatives` or `drift`.
    package let example: String
    let injector: Injector

    /// What makes it so.
    enum Injector: Sendable {
        /// Changes values before they are written.
        case cells(CellInjector)
        /// Changes bytes after they were written.
        case bytes(ByteInjector)
        /// Several exchanges that belong together.
        case campaign(CampaignPattern)
        /// Other exchanges than before, from some time on.
        case drift(DriftInjector)
    }

    init(
        _ name: String, _ layer: Layer, _ summary: String, _ parameters: [Parameter] = [], at detectableAt: Detection,
        minHistory: UInt32 = 0, expected: String, _ difficulty: Difficulty, on carrier: Carrier = .any,
        mimics: String = "", example: String, _ injector: Injector
    ) {
        self.name = name
        self.layer = layer
        self.summary = summary
        self.parameters = parameters
        self.detectableAt = detectableAt
        self.minHistory = minHistory
        self.expected = expected
        self.difficulty = difficulty
        self.carrier = carrier
        self.mimics = mimics
        self.example = example
        self.injector = injector
    }

    package var isHardNegative: Bool { !mimics.isEmpty }
    package var isCampaign: Bool { if case .campaign = injector { true } else { false } }
    package var isDrift: Bool { layer == .drift }
    package var isWireFault: Bool { if case .bytes = injector { true } else { false } }

    /// Every type, by layer.
    package static let all = wire + delivery + fields + records + sequences + frauds + innocents + drifts

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    package static func named(_ name: String) -> AnomalyType? { byName[name] }
}

extension AnomalyType.Carrier {
    var title: String {
        switch self {
        case .any: "any request"
        case .thrift: "Thrift"
        case .framed: "framed Thrift"
        case .binary: "Thrift Binary"
        case .compact: "Thrift Compact"
        case .binaryOrCompact: "Thrift Binary or Compact"
        case .versioned: "Thrift whose messages state a version (binary, compact, json)"
        case .http: "HTTP with JSON"
        }
    }
}
