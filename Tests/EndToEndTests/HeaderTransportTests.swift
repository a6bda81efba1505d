import Foundation
import JSON
import TestSupport
import Testing

/// THeader and TTHeader end to end.
struct HeaderTransportTests {
    private let idl = Repository.path("schemas/risk_decision.thrift")

    private func stub(_ arguments: [String]) throws -> (ChildProcess, String) {
        let process = try ChildProcess(Repository.binary, ["stub", "--listen", "127.0.0.1:0", "--json"] + arguments)
        for _ in 0..<500 {
            let said = String(decoding: process.errorsSoFar, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") }),
                let port = line.split(separator: ":").last
            {
                return (process, String(port))
            }
            usleep(10_000)
        }
        throw TestSupportError("the stub did not listen: \(String(decoding: process.errorsSoFar, as: UTF8.self))")
    }

    @Test(
        "Apache Thrift's THeader client understands the stub, its zlib transform too, and its header is read",
        .requires(.python), .requires(.native), arguments: ["BINARY", "COMPACT"])
    func apacheClient(_ form: String) throws {
        let (process, port) = try stub(["--idl", idl])
        let client = try python(
            """
            import sys
            from thrift.transport import TSocket
            from thrift.transport.THeaderTransport import THeaderClientType, THeaderSubprotocolID
            from thrift.protocol.THeaderProtocol import THeaderProtocol
            from tinct_risk import RiskDecision
            from tinct_risk.ttypes import *
            socket = TSocket.TSocket("127.0.0.1", int(sys.argv[1]))
            protocol = THeaderProtocol(
                socket, (THeaderClientType.HEADERS,), default_protocol=getattr(THeaderSubprotocolID, sys.argv[2]))
            client = RiskDecision.Client(protocol)
            socket.open()
            for i in range(3):
                if i > 0: protocol.trans.set_header(b"x-stress-test", b"run")
                if i > 1: protocol.trans.add_transform(1)
                answer = client.evaluate(RiskRequest(requestId="r%d" % i, eventTimeMillis=1, scene=Scene.payment,
                    country="BR", user=User(userId="u"), device=Device("d", Platform.ios)))
                assert answer.requestId == "r%d" % i and answer.decision == Decision.approve, answer
            """, [port, form])
        #expect(client.status == 0, "\(client.errors)")
        let summary = try JSONValue(parsing: process.stop().stdout)
        #expect(summary["requests"] == 3)
        #expect(summary["carriers"]?["theader:x-stress-test"] == 2)
        #expect(summary["malformed"] == 0)
    }

    @Test(
        "A server of Apache Thrift's library reads synthesized requests that are compressed, with the tag beside them",
        .requires(.python), .requires(.native), arguments: ["binary", "compact"])
    func compressedRequests(_ encoding: String) throws {
        let folder = try TemporaryDirectory()
        let scenario = try folder.write(
            "scenario.yaml",
            text: try Repository.text("schemas/scenarios/risk_decision_thrift.yaml")
                .replacing(
                    "encoding: binary, transport: framed",
                    with: "encoding: \(encoding), transport: theader, transforms: [zlib]"
                )
                .replacing("schema: ../", with: "schema: \(Repository.path("schemas"))/"))
        let tape = folder.file("made.mcap")
        let made = try tinct("synth", scenario, "-n", "300", "--anomalies", "0%", "--seed", "3", "-o", tape)
        try #require(made.status == 0, "\(made.errors)")
        let port = try freePort()
        let server = try ChildProcess(
            try TestEnvironment.python.path(),
            [
                "-c",
                """
                import os, sys
                from thrift.Thrift import TProcessor
                from thrift.protocol.THeaderProtocol import THeaderProtocolFactory
                from thrift.server.TServer import TThreadedServer
                from thrift.transport.THeaderTransport import THeaderClientType
                from thrift.transport import TSocket, TTransport
                from tinct_risk import RiskDecision
                from tinct_risk.ttypes import *

                class Headers(TProcessor):
                    def __init__(self, inner): self.inner = inner
                    def process(self, iprot, oprot):
                        done = self.inner.process(iprot, oprot)
                        os.write(1, iprot.trans.get_headers()[b"x-stress-test"] + b"\\n")
                        return done

                class Handler:
                    def evaluate(self, req):
                        req.validate()
                        return RiskResponse(requestId=req.requestId, decision=Decision.approve, score=1, reasons=[])

                TThreadedServer(
                    Headers(RiskDecision.Processor(Handler())), TSocket.TServerSocket("127.0.0.1", int(sys.argv[1])),
                    TTransport.TTransportFactoryBase(), THeaderProtocolFactory((THeaderClientType.HEADERS,)), daemon=True
                ).serve()
                """, "\(port)",
            ], environment: ["PYTHONPATH": try TestEnvironment.native.path() + "/gen-py"])
        defer { _ = server.stop() }
        try waitForListener(port: port, of: server)
        let sent = try tinct(
            "replay", tape, "--to", "thrift://127.0.0.1:\(port)", "--rate", "max", "--threads", "1", "--connections",
            "4",
            "--json")
        let result = try JSONValue(parsing: sent.stdout)
        #expect(
            result["outcomes"]?["ok"] == 300, "\(sent.errors) \(String(decoding: server.errorsSoFar, as: UTF8.self))")
        func tags() -> [Substring] { String(decoding: server.outputSoFar, as: UTF8.self).split(separator: "\n") }
        // The last reply may be there before the server has said so.
        for _ in 0..<500 where tags().count < 300 { usleep(10_000) }
        #expect(tags().count == 300 && Set(tags()).count == 1)
    }

    @Test(
        "Cases packed in header transports are replayed with the tag in their headers",
        arguments: [("theader", "binary", "theader:x-stress-test"), ("ttheader", "compact", "ttheader-int:21")])
    func packedCases(_ transport: String, _ encoding: String, _ carrier: String) throws {
        let directory = try TemporaryDirectory()
        let lines = (0..<200).map { index in
            #"{"requestId":"r\#(index)","eventTimeMillis":1,"scene":"login","country":"BR","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"}}"#
        }
        let cases = try directory.write("cases.jsonl", text: lines.joined(separator: "\n"))
        let tape = directory.file("cases.mcap")
        let packed = try tinct(
            "pack", cases, "--idl", idl, "--operation", "RiskDecision.evaluate", "--transport", transport, "--encoding",
            encoding, "-o", tape)
        #expect(packed.status == 0, "\(packed.errors)")
        let (process, port) = try stub([tape])
        let run = try tinct(
            "replay", tape, "--to", "thrift://127.0.0.1:\(port)", "--rate", "max", "--threads", "1", "--connections",
            "8",
            "--json")
        let result = try JSONValue(parsing: run.stdout)
        #expect(result["outcomes"]?["ok"] == 200, "\(run.errors)")
        let call = try tinct(
            "call", "thrift://127.0.0.1:\(port)", "evaluate", "--idl", idl, "--transport", transport, "--encoding",
            encoding, "-d", lines[7])
        #expect(try JSONValue(parsing: call.stdout)["requestId"] == "r7", "\(call.errors)")
        let summary = try JSONValue(parsing: process.stop().stdout)
        #expect(summary["tagged"] == 201)
        #expect(summary["carriers"]?[carrier] == 201)
    }
}
