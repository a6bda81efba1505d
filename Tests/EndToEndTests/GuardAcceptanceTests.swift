import Foundation
import TestSupport
import Testing

/// The guard as others see it: sinks of other people's making, a packet filter, a server with two stores.
///
/// `TINCT_ACCEPTANCE_COUNT` says how many requests are sent (`make acceptance`: 100,000 by a release build).
@Suite(.serialized) struct GuardAcceptanceTests {
    private static let count = Int(ProcessInfo.processInfo.environment["TINCT_ACCEPTANCE_COUNT"] ?? "") ?? 4_000

    private func json(_ result: ProcessResult) throws -> [String: Any] {
        try foundationJSON(result.stdout) as? [String: Any] ?? [:]
    }
    private func outcomes(_ result: [String: Any]) -> [String: Int] { result["outcomes"] as? [String: Int] ?? [:] }
    private func totals(_ result: [String: Any]) -> [String: Int] { result["totals"] as? [String: Int] ?? [:] }

    private func synthesize(_ scenario: String, _ count: Int, _ tape: String) throws {
        let result = try tinct(
            "synth", Repository.path("schemas/scenarios/\(scenario).yaml"), "-n", "\(count)", "--seed", "21",
            "--anomalies", "0%", "-o", tape, timeoutSeconds: 300)
        try #require(result.status == 0, "\(result.errors)")
    }

    /// An HTTP server in Python's standard library that looks at every request's carriers, and resets the connection after
    /// every nth one, before or after the answer.
    private final class Sink {
        let port: Int
        let process: ChildProcess

        init(resetEvery: Int) throws {
            port = try freePort()
            process = try ChildProcess(
                try TestEnvironment.python.path(),
                [
                    "-c",
                    """
                    import asyncio, json, signal, socket, struct, sys
                    every, counts = int(sys.argv[2]), {"requests": 0, "untagged": 0, "resets": 0}
                    async def serve(reader, writer):
                        try:
                            while True:
                                head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode("latin-1").lower()
                                fields = dict(l.split(": ", 1) for l in head.split("\\r\\n")[1:] if ": " in l)
                                body = await reader.readexactly(int(fields.get("content-length", 0)))
                                counts["requests"] += 1
                                tagged = (fields.get("x-stress-test") == "accept-6"
                                    and "stress-test=accept-6" in fields.get("baggage", "")
                                    and int(fields.get("didi-header-hint-code", 0)) & 1
                                    and json.loads(body)["stressTag"] == "accept-6"
                                    and fields.get("x-custom") == "yes")
                                if not tagged: counts["untagged"] += 1
                                if every and counts["requests"] % every == 0:
                                    counts["resets"] += 1
                                    if counts["resets"] % 2:
                                        writer.get_extra_info("socket").setsockopt(
                                            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                                        writer.transport.abort()
                                        return
                                writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
                                if every and counts["requests"] % every == every // 2:
                                    writer.close()
                                    return
                        except (asyncio.IncompleteReadError, ConnectionError): pass
                    async def main():
                        loop = asyncio.get_running_loop()
                        stop = loop.create_future()
                        loop.add_signal_handler(signal.SIGTERM, stop.set_result, None)
                        server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), backlog=1024)
                        await stop
                        print(json.dumps(counts))
                    asyncio.run(main())
                    """, "\(port)", "\(resetEvery)",
                ])
            try waitForListener(port: port, of: process)
        }

        func finish() throws -> [String: Int] {
            try foundationJSON(process.stop(SIGTERM).stdout) as? [String: Int] ?? [:]
        }
    }

    @Test(
        "Through retries, reconnects, carriers and targets no request arrives untagged", .requires(.python),
        .requires(.native), .withoutSanitizer)
    func nothingArrivesUntagged() throws {
        let directory = try TemporaryDirectory()
        let half = Self.count / 2
        let (http, thrift) = (directory.file("http.mcap"), directory.file("thrift.mcap"))
        try synthesize("risk_decision_http", half, http)
        try synthesize("risk_decision_thrift", Self.count - half, thrift)
        let carriers = try directory.write(
            "carriers.yaml", text: "version: 1\ncarriers: [{http: x-custom, value: \"yes\"}, {json: stressTag}]\n")
        let sinks = [try Sink(resetEvery: 97), try Sink(resetEvery: 41)]
        let run = try tinct(
            "replay", http, "--to", "http://127.0.0.1:\(sinks[0].port),weight=3,connections=24", "--to",
            "http://127.0.0.1:\(sinks[1].port),connections=8", "--rate", "max", "--threads", "1", "--tag", "accept-6",
            "--carriers", carriers, "--carrier", "default", "--carrier", "didi:path=1.20", "--retry", "5",
            "--idempotent", "*", "--json", timeoutSeconds: 400)
        #expect([0, 4].contains(run.status), "\(run.errors)")
        let result = try json(run)
        let counts = try sinks.map { try $0.finish() }
        #expect(counts.allSatisfy { $0["untagged"] == 0 }, "\(counts)")
        let retried = totals(result)["retries"] ?? 0
        // What was written to a connection that was already closed at the other end never arrived.
        let arrived = counts.reduce(0) { $0 + ($1["requests"] ?? 0) }
        #expect(arrived <= totals(result)["sent"] ?? 0 && arrived >= half, "\(counts)")
        #expect(retried > half / 200 && totals(result)["sent"] == half + retried, "\(totals(result))")
        #expect(outcomes(result)["ok"] == half, "\(outcomes(result))")
        #expect(totals(result)["tagged"] == totals(result)["sent"])

        let servers = [try NativeThriftServer(), try NativeThriftServer()]
        let calls = try tinct(
            "replay", thrift, "--to", "thrift://127.0.0.1:\(servers[0].port),weight=2", "--to",
            "thrift://127.0.0.1:\(servers[1].port)", "--rate", "max", "--threads", "1", "--carrier", "didi:path=1.20",
            "--json", timeoutSeconds: 400)
        #expect([0, 4].contains(calls.status), "\(calls.errors)")
        let seen = try servers.map { try $0.finish() }
        #expect(seen.reduce(0) { $0 + $1.calls } == Self.count - half)
        #expect(seen.allSatisfy { $0.tagged == $0.calls && $0.calls > 0 })
    }

    @Test(
        "Off the allow list a packet filter counts no packet",
        .enabled(if: getuid() == 0, "not root: no network namespace"), .needsProgram("/usr/sbin/ip"),
        .needsProgram("/usr/bin/tcpdump"))
    func noPacketLeaves() throws {
        let directory = try TemporaryDirectory()
        let space = "tinct-\(getpid())"
        func ip(_ arguments: String...) throws {
            let result = try run("/usr/sbin/ip", arguments)
            try #require(result.status == 0, "ip \(arguments): \(result.errors)")
        }
        try ip("netns", "add", space)
        defer { _ = try? run("/usr/sbin/ip", ["netns", "del", space]) }
        // Whatever is not for the machine itself goes out of this interface, names' questions too, and nowhere.
        try ip("-n", space, "link", "set", "lo", "up")
        _ = try run("/usr/sbin/ip", ["netns", "exec", space, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1"])
        try ip("-n", space, "link", "add", "out", "type", "veth", "peer", "name", "peer")
        try ip("-n", space, "link", "set", "peer", "up")
        try ip("-n", space, "address", "add", "192.0.2.1/24", "dev", "out")
        try ip("-n", space, "link", "set", "out", "up")
        try ip("-n", space, "neigh", "add", "192.0.2.9", "lladdr", "02:00:00:00:00:09", "dev", "out")
        try ip("-n", space, "route", "add", "default", "dev", "out")
        let tape = try Fixture.http.record(into: directory)
        let allowed = try directory.write(
            "policy.yaml",
            text: """
                version: 1
                targets:
                  - {host: 192.0.2.9, port: 80, carriers: ["http:x-stress-test"], maxRate: 50}
                  - {network: 198.51.100.0/24, port: "8000-8010"}
                  - {host: risk.example, port: 80}

                """)
        let night = try directory.write(
            "night.yaml", text: "version: 1\ntargets: [{host: 192.0.2.9, port: 80, hours: \"\(Self.otherHours)\"}]\n")
        func packets(_ lines: [[String]]) throws -> (statuses: [Int32], count: Int) {
            let capture = directory.file("packets.pcap")
            let filter = try ChildProcess(
                "/usr/sbin/ip",
                [
                    "netns", "exec", space, "/usr/bin/tcpdump", "-i", "out", "-n", "-U", "-w", capture,
                    "ip or ip6 or arp",
                ])
            for _ in 0..<500 where !String(decoding: filter.errorsSoFar, as: UTF8.self).contains("listening on") {
                usleep(10_000)
            }
            let statuses = try lines.map { line in
                try run(
                    "/usr/sbin/ip",
                    ["netns", "exec", space, Repository.binary, "replay", tape, "--timeout", "500ms", "--yes"] + line,
                    timeoutSeconds: 60
                ).status
            }
            usleep(300_000)
            _ = filter.stop(SIGINT)
            let read = try run("/usr/bin/tcpdump", ["-n", "-r", capture])
            return (statuses, read.lines.count)
        }
        let policy = ["--policy", allowed, "--rate", "10"]
        let refused = try packets([
            ["--to", "http://192.0.2.9:80", "--rate", "10"], ["--to", "http://risk.example:80", "--rate", "10"],
            ["--to", "http://[2001:db8::1]:80", "--rate", "10"],
            policy + ["--to", "http://192.0.2.8:80"], policy + ["--to", "http://192.0.2.9:81"],
            policy + ["--to", "http://198.51.101.1:8000"], policy + ["--to", "http://198.51.100.1:8011"],
            policy + ["--to", "http://elsewhere.example:80"], policy + ["--to", "https://192.0.2.9:80", "--insecure"],
            policy + ["--to", "http://192.0.2.9:80", "--carrier", "didi"],
            policy + ["--to", "http://192.0.2.9:80", "--allow", "192.0.2.9:81"],
            policy + ["--to", "http://192.0.2.9:80", "--deny-operation", "*"],
            policy + ["--to", "http://192.0.2.9:80", "--to", "http://192.0.2.8:80"],
            ["--policy", allowed, "--to", "http://192.0.2.9:80", "--rate", "51"],
            ["--policy", night, "--to", "http://192.0.2.9:80", "--rate", "10"],
            policy + ["--to", "http://192.0.2.9:80", "--dry-run"],
        ])
        #expect(refused.count == 0)
        #expect(refused.statuses == [Int32](repeating: 2, count: 15) + [0])
        // The filter does see what is allowed.
        let sent = try packets([policy + ["--to", "http://192.0.2.9:80", "--max-requests", "3"]])
        #expect(sent.count > 0)
        #expect(sent.statuses.first != 2)
    }

    /// Hours of the day that are not now.
    private static var otherHours: String {
        let hour = (Int(Date().timeIntervalSince1970) / 3600 + 12) % 24
        return String(format: "%02d:00-%02d:30", hour, hour)
    }

    @Test(
        "The live store of a target that honours only hintCode stays empty, whatever flags are tried",
        .requires(.native))
    func theLiveStoreStaysEmpty() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.all[0].record(into: directory, "--raw")
        let other = try directory.write(
            "carriers.yaml", text: "version: 1\ncarriers: [{thrift: 1.20.5, or: 2}, {thrift: 1.20.6}]\n")
        // Apache Thrift's server counts what it was asked to do, and how much of that has bit 0 of hintCode: what goes to
        // its shadow store. The rest is what its live store would have got.
        let server = try NativeThriftServer()
        let policy = try directory.write(
            "policy.yaml",
            text: """
                version: 1
                targets:
                  - {host: 127.0.0.1, port: \(server.port), carriers: ["thrift:1.20.5"], deny: ["RiskDecision.report"]}

                """)
        let target = "thrift://127.0.0.1:\(server.port)"
        let didi = ["--carrier", "didi:path=1.20"]
        var lines: [[String]] = [
            [], ["--carrier", "default"], ["--carrier", "didi"], ["--carrier", "didi:path=1.19"],
            ["--carrier", "thrift:1.20.6"], ["--carrier", "thrift:1.20.5,or=2"],
            ["--carrier", "thrift:1.20.5,missing=skip"], ["--carrier", "thrift:1.20.5,missing=refuse"],
            ["--carrier", "thrift:1.20.5,or=0x10"], ["--carriers", other], ["--carriers", other] + didi,
            ["--carrier", "theader:x"], ["--carrier", "http:didi-header-hint-code"],
            ["--allow", "127.0.0.1:\(server.port)"],
            ["--allow-operation", "*"], ["--allow-operation", "RiskDecision.report"], ["--yes"], ["--tag", "0"],
        ]
        let more: [[String]] = [
            [], ["--loop", "3", "--id", "1.20.5"], ["--loop", "3", "--id", "1.20"], ["--loop", "2", "--id", "1.1"],
            ["--time", "1.20.5", "--event-time", "shift"], ["--allow-duplicates", "--duration", "300ms"],
            ["--threads", "4", "--connections", "7"], ["--retry", "3", "--idempotent", "*"], ["--keep-host"],
            ["--allow-operation", "*", "--tag", "x"], ["--max-requests", "20"], ["--sample", "1/2"],
            ["--affinity", "none"], ["--in-flight", "8"], ["--carrier", "default"],
            ["--carrier", "thrift:1.20.5,or=2"],
        ]
        lines += more.map { didi + $0 }
        var sent = 0
        for line in lines {
            let result = try run(
                Repository.binary, ["replay", tape, "--to", target, "--rate", "400", "--json"] + line,
                environment: ["TINCT_POLICY": policy], timeoutSeconds: 60)
            #expect([0, 1, 2, 3, 4].contains(result.status), "\(line): \(result.errors)")
            if result.status != 2 { sent += totals(try json(result))["sent"] ?? 0 }
        }
        let counts = try server.finish()
        let live = counts.evaluate + counts.report - counts.tagged
        #expect(live == 0, "\(counts)")
        #expect(counts.calls + counts.decodeFailures == sent && counts.report == 0, "\(counts), \(sent) sent")
        #expect(sent > 300)
    }
}
