import Bytes
import Schema
import Tape
import TestSupport
import Testing
import Thrift

@testable import Synthesis

/// Thrift in every protocol and transport that a scenario may name.
@Suite struct ThriftLayoutTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("layouts") }

    /// Made by hand after the layouts of the specifications; `n` is 5, and the message has the sequence number 1.
    @Test(arguments: [
        ("encoding: binary", "0000001D 80010001 00000001 61 00000001 0C0001 0A0001 0000000000000005 00 00"),
        ("encoding: binaryOld", "0000001A 00000001 61 01 00000001 0C0001 0A0001 0000000000000005 00 00"),
        ("encoding: compact, transport: unframed", "82 21 01 01 61 1C 16 0A 00 00"),
        ("encoding: compact, transport: theader", "00000018 0FFF0000 00000001 0001 02000000 82210101611C160A0000"),
        (
            "transport: theader",
            "0000002B 0FFF0000 00000001 0001 00000000"
                + "80010001 00000001 61 00000001 0C0001 0A0001 0000000000000005 00 00"
        ),
        (
            "encoding: compact, transport: theader, transforms: [zlib]",
            "00000020 0FFF0000 00000001 0001 02010100 7801 6B5264644C9411E362600000 099E0143"
        ),
        ("encoding: compact, transport: ttheader", "00000018 10000000 00000001 0001 02000000 82210101611C160A0000"),
        (
            "encoding: compact, transport: ttheader, timeout: 1500ms",
            "00000024 10000000 00000001 0004 02 00 10 0001 000C 0004 31353030 000000 82210101611C160A0000"
        ),
    ])
    func `one request is laid out as the specifications say`(layout: String, hex: String) throws {
        let plan = try Small.plan("fields: {n: 5}", total: 1, protocol: "{kind: thrift, \(layout)}")
        let made = try Small.exchanges(plan)
        #expect(made.count == 1)
        #expect(made[0].exchange.request?.wire == Hex.decode(hex.filter { $0 != " " }))
    }

    @Test func `JSON names each type, and escapes as Apache's libraries do`() throws {
        let plan = try Small.plan(
            #"fields: {n: -7, d: {constant: 2.50}, s: {constant: "a\"\\\n\x01é"}, b: true}"#, total: 1,
            protocol: "{kind: thrift, encoding: json, transport: unframed}")
        let wire = try #require(try Small.exchanges(plan)[0].exchange.request?.wire)
        #expect(
            String(decoding: wire, as: UTF8.self)
                == #"[1,"a",1,1,{"1":{"rec":{"1":{"i64":-7},"3":{"dbl":2.5},"5":{"str":"a\"\\\n\u0001é"},"7":{"tf":1}}}}]"#
        )
    }

    /// What Apache Thrift's library for Python reads is the same request, whatever the layout; TTHeader, which it does not
    /// know, is taken off by the script.
    @Test(.requires(.python), .requires(.native), arguments: ThriftLayout.all)
    func `Apache Thrift reads the same requests in every layout`(layout: ThriftLayout) throws {
        let plain = ThriftLayout(encoding: "binary", transport: "framed")
        let wanted = try ThriftLayout.requests(plain.plan(total: 300, anomalyRate: 0))
        let made = try ThriftLayout.requests(layout.plan(total: 300, anomalyRate: 0))
        #expect(made.count == 300)
        let script = """
            import struct, sys, zlib
            from thrift.protocol.TBinaryProtocol import TBinaryProtocol
            from thrift.protocol.TCompactProtocol import TCompactProtocol
            from thrift.protocol.THeaderProtocol import THeaderProtocol
            from thrift.protocol.TJSONProtocol import TJSONProtocol
            from thrift.transport.THeaderTransport import THeaderClientType
            from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer
            from tinct_risk.RiskDecision import evaluate_args

            PROTOCOLS = {'binary': lambda t: TBinaryProtocol(t, strictRead=True), 'compact': TCompactProtocol,
                         'binaryOld': lambda t: TBinaryProtocol(t, strictRead=False), 'json': TJSONProtocol}

            def messages(path, encoding, transport):
                data = open(path, 'rb').read()
                memory = TMemoryBuffer(data)
                while memory.cstringio_buf.tell() < len(data):
                    start, stated = memory.cstringio_buf.tell(), None
                    trans = memory
                    if transport == 'framed': trans = TFramedTransport(memory)
                    if transport == 'ttheader':
                        length, magic, flags, stated, words, form, transforms = struct.unpack_from('>IHHIHBB', data, start)
                        assert magic == 0x1000 and flags == 0 and transforms == 0, (magic, flags, transforms)
                        assert form == (2 if encoding == 'compact' else 0), form
                        assert not any(data[start + 16:start + 14 + 4 * words])
                        memory.cstringio_buf.seek(start + 14 + 4 * words)
                        end = start + 4 + length
                    if transport in ('theader', 'zlib'):
                        protocol = THeaderProtocol(memory, (THeaderClientType.HEADERS,))
                    else:
                        protocol = PROTOCOLS[encoding](trans)
                    if transport == 'zlib':
                        length, magic, flags, stated, words, form, transforms, transform = struct.unpack_from('>IHHIHBBB', data, start)
                        assert (transforms, transform) == (1, 1), (transforms, transform)
                        # Checks the checksum, and that nothing follows.
                        body = zlib.decompressobj()
                        first = body.decompress(data[start + 18:start + 4 + length]) + body.flush()
                        assert body.eof and not body.unused_data
                    else: first = data[start + {'framed': 4, 'unframed': 0, 'ttheader': 16, 'theader': 18}[transport]:]
                    if encoding == 'binaryOld' and transport != 'ttheader': assert first[:4] == bytes([0, 0, 0, 8]), first[:4]
                    name, kind, number = protocol.readMessageBegin()
                    arguments = evaluate_args()
                    arguments.read(protocol)
                    protocol.readMessageEnd()
                    if transport in ('theader', 'zlib'):
                        stated = protocol.trans.sequence_id
                        assert protocol.trans.protocol_id == (2 if encoding == 'compact' else 0)
                        assert protocol.trans.get_headers() == {}
                    if transport == 'ttheader': assert memory.cstringio_buf.tell() == end
                    assert stated is None or stated == number, (stated, number)
                    # The library leaves the name of old Binary undecoded.
                    yield name.decode() if isinstance(name, bytes) else name, kind, number, arguments

            wanted = list(messages(sys.argv[1], 'binary', 'framed'))
            made = list(messages(sys.argv[2], sys.argv[3], sys.argv[4]))
            assert [m[2] for m in wanted] == list(range(1, len(wanted) + 1))
            for a, b in zip(wanted, made): assert a == b, (a, b)
            assert any(m[3].req.device.fingerprint for m in made)
            print(len(wanted), len(made))
            """
        let result = try python(
            script,
            [
                try folder.write("wanted", wanted.flatMap { $0 }), try folder.write("made", made.flatMap { $0 }),
                layout.encoding, layout.isCompressed ? "zlib" : layout.transport,
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "300 300\n")
    }

    /// With anomalies of fields and records, which are written by the general writer.
    @Test(arguments: ThriftLayout.all)
    func `the codecs read every request and write the same bytes`(layout: ThriftLayout) throws {
        let plan = try layout.plan(total: 600, anomalyRate: 400_000_000)
        let format = try #require(plan.format.wire.thrift)
        let requests = try ThriftLayout.requests(plan)
        #expect(requests.count > 500)
        for wire in requests {
            let frame = try ThriftFrame(decoding: wire.rawSpan, format)
            #expect(frame.format == format)
            #expect(
                frame.header.map { $0.sequence } == (frame.header == nil ? nil : frame.message.map { UInt32($0.seqid) })
            )
            // What zlib makes of a payload is its own.
            if !layout.isCompressed && frame.encoded() != wire {
                Issue.record("\(String(decoding: wire, as: UTF8.self))")
            }
        }
    }

    @Test(arguments: ThriftLayout.all)
    func `the oracle finds each request that is cut or changed in its envelope`(layout: ThriftLayout) throws {
        let plan = try layout.plan(total: 1, anomalyRate: 0)
        let wire = try #require(try ThriftLayout.requests(plan).first)
        var exchange = Exchange()
        func refuses(_ bytes: [UInt8]) throws -> Bool {
            var oracle = try Oracle(plan)
            exchange.request = Message(wire: bytes)
            do {
                try oracle.check(exchange)
                return false
            } catch SynthesisError.mismatch { return true }
        }
        #expect(try !refuses(wire))
        for end in stride(from: 0, to: wire.count, by: 7) { #expect(try refuses(Array(wire[..<end])), "cut at \(end)") }
        guard layout.transport != "unframed" else { return }
        // The length; magic, flags, sequence number, size and protocol of a header; its transform, how what is compressed
        // begins, and its checksum.
        let places = layout.transport == "framed" ? 0..<4 : layout.isCompressed ? 0..<20 : 0..<16
        for at in Array(places) + (layout.isCompressed ? Array(wire.indices.suffix(4)) : []) {
            var changed = wire
            changed[at] ^= 1
            #expect(try refuses(changed), "changed at \(at)")
        }
    }

    @Test(.requires(.python)) func `the published schema takes and refuses the same layouts`() throws {
        var lines: [String] = []
        for encoding in ["", ", encoding: binary", ", encoding: binaryOld", ", encoding: compact", ", encoding: json"] {
            for transport in ["", ", transport: framed", ", transport: unframed", ", transport: theader"]
                + [", transport: ttheader"]
            {
                for more in ["", ", timeout: 2s", ", transforms: []", ", transforms: [zlib]", ", transforms: [lzo]"]
                    + [", transforms: [zlib, zlib]", ", transforms: zlib"]
                {
                    let layout = "{kind: thrift\(encoding)\(transport)\(more)}"
                    let isTaken = (try? Small.plan("fields: {n: 1}", total: 1, protocol: layout)) != nil
                    lines.append("\(isTaken ? 1 : 0) \(layout)")
                }
            }
        }
        #expect(lines.count { $0.first == "1" } == 35)
        let script = """
            import json, sys, yaml, jsonschema
            schema = json.load(open(sys.argv[1]))
            head = 'tinct: scenario/1\\nschema: s\\noperation: S.a\\ntime: {start: "2026-01-01", span: 4h}\\nfields: {n: 1}\\n'
            for line in sys.stdin.read().splitlines():
                scenario = yaml.safe_load(head + 'protocol: ' + line[2:])
                errors = list(jsonschema.Draft202012Validator(schema).iter_errors(scenario))
                if (not errors) != (line[0] == '1'): print(line, errors[:1])
            """
        let result = try python(
            script, [Repository.path("schemas/scenario.schema.json")], input: Array(lines.joined(separator: "\n").utf8))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "")
    }

    @Test(arguments: [
        ThriftLayout(encoding: "json", transport: "framed"), ThriftLayout(encoding: "binaryOld", transport: "ttheader"),
        ThriftLayout(encoding: "compact", transport: "theader"),
        ThriftLayout(encoding: "binary", transport: "theader", isCompressed: true),
    ])
    func `shards and threads give the bytes of one run`(layout: ThriftLayout) throws {
        func run(_ name: String, shard: (Int, Int) = (0, 1), threads: Int = 1) throws -> (String, [UInt8]) {
            let plan = try layout.plan(total: 700)
            let output = try SynthesisOutput(
                path: folder.file(name), format: SynthesisFormat(.wire), plan: plan, version: "test",
                isFirst: shard.0 == 0, isLast: shard.0 == shard.1 - 1)
            var synthesizer = Synthesizer(
                plan, try Shipped.schemas(Shipped.thrift, plan.scenario), to: output, version: "test",
                shardIndex: shard.0, shardCount: shard.1, threads: threads)
            try synthesizer.run { _ in }
            return (synthesizer.manifest.exchangesDigest, try fileBytes(folder.file(name)))
        }
        let whole = try run("whole.wire")
        let again = try run("again.wire", threads: 3)
        #expect(whole == again)
        var joined: [UInt8] = []
        for shard in 0..<5 { joined += try run("part.wire", shard: (shard, 5), threads: 1 + shard % 2).1 }
        #expect(joined == whole.1)
    }
}
