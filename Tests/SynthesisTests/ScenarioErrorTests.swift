import Bytes
import Schema
import Tape
import Testing
import Thrift
import YAML

@testable import Synthesis

@Suite struct ScenarioErrorTests {
    private static let schema = """
        enum Scene { pay = 1, login = 2 }
        struct Inner { 1: required string name, 2: optional i32 level }
        struct Request {
          1: required string id, 2: optional Scene scene, 3: optional i16 small, 4: optional Inner inner,
          5: optional list<Inner> inners, 6: optional double rate, 7: optional i64 amount
        }
        service Risk { void check(1: Request req) }
        """

    private static func head(_ fields: String, _ more: String = "") -> String {
        """
        tinct: scenario/1
        schema: s.thrift
        operation: Risk.check
        protocol: {kind: thrift}
        time: {start: 2026-01-01, span: 1h}
        entities: {user: {count: 10, attributes: {id: {unique: {prefix: u, digits: 4}}, n: {uniform: [1, 9]}}}}
        fields:
        \(fields)
        \(more)
        """
    }

    private static func plan(_ text: String, total: UInt64 = 100) throws -> SynthesisPlan {
        let scenario = try Shipped.scenario("s.yaml", bytes: Array(text.utf8))
        var schemas = SchemaSet()
        try schemas.load(SchemaSource(name: "s.thrift", text: schema))
        return try SynthesisPlan(scenario, schemas, total: total, seed: 1)
    }

    @Test func `a small scenario is fine`() throws {
        let plan = try Self.plan(
            Self.head(
                "  id: {from: user.id}\n  inner.name: x\n  small: {from: user.n}\n  rate: {uniform: [0.5, 2], decimals: 2}"
            ))
        let maker = LeafMaker(plan)
        var count = 0
        for leaf in 0..<plan.leafCount { try maker.make(leaf, .init()) { _ in count += 1 } }
        #expect(count == 100)
    }

    @Test(arguments: [
        ("  id: x\n  scen: pay", 9, 3, "Did you mean 'scene'?"),
        ("  scene: pay", 8, 3, "requires 'id'"),
        ("  id: x\n  scene: play", 9, 10, "Did you mean 'pay'?"),
        ("  id: x\n  small: 40000", 9, 10, "does not fit"),
        ("  id: x\n  small: {uniform: [1, 99999]}", 9, 3, "does not fit"),
        ("  id: x\n  small: {from: user.id2}", 9, 17, "Did you mean 'user.id'?"),
        ("  id: {form: user.id}", 8, 8, "Did you mean 'from'?"),
        ("  id: {from: user.id, uniform: [1, 2]}", 8, 8, "two generators"),
        ("  id: {uniform: [3, 2]}", 8, 17, "the least is above"),
        ("  id: {text: \"{id}\"}", 8, 3, "depends on itself"),
        ("  id: {text: \"{oops\"}", 8, 14, "'{' has no '}'"),
        ("  id: x\n  inner.level: 1", 9, 3, "requires 'inner.name'"),
        ("  id: x\n  inners: 3", 9, 3, "list"),
        ("  id: x\n  inners: {list: {count: {zipf: {count: 9, exponent: 1}}, of: {name: x}}}", 9, 3, "at most 64"),
        ("  id: x\n  rate: abc", 9, 3, "wants a number"),
        ("  id: {weights: {a: 0}}", 8, 21, "above 0"),
        ("  id: x\n  id: y", 9, 3, "second time"),
        ("  id: {when: {scene: pay}, pattern: \"##\"}", 8, 3, "always"),
        ("  id: {identifier: cpff}", 8, 20, "Did you mean 'cpf'?"),
        ("  id: x\n  amount: {total: \"a * * b\"}", 9, 19, "sum of products"),
    ])
    func `what is wrong is refused with its place and a hint`(fields: String, line: Int, column: Int, part: String) {
        #expect {
            _ = try Self.plan(Self.head(fields))
        } throws: { error in
            "\(error)".hasPrefix("s.yaml:\(line):\(column): ") && "\(error)".contains(part)
        }
    }

    @Test(arguments: [
        ("anomalies: {types: {enumOutsid: {field: scene}}}", "Did you mean 'enumOutside'?"),
        ("anomalies: {types: {enumOutside: {field: id}}}", "no enumeration"),
        ("anomalies: {types: {enumOutside: {}}}", "needs 'field'"),
        ("anomalies: {types: {contentLengthMismatch: {}}}", "only HTTP"),
        ("anomalies: {rate: 150%}", "not a share"),
        ("anomalies: {rate: 5%}", "cannot be made"),
        ("cohorts: 3", "power of two"),
        ("expected: [{decision: aprove}]", "Did you mean 'approve'?"),
        ("extends: s.yaml", "extends itself"),
        ("hardNegatives: {flashSale: {rate: 10%, campaign: {size: [3, 4], window: 2h}}}", "longer than"),
    ])
    func `sections are checked`(section: String, part: String) {
        #expect {
            _ = try Self.plan(Self.head("  id: x\n  scene: pay", section))
        } throws: { error in "\(error)".contains(part) }
    }

    @Test(arguments: [Shipped.thrift, Shipped.http])
    func `no cut or changed scenario traps`(path: String) throws {
        let text = try String(decoding: Shipped.scenario(path).sources[0].bytes, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for drop in stride(from: 0, to: lines.count, by: 9) {
            var changed = lines
            changed.remove(at: drop)
            _ = try? Shipped.scenario("x.yaml", bytes: Array(changed.joined(separator: "\n").utf8))
            _ = try? Shipped.scenario("x.yaml", bytes: Array(lines[..<drop].joined(separator: "\n").utf8))
        }
    }

    @Test(arguments: [ThriftEncoding.binary, .compact])
    func `requests are written as Apache Thrift's libraries write them`(encoding: ThriftEncoding) throws {
        let text = try String(decoding: Shipped.scenario(Shipped.thrift).sources[0].bytes, as: UTF8.self)
        let changed = text.replacing("encoding: binary", with: "encoding: \(encoding)")
        let scenario = try Shipped.scenario(Shipped.thrift, bytes: Array(changed.utf8))
        let plan = try SynthesisPlan(
            scenario, try Shipped.schemas(Shipped.thrift, scenario), total: 200, seed: 1, anomalyRate: 0)
        let maker = LeafMaker(plan)
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { output in
                let wire = output.exchange.request?.wire ?? []
                let message = try ThriftMessage(decoding: wire.rawSpan, .framed, encoding)
                if message.encoded(.framed, encoding) != wire { Issue.record("exchange \(output.exchange.id) differs") }
            }
        }
    }
}
