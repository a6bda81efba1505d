import Bytes
import JSON
import Schema
import Tape
import YAML

@testable import Synthesis

/// Scenarios that are written for one test.
enum Small {
    static let schema = """
        struct R {
          1: optional i64 n, 2: optional i64 m, 3: optional double d, 4: optional double e, 5: optional string s,
          6: optional string t, 7: optional bool b, 8: optional i64 time
        }
        service S { void a(1: R r), void c(1: R r) }
        """

    /// - Parameter body: what follows schema, operation and protocol.
    static func plan(
        _ body: String, total: UInt64 = 4000, seed: UInt64 = 1, files: [String: String] = [:],
        protocol layout: String = "{kind: thrift}"
    ) throws -> SynthesisPlan {
        let time = body.hasPrefix("time:") ? "" : "time: {start: 2026-01-01, span: 4h}\n"
        let text = """
            tinct: scenario/1
            schema: s.thrift
            operation: S.a
            protocol: \(layout)
            \(time)\(body)
            """
        let scenario = try Scenario.load(path: "s.yaml") { (file, mark) throws(YAMLError) in
            if let text = files[file] { return Array(text.utf8) }
            if file != "s.yaml", let mark { throw YAMLError("no such file", at: mark, remedy: "Write it.") }
            return Array(text.utf8)
        }
        var schemas = SchemaSet()
        try schemas.load(SchemaSource(name: "s.thrift", text: schema))
        return try SynthesisPlan(scenario, schemas, total: total, seed: seed)
    }

    struct Made {
        var exchange: Exchange
        var request: JSONObject
        var stream: Int

        func int(_ key: String) -> Int { request[key]?.int ?? .min }
        func double(_ key: String) -> Double { request[key]?.double ?? .nan }
        func text(_ key: String) -> String { request[key]?.string ?? "" }
    }

    static func exchanges(_ plan: SynthesisPlan) throws -> [Made] {
        let maker = LeafMaker(plan)
        var result: [Made] = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init(json: true)) { output in
                let bytes = output.json.array()
                let value = try JSONValue(parsing: bytes.rawSpan)
                result.append(Made(exchange: output.exchange, request: value.object ?? .init(), stream: output.stream))
            }
        }
        return result
    }

    static func make(_ body: String, total: UInt64 = 4000, seed: UInt64 = 1) throws -> [Made] {
        try exchanges(try plan(body, total: total, seed: seed))
    }
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

func deviation(_ values: [Double]) -> Double {
    let middle = mean(values)
    return (values.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(values.count)).squareRoot()
}

/// Of the ranks (Spearman).
func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
    func ranks(_ values: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: values.count)
        for (rank, at) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
            result[at] = Double(rank)
        }
        return result
    }
    let (x, y) = (ranks(a), ranks(b))
    let (mx, my) = (mean(x), mean(y))
    let sum = zip(x, y).reduce(0.0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    return sum / Double(x.count) / deviation(x) / deviation(y)
}
