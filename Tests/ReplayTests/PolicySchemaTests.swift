import Foundation
import Replay
import TestSupport
import Testing
import YAML

/// `schemas/policy.schema.json` is checked by Python's jsonschema; the parser must take and refuse the same files. JSON is
/// YAML, so the same text goes to both.
@Suite struct PolicySchemaTests {
    static let good = [
        #"{"version": 1, "targets": []}"#,
        #"{"version": 1, "killFile": "/run/stop", "targets": [{"host": "h", "port": 1}]}"#,
        #"{"version": 1, "targets": [{"name": "n", "host": "10.1.2.3", "network": "10.0.0.0/8", "port": "9000-9100"}]}"#,
        #"{"version": 1, "targets": [{"network": "2001:db8::/32", "port": 443, "insecure": true}]}"#,
        #"{"version": 1, "targets": [{"socket": "/run/risk.sock", "carriers": ["thrift:1.20.5", "default"]}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "maxRate": 0.5, "maxRequests": 10, "hours": "22:00-24:00"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "allow": ["A.*"], "deny": ["A.b"], "wireFaults": false}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"header": "x-shadow: true"}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"reply": "body.shadow == true", "timeout": 2, "operations": ["A.b"]}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"probe": ["/bin/true", "{tag}"]}}]}"#,
    ]
    static let bad = [
        #"{"targets": []}"#, #"{"version": 2, "targets": []}"#, #"{"version": 1}"#, #"{"version": 1, "targets": {}}"#,
        #"{"version": 1, "targets": [], "more": 1}"#, #"{"version": 1, "killFile": "stop", "targets": []}"#,
        #"{"version": 1, "killFile": null, "targets": []}"#,
        #"{"version": 1, "targets": [{"host": "h"}]}"#, #"{"version": 1, "targets": [{"port": 1}]}"#,
        #"{"version": 1, "targets": [{"host": "", "port": 1}]}"#,
        #"{"version": 1, "targets": [{"host": 7, "port": 1}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 0}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 65536}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": "x"}]}"#,
        #"{"version": 1, "targets": [{"network": "10.0.0.0/33", "port": 1}]}"#,
        #"{"version": 1, "targets": [{"network": "staging", "port": 1}]}"#,
        #"{"version": 1, "targets": [{"socket": "run/s"}]}"#,
        #"{"version": 1, "targets": [{"socket": "/s", "port": 1}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "carriers": ["pigeon:x"]}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "carriers": "default"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "maxRate": 0}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "maxRate": null}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "maxRate": 0.0001}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "maxRequests": 0}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "hours": "1-2"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "hours": "24:00-02:00"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "allow": "*"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "allow": [""]}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "wireFaults": "yes"}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"operations": ["A"]}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"header": "two words"}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"probe": ["true"]}}]}"#,
        #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"header": "a", "timeout": 601}}]}"#,
    ]

    @Test("The schema and the parser take and refuse the same policies", .requires(.python))
    func schemaAndParserAgree() throws {
        for (texts, isGood) in [(Self.good, true), (Self.bad, false)] {
            for text in texts {
                let isParsed = (try? Policy.parse(Array(text.utf8), file: "policy.json")) != nil
                #expect(isParsed == isGood, "\(text)")
            }
        }
        let result = try python(
            """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            print(json.dumps([validator.is_valid(json.loads(line)) for line in sys.stdin]))
            """, [Repository.path("schemas/policy.schema.json")],
            input: Array((Self.good + Self.bad).joined(separator: "\n").utf8))
        #expect(result.status == 0, "\(result.errors)")
        let verdicts = try foundationJSON(result.stdout) as? [Bool] ?? []
        let expected = Self.good.map { _ in true } + Self.bad.map { _ in false }
        for (text, (verdict, wanted)) in zip(Self.good + Self.bad, zip(verdicts, expected)) {
            #expect(verdict == wanted, "\(text)")
        }
        #expect(verdicts.count == expected.count)
    }

    @Test func whatOnlyTheParserCanSeeIsRefused() {
        for text in [
            #"{"version": 1, "targets": [{"host": "h", "port": 1, "hours": "02:00-02:00"}]}"#,
            #"{"version": 1, "targets": [{"network": "10.0.0.1/8", "port": 1}]}"#,
            #"{"version": 1, "targets": [{"host": "h", "port": "9100-9000"}]}"#,
            #"{"version": 1, "targets": [{"host": "h", "port": 1, "carriers": ["thrift:1"]}]}"#,
            #"{"version": 1, "targets": [{"host": "h", "port": 1, "acknowledge": {"reply": "body =="}}]}"#,
        ] {
            #expect(throws: YAMLError.self, "\(text)") { try Policy.parse(Array(text.utf8), file: "p") }
        }
    }
}
