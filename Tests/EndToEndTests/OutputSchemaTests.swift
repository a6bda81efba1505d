import Foundation
import JSON
import TestSupport
import Testing

/// What commands print with --json against the schemas that are published for it, by Python's jsonschema.
struct OutputSchemaTests {
    private func violations(_ schema: String, _ output: [UInt8]) throws -> String {
        let result = try python(
            """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            for error in Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
                print(list(error.absolute_path), error.message)
            """, [Repository.path("schemas/output/\(schema).schema.json")], input: output)
        return result.output + result.errors
    }

    @Test("pack, call and stub print what their schemas say", .requires(.python))
    func packCallAndStub() throws {
        let directory = try TemporaryDirectory()
        let body =
            #"{"requestId":"r1","eventTimeMillis":1,"scene":"login","country":"BR","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"}}"#
        let cases = try directory.write("cases.jsonl", text: #"{"request":\#(body),"expected":"approve"}"#)
        let idl = Repository.path("schemas/risk_decision.openapi.yaml")
        let packed = try tinct(
            "pack", cases, "--idl", idl, "--operation", "evaluate", "-o", directory.file("cases.mcap"), "--json")
        #expect(try violations("pack", packed.stdout) == "")

        let rules = try directory.write(
            "rules.yaml", text: "version: 1\nrules:\n  - {name: one, delay: 1ms, faults: {error: 100%}}\n")
        let stub = try ChildProcess(
            Repository.binary,
            ["stub", directory.file("cases.mcap"), "--rules", rules, "--listen", "127.0.0.1:0", "--json"])
        var port = ""
        for _ in 0..<500 where port.isEmpty {
            let said = String(decoding: stub.errorsSoFar, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") }) {
                port = line.split(separator: ":").last.map(String.init) ?? ""
            }
            usleep(10_000)
        }
        let call = try tinct("call", "http://127.0.0.1:\(port)", "evaluate", "--idl", idl, "-d", body, "--json")
        #expect(call.status == 1)
        #expect(try violations("call", call.stdout) == "")
        #expect(try violations("stub", stub.stop().stdout) == "")
    }

    @Test("profile prints what its schema says", .requires(.python))
    func profile() throws {
        let directory = try TemporaryDirectory()
        let tape = directory.file("a.mcap")
        let scenario = Repository.path("schemas/scenarios/fraud_handbook.yaml")
        try #require(try tinct("synth", scenario, "-n", "500", "-o", tape).status == 0)
        let result = try tinct("profile", tape, "-o", directory.file("p.yaml"), "--json")
        #expect(try violations("profile", result.stdout) == "", "\(result.errors)")
    }

    @Test("anomalies prints the catalogue, by layer and by name, as its schema says", .requires(.python))
    func anomalies() throws {
        let all = try tinct("anomalies", "--json")
        #expect(all.status == 0)
        #expect(try violations("anomalies", all.stdout) == "")
        let page = try tinct("anomalies", "cardTesting")
        #expect(page.output.contains("declineShare") && page.output.contains("members: [12, 30]"))
        let frauds = try tinct("anomalies", "--layer", "L4")
        #expect(frauds.output.contains("muleCycle") && !frauds.output.contains("homoglyph"))
        let unknown = try tinct("anomalies", "cardTestin")
        #expect(unknown.status == 2 && unknown.errors.contains("Did you mean 'cardTesting'?"))
    }

    @Test("synth writes labels apart, and explains an exchange as it is on the tape")
    func labelsAndExplanation() throws {
        let directory = try TemporaryDirectory()
        let scenario = Repository.path("schemas/scenarios/risk_decision_http.yaml")
        let flags = ["synth", scenario, "-n", "500", "--anomalies", "20%"]
        let (lines, labels) = (directory.file("out.jsonl"), directory.file("labels.csv"))
        let made = try run(Repository.binary, flags + ["-o", lines, "--labels", labels])
        try #require(made.status == 0, "\(made.errors)")
        let rows = String(decoding: try fileBytes(labels), as: UTF8.self).split(separator: "\r\n")
        let records = String(decoding: try fileBytes(lines), as: UTF8.self).split(separator: "\n")
        #expect(rows.first?.hasPrefix("id,type,layer,campaign") == true)
        #expect(rows.count - 1 == records.filter { !$0.contains("\"labels\":[]") }.count)
        let id = try #require(rows.dropFirst().first?.split(separator: ",").first.flatMap { Int($0) })
        let told = try run(Repository.binary, flags + ["--explain", "\(id)"])
        #expect(told.status == 0)
        let object = try JSONValue(parsing: told.stdout)
        let line = try JSONValue(parsing: String(records[id]))
        #expect(object["request"] != nil && object["request"] == line["request"])
        #expect(object["labels"] != nil && object["labels"] == line["labels"])
        #expect(try run(Repository.binary, flags + ["--explain", "500"]).status == 2)
    }
}
