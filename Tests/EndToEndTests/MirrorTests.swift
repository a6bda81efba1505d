import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// `replay --mirror`: the same requests to several targets, as the targets saw them.
struct MirrorTests {
    private let folder: TemporaryDirectory
    private let tape: String

    init() throws {
        folder = try TemporaryDirectory()
        tape = folder.file("tape.mcap")
        let writer = try TapeWriter(path: tape)
        for id in 0..<200 as Range<UInt64> {
            var exchange = Exchange()
            exchange.id = id
            exchange.flow = id / 10
            exchange.client = "10.0.0.1:\(1000 + id / 10)"
            exchange.format = .http1
            exchange.operation = "POST /v1/risk/decisions"
            let body = #"{"requestId":"r\#(id)","amount":\#(id)}"#
            exchange.request = Message(
                wire: Array(
                    ("POST /v1/risk/decisions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8),
                startNanos: 1_000_000_000 + id * 1_000_000)
            try writer.append(exchange)
        }
        try writer.finish()
    }

    private func replay(_ to: String, _ more: [String]) throws -> ProcessResult {
        try run(Repository.binary, ["replay", tape, "--to", to, "--connections", "8"] + more)
    }

    private func stub(_ rules: String) throws -> StubProcess {
        let path = try folder.write("rules-\(rules.utf8.count).yaml", text: rules)
        return try StubProcess(["--rules", path])
    }

    private static let approves = """
        version: 1
        rules:
          - answer: {body: {decision: approve}}
        """

    @Test("Two servers get the same tagged requests, and both replies stand on the run tape")
    func twoServers() throws {
        if NginxServer.program == nil { return }
        let (primary, mirror) = (try NginxServer(), try NginxServer())
        let written = folder.file("run.mcap")
        let mirrorURL = "http://127.0.0.1:\(mirror.port)"
        let ledger = folder.file("ids.csv")
        let result = try replay(
            "http://127.0.0.1:\(primary.port)",
            [
                "--mirror", mirrorURL, "--rate", "1000", "--loop", "2", "--id", "requestId", "--tag", "m1", "-o",
                written,
                "--json", "--ledger", ledger,
            ])
        #expect(result.status == 0 || result.status == 4, "\(result.errors)")
        let json = try JSONValue(parsing: result.stdout)
        let entries = [try primary.finish(), try mirror.finish()].map { $0.filter { $0.method == "POST" } }
        for log in entries {
            #expect(log.count == 400)
            #expect(log.allSatisfy { $0.tag == "m1" && $0.status == 200 })
        }
        #expect(json["totals.sent" as JSONPath]?.int == 400)
        let mirrors = try #require(json["mirrors"]?.array)
        #expect(mirrors.count == 1)
        #expect(mirrors[0]["target"]?.string == mirrorURL)
        #expect(mirrors[0]["outcomes.ok" as JSONPath]?.int == 400)
        #expect(mirrors[0]["latency.corrected.count" as JSONPath]?.int == 400)
        #expect(json["audit.targets" as JSONPath]?.array?.compactMap { $0["sent"]?.int } == [400, 400])
        // The same bytes went to both but for the host, fresh identities included, and at the same due times.
        var sides: [Bool: [String: (due: UInt64, body: Substring)]] = [:]
        let reader = try TapeReader(path: written)
        var exchange = Exchange()
        while try reader.next(into: &exchange) {
            let record = try #require(exchange.run)
            #expect(record.isMirror == (record.target == mirrorURL))
            #expect(exchange.response != nil)
            let text = String(decoding: exchange.request?.wire ?? [], as: UTF8.self)
            sides[record.isMirror, default: [:]]["\(record.sourceID)/\(record.round)"] = (
                record.dueNanos, try #require(text.split(separator: "\r\n").last)
            )
        }
        #expect(sides[false]?.count == 400)
        #expect(sides[true]?.count == 400)
        for (key, sent) in sides[false] ?? [:] {
            #expect(sides[true]?[key]?.due == sent.due)
            #expect(sides[true]?[key]?.body == sent.body)
        }
        let rows = String(decoding: try fileBytes(ledger), as: UTF8.self).split(separator: "\n").dropFirst()
        #expect(rows.count == 800)
        #expect(rows.filter { $0.hasSuffix(",\(mirrorURL)") }.count == 400)
        // Nothing differs; a tape is compared with the target alone.
        #expect(try run(Repository.binary, ["diff", written, "--mirror", mirrorURL]).status == 0)
        let other = try run(Repository.binary, ["diff", written, "--mirror", "http://127.0.0.1:1"])
        #expect(other.status == 2)
        #expect(other.errors.contains(mirrorURL))
        let plain = try run(Repository.binary, ["diff", tape, written, "--json"])
        #expect(try JSONValue(parsing: plain.stdout)["unknownSource"]?.int == 0)
    }

    @Test("Decisions that differ are counted while the run lasts and found again on the run tape", .requires(.python))
    func decisions() throws {
        let primary = try stub(Self.approves)
        let mirror = try stub(
            """
            version: 1
            rules:
              - where: request.amount >= 150
                answer: {body: {decision: review}}
              - answer: {body: {decision: approve}}
            """)
        let (written, path, html) = (folder.file("run.mcap"), folder.file("r.json"), folder.file("r.html"))
        let result = try replay(
            primary.url,
            [
                "--mirror", mirror.url, "--rate", "1000", "--decision", "decision", "-o", written, "--result", path,
                "--report", html,
            ])
        #expect(result.status == 0 || result.status == 4, "\(result.errors)")
        #expect(result.output.contains("\(mirror.url) decided differently 50 times of 200"))
        let json = try JSONValue(parsing: try fileBytes(path))
        let decisions = try #require(json["mirrors"]?.array?.first?["decisions"])
        #expect(decisions["compared"]?.int == 200)
        #expect(decisions["different"]?.int == 50)
        #expect(decisions["differences"]?.array?.first?["primary"]?.string == "approve")
        #expect(decisions["differences"]?.array?.first?["mirror"]?.string == "review")
        #expect(String(decoding: try fileBytes(html), as: UTF8.self).contains("50 of 200 differ"))
        let diff = try run(Repository.binary, ["diff", written, "--mirror", mirror.url, "--json"])
        #expect(diff.status == 1)
        let differences = try JSONValue(parsing: diff.stdout)
        #expect(differences["decisions.changed" as JSONPath]?.int == 50)
        #expect(differences["compared"]?.int == 200)
        let schema = try python(
            "import json,sys,jsonschema; jsonschema.validate(json.load(open(sys.argv[2])),json.load(open(sys.argv[1])))",
            [Repository.path("schemas/output/result.schema.json"), path])
        #expect(schema.status == 0, "\(schema.errors)")
        // Merged with itself, everything is there twice.
        let merged = try run(Repository.binary, ["merge", path, path, "--json"])
        let sum = try JSONValue(parsing: merged.stdout)
        #expect(sum["mirrors"]?.array?.first?["decisions"]?["different"]?.int == 100)
        #expect(sum["mirrors"]?.array?.first?["latency"]?["raw"]?["count"]?.int == 400)
    }

    @Test("A mirror that never answers keeps nothing from the target, and every request for it is in one outcome")
    func stalledMirror() throws {
        let primary = try stub(Self.approves)
        let mirror = try stub(
            """
            version: 1
            rules:
              - answer: {body: {decision: approve}}
                faults: {stall: 100%}
            """)
        let result = try replay(
            primary.url,
            ["--mirror", mirror.url, "--rate", "200", "--timeout", "2s", "--json", "--expect", "noReply==0"])
        #expect(result.status == 0 || result.status == 4, "\(result.errors)")
        let json = try JSONValue(parsing: result.stdout)
        #expect(json["outcomes.ok" as JSONPath]?.int == 200)
        let outcomes = try #require(json["mirrors"]?.array?.first?["outcomes"]?.object)
        #expect(outcomes["ok"]?.int == 0)
        #expect((outcomes["noReply"]?.int ?? 0) + (outcomes["unsent"]?.int ?? 0) == 200)
    }

    @Test("A mirror that is not allowed keeps everything from being sent")
    func guarded() throws {
        if NginxServer.program == nil { return }
        let primary = try NginxServer()
        let url = "http://127.0.0.1:\(primary.port)"
        let policy = try folder.write(
            "policy.yaml",
            text: """
                version: 1
                targets:
                  - {name: primary, host: 127.0.0.1, port: \(primary.port), carriers: ["http:x-stress-test"]}
                  - {name: strict, host: 127.0.0.1, port: 9, carriers: ["http:x-shadow"]}
                  - {name: slow, host: 127.0.0.1, port: 10, carriers: ["http:x-stress-test"], maxRate: 10}
                  - {name: closed, host: 127.0.0.1, port: 11, carriers: ["http:x-stress-test"], deny: ["*"]}
                  - name: deaf
                    host: 127.0.0.1
                    port: 12
                    carriers: ["http:x-stress-test"]
                    acknowledge: {header: "x-shadow: true", operations: ["*"]}
                """)
        for (flags, status, words) in [
            (["--mirror", "http://192.0.2.1:80"], 2, "not on this machine"),
            (["--mirror", url], 2, "twice"),
            (["--mirror", "http://localhost:\(primary.port)"], 2, "twice"),
            (["--mirror", "thrift://127.0.0.1:9"], 2, "may go to the mirror"),
            (["--mirror", "http://127.0.0.1:9,weight=2"], 2, "gets every request"),
            (["--mirror", "http://127.0.0.1:9", "--rate", "max"], 2, "closed loop"),
            (["--mirror", "http://127.0.0.1:9", "--allow", "127.0.0.1:\(primary.port)"], 2, "--allow"),
            (["--policy", policy, "--mirror", "http://127.0.0.1:8"], 2, "does not allow"),
            (["--policy", policy, "--mirror", "http://127.0.0.1:9"], 2, "honours the tag only in"),
            (["--policy", policy, "--mirror", "http://127.0.0.1:10", "--rate", "100"], 2, "10 requests a second"),
            (["--policy", policy, "--mirror", "http://127.0.0.1:11"], 2, "denied by the policy"),
            (["--policy", policy, "--mirror", "http://127.0.0.1:12"], 3, "has not acknowledged"),
        ] {
            let result = try replay(url, (flags.contains("--rate") ? [] : ["--rate", "100"]) + flags)
            #expect(Int(result.status) == status, "\(flags): \(result.errors)")
            #expect(result.errors.contains(words), "\(flags): \(result.errors)")
        }
        #expect(try primary.finish().allSatisfy { $0.method != "POST" })
    }
}
