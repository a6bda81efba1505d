import Foundation
import Schema
import Tagging
import Tape
import Testing
import Thrift

@testable import Stub

/// Apache Thrift's own Python library, with the code that Apache's compiler makes from the shipped IDL.
@Suite(.enabled(if: Peer.find("thrift") != nil && Peer.python != nil, "needs thrift and python3-thrift"))
struct ApacheThriftAgainstTheStub {
    private static let script = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from tinct_risk import RiskDecision
        from tinct_risk.ttypes import *
        from thrift.transport import TSocket, TTransport
        from thrift.protocol import TBinaryProtocol, TCompactProtocol
        from thrift.Thrift import TApplicationException, TMessageType
        protocols = {'binary': TBinaryProtocol.TBinaryProtocol, 'compact': TCompactProtocol.TCompactProtocol}

        def request(n, tagged=False):
            r = RiskRequest(requestId='r%d' % n, eventTimeMillis=1700000000000 + n, scene=Scene.payment, country='BR',
                user=User(userId='u%d' % n, kycLevel=n % 4, phoneVerified=n % 2 == 0),
                device=Device(deviceId='d', platform=Platform.android, utcOffsetMinutes=-180, fingerprint=b'\\x00\\xff'),
                items=[Item(sku='s', quantity=n, unitPriceMinor=n * 100) for _ in range(20)],
                attributes={'k%d' % i: 'v' for i in range(3)}, promotions=[])
            if tagged:
                r.trace = Trace(logId='l', caller='c', hintCode=0x11)
            return r

        def response(n):
            return RiskResponse(requestId='r%d' % n, decision=Decision.review, score=n, reasons=[Reason(code='c', weight=0.5)],
                modelScores={'m': 0.25}, listsHit={'a'}, fallback=False)

        def framed(name):
            return TTransport.TFramedTransport if name == 'framed' else TTransport.TBufferedTransport

        def message(framing, encoding, write, name, type):
            buffer = TTransport.TMemoryBuffer()
            transport = framed(framing)(buffer)
            protocol = protocols[encoding](transport)
            protocol.writeMessageBegin(name, type, 3)
            write(protocol)
            protocol.writeMessageEnd()
            transport.flush()
            return buffer.getvalue().hex()

        if sys.argv[2] == 'make':
            for n in range(5):
                a, r = RiskDecision.evaluate_args(req=request(n)), RiskDecision.evaluate_result(success=response(n))
                print(message(sys.argv[3], sys.argv[4], a.write, 'evaluate', TMessageType.CALL),
                    message(sys.argv[3], sys.argv[4], r.write, 'evaluate', TMessageType.REPLY))
        elif sys.argv[2] == 'expected':
            transport = framed(sys.argv[4])(TSocket.TSocket('127.0.0.1', int(sys.argv[3])))
            client = RiskDecision.Client(protocols[sys.argv[5]](transport))
            transport.open()
            for n, expected in enumerate(sys.argv[6].split(',')):
                try:
                    r = client.evaluate(request(n, tagged=True))
                    r.validate()
                    assert (r.requestId, Decision._VALUES_TO_NAMES[r.decision]) == ('r%d' % n, expected), (n, r)
                    assert (r.score < 500) == (expected == 'approve') and bool(r.reasons) == (expected != 'approve'), r
                except RiskError as e:
                    e.validate()
                    assert expected == 'reject', n
            print('ok')
        else:
            transport = framed(sys.argv[3])(TSocket.TSocket('127.0.0.1', int(sys.argv[2])))
            protocol = protocols[sys.argv[4]](transport)
            client = RiskDecision.Client(protocol)
            transport.open()
            for n in (4, 1, 3, 0, 2, 2):
                assert client.evaluate(request(n)) == response(n), n
                assert client.evaluate(request(n, tagged=True)) == response(n), n
            protocol.writeMessageBegin('nonsense', TMessageType.CALL, 77)
            RiskDecision.evaluate_args(req=request(1, tagged=True)).write(protocol)
            protocol.writeMessageEnd()
            protocol.trans.flush()
            name, type, seqid = protocol.readMessageBegin()
            assert (name, type, seqid) == ('nonsense', TMessageType.EXCEPTION, 77), (name, type, seqid)
            error = TApplicationException()
            error.read(protocol)
            assert error.type == TApplicationException.UNKNOWN_METHOD, error
            protocol.readMessageEnd()
            assert client.evaluate(request(3)) == response(3)
            print('ok')
        """

    /// A folder with the generated code and the script.
    private func prepared() throws -> (folder: URL, script: String) {
        let folder = try Peer.temporaryFolder()
        let idl = Peer.root.appendingPathComponent("schemas/risk_decision.thrift").path
        _ = try Peer.run(try #require(Peer.find("thrift")), ["--gen", "py", "-out", folder.path, idl])
        let script = folder.appendingPathComponent("peer.py")
        try Self.script.write(to: script, atomically: true, encoding: .utf8)
        return (folder, script.path)
    }

    private func exchanges(
        _ folder: URL, _ script: String, _ framing: ThriftFraming, _ encoding: ThriftEncoding
    ) throws -> [Exchange] {
        let python = try #require(Peer.python)
        let lines = try Peer.run(python, [script, folder.path, "make", "\(framing)", "\(encoding)"])
        return try String(decoding: lines, as: UTF8.self).split(separator: "\n").map { line in
            let parts = try line.split(separator: " ").map { part in try #require(bytes(String(part))) }
            var exchange = Exchange()
            exchange.format = WireFormat(
                .thrift, framing == .framed ? .framed : .unframed, encoding == .binary ? .binary : .compact)
            exchange.operation = "RiskDecision.evaluate"
            exchange.request = Message(wire: parts[0])
            exchange.response = Message(wire: parts[1])
            return exchange
        }
    }

    private func bytes(_ hex: String) -> [UInt8]? {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0
        }
    }

    /// The recorded encoding is always the other one than the client's: nothing may depend on it.
    @Test(arguments: ThriftFraming.allCases, ThriftEncoding.allCases)
    func decodesEveryReply(_ framing: ThriftFraming, _ encoding: ThriftEncoding) throws {
        let (folder, script) = try prepared()
        defer { try? FileManager.default.removeItem(at: folder) }
        let probe = TagProbe(try Carrier.parse("didi:path=1.20"))
        let recorded: ThriftEncoding = encoding == .binary ? .compact : .binary
        let engine = try Samples.engine(try exchanges(folder, script, .framed, recorded), probe: probe)
        try talk(to: engine, folder, script, framing, encoding)
    }

    @Test(arguments: ThriftFraming.allCases, ThriftEncoding.allCases)
    func decodesRepliesThatWereRecordedInItsEncoding(_ framing: ThriftFraming, _ encoding: ThriftEncoding) throws {
        let (folder, script) = try prepared()
        defer { try? FileManager.default.removeItem(at: folder) }
        let probe = TagProbe(try Carrier.parse("didi:path=1.20"))
        let engine = try Samples.engine(try exchanges(folder, script, framing, encoding), probe: probe)
        try talk(to: engine, folder, script, framing, encoding)
    }

    @Test(arguments: ThriftFraming.allCases, ThriftEncoding.allCases)
    func decodesWhatWasMadeFromTheSchema(_ framing: ThriftFraming, _ encoding: ThriftEncoding) throws {
        let (folder, script) = try prepared()
        defer { try? FileManager.default.removeItem(at: folder) }
        var schemas = SchemaSet()
        let idl = try Data(contentsOf: Peer.root.appendingPathComponent("schemas/risk_decision.thrift"))
        try schemas.load(SchemaSource(name: "risk_decision.thrift", bytes: [UInt8](idl)))
        let expected = ["approve", "decline", "review", "stepUp", "reject"]
        let probe = TagProbe(try Carrier.parse("didi:path=1.20"))
        var builder = AnswerBook.Builder(source: SchemaAnswers(schemas), probe: probe)
        for (exchange, decision) in zip(try exchanges(folder, script, .framed, .binary), expected) {
            var synthesized = exchange
            synthesized.response = nil
            synthesized.expected = decision
            try builder.add(synthesized)
        }
        let served = try Served(StubEngine(book: builder.finish(), probe: probe), requests: 5)
        let python = try #require(Peer.python)
        let arguments = [
            script, folder.path, "expected", "\(served.port)", "\(framing)", "\(encoding)",
            expected.joined(separator: ","),
        ]
        #expect(String(decoding: try Peer.run(python, arguments), as: UTF8.self) == "ok\n")
        let counts = try served.counts()
        #expect(counts.matched == 5)
        #expect(counts.tagged == 5)
    }

    private func talk(
        to engine: StubEngine, _ folder: URL, _ script: String, _ framing: ThriftFraming, _ encoding: ThriftEncoding
    ) throws {
        let served = try Served(engine, requests: 14)
        let python = try #require(Peer.python)
        let output = try Peer.run(python, [script, folder.path, "\(served.port)", "\(framing)", "\(encoding)"])
        #expect(String(decoding: output, as: UTF8.self) == "ok\n")
        let counts = try served.counts()
        #expect(counts.requests == 14)
        #expect(counts.matched == 13)
        #expect(counts.unknownOperation == 1)
        #expect(counts.tagged == 7)
        #expect(counts.malformed == 0)
        #expect(counts.connections == 1)
    }
}
