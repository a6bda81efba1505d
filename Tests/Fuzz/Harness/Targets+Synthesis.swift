import Bytes
import Expression
import Synthesis
import YAML

let synthesisTargets = [
    // What a scenario names is given the same bytes: as a pack, as a recording, as what it extends.
    FuzzTarget(name: "scenario", maximumLength: 8192) { bytes in
        let text = [UInt8](copying: bytes)
        _ = try? Scenario.load(path: "s.yaml") { (_, _) throws(YAMLError) in text }
    },
    FuzzTarget(name: "formula", maximumLength: 512) { bytes in
        _ = try? Formula(String(decoding: [UInt8](copying: bytes), as: UTF8.self))
    },
]
