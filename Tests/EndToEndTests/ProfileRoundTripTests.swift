import Foundation
import JSON
import TestSupport
import Testing

/// Whatever `profile` writes with status 0, `synth` makes requests of.
struct ProfileRoundTripTests {
    static let scenarios =
        ((try? FileManager.default.contentsOfDirectory(atPath: Repository.path("schemas/scenarios"))) ?? [])
        .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

    /// Requests of each; `make acceptance` says how many more.
    private static let count = ProcessInfo.processInfo.environment["TINCT_ROUND_TRIP_COUNT"] ?? "1000"

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("profile") }

    /// Records JSON bodies as requests of one operation, 100 ms apart.
    private func record(_ bodies: [String], as name: String, flags: [String] = []) throws -> String {
        let file = try folder.write("\(name).gor", text: goReplayFile(bodies, nanosBetween: 100_000_000))
        let recorded = try run(Repository.binary, ["record", file, "-o", folder.file("\(name).mcap")] + flags)
        try #require(recorded.status == 0, "\(recorded.errors)")
        return folder.file("\(name).mcap")
    }

    /// Fits, makes `count` requests after it, and returns their JSON.
    private func fitted(_ tape: String, _ flags: [String] = [], count: Int = 1000) throws -> [JSONObject] {
        let profile = folder.file("profile.yaml")
        let profiled = try run(
            Repository.binary, ["profile", tape, "-o", profile] + flags, timeoutSeconds: 300)
        try #require(profiled.status == 0, "\(profiled.errors)")
        let made = try tinct("synth", profile, "-n", "\(count)", "-o", folder.file("made.jsonl"), timeoutSeconds: 300)
        try #require(made.status == 0, "\(made.errors)")
        let lines = String(decoding: try fileBytes(folder.file("made.jsonl")), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == count)
        return try lines.map { try #require(try JSONValue(parsing: String($0))["request"]?.object) }
    }

    @Test("Every shipped scenario, with its anomalies, makes traffic whose profile makes traffic", arguments: scenarios)
    func everyScenario(name: String) throws {
        let tape = folder.file("tape.mcap")
        let scenario = Repository.path("schemas/scenarios/\(name).yaml")
        let made = try tinct("synth", scenario, "-n", Self.count, "-o", tape, timeoutSeconds: 300)
        try #require(made.status == 0, "\(made.errors)")
        _ = try fitted(tape)
    }

    @Test(
        "What is made of a profile is like what it was fitted to, ids and how often they come among it",
        arguments: ["amlsim", "fraud_handbook", "paysim"])
    func alike(name: String) throws {
        let (tape, profile, made) = (folder.file("tape.mcap"), folder.file("p.yaml"), folder.file("made.mcap"))
        let scenario = Repository.path("schemas/scenarios/\(name).yaml")
        try #require(try tinct("synth", scenario, "-n", "20000", "-o", tape, timeoutSeconds: 300).status == 0)
        let fitted = try tinct("profile", tape, "-o", profile, timeoutSeconds: 300)
        try #require(fitted.status == 0, "\(fitted.errors)")
        try #require(try tinct("synth", profile, "-n", "20000", "-o", made, timeoutSeconds: 300).status == 0)
        let compared = try tinct("compare", tape, made, timeoutSeconds: 300)
        #expect(compared.status == 0, "\(compared.output)")
    }

    @Test("Names, keys and values that JSON escapes come out as they went in")
    func escapes() throws {
        let made = try fitted(
            record(
                (0..<200).map { #"{"q\"uo\\te":"a\"b","ta\tb":\#($0 % 3),"ключ":{"in\"ner":"x\\y"}}"# }, as: "escaped"))
        for request in made {
            #expect(request["q\"uo\\te"]?.string == "a\"b")
            #expect((0...2).contains(request["ta\tb"]?.int ?? -1))
            #expect(request["ключ"]?["in\"ner"]?.string == "x\\y")
        }
    }

    @Test("Keys of maps that JSON escapes are written as they are, in JSON and in Thrift")
    func escapedMapKeys() throws {
        let entries = #"{map: {"a\"b": {constant: x}, "c\\d": {constant: y}}}"#
        let thrift = "struct R { 1: map<string, string> m }\nservice S { void a(1: R r) }\n"
        let openAPI = """
            openapi: 3.1.0
            info: {title: t, version: "1"}
            paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: object, properties: {m: {type: object,
              additionalProperties: {type: string}}}}}}}, responses: {"200": {description: ok}}}}}
            """
        _ = try folder.write("s.thrift", text: thrift)
        _ = try folder.write("s.yaml", text: openAPI)
        for (schema, operation, layout) in [
            ("s.thrift", "S.a", "{kind: thrift}"), ("s.thrift", "S.a", "{kind: thrift, encoding: compact}"),
            ("s.thrift", "S.a", "{kind: thrift, encoding: json}"), ("s.yaml", "POST /a", "{kind: http}"),
        ] {
            let scenario = try folder.write(
                "scenario.yaml",
                text: """
                    tinct: scenario/1
                    schema: \(schema)
                    operation: \(operation)
                    protocol: \(layout)
                    time: {start: 2026-01-01, span: 1h}
                    fields: {m: \(entries)}
                    """)
            let made = try tinct("synth", scenario, "-n", "10", "-o", folder.file("map.mcap"))
            try #require(made.status == 0, "\(layout) \(made.errors)")
            let shown = try tinct("show", folder.file("map.mcap"), "--json", "--payload", "--limit", "1")
            let request = try JSONValue(parsing: shown.stdout)["request"]
            let map = request?["args"]?["r"]?["m"] ?? request?["body"]?["m"]
            #expect(map?["a\"b"]?.string == "x" && map?["c\\d"]?.string == "y", "\(layout) \(shown.output)")
        }
    }

    @Test("Numbers of any size and any number of decimals, and lists of any length, are made again")
    func numbers() throws {
        let bodies = (0..<400).map { place in
            """
            {"nanos":\(1_500_000_000_000_000_000 + place * 1_000_000_007),"millis":\(1_600_000_000_000 + place * 86_400_000),
             "huge":\(4_500_000_000_000_000_000 + place),"kind":"\(place % 2 == 0 ? "free" : "paid")",
             "price":\(place % 2 == 0 ? "0" : "\(place).\(place % 90 + 10)"),
             "list":[\((0..<(place % 90)).map { "\($0)" }.joined(separator: ","))],"pair":[{"a":{"b":1},"c":2},{"c":3}]}
            """
        }
        let made = try fitted(record(bodies, as: "numbers"))
        let nanos = made.compactMap { $0["nanos"]?.int }
        #expect(
            nanos.count == made.count
                && nanos.allSatisfy { abs($0 - 1_500_000_000_000_000_000) < 1_000_000_000_000_000 })
        #expect(made.allSatisfy { (1_590_000_000_000...1_640_000_000_000).contains($0["millis"]?.int ?? 0) })
        #expect(made.allSatisfy { ($0["huge"]?.double ?? 0) > 4.4e18 })
        for request in made {
            #expect((request["price"]?.double == 0) == (request["kind"]?.string == "free"))
            #expect((request["list"]?.array?.count ?? 99) <= 64)
        }
        #expect(Set(made.map { $0["list"]?.array?.count ?? 0 }).count > 20)
    }

    @Test("Ids suffice for more requests and more entities than there were")
    func ids() throws {
        let bodies = (0..<2000).map {
            #"{"shopId":"s\#(1000 + $0 * 7 % 1500)","code":\#($0 * 3 % 1300),"ref":"r\#(10_000 + $0)"}"#
        }
        let made = try fitted(record(bodies, as: "ids"), ["--entity", "shopId", "--entity", "code"], count: 100_000)
        #expect(Set(made.compactMap { $0["ref"]?.string }).count > 50_000)
        #expect(Set(made.compactMap { $0["shopId"]?.string }).count > 1000)
    }

    @Test("What has nothing to fit is refused, and leaves no profile")
    func nothingToFit() throws {
        let objects = try record((0..<200).map { #"{"a":\#($0)}"# }, as: "objects")
        let lists = try record((0..<200).map { "[\($0)]" }, as: "lists")
        let texts = try record((0..<200).map { "\"text \($0)\"" }, as: "texts")
        for (tape, flags, expected) in [
            (objects, ["--ignore", "**"], "no field"), (lists, [], "no field"), (texts, [], "can be read"),
        ] {
            let result = try run(Repository.binary, ["profile", tape, "-o", folder.file("none.yaml")] + flags)
            #expect(result.status == 2 && result.errors.contains(expected), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.file("none.yaml")))
        }
    }
}
