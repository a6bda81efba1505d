import Schema
import TestSupport
import YAML

@testable import Synthesis

/// The scenarios that ship, compiled.
enum Shipped {
    static let names = [
        "amlsim", "bank_account_fraud", "fraud_handbook", "merchant_acquiring", "merchant_acquiring_http",
        "merchant_acquiring_theader", "paysim",
        "penalty_centre", "penalty_centre_http", "pix_brazil", "pix_brazil_http", "risk_decision_http",
        "risk_decision_thrift", "spei_mexico",
        "spei_mexico_http", "wallet_china", "wallet_china_http",
    ]
    static let thrift = path("risk_decision_thrift")
    static let http = path("risk_decision_http")

    static func path(_ name: String) -> String { Repository.path("schemas/scenarios/\(name).yaml") }

    static func scenario(_ path: String) throws -> Scenario {
        try Scenario.load(path: path) { (file, _) throws(YAMLError) in
            do { return try fileBytes(file) } catch {
                throw YAMLError("no such file", at: YAMLMark(file: file, line: 1, column: 1), remedy: "Write it.")
            }
        }
    }

    /// A scenario given as bytes, as if it stood at `path`.
    static func scenario(_ path: String, bytes: [UInt8]) throws -> Scenario {
        try Scenario.load(path: path) { (_, _) throws(YAMLError) in bytes }
    }

    static func schemas(_ path: String, _ scenario: Scenario) throws -> SchemaSet {
        var set = SchemaSet()
        let file = Scenario.resolve(scenario.schemaPath, beside: path)
        try set.load(SchemaSource(name: String(file.split(separator: "/").last ?? ""), bytes: try fileBytes(file)))
        return set
    }

    static func plan(
        _ path: String, total: UInt64, seed: UInt64 = 1, anomalyRate: UInt64? = nil
    ) throws -> SynthesisPlan {
        let scenario = try scenario(path)
        return try SynthesisPlan(
            scenario, try schemas(path, scenario), total: total, seed: seed, anomalyRate: anomalyRate)
    }
}
