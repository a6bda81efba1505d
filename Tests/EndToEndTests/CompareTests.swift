import Foundation
import JSON
import TestSupport
import Testing

/// `tinct compare` on traffic from a model in NumPy (Native/traffic.py), measured again by SciPy.
struct CompareTests {
    /// Two tapes of one model, the second spoiled in one way, and their numbers.
    private func tapes(_ spoiled: String, in folder: TemporaryDirectory) throws -> (String, String, JSONValue) {
        let (a, b) = (folder.file("a"), folder.file("b"))
        let program = Repository.path("Tests/EndToEndTests/Native/traffic.py")
        let made = try run(
            try TestEnvironment.python.path(),
            [program, "5", "6000", a + ".gor", b + ".gor"] + (spoiled.isEmpty ? [] : [spoiled]))
        try #require(made.status == 0, "\(made.errors)")
        for name in [a, b] {
            let recorded = try tinct("record", name + ".gor", "-o", name + ".mcap")
            try #require(recorded.status == 0, "\(recorded.errors)")
        }
        return (a + ".mcap", b + ".mcap", try JSONValue(parsing: made.stdout))
    }

    private func failed(_ json: JSONValue) -> [String] {
        (json["checks"]?.array ?? []).filter { $0["holds"]?.bool == false }.compactMap { $0["gate"]?.string }
    }

    @Test("Halves of the same traffic pass every gate, and the measures are those of SciPy", .requires(.python))
    func halves() throws {
        let folder = try TemporaryDirectory()
        let (a, b, columns) = try tapes("", in: folder)
        let compared = try tinct("compare", a, b, "--json", "--report", folder.file("page.html"), timeoutSeconds: 180)
        let json = try JSONValue(parsing: compared.stdout)
        #expect(compared.status == 0, "\(failed(json)) \(compared.errors)")
        let oracle = try python(
            """
            import collections, json, sys
            import numpy as np
            from scipy import stats
            a, b = json.load(sys.stdin)
            def psi(x, y):
                x, y = np.sort(x), np.asarray(y)
                edges = sorted({x[len(x) * i // 10] for i in range(1, 10)} - {x[0]})
                p = np.histogram(x, [-np.inf] + edges + [np.inf])[0]
                q = np.histogram(y, [-np.inf] + edges + [np.inf])[0]
                p, q = np.maximum(p, 0.5) / p.sum(), np.maximum(q, 0.5) / q.sum()
                return float(((q - p) * np.log(q / p)).sum())
            out = {"ks": {}, "psi": {}, "rho": {}}
            for name in ["amount", "items", "age", "score"]:
                out["ks"][name] = 1 - float(stats.ks_2samp(a[name], b[name]).statistic)
                out["psi"][name] = psi(a[name], b[name])
            for x, y in [("amount", "items"), ("amount", "age"), ("amount", "score"), ("age", "score"), ("items", "age")]:
                out["rho"][x + " " + y] = [float(stats.spearmanr(s[x], s[y]).statistic) for s in (a, b)]
            p, q = (collections.Counter(s["method"]) for s in (a, b))
            out["tv"] = 1 - sum(abs(p[k] / p.total() - q[k] / q.total()) for k in p | q) / 2
            print(json.dumps(out))
            """, input: Array(columns.text.utf8))
        try #require(oracle.status == 0, "\(oracle.errors)")
        let truth = try JSONValue(parsing: oracle.stdout)
        let paths = ["amount": "amountMinor", "items": "itemCount", "age": "accountAgeDays", "score": "score"]
        func field(_ path: String) -> JSONValue? { json["fields"]?.array?.first { $0["path"]?.string == path } }
        func near(_ a: Double?, _ b: Double?) -> Bool { abs((a ?? 9) - (b ?? 7)) < 1e-9 }
        for (short, path) in paths {
            #expect(near(field(path)?["similarity"]?.double, truth["ks"]?[short]?.double), "\(path)")
            #expect(near(field(path)?["psi"]?.double, truth["psi"]?[short]?.double), "\(path)")
        }
        #expect(near(field("method")?["similarity"]?.double, truth["tv"]?.double))
        for pair in truth["rho"]?.object?.members ?? [] {
            let names = Set(pair.key.split(separator: " ").compactMap { paths[String($0)] })
            let found = json["pairs"]?.array?.first { Set($0["fields"]?.array?.compactMap(\.string) ?? []) == names }
            for side in 0...1 { #expect(near(found?["values"]?[side]?.double, pair.value[side]?.double), "\(names)") }
        }
        #expect(field("eventTimeMillis")?["kind"]?.string == "time")
        #expect(json["entities"]?[0]?["path"]?.string == "user.userId")
        #expect(json["copies"]?.int == 0)
        let page = String(decoding: try fileBytes(folder.file("page.html")), as: UTF8.self)
        #expect(page.contains("Pairs of fields") && page.contains("</html>") && !page.contains("@mail.example"))
        #expect(try violations(compared.stdout) == "")
    }

    @Test(
        "Each way to spoil the second half fails its own gates", .requires(.python),
        arguments: [
            ("marginal", ["field", "psi"], "pair=off"), ("correlation", ["pair"], "field=0.9"),
            ("copies", ["copies", "personal"], "field=0.9"),
        ])
    func spoiled(_ way: String, _ gates: [String], _ gate: String) throws {
        let folder = try TemporaryDirectory()
        let (a, b, _) = try tapes(way, in: folder)
        let compared = try tinct(
            "compare", a, b, "--json", "--gate", gate, "--gate", "decision=off", timeoutSeconds: 180)
        #expect(compared.status == 1, "\(compared.errors)")
        #expect(failed(try JSONValue(parsing: compared.stdout)) == gates)
    }

    @Test("What cannot be compared is refused with status 2")
    func refusals() throws {
        let folder = try TemporaryDirectory()
        let recorded = try tinct(
            "record", Repository.path("fixtures/http-nginx.pcap"), "-o", folder.file("a.mcap"))
        try #require(recorded.status == 0)
        for flags in [
            ["--gate", "psi"], ["--gate", "size=3"], ["--gate", "pair=x"], ["--ignore", ""],
            ["--entity", "nope"], ["--state", "nope"], ["--quasi", "nope"],
        ] {
            let result = try run(
                Repository.binary, ["compare", folder.file("a.mcap"), folder.file("a.mcap")] + flags)
            #expect(result.status == 2 && result.errors.contains("tinct: --"), "\(flags) \(result.errors)")
        }
        let nowhere = try tinct("compare", folder.file("a.mcap"), folder.file("a.mcap"), "--decision", "response.nope")
        #expect(nowhere.status == 2 && nowhere.errors.contains("no reply on either tape has 'response.nope'"))
        #expect(try tinct("compare", folder.file("a.mcap"), folder.file("none.mcap")).status == 2)
        #expect(
            try tinct(
                "compare", folder.file("a.mcap"), folder.file("a.mcap"), "--gate", "personal=off",
                "--gate", "copies=off"
            ).status == 0)
    }

    private func violations(_ output: [UInt8]) throws -> String {
        let result = try python(
            """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            for error in Draft202012Validator(schema).iter_errors(json.load(sys.stdin)):
                print(list(error.absolute_path), error.message)
            """, [Repository.path("schemas/output/compare.schema.json")], input: output)
        return result.output + result.errors
    }
}
