import Bytes
import Expression
import Schema
import Synthesis
import YAML

let synthesisTargets = [
    // What a scenario names is given the same bytes: as a pack, as a recording, as what it extends. One that can be read
    // is compiled, and its first exchanges are made.
    FuzzTarget(name: "scenario", maximumLength: 8192) { bytes in
        let text = [UInt8](copying: bytes)
        guard let scenario = try? Scenario.load(path: "s.yaml", read: { (_, _) throws(YAMLError) in text }),
            let plan = try? SynthesisPlan(scenario, schemas, total: 20, seed: 1)
        else { return }
        try? LeafMaker(plan).make(0, .init()) { _ in }
    },
    FuzzTarget(name: "formula", maximumLength: 512) { bytes in
        _ = try? Formula(String(decoding: [UInt8](copying: bytes), as: UTF8.self))
    },
]

/// What the seeds' scenarios are for.
private let schemas: SchemaSet = {
    var set = SchemaSet()
    let text = """
        struct R {
          1: optional i64 n, 2: optional i64 m, 3: optional double d, 5: optional string s, 6: optional list<string> l,
          7: optional bool b, 8: optional i64 time
        }
        service S { void a(1: R r), void c(1: R r) }
        """
    do {
        try set.load(SchemaSource(name: "s.thrift", bytes: Array(text.utf8)), include: { _ in nil })
    } catch {
        preconditionFailure("the schema is malformed: \(error)")
    }
    return set
}()
