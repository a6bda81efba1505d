import TestSupport
import Testing

/// The witnesses must be right before they are believed.
struct PeersTests {
    @Test("Apache Thrift's server counts what Apache Thrift's client sends", .requires(.native), .requires(.python))
    func nativeServerCounts() throws {
        for encoding in [NativeThriftServer.Encoding.binary, .compact] {
            let server = try NativeThriftServer(encoding, countsIDs: true)
            let client = try python(
                """
                import sys
                from thrift.transport import TSocket, TTransport
                from thrift.protocol import TBinaryProtocol, TCompactProtocol
                from thrift.Thrift import TApplicationException
                from tinct_risk import RiskDecision
                from tinct_risk.ttypes import *
                transport = TTransport.TFramedTransport(TSocket.TSocket("127.0.0.1", int(sys.argv[1])))
                kinds = {"binary": TBinaryProtocol.TBinaryProtocol, "compact": TCompactProtocol.TCompactProtocol}
                client = RiskDecision.Client(kinds[sys.argv[2]](transport))
                transport.open()
                def request(i, hint, user="u1", country="BR"):
                    trace = None if hint is None else Trace("l", "c", hintCode=hint)
                    return RiskRequest(requestId="r%d" % i, eventTimeMillis=1, scene=Scene.payment, country=country,
                        user=User(userId=user), device=Device("d", Platform.ios), trace=trace)
                assert client.evaluate(request(0, 0x11)).decision == Decision.approve
                client.evaluate(request(1, 0x10))
                client.evaluate(request(1, None))
                try: client.evaluate(request(2, 1, country="XX")); assert False
                except RiskError as error: assert error.code == ErrorCode.invalidArgument
                try: client.evaluate(request(3, 1, user="throttle7")); assert False
                except Throttled as error: assert error.retryAfterMillis == 250
                try: client.evaluate(request(4, 1, user="crash")); assert False
                except TApplicationException: pass
                client.report(RiskEvent("e", "r0", Outcome.settled, 2, trace=Trace("l", "c", hintCode=1)))
                client.evaluate(request(5, 0))
                """, ["\(server.port)", encoding.rawValue])
            #expect(client.status == 0, "\(client.errors)")
            let counts = try server.finish()
            #expect(counts.calls == 8)
            #expect(counts.evaluate == 7)
            #expect(counts.report == 1)
            #expect(counts.withTrace == 7)
            #expect(counts.tagged == 5)
            #expect(counts.declaredExceptions == 2)
            #expect(counts.decodeFailures == 0)
            #expect(counts.trailingBytes == 0)
            #expect(counts.distinctIds == 7)
            #expect(counts.repeatedIds == 1)
        }
    }

    @Test(
        "Apache Thrift's server counts what it cannot decode, and what stands behind a message", .requires(.native),
        .requires(.python))
    func nativeServerCountsFailures() throws {
        let server = try NativeThriftServer()
        let client = try python(
            """
            import socket, struct, sys
            def send(body):
                with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
                    s.sendall(struct.pack(">i", len(body)) + body)
                    s.shutdown(socket.SHUT_WR)
                    s.settimeout(5)
                    s.recv(4096)
            evaluate = b"\\x80\\x01\\x00\\x01\\x00\\x00\\x00\\x08evaluate\\x00\\x00\\x00\\x01"
            send(evaluate + b"\\x0c\\x00\\x01\\x00\\x00")         # a request without its required fields
            send(b"\\x80\\x01\\x00\\x01\\x00\\x00\\x00\\x04ping\\x00\\x00\\x00\\x02\\x00")
            send(b"\\x80\\x01\\x00\\x01\\x00\\x00\\x00\\x04ping\\x00\\x00\\x00\\x03\\x00" + b"xyz")
            """, ["\(server.port)"])
        #expect(client.status == 0, "\(client.errors)")
        let counts = try server.finish()
        #expect(counts.decodeFailures == 1)
        #expect(counts.unknownMethods == 2)
        #expect(counts.trailingBytes == 3)
        #expect(counts.evaluate == 0)
    }

    @Test(
        "nginx answers as the risk decision does and logs the tag", .enabled(if: NginxServer.program != nil, "no nginx")
    )
    func nginxLogsTheTag() throws {
        let server = try NginxServer()
        let base = "http://127.0.0.1:\(server.port)"
        let curl = try run(
            "curl",
            [
                "-sS", "-o", "/dev/null", "-w", "%{http_code} ", "-H", "x-stress-test: run-7",
                "-H", "baggage: a=1,stress-test=run-7", "-d", "{}", base + "/v1/risk/decisions", "--next",
                "-sS", "-o", "/dev/null", "-w", "%{http_code} ", "-d", "{}", base + "/v1/risk/events", "--next",
                "-sS", "-o", "/dev/null", "-w", "%{http_code} ", base + "/nowhere", "--next",
                "-sS", "-o", "/dev/null", "-w", "%{http_code} ", base + "/v1/risk/decisions",
            ])
        #expect(curl.output == "200 204 404 405 ", "\(curl.errors)")
        let log = try server.finish()
        #expect(log.map(\.status) == [200, 204, 404, 405])
        #expect(log.map(\.tag) == ["run-7", "", "", ""])
        #expect(log.first?.baggage == "a=1,stress-test=run-7")
        #expect(log.first?.ordinal == 1)
    }
}
