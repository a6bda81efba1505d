import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// Connections as a server sees them: Python's asyncio, which writes down when each was opened and closed, by which port,
/// and what came over it.
@Suite(.requires(.python)) struct ConnectionsTests {
    private struct Seen: Decodable {
        var port: Int
        var opened: Double
        var closed: Double?
        var paths: [String]
        var times: [Double]
    }

    private final class Server {
        let process: ChildProcess
        let port: Int
        private let log: String

        /// - Parameter silent: a path with this in it gets no answer.
        init(_ folder: TemporaryDirectory, silent: String = "-") throws {
            log = folder.file("connections-\(UUID().uuidString).json")
            port = try freePort()
            let script = """
                import asyncio, json, signal, sys, time
                port, log, silent = int(sys.argv[1]), sys.argv[2], sys.argv[3]
                seen = []
                async def serve(reader, writer):
                    entry = {"port": writer.get_extra_info("peername")[1], "opened": time.time(), "closed": None,
                             "paths": [], "times": []}
                    seen.append(entry)
                    try:
                        while True:
                            head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode()
                            length = [l for l in head.lower().split("\\r\\n") if l.startswith("content-length:")]
                            if length: await reader.readexactly(int(length[0].split(":")[1]))
                            entry["paths"].append(head.split(" ")[1])
                            entry["times"].append(time.time())
                            if silent in head.split(" ")[1]: continue
                            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
                            await writer.drain()
                    except (asyncio.IncompleteReadError, ConnectionError): pass
                    entry["closed"] = time.time()
                    writer.close()
                async def main():
                    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1000)
                    stop = asyncio.Event()
                    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
                    await stop.wait()
                try: asyncio.run(main())
                finally: json.dump(seen, open(log, "w"))
                """
            process = try ChildProcess(try TestEnvironment.python.path(), ["-c", script, "\(port)", log, silent])
            try waitForListener(port: port, of: process)
        }

        var url: String { "http://127.0.0.1:\(port)" }

        /// Stops it; the test's own connection, which waited for the server, is left out.
        func finish() throws -> [Seen] {
            _ = process.stop()
            return try JSONDecoder().decode([Seen].self, from: Data(try fileBytes(log))).filter { !$0.paths.isEmpty }
        }
    }

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// A tape of flows, each with so many requests from its start on, one every `step` ms.
    private func tape(_ flows: [(start: Int, count: Int)], step: Int) throws -> String {
        var exchanges: [Exchange] = []
        for (flow, plan) in flows.enumerated() {
            for index in 0..<plan.count {
                var exchange = Exchange()
                exchange.flow = UInt64(flow)
                exchange.ordinal = UInt32(index)
                exchange.client = "10.0.0.1:\(2000 + flow)"
                exchange.format = .http1
                exchange.operation = "GET /{}/{}"
                let nanos = 1_000_000_000 + UInt64(plan.start + index * step) * 1_000_000
                exchange.request = Message(
                    wire: Array("GET /f\(flow)/\(index) HTTP/1.1\r\nHost: a\r\n\r\n".utf8), startNanos: nanos)
                exchanges.append(exchange)
            }
        }
        let path = folder.file("flows-\(UUID().uuidString).mcap")
        let writer = try TapeWriter(path: path)
        for (id, exchange) in exchanges.sorted(by: { $0.startNanos < $1.startNanos }).enumerated() {
            var exchange = exchange
            exchange.id = UInt64(id)
            try writer.append(exchange)
        }
        try writer.finish()
        return path
    }

    private func replay(_ tape: String, _ server: Server, _ flags: [String]) throws -> JSONValue {
        let result = try run(Repository.binary, ["replay", tape, "--to", server.url, "--json"] + flags)
        #expect([0, 1, 4].contains(result.status), "\(result.errors)")
        return try JSONValue(parsing: result.stdout)
    }

    @Test("Each recorded flow opens its own connection, sends in its order, and closes after its last reply")
    func recorded() throws {
        let server = try Server(folder)
        // The first five end in the first 100 ms; the others begin a second later.
        let flows = (0..<5).map { (start: $0 * 10, count: 1 + $0) } + (0..<5).map { (start: 1200 + $0, count: 10) }
        let result = try replay(
            try tape(flows, step: 10), server,
            [
                "--connections", "recorded", "--rate", "recorded", "--loop", "2", "--allow-duplicates", "--timeout",
                "20s",
            ])
        let seen = try server.finish()
        #expect(result["outcomes.ok" as JSONPath]?.int == 130)
        #expect(seen.count == 20)
        #expect(result["totals.connectionsOpened" as JSONPath]?.int == 20)
        for connection in seen {
            let flow = try #require(connection.paths[0].split(separator: "/").first)
            #expect(connection.paths == (0..<connection.paths.count).map { "/\(flow)/\($0)" })
            let number = try #require(Int(flow.dropFirst()))
            #expect(connection.paths.count == flows[number].count)
        }
        // What ended early was closed before the late ones began, which opened no sooner.
        let early = seen.prefix(5)
        let late = try #require(seen.dropFirst(5).prefix(5).map(\.opened).min())
        for connection in early { #expect(try #require(connection.closed) < late) }
        #expect(result["connections.recorded" as JSONPath]?.bool == true)
        #expect(result["connections.waitedFlows" as JSONPath]?.int == 0)
    }

    @Test("No more connections than allowed stand at once; flows that wait are counted and sent all the same")
    func limited() throws {
        let server = try Server(folder)
        let path = try tape((0..<30).map { (start: $0, count: 4) }, step: 40)
        let result = try replay(
            path, server,
            [
                "--connections", "recorded", "--max-connections", "3", "--rate", "recorded", "--threads", "1",
                "--timeout", "20s",
            ])
        let seen = try server.finish()
        #expect(result["outcomes.ok" as JSONPath]?.int == 120)
        #expect(seen.count == 30)
        // A server sees a close a moment after it was made, so ours is what is held against the limit.
        #expect(result["connections.peak" as JSONPath]?.int == 3)
        #expect(result["connections.waitedFlows" as JSONPath]?.int == 27)
        for connection in seen { #expect(connection.paths.count == 4) }
    }

    @Test("A target that nobody listens on fails every flow, and the run ends")
    func refused() throws {
        let closed = try RefusingPort()
        let path = try tape((0..<10).map { (start: $0, count: 3) }, step: 5)
        let result = try run(
            Repository.binary,
            [
                "replay", path, "--to", "http://127.0.0.1:\(closed.number)", "--json", "--connections", "recorded",
                "--max-connections", "2", "--rate", "recorded", "--timeout", "1s",
            ])
        #expect(result.status == 1, "\(result.errors)")
        let json = try JSONValue(parsing: result.stdout)
        let outcomes = try #require(json["outcomes"]?.object)
        #expect((outcomes["refused"]?.int ?? 0) + (outcomes["unsent"]?.int ?? 0) == 30)
        #expect(json["connections"]?["worst"]?.array?.first?["openedNanos"]?.isNull == true)
        for flags in [["--rate", "max"], ["--key", "user"], ["--in-flight", "2"], ["--max-connections", "0"]] {
            let wrong = try run(
                Repository.binary,
                ["replay", path, "--to", "thrift://127.0.0.1:\(closed.number)", "--connections", "recorded"] + flags)
            #expect(wrong.status == 2, "\(flags): \(wrong.errors)")
        }
        let alone = try run(
            Repository.binary, ["replay", path, "--to", "http://127.0.0.1:1", "--max-connections", "5"])
        #expect(alone.status == 2)
    }

    @Test("The result names the connections on which requests failed, as the server saw them")
    func worst() throws {
        let server = try Server(folder, silent: "/f3/")
        let path = try tape((0..<8).map { (start: $0, count: 5) }, step: 100)
        let html = folder.file("r.html")
        let result = try replay(
            path, server,
            ["--connections", "8", "--threads", "1", "--rate", "recorded", "--timeout", "300ms", "--report", html])
        let seen = try server.finish()
        let silent = Set(seen.filter { $0.paths.contains { $0.hasPrefix("/f3/") } }.map(\.port))
        let worst = try #require(result["connections.worst" as JSONPath]?.array)
        let noReply = result["outcomes.noReply" as JSONPath]?.int ?? 0
        #expect(noReply > 0)
        #expect(worst.reduce(0) { $0 + ($1["outcomes"]?["noReply"]?.int ?? 0) } == noReply)
        for connection in worst where connection["outcomes"]?["noReply"] != nil {
            #expect(silent.contains(try #require(connection["localPort"]?.int)))
            #expect(connection["target"]?.string == server.url)
            let (opened, closed) = (connection["openedNanos"]?.int ?? -1, connection["closedNanos"]?.int ?? -1)
            #expect(opened >= 0 && closed > opened)
        }
        #expect(String(decoding: try fileBytes(html), as: UTF8.self).contains("those on which most requests failed"))
    }
}
