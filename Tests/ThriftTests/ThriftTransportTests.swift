import Bytes
import Compression
import TestSupport
import Testing

@testable import Thrift

/// The golden bytes of every transport and protocol: decoded, encoded again, and fed in every piece.
@Suite struct ThriftTransportTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var hex: String
        var format: ThriftFormat
        /// Nil when the frame holds no message.
        var method: String?
        var seqid: Int32 = 1
        var testDescription: String { name }
    }

    static let jsonText = #"[1,"check",1,1,{"1":{"i64":5}}]"#

    static let cases = [
        Case(
            name: "strict Binary", hex: "80010001 00000005 636865636B 00000001 00",
            format: ThriftFormat(.unframed, .binary), method: "check"),
        Case(
            name: "old Binary", hex: "00000005 636865636B 01 00000001 00",
            format: ThriftFormat(.unframed, .oldBinary), method: "check"),
        Case(
            name: "framed old Binary", hex: "0000000F 00000005 636865636B 01 00000001 00",
            format: ThriftFormat(.framed, .oldBinary), method: "check"),
        Case(
            name: "Compact", hex: "82 21 01 05 636865636B 00", format: ThriftFormat(.unframed, .compact),
            method: "check"),
        Case(
            name: "JSON", hex: Hex.encode(Array(jsonText.utf8)), format: ThriftFormat(.unframed, .json),
            method: "check"),
        Case(
            name: "framed JSON", hex: "0000001F" + Hex.encode(Array(jsonText.utf8)),
            format: ThriftFormat(.framed, .json), method: "check"),
        Case(
            name: "THeader, empty payload",
            hex: "0000001A 0FFF0000 00000001 0004 00 00 01 01 08 782D737472657373 02 7431",
            format: ThriftFormat(.theader, .binary)),
        Case(
            name: "THeader of Apache's own tests",
            hex: "000000480fff00000000000000080000010206506172656e740773686f6f62617205547261636505616263646500"
                + "800100010000000361646400000000080001000000010800020000000100",
            format: ThriftFormat(.theader, .binary), method: "add", seqid: 0),
        Case(
            name: "THeader with an info that only fbthrift has",
            hex: "0000001E 0FFF0000 00000001 0002 02 00 02 01 01 61 01 62" + "82 21 01 05 636865636B 1605 00 ",
            format: ThriftFormat(.theader, .compact), method: "check"),
        Case(
            name: "TTHeader, empty payload", hex: "00000016 10000000 00000001 0003 00 00 10 0001 0015 0002 7431 00",
            format: ThriftFormat(.ttheader, .binary)),
        Case(
            name: "TTHeader around unframed Binary with all infos",
            hex: "0000003C 10000000 00000001 0008 00 00 01 0001 0001 61 0001 62 11 0002 7878 10 0002 0001 0001 79"
                + "0015 0002 7431 0000" + "80010001 00000005 636865636B 00000001 00",
            format: ThriftFormat(.ttheader, .binary), method: "check"),
        Case(
            name: "TTHeader around framed Compact",
            hex: "0000001C 10000000 00000001 0001 02 00 00 00 0000000A 82 21 01 05 636865636B 00",
            format: ThriftFormat(.ttheader, .compact), method: "check"),
        Case(
            name: "Finagle's call",
            hex: "0000001E 0A 0001 0000000000000007 00 80010001 00000005 636865636B 00000001 00",
            format: ThriftFormat(.finagle, .binary), method: "check"),
        Case(
            name: "Finagle's reply", hex: "00000013 00 80010002 00000005 636865636B 00000001 00",
            format: ThriftFormat(.finagle, .binary), method: "check"),
    ]

    @Test(arguments: cases) func decodesAndEncodesToItself(_ one: Case) throws {
        let bytes = Golden.bytes(one.hex.replacing(" ", with: ""))
        let frame = try ThriftFrame(decoding: bytes.rawSpan, one.format)
        #expect(frame.message?.name == one.method)
        #expect(frame.format == one.format)
        if let message = frame.message { #expect(message.seqid == one.seqid) }
        #expect(Hex.encode(frame.encoded()) == Hex.encode(bytes))
    }

    @Test(arguments: cases) func findsItsEndWholeJoinedAndAtEverySplit(_ one: Case) throws {
        let bytes = Golden.bytes(one.hex.replacing(" ", with: ""))
        var kept = ThriftScanner(one.format)
        for count in 0..<bytes.count {
            let part = Array(bytes[0..<count])
            // One that has seen every shorter prefix, and a fresh one.
            var fresh = ThriftScanner(one.format)
            for outcome in [kept.scan(part.rawSpan), fresh.scan(part.rawSpan)] {
                guard case .needMore(let total) = outcome else {
                    Issue.record("\(outcome) after \(count) bytes")
                    return
                }
                #expect(total > count && total <= bytes.count)
            }
        }
        for input in [bytes, bytes + bytes, bytes + [0xFF]] {
            for var scanner in [kept, ThriftScanner(one.format)] {
                switch scanner.scan(input.rawSpan) {
                case .message(let found):
                    #expect(found.length == bytes.count && found.header.seqid == one.seqid)
                    #expect(found.header.name(in: input.rawSpan) == one.method)
                    #expect(found.protocol == one.format.protocol && found.payload == nil)
                case .empty(let length): #expect(length == bytes.count && one.method == nil)
                case let outcome: Issue.record("\(outcome)")
                }
            }
        }
    }

    @Test(arguments: cases) func changedBytesNeverTrap(_ one: Case) {
        let bytes = Golden.bytes(one.hex.replacing(" ", with: ""))
        for at in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[at] = value
                var scanner = ThriftScanner(one.format)
                if case .message(let found) = scanner.scan(changed.rawSpan) { #expect(found.length <= changed.count) }
                if let frame = try? ThriftFrame(decoding: changed.rawSpan, one.format) { _ = frame.encoded() }
            }
            if let frame = try? ThriftFrame(decoding: Array(bytes[..<at]).rawSpan, one.format) {
                Issue.record("decoded \(at) of \(bytes.count) bytes as \(frame.format)")
            }
        }
    }

    @Test func undoesZlibAndKeepsTheHeaderOfTheMessage() throws {
        let message = ThriftMessage(
            name: "evaluate", type: .call, seqid: 9,
            body: [ThriftField(1, ThriftValue(String(repeating: "x", count: 500)))])
        for transport in [ThriftTransport.theader, .ttheader] {
            var frame = ThriftFrame(message, ThriftFormat(transport, .compact))
            frame.header?.transforms = [1, 1]
            let bytes = frame.encoded()
            let decoded = try ThriftFrame(decoding: bytes.rawSpan, ThriftFormat(transport, .binary))
            #expect(decoded.message == message && decoded.format.protocol == .compact)
            var scanner = ThriftScanner(ThriftFormat(transport, .binary))
            for count in 0..<bytes.count {
                guard case .needMore = scanner.scan(Array(bytes[..<count]).rawSpan) else {
                    Issue.record("an answer after \(count) bytes")
                    return
                }
            }
            guard case .message(let found) = scanner.scan(bytes.rawSpan), let payload = found.payload else {
                Issue.record("no message")
                return
            }
            #expect(found.header.name(in: payload.rawSpan) == "evaluate" && found.header.seqid == 9)
        }
    }

    @Test func whatIsNotReadIsUnsupportedAndNotInvalid() {
        for hex in [
            "00000011 0FFF0000 00000001 0001 00 01 03 00 010203",  // snappy
            "00000011 10000000 00000001 0001 03 00 00 00 010203",  // Compact v2
            "00000011 10000000 00000001 0001 04 00 00 00 010203",  // protobuf
        ] {
            let bytes = Golden.bytes(hex.replacing(" ", with: ""))
            let transport: ThriftTransport = bytes[4] == 0x0F ? .theader : .ttheader
            var scanner = ThriftScanner(ThriftFormat(transport, .binary))
            guard case .invalid(let error) = scanner.scan(bytes.rawSpan) else {
                Issue.record("read \(hex)")
                continue
            }
            #expect(error.status == .unsupported)
        }
    }

    @Test func aPayloadThatGrowsWithoutBoundIsRefused() {
        let bomb = Deflate.compress([UInt8](repeating: 0, count: 80 << 20).rawSpan, as: .zlib)
        var header = HeaderTransport(.theader)
        header.transforms = [1]
        let bytes = header.encoded(payload: bomb)
        var scanner = ThriftScanner(ThriftFormat(.theader, .binary))
        guard case .invalid(let error) = scanner.scan(bytes.rawSpan) else {
            Issue.record("read")
            return
        }
        #expect(error.status == .limit)
    }

    @Test func jsonIsReadByItsTypes() throws {
        let text = #"""
            [1,"e\u0063ho",2,-7,{"0":{"rec":{"1":{"i64":-9223372036854775808},"2":{"dbl":"NaN"},"3":{"tf":1},
            "4":{"map":["i32","lst",1,{"5":["str",2,"\ud83d\ude00\n\/","aGk="]}]},"5":{"dbl":1.5e-7}}}}]
            """#.replacing("\n", with: "")
        let frame = try ThriftFrame(decoding: Array(text.utf8).rawSpan, ThriftFormat(.unframed, .json))
        let message = try #require(frame.message)
        #expect(message.name == "echo" && message.type == .reply && message.seqid == -7)
        let result = try #require(message.body.first?.value)
        #expect(result[1] == .i64(.min) && result[3] == .bool(true) && result[5] == .double(1.5e-7))
        #expect(
            result[4]
                == .map(
                    .i32, .list,
                    [ThriftPair(.i32(5), .list(.binary, [ThriftValue("😀\n/"), ThriftValue("aGk=")]))]))
        for bad in [
            #"[1,"x",1,1,{"1":{"i64":5}}"#, #"[1,"x",1,1,{"1":{"i64":5.5}}]"#, #"[1,"x",1,1,{"1":{"i65":5}}]"#,
            #"[2,"x",1,1,{}]"#, #"[1,"x",9,1,{}]"#, #"[1,"x",1,1,{"1":{"lst":["i8",2,1]}}]"#,
            #"[1,"x",1,1,{"70000":{"i64":5}}]"#, #"[1,"x",1,1,{"1":{"lst":["i8",4000000000,1]}}]"#,
            "[1,\"x\",1,1,{\"1\":" + String(repeating: "{\"rec\":{\"1\":", count: 80),
        ] {
            #expect(throws: ParsingError.self) {
                try ThriftFrame(decoding: Array(bad.utf8).rawSpan, ThriftFormat(.unframed, .json))
            }
        }
    }
}
