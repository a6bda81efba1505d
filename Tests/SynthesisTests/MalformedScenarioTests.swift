import Schema
import Testing
import YAML

@testable import Synthesis

/// Scenarios, fitted profiles and packs with one thing wrong: each is refused at its place, with what was expected and a way
/// out. Beside the malformed schemas of `MalformedSchemaTests` these are more than two hundred.
@Suite struct MalformedScenarioTests {
    @Test(arguments: MalformedScenarios.fields + MalformedScenarios.parts)
    func `a scenario is refused at its place, with a way out`(one: MalformedScenario) throws { try check(one) }

    @Test(arguments: MalformedScenarios.layouts)
    func `so is a layout that does not exist`(one: MalformedScenario) throws { try check(one) }

    @Test(arguments: MalformedScenarios.impossible)
    func `and a fault that a layout cannot have`(type: String, layout: String, reason: String) throws {
        let body = "fields: {n: 1}\nanomalies:\n  types:\n    \(type): {}"
        do {
            _ = try Small.plan(body, protocol: "{kind: thrift, \(layout)}")
            Issue.record("accepted: \(type) with \(layout)")
        } catch let error as YAMLError {
            #expect("\(error)".hasPrefix("s.yaml:9:5: \(reason)"), "\(error)")
            #expect(error.remedy == "Leave it out, or change the protocol.")
        }
    }

    @Test(arguments: MalformedScenarios.profiles)
    func `so is a profile that was spoiled by hand`(one: MalformedScenario) throws { try check(one) }

    @Test(arguments: MalformedScenarios.packs)
    func `so is a pack`(one: MalformedScenario) throws { try check(one) }

    @Test func `what they are made from is right`() throws {
        _ = try plan(["s.yaml": MalformedScenario.profile])
        _ = try plan(["s.yaml": MalformedScenario.usesPack, "packs/pack.yaml": MalformedScenario.pack])
    }

    private func check(_ one: MalformedScenario) throws {
        do {
            _ = try plan(one.files)
            Issue.record("accepted: \(one.testDescription)")
        } catch let error as YAMLError {
            #expect("\(error)".hasPrefix(one.expected), "\(one.testDescription): \(error)")
            #expect(!error.remedy.isEmpty)
        }
    }

    private func plan(_ files: [String: String]) throws -> SynthesisPlan {
        let scenario = try Scenario.load(path: "s.yaml") { (file, mark) throws(YAMLError) in
            guard let text = files[file] else {
                throw YAMLError(
                    "there is no \(file)", at: mark ?? YAMLMark(file: file, line: 1, column: 1), remedy: "Write it.")
            }
            return Array(text.utf8)
        }
        var schemas = SchemaSet()
        try schemas.load(SchemaSource(name: "s.thrift", text: Small.schema))
        return try SynthesisPlan(scenario, schemas, total: 200, seed: 1)
    }

    @Test func `no scenario of changed bytes traps`() throws {
        for name in ["wallet_china", "penalty_centre", "fraud_handbook"] {
            let bytes = try Shipped.scenario(Shipped.path(name)).sources.last?.bytes ?? []
            let philox = Philox(key: 8)
            for round in 0..<60 as Range<UInt64> {
                var changed = bytes
                for k in 0..<3 as Range<UInt64> {
                    let at = Int(philox.below(UInt64(changed.count), round, k))
                    changed[at] = Array("0 :{}[],-.%x\n".utf8)[Int(philox.below(13, round, 10 + k))]
                }
                _ = try? Scenario.load(path: "x.yaml") { (file, mark) throws(YAMLError) in
                    if file == "x.yaml" { return changed }
                    throw YAMLError(
                        "no such file", at: mark ?? YAMLMark(file: file, line: 1, column: 1), remedy: "Write it.")
                }
            }
        }
    }
}
