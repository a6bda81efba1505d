import Foundation
import TestSupport
import Testing
import YAML

@testable import Stub

/// What rules files may hold: the reader and the published schema must agree.
@Suite struct RulesFileTests {
    private static let good = [
        "{answer: {body: {a: 1}}}", "{name: n, operation: [a.*, 'POST /x'], where: request.a == 1, delay: 5ms}",
        "{from: 1s, until: 2.5s, every: 10s, share: 0.5%, bandwidth: 64KiB}", "{answer: {status: 404, text: gone}}",
        "{answer: {headers: {X-A: '${request.a}', X-B: 5}}}", "{answer: {throws: {err: {code: 1}}}}",
        "{faults: {reset: 0.5%, close: 0.01, halfClose: {share: 1%}, stall: {share: 1%, for: 3s}}}",
        "{faults: {half: {share: 1%, of: 30%, then: stall}, garbage: {share: 1%, bytes: 9}, error: {share: 1%, status: 429}}}",
        "{delay: 'uniform:1ms..20ms'}", "{delay: 'exp:5ms'}", "{delay: 'normal:5ms,1ms'}",
        "{delay: 'lognormal:5ms,0.8'}",
        "{delay: 'quantiles:min=1ms,p50=5ms,p99.9=80ms,max=1s'}", "{faults: {stall: 1}}", "{bandwidth: 1000}",
    ]

    private static let bad = [
        "{}", "{name: n}", "{operation: x, where: y}", "{answers: {}}", "{answer: {body: 1, text: x}}",
        "{answer: {status: 99}}", "{answer: {headers: {Content-Length: 5}}}", "{answer: {headers: {'a b': x}}}",
        "{delay: soon}", "{delay: 5}", "{delay: 'gamma:1ms'}", "{delay: 'normal:5ms'}", "{bandwidth: 0}",
        "{bandwidth: fast}",
        "{faults: {explode: 1%}}", "{faults: {reset: 101%}}", "{faults: {reset: 1.5}}", "{faults: {reset: {of: 1%}}}",
        "{faults: {stall: {share: 1%, then: close}}}", "{faults: {half: {share: 1%, then: explode}}}",
        "{faults: {garbage: {share: 1%, bytes: 0}}}", "{faults: {error: {share: 1%, status: 200}}}",
        "{share: x, delay: 1ms}",
        "{from: 1, delay: 1ms}", "{answer: {throws: 5}}", "{answer: [1]}", "{operation: {a: b}, delay: 1ms}",
    ]

    /// What only the reader can see.
    private static let subtle = [
        "{faults: {reset: 60%, close: 50%}}", "{where: 'a ==', delay: 1ms}", "{answer: {text: '${a'}}",
        "{from: 2s, until: 1s, delay: 1ms}", "{until: 5s, every: 2s, delay: 1ms}", "{delay: 'uniform:2ms..1ms'}",
    ]

    private func file(_ rule: String) -> String { "version: 1\nrules:\n  - \(rule)\n" }

    /// By the built command, whose readers of durations, shares and sizes are part of what a file may hold.
    private func refusal(_ text: String) throws -> String? {
        let folder = try TemporaryDirectory()
        let path = try folder.write("rules.yaml", text: text)
        let result = try tinct(
            "stub", "--rules", path, "--idl", Repository.path("schemas/risk_decision.openapi.yaml"), "--listen",
            "127.0.0.1:0", "--duration", "1ms")
        return result.status == 0 ? nil : result.errors
    }

    @Test("The command takes what is right and names the place of what is wrong")
    func reader() throws {
        for rule in Self.good {
            let refused = try refusal(file(rule))
            #expect(refused == nil, "\(rule): \(refused ?? "")")
        }
        for rule in Self.bad + Self.subtle {
            let text = try #require(try refusal(file(rule)), "\(rule)")
            #expect(text.contains("rules.yaml:3:"), "\(rule): \(text)")
        }
        for text in ["rules: []", "version: 2\nrules: []", "version: 1", "version: 1\nseed: -1\nrules: []"] {
            #expect(try refusal(text) != nil, "\(text)")
        }
    }

    @Test("The published schema says the same, by Python's jsonschema", .requires(.python))
    func schema() throws {
        let result = try python(
            """
            import json, sys, yaml
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            for line in sys.stdin.read().splitlines():
                wanted, rule = line.split(" ", 1)
                errors = list(validator.iter_errors({"version": 1, "rules": [yaml.safe_load(rule)]}))
                if (not errors) != (wanted == "good"): print(wanted, rule, [e.message for e in errors])
            for document in [{"rules": []}, {"version": 2, "rules": []}, {"version": 1}, {"version": 1, "seed": -1, "rules": []}]:
                if validator.is_valid(document): print("valid", document)
            """, [Repository.path("schemas/stub.schema.json")],
            input: Array((Self.good.map { "good \($0)\n" } + Self.bad.map { "bad \($0)\n" }).joined().utf8))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "")
    }
}
