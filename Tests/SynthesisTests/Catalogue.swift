import Schema
import TestSupport
import YAML

@testable import Synthesis

/// A scenario into which every type fits, with the catalogue's own examples in it.
enum Catalogue {
    static let path = Repository.path("Tests/SynthesisTests/Catalogue/catalogue.yaml")

    enum Carrier: String, CaseIterable, Sendable {
        case binary, compact, binaryOld, json, theader, compressed, ttheader, unframed, http

        var protocolLine: String {
            switch self {
            case .binary, .compact, .binaryOld, .json: "{kind: thrift, encoding: \(rawValue), transport: framed}"
            case .theader: "{kind: thrift, encoding: compact, transport: theader}"
            case .compressed: "{kind: thrift, encoding: compact, transport: theader, transforms: [zlib]}"
            case .ttheader: "{kind: thrift, encoding: binary, transport: ttheader, timeout: 250ms}"
            case .unframed: "{kind: thrift, encoding: json, transport: unframed}"
            case .http: "{kind: http, host: risk.example.com}"
            }
        }
    }

    /// Types that requests of a carrier can have.
    static func types(_ carrier: Carrier) -> [AnomalyType] {
        AnomalyType.all.filter { type in
            switch type.carrier {
            case .any: true
            case .thrift: carrier != .http
            case .framed: carrier != .http && carrier != .unframed
            case .binary: [.binary, .binaryOld, .ttheader].contains(carrier)
            case .compact: [.compact, .theader, .compressed].contains(carrier)
            case .binaryOrCompact: ![.json, .unframed, .http].contains(carrier)
            case .versioned: carrier != .binaryOld && carrier != .http
            case .http: carrier == .http
            }
        }
    }

    /// The text of the scenario with the examples of `types`, which share `rate` of all exchanges.
    static func text(_ types: [AnomalyType], _ carrier: Carrier, rate: String) throws -> String {
        var text = String(decoding: try fileBytes(path), as: UTF8.self)
        text = text.replacing("{kind: thrift, encoding: binary, transport: framed}", with: carrier.protocolLine)
        if carrier == .http {
            text = text.replacing("RiskDecision.evaluate", with: "POST /v1/risk/decisions")
                .replacing("risk_decision.thrift", with: "risk_decision.openapi.yaml")
        }
        func list(_ types: [AnomalyType], _ indent: String) -> String {
            types.map { indent + $0.example.replacing("\n", with: "\n" + indent) + "\n" }.joined()
        }
        let anomalies = types.filter { !$0.isHardNegative && !$0.isDrift }
        if !anomalies.isEmpty { text += "anomalies:\n  rate: \(rate)\n  types:\n" + list(anomalies, "    ") }
        let negatives = types.filter(\.isHardNegative)
        if !negatives.isEmpty { text += "hardNegatives:\n" + list(negatives, "  ") }
        let drifts = types.filter(\.isDrift)
        if !drifts.isEmpty { text += "drift:\n" + list(drifts, "  ") }
        return text
    }

    static func plan(
        _ types: [AnomalyType], _ carrier: Carrier, total: UInt64, rate: String = "50%", seed: UInt64 = 1
    ) throws -> SynthesisPlan {
        let scenario = try Shipped.scenario(path, bytes: Array(text(types, carrier, rate: rate).utf8))
        return try SynthesisPlan(scenario, schemas(carrier), total: total, seed: seed)
    }

    /// The shipped schemas, with the one field that they lack.
    static func schemas(_ carrier: Carrier) throws -> SchemaSet {
        var set = SchemaSet()
        let name = carrier == .http ? "risk_decision.openapi.yaml" : "risk_decision.thrift"
        try set.load(SchemaSource(name: name, bytes: Array(schemaText(carrier).utf8)))
        return set
    }

    static func schemaText(_ carrier: Carrier) throws -> String {
        let name = carrier == .http ? "risk_decision.openapi.yaml" : "risk_decision.thrift"
        let text = String(decoding: try fileBytes(Repository.path("schemas/\(name)")), as: UTF8.self)
        return carrier == .http
            ? text.replacing(
                "        phoneVerified:\n", with: "        ageYears:\n          type: integer\n        phoneVerified:\n"
            )
            : text.replacing(
                "  12: optional i32 failedLoginsLastDay\n",
                with: "  12: optional i32 failedLoginsLastDay,\n  13: optional i32 ageYears\n")
    }
}
