import Bytes
import Tagging
import Testing
import Thrift

@Suite struct FieldTaggingTests {
    private func call(_ fields: [ThriftField], _ framing: ThriftFraming, _ encoding: ThriftEncoding) -> [UInt8] {
        ThriftMessage(name: "evaluate", type: .call, seqid: 7, body: [ThriftField(1, .structure(fields))])
            .encoded(framing, encoding)
    }

    private func hintCode(_ message: [UInt8], _ framing: ThriftFraming, _ encoding: ThriftEncoding) throws -> Int64? {
        let path = try #require(FieldPath("1.20.5"))
        return try unsafe ThriftEditor(framing, encoding).value(at: path, in: message.span.bytes)?.integer
    }

    @Test(arguments: [ThriftEncoding.binary, .compact], [ThriftFraming.framed, .unframed])
    func theHintCodeIsSetAndStripped(encoding: ThriftEncoding, framing: ThriftFraming) throws {
        let tagger = Tagger(carriers: try Carrier.parse("didi:path=1.20"), run: "t1")
        let format = TagFormat.thrift(isFramed: framing == .framed, isCompact: encoding == .compact)
        let log: [ThriftField] = [ThriftField(1, .binary([97])), ThriftField(2, .binary([98]))]
        let traces: [[ThriftField]] = [
            [], [ThriftField(20, .structure(log))], [ThriftField(20, .structure(log + [ThriftField(5, .i64(0x10))]))],
            [ThriftField(20, .structure(log + [ThriftField(6, .binary([99]))])), ThriftField(21, .i32(4))],
            [ThriftField(3, .bool(true)), ThriftField(22, .bool(false))],
        ]
        for (index, trace) in traces.enumerated() {
            let message = call([ThriftField(1, .binary([1, 2, 3]))] + trace, framing, encoding)
            let tagged = try tagger.tag(message, format)
            #expect(try hintCode(tagged.bytes, framing, encoding) == (index == 2 ? 0x11 : 1))
            #expect(try tagged.stripped() == message)
            #expect(tagged.written == ["thrift:1.20.5"])
            let decoded = try unsafe ThriftMessage(decoding: tagged.bytes.span.bytes, framing, encoding)
            #expect(decoded.seqid == 7 && decoded.name == "evaluate")
            let seen = unsafe TagReader(carriers: tagger.carriers).sightings(tagged.bytes.span.bytes, format)
            #expect(seen.map(\.carrier) == ["thrift:1.20.5"])
        }
    }

    @Test func aMissingStructIsCreatedWithItsRequiredSiblings() throws {
        let tagger = Tagger(carriers: try Carrier.parse("didi:path=1.20"), run: "t1")
        let message = call([ThriftField(1, .binary([65]))], .framed, .compact)
        let tagged = try tagger.tag(message, .thrift(isFramed: true, isCompact: true))
        let decoded = try unsafe ThriftMessage(decoding: tagged.bytes.span.bytes, .framed, .compact)
        guard case .structure(let fields)? = decoded.body.first?.value,
            let trace = fields.first(where: { $0.id == 20 }),
            case .structure(let members) = trace.value
        else {
            Issue.record("the Trace struct is missing")
            return
        }
        #expect(members.map(\.id) == [1, 2, 5])
    }

    @Test func theGoldenBytesOfTheHintCodeStandBehindTheirNeighbours() throws {
        let tagger = Tagger(carriers: try Carrier.parse("didi:path=1.20"), run: "t1")
        for (last, golden) in [(Int16(2), "3602"), (4, "1602")] {
            let trace = [ThriftField(1, .binary([97])), ThriftField(last, .binary([98]))]
            let message = call([ThriftField(20, .structure(trace))], .framed, .compact)
            let tagged = try tagger.tag(message, .thrift(isFramed: true, isCompact: true))
            #expect(Hex.encode(tagged.bytes).contains("62" + golden))
        }
        let binary = call([ThriftField(20, .structure([ThriftField(1, .binary([97]))]))], .framed, .binary)
        let tagged = try tagger.tag(binary, .thrift(isFramed: true, isCompact: false))
        #expect(Hex.encode(tagged.bytes).contains("0a00050000000000000001"))
    }

    @Test func aJSONMemberCarriesTheTagAndTheLengthFollows() throws {
        let tagger = Tagger(carriers: try Carrier.parse("json:meta.stress"), run: "t1")
        let text = "POST / HTTP/1.1\r\nContent-Length: 18\r\n\r\n" + #"{"a":1,"meta":{ }}"#
        let tagged = try tagger.tag([UInt8](text.utf8), .http1)
        let result = String(decoding: tagged.bytes, as: UTF8.self)
        #expect(result.hasPrefix("POST / HTTP/1.1\r\nContent-Length: 31\r\n\r\n"))
        #expect(result.contains(#""stress":"t1""#))
        #expect(try tagged.stripped() == [UInt8](text.utf8))
        #expect(throws: TagError(.nothingCanCarry, "")) {
            try tagger.tag([UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), .http1)
        }
    }
}
