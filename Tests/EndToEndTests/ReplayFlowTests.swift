import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// Order and flows, as a server sees them that holds its clients to both (Tests/EndToEndTests/Native/flow_server.cpp).
@Suite(.requires(.native)) struct ReplayFlowTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let orderCount = environment["TINCT_ORDER_COUNT"].flatMap { Int($0) } ?? 20_000
    private static let flowCount = environment["TINCT_FLOW_COUNT"].flatMap { Int($0) } ?? 500

    private struct FlowServer {
        let process: ChildProcess
        let port: Int

        init(resets: Int = 0) throws {
            port = try freePort()
            process = try ChildProcess(try TestEnvironment.native.path() + "/flow_server", ["\(port)", "\(resets)"])
            try waitForListener(port: port, of: process)
        }

        func counts() throws -> [String: Int] {
            let result = process.stop()
            return try JSONDecoder().decode([String: Int].self, from: Data(result.stdout))
        }
    }

    private func exchange(_ index: Int, flow: Int, _ head: String, _ operation: String, _ body: String) -> Exchange {
        var exchange = Exchange()
        exchange.id = UInt64(index)
        exchange.flow = UInt64(flow)
        exchange.client = "10.0.0.1:\(1000 + flow)"
        exchange.format = .http1
        exchange.operation = operation
        let text = "\(head) HTTP/1.1\r\nHost: old\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        exchange.request = Message(wire: Array(text.utf8), startNanos: 1_000_000_000 + UInt64(index) * 1000)
        return exchange
    }

    private func replay(_ tape: String, _ server: FlowServer, _ flags: [String]) throws -> JSONValue {
        let result = try run(
            Repository.binary,
            ["replay", tape, "--to", "http://127.0.0.1:\(server.port)", "--connections", "64", "--json"] + flags,
            timeoutSeconds: 300)
        #expect(result.status == 0 || result.status == 4, "\(flags): \(result.errors)")
        return try JSONValue(parsing: result.stdout)
    }

    private func outcome(_ result: JSONValue, _ name: String) -> Int {
        result["outcomes" as JSONPath]?.object?[name]?.int ?? 0
    }

    @Test("The server sees each user's requests in recorded order over 64 connections that it resets at random")
    func orderByUser() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("users.mcap")
        let writer = try TapeWriter(path: tape)
        let users = UInt64(max(1, Self.orderCount / 100))
        var random = SplitMix(seed: 20_261_121)
        for index in 0..<Self.orderCount {
            let user = random.next() % users
            try writer.append(
                exchange(
                    index, flow: Int(random.next() % 997), "POST /decisions", "POST /decisions",
                    #"{"user":"u\#(user)","n":\#(index)}"#))
        }
        try writer.finish()
        for pace in [["--rate", "max"], ["--rate", "4000", "--duration", "1s"]] {
            let server = try FlowServer(resets: 500)
            let result = try replay(tape, server, ["--key", "request.user"] + pace)
            let counts = try server.counts()
            #expect(counts["disorder"] == 0)
            #expect(counts["resets", default: 0] > 0)
            let sent = pace[1] == "max" ? Self.orderCount : 4000
            #expect(outcome(result, "ok") + outcome(result, "reset") == sent)
            #expect(outcome(result, "reset") == counts["resets"])
            #expect(counts["ordered", default: 0] >= outcome(result, "ok"))
            // More than the connections of one user at a time are in use.
            #expect(counts["users", default: 0] > 1)
        }
        // The order is not the tape's own doing: without affinity it is lost.
        let server = try FlowServer()
        _ = try replay(tape, server, ["--affinity", "none", "--rate", "max"])
        #expect(try server.counts()["disorder", default: 0] > 0)
    }

    @Test("A flow that was recorded once goes through as often as it is sent, each time with the ids it was given")
    func boundFlow() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("flow.mcap")
        let writer = try TapeWriter(path: tape)
        try writer.append(
            exchange(0, flow: 0, "POST /orders", "POST /orders", #"{"requestId":"rq-000017","amount":5}"#))
        try writer.append(
            exchange(1, flow: 0, "POST /orders/o9/confirm", "POST /orders/{}/confirm", #"{"token":"t-recorded"}"#))
        try writer.append(exchange(2, flow: 0, "GET /orders/o9", "GET /orders/{}", ""))
        try writer.finish()
        let rules = try folder.write(
            "rules.yaml",
            text: """
                version: 1
                rules:
                  - bind: {from: POST /orders.response.order.id, to: "POST /orders/{}/confirm.request.path.1"}
                  - bind: {from: POST /orders.response.token, to: "POST /orders/{}/confirm.request.token"}
                  - bind: {from: POST /orders.response.order.id, to: "GET /orders/{}.request.path.1"}
                """)
        let server = try FlowServer()
        let result = try replay(
            tape, server, ["--rules", rules, "--id", "requestId", "--loop", "\(Self.flowCount)", "--rate", "max"])
        let counts = try server.counts()
        #expect(outcome(result, "ok") == 3 * Self.flowCount)
        for step in ["created", "confirmed", "queried"] { #expect(counts[step] == Self.flowCount) }
        #expect(counts["refused"] == 0)
        // Without the rules nothing but the first step can succeed.
        let other = try FlowServer()
        _ = try replay(tape, other, ["--rate", "max", "--loop", "3", "--allow-duplicates"])
        #expect(try other.counts()["confirmed"] == 0)
    }

    @Test("Rules that cannot be used, or find nothing to do, send nothing")
    func refusedRules() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("flow.mcap")
        let writer = try TapeWriter(path: tape)
        try writer.append(exchange(0, flow: 0, "POST /orders", "POST /orders", "{}"))
        try writer.finish()
        for (rule, place) in [
            (
                "bind: {from: POST /orders.response.id, to: POST /none.request.id}",
                "rules.yaml:3:11: the tape has no POST /none"
            ),
            ("bind: {from: a, to: b.request.c}", "rules.yaml:3:18"),
            (
                "{operation: GET /zzz, set: {a: 1}}",
                "rules.yaml:3:5: the rules change nothing: no request on the tape is GET /zzz"
            ),
            (
                "{operation: POST /orders, where: request.nope > 4, set: {a: 1}}",
                "no request on the tape is POST /orders for which 'where' holds"
            ),
        ] {
            let rules = try folder.write("rules.yaml", text: "version: 1\nrules:\n  - \(rule)\n")
            let result = try tinct("replay", tape, "--to", "http://127.0.0.1:1", "--rules", rules)
            #expect(result.status == 2 && result.errors.contains(place), "\(result.errors)")
        }
    }
}
