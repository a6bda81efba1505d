import Foundation
import TestSupport
import Testing

/// Replays against servers of other people's making, and believes their counts only.
///
/// `TINCT_ACCEPTANCE_COUNT` says how many synthesized requests are sent (`make acceptance`: 100,000 by a release build).
struct WitnessTests {
    private static let count =
        Int(ProcessInfo.processInfo.environment["TINCT_ACCEPTANCE_COUNT"] ?? "") ?? 4_000

    private func json(_ result: ProcessResult) throws -> [String: Any] {
        try foundationJSON(result.stdout) as? [String: Any] ?? [:]
    }

    private func totals(_ result: [String: Any]) -> [String: Int] { result["totals"] as? [String: Int] ?? [:] }
    private func outcomes(_ result: [String: Any]) -> [String: Int] { result["outcomes"] as? [String: Int] ?? [:] }

    /// A scenario of schemas/scenarios; in Compact, a copy that leads to the schema from where it is written.
    private func scenario(_ name: String, in directory: TemporaryDirectory, compact: Bool = false) throws -> String {
        guard compact else { return Repository.path("schemas/scenarios/" + name) }
        let text = try Repository.text("schemas/scenarios/" + name)
            .replacingOccurrences(of: "schema: ../", with: "schema: \(Repository.path("schemas"))/")
            .replacingOccurrences(of: "encoding: binary", with: "encoding: compact")
        return try directory.write(name, text: text)
    }

    @Test(
        "Apache Thrift's server decodes every synthesized request, and sees the tag in each", .requires(.native),
        arguments: [NativeThriftServer.Encoding.binary, .compact])
    func everyThriftRequestIsDecodedAndTagged(_ encoding: NativeThriftServer.Encoding) throws {
        let directory = try TemporaryDirectory()
        let scenario = try scenario("risk_decision_thrift.yaml", in: directory, compact: encoding == .compact)
        let tape = directory.file("synthesized.mcap")
        let synthesized = try tinct(
            "synth", scenario, "-n", "\(Self.count)", "--seed", "11", "--anomalies", "0%", "-o", tape,
            timeoutSeconds: 300)
        #expect(synthesized.status == 0, "\(synthesized.errors)")
        let server = try NativeThriftServer(encoding, countsIDs: true)
        let run = try tinct(
            "replay", tape, "--to", "thrift://127.0.0.1:\(server.port)", "--carrier", "didi:path=1.20", "--rate", "max",
            "--threads", "1", "--decision", "decision", "--json", timeoutSeconds: 300)
        #expect([0, 4].contains(run.status), "\(run.errors)")
        let result = try json(run)
        let counts = try server.finish()
        #expect(counts.evaluate == Self.count)
        #expect(counts.tagged == Self.count)
        #expect(counts.decodeFailures == 0)
        #expect(counts.trailingBytes == 0)
        #expect(counts.distinctIds == Self.count)
        #expect(totals(result)["tagged"] == Self.count)
        #expect(totals(result)["answered"] == Self.count)
        #expect(outcomes(result)["ok"] == Self.count)
        // What the server decided is what was read from its replies.
        let operation = (result["operations"] as? [[String: Any]])?.first
        var decisions: [String: Int] = [:]
        for entry in operation?["decisions"] as? [[String: Any]] ?? [] {
            if let name = entry["decision"] as? String { decisions[name] = entry["count"] as? Int }
        }
        #expect(decisions["approve"] ?? 0 == counts.approve)
        #expect(decisions["stepUp"] ?? 0 == counts.stepUp)
        #expect(decisions["review"] ?? 0 == counts.review)
        #expect(decisions["decline"] ?? 0 == counts.decline)
    }

    @Test("nginx logs the tag of every synthesized request", .enabled(if: NginxServer.program != nil, "no nginx"))
    func everyHTTPRequestIsTagged() throws {
        let directory = try TemporaryDirectory()
        let scenario = try scenario("risk_decision_http.yaml", in: directory)
        let tape = directory.file("synthesized.mcap")
        let synthesized = try tinct(
            "synth", scenario, "-n", "\(Self.count)", "--seed", "12", "--anomalies", "0%", "-o", tape,
            timeoutSeconds: 300)
        #expect(synthesized.status == 0, "\(synthesized.errors)")
        let server = try NginxServer()
        let run = try tinct(
            "replay", tape, "--to", "http://127.0.0.1:\(server.port)", "--rate", "max", "--threads", "1", "--tag",
            "witness-1", "--json", timeoutSeconds: 300)
        #expect([0, 4].contains(run.status), "\(run.errors)")
        let result = try json(run)
        let log = try server.finish()
        #expect(log.count == Self.count)
        #expect(log.filter { $0.tag == "witness-1" }.count == Self.count)
        #expect(log.filter { $0.baggage.contains("stress-test=witness-1") }.count == Self.count)
        #expect(log.filter { $0.status == 200 }.count == Self.count)
        #expect(outcomes(result)["ok"] == Self.count)
    }

    @Test("At a fixed rate what was due was sent, no more and no less", .requires(.native), .withoutSanitizer)
    func fixedRate() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.thriftBinary.record(into: directory, "--raw")
        let server = try NativeThriftServer()
        let run = try tinct(
            "replay", tape, "--to", "thrift://127.0.0.1:\(server.port)", "--carrier", "didi:path=1.20", "--rate", "500",
            "--duration", "2s", "--allow-duplicates", "--json")
        #expect([0, 4].contains(run.status), "\(run.errors)")
        let result = try json(run)
        #expect(totals(result)["due"] == 1000)
        #expect(outcomes(result).values.reduce(0, +) == 1000)
        #expect(try server.finish().calls == totals(result)["sent"])
    }

    @Test(
        "A recorded tape replayed to the server that it was recorded from gives the same decisions", .requires(.native))
    func replayedDecisionsAreTheSame() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.thriftBinary.record(into: directory, "--raw")
        let run = directory.file("run.mcap")
        let server = try NativeThriftServer()
        let replay = try tinct(
            "replay", tape, "--to", "thrift://127.0.0.1:\(server.port)", "--carrier", "didi:path=1.20", "--rate", "500",
            "-o", run, "--json")
        #expect([0, 4].contains(replay.status), "\(replay.errors)")
        let counts = try server.finish()
        #expect(counts.evaluate == 41)
        #expect(counts.report == 3)
        #expect(counts.decodeFailures == 0)
        // The tag is or-ed into what hintCode there was, and Trace is made where there was none.
        #expect(counts.tagged == 44)
        let diff = try tinct("diff", tape, run)
        #expect(diff.status == 0, "\(diff.output)")
        #expect(diff.output.hasPrefix("SAME  42 responses compared"))
        // The run tape holds the tagged bytes, which show reads back.
        let shown = try show(run, "--payload").filter { $0["operation"] as? String == "RiskDecision.evaluate" }
        #expect(shown.count == 41)
        for exchange in shown {
            let arguments = (exchange["request"] as? [String: Any])?["args"] as? [String: Any]
            let trace = (arguments?["req"] as? [String: Any])?["trace"] as? [String: Any]
            #expect((trace?["hintCode"] as? Int ?? 0) & 1 == 1)
            #expect(trace?["logId"] is String && trace?["caller"] is String)
        }
    }

    @Test("Nothing is sent where the guard says no", .enabled(if: NginxServer.program != nil, "no nginx"))
    func theGuardRefuses() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.all[3].record(into: directory)
        let server = try NginxServer()
        let target = "http://127.0.0.1:\(server.port)"
        func policy(_ name: String, port: Int, carrier: String) throws -> String {
            try directory.write(
                name,
                text: """
                    version: 1
                    targets:
                      - name: witness
                        host: 127.0.0.1
                        port: \(port)
                        carriers: ["\(carrier)"]

                    """)
        }
        let anotherCarrier = try policy("carrier.yaml", port: server.port, carrier: "http:didi-header-hint-code")
        let anotherTarget = try policy("target.yaml", port: server.port == 9 ? 10 : 9, carrier: "http:x-stress-test")
        let lines = [
            ["--policy", anotherCarrier], ["--policy", anotherTarget], ["--policy", directory.file("absent.yaml")],
            ["--allow", "127.0.0.1:9"], ["--carrier", "pigeon:x"], ["--rate", "fast"],
        ]
        for line in lines {
            let rate = line[0] == "--rate" ? [] : ["--rate", "100"]
            let result = try run(Repository.binary, ["replay", tape, "--to", target] + rate + line)
            #expect(result.status == 2, "\(line): \(result.status) \(result.errors)")
            #expect(result.errors.contains("tinct:"), "\(line)")
        }
        // Off loopback there is no sending without a policy; the address is set aside for documentation.
        let away = try tinct("replay", tape, "--to", "http://192.0.2.1:80", "--rate", "1", timeoutSeconds: 20)
        #expect(away.status == 2, "\(away.errors)")
        #expect(try server.finish().isEmpty)
    }

    @Test("A dry run sends nothing and shows the tag", .enabled(if: NginxServer.program != nil, "no nginx"))
    func dryRun() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.all[3].record(into: directory)
        let server = try NginxServer()
        let result = try tinct(
            "replay", tape, "--to", "http://127.0.0.1:\(server.port)", "--rate", "100", "--tag", "witness-2",
            "--dry-run")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("witness-2"))
        #expect(try server.finish().isEmpty)
    }

    @Test("A signal stops the run and leaves a whole result", .requires(.native))
    func signalLeavesAResult() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.thriftBinary.record(into: directory)
        let server = try NativeThriftServer()
        let path = directory.file("result.json")
        let report = directory.file("report.html")
        let process = try ChildProcess(
            Repository.binary,
            [
                "replay", tape, "--to", "thrift://127.0.0.1:\(server.port)", "--carrier", "didi:path=1.20", "--rate",
                "200", "--duration", "60s", "--allow-duplicates", "--result", path, "--report", report,
            ])
        usleep(1_500_000)
        let ended = process.stop(SIGINT, timeoutSeconds: 15)
        #expect(ended.status == 3, "\(ended.errors)")
        let result = try foundationJSON(try fileBytes(path)) as? [String: Any] ?? [:]
        #expect(outcomes(result).values.reduce(0, +) == totals(result)["due"])
        #expect(try server.finish().calls == totals(result)["sent"])
        let html = String(decoding: try fileBytes(report), as: UTF8.self)
        #expect(html.contains("</html>"))
        #expect(!html.contains("http://") || !html.contains("src=\"http"))
    }

    @Test("A target that is not there ends each request in refused")
    func refusedTarget() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture(capture: "http-nginx.pcap", schema: "risk_decision.openapi.yaml").record(into: directory)
        let port = try RefusingPort()
        let run = try tinct("replay", tape, "--to", "http://127.0.0.1:\(port.number)", "--rate", "200", "--json")
        #expect(run.status == 1, "\(run.errors)")
        let result = try json(run)
        // A busy machine may leave some unsent; none may end in anything else.
        let refused = outcomes(result)["refused"] ?? 0
        let unsent = outcomes(result)["unsent"] ?? 0
        #expect(refused > 0 && refused + unsent == 57, "\(outcomes(result))")
        withExtendedLifetime(port) {}
    }

    @Test(
        "Seven shards joined are the whole, byte for byte", arguments: ["risk_decision_thrift", "risk_decision_http"])
    func shardsJoin(_ name: String) throws {
        let directory = try TemporaryDirectory()
        let scenario = try scenario(name + ".yaml", in: directory)
        func lines(_ shard: String) throws -> [UInt8] {
            let path = directory.file(shard.replacingOccurrences(of: "/", with: "-") + ".jsonl")
            let result = try tinct(
                "synth", scenario, "-n", "3k", "--seed", "5", "--anomalies", "3%", "--shard", shard, "-o", path,
                timeoutSeconds: 120)
            #expect(result.status == 0, "\(result.errors)")
            return try fileBytes(path)
        }
        let whole = try lines("0/1")
        #expect(try (0..<7).flatMap { try lines("\($0)/7") } == whole)
        #expect(whole.split(separator: UInt8(ascii: "\n")).count == 3_000)
    }
}
