import Foundation
import JSON
import TestSupport
import Testing

/// Requests by hand and from tables, against servers of other people's making.
struct CallAndPackTests {
    private let idl = Repository.path("schemas/risk_decision.thrift")
    private let openAPI = Repository.path("schemas/risk_decision.openapi.yaml")

    private func request(_ id: String, amount: Int = 5, country: String = "BR", user: String = "u") -> String {
        """
        {"requestId":"\(id)","eventTimeMillis":1,"scene":"payment","country":"\(country)","user":{"userId":"\(user)"},\
        "device":{"deviceId":"d","platform":"ios"},"payment":{"method":"pix","amountMinor":\(amount),"currency":"BRL"}}
        """
    }

    @Test(
        "Apache Thrift's server decodes what is called by hand and sees its tag; exceptions end with 1",
        .requires(.native), arguments: [NativeThriftServer.Encoding.binary, .compact])
    func callThrift(_ encoding: NativeThriftServer.Encoding) throws {
        let server = try NativeThriftServer(encoding)
        func call(_ operation: String, _ data: String, _ more: [String] = []) throws -> ProcessResult {
            try run(
                Repository.binary,
                [
                    "call", "thrift://127.0.0.1:\(server.port)", operation, "--idl", idl, "--encoding",
                    encoding.rawValue,
                    "--carrier", "didi:path=1.20", "-d", data,
                ] + more)
        }
        let reply = try call("RiskDecision.evaluate", request("r-1", amount: 600_000), ["-v"])
        #expect(reply.status == 0, "\(reply.errors)")
        let body = try JSONValue(parsing: reply.stdout)
        #expect(body["requestId"] == "r-1")
        #expect(reply.errors.contains("thrift:1.20.5 = 1"))
        let thrown = try call("evaluate", #"{"req": \#(request("r-2", country: "XX"))}"#, ["--json"])
        #expect(thrown.status == 1)
        let object = try JSONValue(parsing: thrown.stdout)
        #expect(object["reply"]?["err"]?["code"] == "invalidArgument")
        #expect(object["outcome"] == "exception")
        #expect(object["carriers"]?[0]?["carrier"] == "thrift:1.20.5")
        let event = #"{"eventId":"e","requestId":"r","outcome":"settled","eventTimeMillis":4}"#
        let oneway = try call("report", event)
        #expect(oneway.status == 0)
        #expect(oneway.stdout.isEmpty)
        let wrong = try call("evaluate", #"{"requestId":"r","eventTimeMilis":1}"#)
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("req.eventTimeMilis"))
        #expect(wrong.errors.contains("Did you mean 'eventTimeMillis'?"))
        // Without a place for the tag nothing is sent.
        let untagged = try run(
            Repository.binary,
            ["call", "thrift://127.0.0.1:\(server.port)", "evaluate", "--idl", idl, "-d", request("r-3")])
        #expect(untagged.status == 2)
        let counts = try server.finish()
        #expect(counts.calls == 3)
        #expect(counts.tagged == 3)
        #expect(counts.decodeFailures == 0)
        #expect(counts.trailingBytes == 0)
    }

    @Test(
        "nginx answers what is called by hand by operation or path, tagged",
        .enabled(if: NginxServer.program != nil, "nginx is not installed"))
    func callHTTP() throws {
        let server = try NginxServer()
        func call(_ arguments: [String]) throws -> ProcessResult {
            try run(Repository.binary, ["call", "http://127.0.0.1:\(server.port)"] + arguments)
        }
        let decided = try call(["evaluate", "--idl", openAPI, "-d", request("r-1"), "--tag", "by-hand"])
        #expect(decided.status == 0, "\(decided.errors)")
        #expect(try JSONValue(parsing: decided.stdout)["decision"] == "approve")
        let read = try call(["getDecision", "--idl", openAPI, "--param", "requestId=r 1", "--tag", "by-hand"])
        #expect(try JSONValue(parsing: read.stdout)["decision"] == "review")
        let missing = try call(["GET /nothing", "--tag", "by-hand"])
        #expect(missing.status == 1)
        #expect(missing.errors.contains("httpError (404)"))
        let wrong = try call(["evaluate", "--idl", openAPI, "-d", #"{"requestId":1}"#])
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("requestId: expected a text"))
        let unchecked = try call([
            "evaluate", "--idl", openAPI, "-d", #"{"requestId":1}"#, "--as-is", "--tag", "by-hand",
        ])
        #expect(unchecked.status == 0)
        let entries = try server.finish()
        #expect(
            entries.map(\.uri) == ["/v1/risk/decisions", "/v1/risk/decisions/r%201", "/nothing", "/v1/risk/decisions"])
        #expect(entries.allSatisfy { $0.tag == "by-hand" && $0.baggage == "stress-test=by-hand" })
    }

    @Test("Off this machine nothing is called without a policy")
    func callIsGuarded() throws {
        let result = try tinct("call", "http://192.0.2.1:80", "GET /")
        #expect(result.status == 2)
        #expect(result.errors.contains("no policy allows it"))
        let refused = try RefusingPort()
        let call = try tinct("call", "http://127.0.0.1:\(refused.number)", "GET /")
        #expect(call.status == 1)
        #expect(call.errors.contains("refused"))
        let policy = try TemporaryDirectory()
        let file = try policy.write(
            "policy.yaml",
            text: "version: 1\ntargets:\n  - host: 127.0.0.1\n    port: \(refused.number)\n    deny: ['GET /secret*']\n"
        )
        let denied = try tinct("call", "http://127.0.0.1:\(refused.number)", "GET /secret/x", "--policy", file)
        #expect(denied.status == 2, "\(denied.errors)")
        #expect(denied.errors.contains("denied by the policy"))
    }

    @Test(
        "A table of Thrift cases is packed, replayed against Apache Thrift's server, and compared", .requires(.native))
    func packThrift() throws {
        let directory = try TemporaryDirectory()
        let cases = try directory.write(
            "cases.csv",
            text: """
                case,requestId,eventTimeMillis,scene,country,user.userId,device.deviceId,device.platform,payment.method,payment.amountMinor,payment.currency,decision
                small,r1,1,payment,BR,u,d,ios,pix,5,BRL,approve
                large,r2,1,payment,BR,u,d,ios,pix,300000,BRL,@
                unknown country,r3,1,payment,XX,u,d,ios,pix,5,BRL,reject
                no expectation,r4,1,payment,BR,u,d,ios,pix,5,BRL,

                """)
        // What the server says of the large one is found out by hand first.
        let server = try NativeThriftServer(.compact)
        let by = try run(
            Repository.binary,
            [
                "call", "thrift://127.0.0.1:\(server.port)", "evaluate", "--idl", idl, "--encoding", "compact",
                "--carrier", "didi:path=1.20", "-d", request("r2", amount: 300_000),
            ])
        let decision = try #require(try JSONValue(parsing: by.stdout)["decision"]?.string)
        let text = String(decoding: try fileBytes(cases), as: UTF8.self)
        func round(_ expected: String) throws -> (diff: ProcessResult, pack: JSONValue) {
            let cases = try directory.write("cases.csv", text: text.replacingOccurrences(of: "@", with: expected))
            let (tape, result) = (directory.file("cases.mcap"), directory.file("run.mcap"))
            let packed = try tinct(
                "pack", cases, "--idl", idl, "--operation", "RiskDecision.evaluate", "--expect-column", "decision",
                "--ignore-column", "case", "--encoding", "compact", "-o", tape, "--json")
            #expect(packed.status == 0, "\(packed.errors)")
            let replayed = try tinct(
                "replay", tape, "--to", "thrift://127.0.0.1:\(server.port)", "--carrier", "didi:path=1.20", "-o", result
            )
            #expect([0, 4].contains(replayed.status), "\(replayed.errors)")
            return (try tinct("diff", tape, result, "--json"), try JSONValue(parsing: packed.stdout))
        }
        let good = try round(decision)
        #expect(good.diff.status == 0, "\(good.diff.output)")
        #expect(good.pack["cases"] == 4)
        #expect(good.pack["expectedDecisions"] == 3)
        let bad = try round(decision == "decline" ? "approve" : "decline")
        #expect(bad.diff.status == 1)
        #expect(bad.diff.output.contains(decision))
        let counts = try server.finish()
        #expect(counts.evaluate == 9)
        #expect(counts.tagged == 9)
        #expect(counts.decodeFailures == 0)
    }

    @Test(
        "JSON Lines of HTTP cases are packed, replayed against a Python server, and compared whole", .requires(.python))
    func packHTTP() throws {
        let directory = try TemporaryDirectory()
        let port = try freePort()
        let server = try ChildProcess(
            try TestEnvironment.python.path(),
            [
                "-c",
                """
                import http.server, json, sys
                class Handler(http.server.BaseHTTPRequestHandler):
                    protocol_version = "HTTP/1.1"
                    def do_POST(self):
                        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                        large = body["payment"]["amountMinor"] > 1000
                        reply = {"requestId": body["requestId"], "decision": "review" if large else "approve",
                            "score": 700 if large else 1, "reasons": []}
                        data = json.dumps(reply if self.headers["x-stress-test"] else {}).encode()
                        self.send_response(200)
                        self.send_header("Content-Length", str(len(data)))
                        self.end_headers()
                        self.wfile.write(data)
                    def log_message(self, *_): pass
                http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
                """, "\(port)",
            ])
        try waitForListener(port: port, of: server)
        func diff(_ lines: [String]) throws -> ProcessResult {
            let cases = try directory.write("cases.jsonl", text: lines.joined(separator: "\n"))
            let (tape, result) = (directory.file("cases.mcap"), directory.file("run.mcap"))
            let packed = try tinct("pack", cases, "--idl", openAPI, "--operation", "evaluate", "-o", tape)
            #expect(packed.status == 0, "\(packed.errors)")
            let replayed = try tinct("replay", tape, "--to", "http://127.0.0.1:\(port)", "-o", result)
            #expect([0, 4].contains(replayed.status), "\(replayed.errors)")
            return try tinct("diff", tape, result, "--json")
        }
        let whole = #"{"requestId":"r2","decision":"review","score":700,"reasons":[]}"#
        let good = [
            #"{"request":\#(request("r1")),"expected":"approve"}"#,
            #"{"request":\#(request("r2", amount: 5000)),"expected":\#(whole)}"#,
        ]
        let same = try diff(good)
        #expect(same.status == 0, "\(same.output)")
        let other = try diff([good[0], good[1].replacingOccurrences(of: "700", with: "701")])
        #expect(other.status == 1)
        #expect(other.output.contains("score"))
        _ = server.stop()
    }

    @Test("A table that does not fit leaves no tape and names the line")
    func packRefuses() throws {
        let directory = try TemporaryDirectory()
        let tape = directory.file("cases.mcap")
        let cases = try directory.write("cases.jsonl", text: request("r1") + "\n" + #"{"requestId":"r2"}"#)
        let result = try tinct("pack", cases, "--idl", idl, "--operation", "evaluate", "-o", tape)
        #expect(result.status == 2)
        #expect(result.errors.contains("line 2, req.eventTimeMillis: RiskRequest requires this field"))
        #expect(!FileManager.default.fileExists(atPath: tape))
    }
}
