import Bytes
import Expression
import JSON
import Replay
import Stub
import Tagging
import YAML

/// Files that say what a run does, and the language that stands in them.
let rulesTargets: [FuzzTarget] = [
    // An expression, a NUL, and the document that it is held against.
    FuzzTarget(name: "expression", maximumLength: 1024) { bytes in
        let parts = [UInt8](copying: bytes).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let text = parts.first, let expression = try? Expression(String(decoding: text, as: UTF8.self)) else {
            return
        }
        _ = expression.isTrue(over: parts.count > 1 ? (try? JSONValue(parsing: Array(parts[1]))) ?? .null : .null)
    },
    FuzzTarget(name: "policy") { bytes in _ = try? Policy.parse([UInt8](copying: bytes), file: "p.yaml") },
    FuzzTarget(name: "rules") { bytes in _ = try? Rules.parse([UInt8](copying: bytes), file: "r.yaml") },
    FuzzTarget(name: "schedule", maximumLength: 1024) { bytes in
        _ = try? Schedule.parse([UInt8](copying: bytes), file: "s.yaml")
    },
    FuzzTarget(name: "stubRules") { bytes in
        _ = try? StubRules.parse(
            [UInt8](copying: bytes), file: "r.yaml", duration: { UInt64($0) }, share: { UInt64($0) },
            size: { UInt64($0) })
    },
    FuzzTarget(name: "carriers") { bytes in
        let text = [UInt8](copying: bytes)
        _ = try? Carrier.parse(String(decoding: text, as: UTF8.self))
        _ = try? Carrier.parse(file: text, name: "c.yaml")
    },
]
