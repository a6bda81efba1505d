import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// `explain` on a service that somebody else wrote (Python's http.server), which asks two stubs and measures them itself.
@Suite(.requires(.python)) struct ExplainTests {
    private static let service = """
        import http.client, http.server, json, os, socketserver, sys, threading, time
        port, features, lists, log = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        measured, lock = {}, threading.Lock()
        def ask(port, body, trace):
            start = time.time()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                # A span of its own, as a tracing library would have it.
                connection.request("POST", "/ask", body, {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
                connection.getresponse().read()
            except OSError: pass
            return time.time() - start
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *arguments): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                trace = self.headers["traceparent"].split("-")[1]
                n = json.loads(body)["n"]
                times = {"features": ask(features, body, trace)}
                with lock:
                    measured[n] = times
                    with open(log + ".new", "w") as file: json.dump(measured, file)
                    os.replace(log + ".new", log)
                ask(lists, body, trace)
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError: pass
        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, request_queue_size, allow_reuse_address = True, 200, True
        Server(("127.0.0.1", port), Handler).serve_forever()
        """

    /// 30 requests: the first ten are answered at once, ten wait for the features, ten for lists that never answer.
    private func tape(_ folder: TemporaryDirectory) throws -> String {
        let path = folder.file("tape.mcap")
        let writer = try TapeWriter(path: path)
        for id in 0..<30 as Range<UInt64> {
            var exchange = Exchange()
            exchange.id = id
            exchange.format = .http1
            exchange.operation = "POST /decide"
            let body = #"{"n":\#(id)}"#
            let hex = String(id + 0x1000, radix: 16)
            let trace = String(repeating: "a", count: 32 - hex.count) + hex
            exchange.request = Message(
                wire: Array(
                    ("POST /decide HTTP/1.1\r\nHost: a\r\ntraceparent: 00-\(trace)-b7ad6b7169203331-01\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8),
                startNanos: 1_000_000_000 + id * 1_000_000)
            try writer.append(exchange)
        }
        try writer.finish()
        return path
    }

    @Test("The time of slow and timed-out exchanges is put down to the dependency that it was spent in")
    func explains() throws {
        let folder = try TemporaryDirectory()
        let (features, lists) = (folder.file("features.mcap"), folder.file("lists.mcap"))
        func stub(_ name: String, _ rules: String, _ tape: String) throws -> StubProcess {
            try StubProcess(["--rules", try folder.write(name, text: rules), "-o", tape])
        }
        let first = try stub(
            "features.yaml",
            """
            version: 1
            rules:
              - where: request.n >= 10 and request.n < 20
                answer: {body: {ok: true}}
                delay: 700ms
              - answer: {body: {ok: true}}
            """, features)
        let second = try stub(
            "lists.yaml",
            """
            version: 1
            rules:
              - where: request.n >= 20
                answer: {body: {ok: true}}
                faults: {stall: 100%}
              - answer: {body: {ok: true}}
            """, lists)
        let (port, log) = (try freePort(), folder.file("measured.json"))
        let service = try ChildProcess(
            try TestEnvironment.python.path(), ["-c", Self.service, "\(port)", "\(first.port)", "\(second.port)", log])
        try waitForListener(port: port, of: service)
        let (run, result) = (folder.file("run.mcap"), folder.file("run.json"))
        let replayed = try tinct(
            "replay", try tape(folder), "--to", "http://127.0.0.1:\(port)", "--rate", "20", "--connections", "30",
            "--timeout", "4s", "-o", run, "--result", result)
        #expect(replayed.status == 0 || replayed.status == 4, "\(replayed.errors)")
        _ = first.process.stop()
        _ = second.process.stop()
        _ = service.stop()

        let page = folder.file("run.html")
        let arguments = [
            "explain", run, "--dependency", "features=\(features)", "--dependency", "lists=\(lists)", "--slow", "500ms",
        ]
        let explained = try tinctRun(
            Repository.binary, arguments + ["--json", "--result", result, "--report", page])
        #expect(explained.status == 0, "\(explained.errors)")
        let json = try JSONValue(parsing: explained.stdout)
        #expect(json["exchanges"]?.int == 30)
        #expect(json["dependencies"]?.array?.compactMap { $0["joined"]?.int } == [30, 30])
        func row(_ group: String) -> JSONValue? {
            json["operations"]?.array?.first { $0["group"]?.string == group }
        }
        func part(_ group: String, _ index: Int, _ key: String) -> Int? {
            row(group)?["dependencies"]?.array?[index][key]?.int
        }
        #expect(row("timedOut")?["exchanges"]?.int == 10)
        #expect(part("timedOut", 1, "dominated") == 10)
        #expect(part("timedOut", 1, "unanswered") == 10)
        #expect(part("slow", 0, "unanswered") == 0)
        // A machine that stands still makes others slow too, not these fast.
        #expect((row("slow")?["exchanges"]?.int ?? 0) >= 10)
        #expect((part("slow", 0, "dominated") ?? 0) >= 10)
        // What the service measured of the features holds what the stub says of them.
        let measured = try JSONValue(parsing: try fileBytes(log))
        var seconds = 0.0
        for n in 0..<30 { seconds += measured["\(n)"]?["features"]?.double ?? 0 }
        let nanos = ["fast", "slow", "timedOut"].reduce(0) { $0 + (part($1, 0, "nanos") ?? 0) }
        #expect(nanos >= 7_000_000_000)
        #expect(Double(nanos) / 1e9 <= seconds)
        #expect(json["slowest"]?.array?.first?["outcome"]?.string == "noReply")
        let html = String(decoding: try fileBytes(page), as: UTF8.self)
        #expect(html.contains("in lists") && html.contains("10 unanswered") && html.contains("Throughput"))
        let schema = try python(
            "import json,sys,jsonschema; jsonschema.validate(json.load(sys.stdin),json.load(open(sys.argv[1])))",
            [Repository.path("schemas/output/explain.schema.json")], input: explained.stdout)
        #expect(schema.status == 0, "\(schema.errors)")
        let text = try tinctRun(Repository.binary, arguments)
        #expect(text.output.contains("timed out or late"))

        // The wrong header, and tapes that are none.
        let elsewhere = try tinctRun(Repository.binary, arguments + ["--trace-id", "header.x-other"])
        #expect(elsewhere.status == 4)
        #expect(elsewhere.errors.contains("--trace-id"))
        for wrong in [
            ["explain", features, "--dependency", "a=\(lists)"], ["explain", run, "--dependency", "lists"],
            ["explain", run, "--dependency", "a=\(lists)", "--dependency", "a=\(lists)"],
            ["explain", run, "--dependency", "a=/nowhere"], ["explain", run],
            ["explain", run, "--dependency", "a=\(lists)", "--result", result],
        ] {
            #expect(try tinctRun(Repository.binary, wrong).status == 2, "\(wrong)")
        }
    }

    @Test("The stub's tape holds what it was asked and answered, Thrift too")
    func stubTape() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("stub.mcap")
        let idl = Repository.path("schemas/risk_decision.thrift")
        let stub = try StubProcess(["--idl", idl, "-o", tape, "--delay", "50ms"])
        let request = #"""
            {"requestId":"r1","eventTimeMillis":1730000000000,"scene":"payment","country":"BR","user":{"userId":"u1"},
             "device":{"deviceId":"d1","platform":"ios"}}
            """#
        for transport in ["framed", "ttheader", "theader", "unframed"] {
            let called = try tinct(
                "call", "thrift://127.0.0.1:\(stub.port)", "RiskDecision.evaluate", "--idl", idl, "-d", request,
                "--transport", transport, "--encoding", transport == "framed" ? "compact" : "binary", "--carrier",
                "didi:path=1.20", "--carrier", "default")
            #expect(called.status == 0, "\(transport): \(called.errors)")
        }
        #expect(stub.process.stop().status == 0)
        let reader = try TapeReader(path: tape)
        var exchange = Exchange()
        var transports: [WireFormat.Transport] = []
        while try reader.next(into: &exchange) {
            transports.append(exchange.format.transport)
            #expect(exchange.operation == "RiskDecision.evaluate")
            #expect(exchange.format.encoding == (exchange.format.transport == .framed ? .compact : .binary))
            #expect(exchange.latencyNanos == 50_000_000)
        }
        #expect(transports == [.framed, .ttheader, .theader, .unframed])
        #expect(try tinct("check", tape).status == 0)
        let shown = try tinct("show", tape, "--json", "--payload", "--idl", idl)
        #expect(shown.output.contains("\"requestId\":\"r1\""))
    }
}

/// `run`, where a local of that name hides it.
private func tinctRun(_ program: String, _ arguments: [String]) throws -> ProcessResult { try run(program, arguments) }
