import Bytes
import Testing

@testable import Thrift

/// Messages whose bytes were written by Apache Thrift's own library or stand in its specifications.
enum Golden {
    static let binaryCheck = "80010001 00000005 636865636B 00000001 00"
    static let compactCheck = "82 21 01 05 636865636B 00"
    /// `add16(1, 2)` and the reply of `echo_map`, from packetbeat's captures of the Thrift tutorial.
    static let add16 = "80010001000000056164643136000000000600010001060002000100"
    static let echoMap =
        "80010002000000086563686f5f6d6170000000000d00000b060000000300000001610001000000016300030000000162000200"
    static let framedAdd = "0000001e800100010000000361646400000000080001000000010800020000000100"

    static func bytes(_ hex: String) -> [UInt8] { Hex.decode(hex) ?? [] }
}

@Suite struct MessageScannerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var hex: String
        var framing: ThriftFraming
        var encoding: ThriftEncoding
        var name: String
        var type: MessageType
        var seqid: Int32
        var testDescription: String { "\(framing) \(encoding) \(name)" }
    }

    static let cases = [
        Case(hex: Golden.binaryCheck, framing: .unframed, encoding: .binary, name: "check", type: .call, seqid: 1),
        Case(hex: Golden.compactCheck, framing: .unframed, encoding: .compact, name: "check", type: .call, seqid: 1),
        Case(hex: Golden.add16, framing: .unframed, encoding: .binary, name: "add16", type: .call, seqid: 0),
        Case(hex: Golden.echoMap, framing: .unframed, encoding: .binary, name: "echo_map", type: .reply, seqid: 0),
        Case(hex: Golden.framedAdd, framing: .framed, encoding: .binary, name: "add", type: .call, seqid: 0),
    ]

    @Test(arguments: cases) func findsTheEndOfAWholeMessageAndOfTheFirstOfTwo(_ one: Case) throws {
        let bytes = Golden.bytes(one.hex)
        for input in [bytes, bytes + bytes] {
            var scanner = MessageScanner(one.framing, one.encoding)
            guard case .message(let found) = scanner.scan(input.rawSpan) else {
                Issue.record("no message")
                return
            }
            #expect(found.length == bytes.count)
            #expect(found.header.name(in: input.rawSpan) == one.name)
            #expect(found.header.type == one.type)
            #expect(found.header.seqid == one.seqid)
        }
    }

    @Test(arguments: cases) func asksForMoreAtEveryCutAndEndsExactly(_ one: Case) throws {
        let bytes = Golden.bytes(one.hex)
        var scanner = MessageScanner(one.framing, one.encoding)
        for count in 0..<bytes.count {
            let part = Array(bytes[0..<count])
            // Both a scanner that has seen every shorter prefix and a fresh one.
            var fresh = MessageScanner(one.framing, one.encoding)
            for outcome in [scanner.scan(part.rawSpan), fresh.scan(part.rawSpan)] {
                guard case .needMore(let total) = outcome else {
                    Issue.record("\(outcome) after \(count) bytes")
                    return
                }
                #expect(total > count && total <= bytes.count)
            }
        }
        guard case .message(let found) = scanner.scan(bytes.rawSpan) else {
            Issue.record("no message")
            return
        }
        #expect(found.length == bytes.count)
    }

    @Test func resetBeginsANewMessage() {
        let first = Golden.bytes(Golden.binaryCheck)
        let second = Golden.bytes(Golden.echoMap)
        var scanner = MessageScanner(.unframed, .binary)
        #expect(scanner.scan(first.rawSpan) != .needMore(atLeast: 0))
        scanner.reset()
        guard case .message(let found) = scanner.scan(second.rawSpan) else {
            Issue.record("no message")
            return
        }
        #expect(found.length == second.count)
        #expect(found.header.type == .reply)
    }

    @Test func aHeaderIsKnownBeforeTheMessageIsWhole() {
        let bytes = Array(Golden.bytes(Golden.framedAdd).prefix(24))
        var scanner = MessageScanner(.framed, .binary)
        #expect(scanner.scan(bytes.rawSpan) == .needMore(atLeast: 34))
        #expect(scanner.header?.name(in: bytes.rawSpan) == "add")
        #expect(scanner.knownLength == 34)
    }

    @Test(arguments: [
        ("00", ThriftFraming.unframed, ThriftEncoding.binary),  // no magic
        ("8002", .unframed, .binary),
        ("80010005", .unframed, .binary),  // type 5
        ("80010001 00010000", .unframed, .binary),  // name of 64 KiB
        ("80010001 00000005 6300", .unframed, .binary),  // control byte in the name
        ("40000000", .framed, .binary),  // length above the greatest
        ("00000004 80010001 00000005", .framed, .binary),  // header longer than its frame
        ("8222", .unframed, .compact),  // version 2
        ("82A1", .unframed, .compact),  // type 5
        ("8221 FFFFFFFFFF7F", .unframed, .compact),  // seqid above 32 bits
    ])
    func whatCannotBecomeAMessageIsSaidAtOnce(hex: String, framing: ThriftFraming, encoding: ThriftEncoding) {
        let bytes = Golden.bytes(hex)
        var scanner = MessageScanner(framing, encoding)
        guard case .invalid = scanner.scan(bytes.rawSpan) else {
            Issue.record("not refused")
            return
        }
    }

    @Test(arguments: ThriftEncoding.allCases) func nestingBeyond64IsRefusedAnd64IsRead(encoding: ThriftEncoding) {
        let header = Golden.bytes(encoding == .binary ? "80010001 00000001 61 00000001" : "8221010161")
        let open: [UInt8] = encoding == .binary ? [12, 0, 1] : [0x1C]
        for (depth, accepted) in [(64, true), (65, false)] {
            // The argument struct itself is the first level.
            let nested = (1..<depth).flatMap { _ in open }
            let bytes = header + nested + [UInt8](repeating: 0, count: depth)
            var scanner = MessageScanner(.unframed, encoding)
            switch scanner.scan(bytes.rawSpan) {
            case .message(let found): #expect(accepted && found.length == bytes.count)
            case .invalid(let error): #expect(!accepted && error.status == .limit)
            case .needMore: Issue.record("asks for more")
            }
        }
    }

    @Test func countsBeyondTheLargestMessageAreRefusedWithoutWaiting() {
        // A list of 2^31 - 1 strings, a map of as many pairs, a string beyond the limit, a negative count.
        for (encoding, value) in [
            (ThriftEncoding.binary, "0F0001 0B 7FFFFFFF"), (.binary, "0D0001 0B0B 7FFFFFFF"),
            (.binary, "0B0001 7FFFFFFF"),
            (.binary, "0F0001 0B FFFFFFFF"), (.compact, "19 F8 FFFFFFFF07"), (.compact, "1B FFFFFFFF07 88"),
            (.compact, "18 FFFFFFFF07"), (.compact, "19 F8 FFFFFFFFFFFFFFFFFF01"),
        ] {
            let header = encoding == .binary ? "80010001 00000001 61 00000001" : "8221010161"
            let bytes = Golden.bytes(header + value)
            var scanner = MessageScanner(.unframed, encoding, maximumLength: 16_384_000)
            guard case .invalid = scanner.scan(bytes.rawSpan) else {
                Issue.record("\(encoding) \(value) was not refused")
                continue
            }
        }
    }

    @Test(arguments: cases) func flippedBytesNeverTrapNorReachBeyondTheirLimit(_ one: Case) {
        let bytes = Golden.bytes(one.hex)
        for at in bytes.indices {
            for value in UInt8.min...UInt8.max {
                var changed = bytes
                changed[at] = value
                var scanner = MessageScanner(one.framing, one.encoding)
                if case .message(let found) = scanner.scan(changed.rawSpan) {
                    #expect(found.length <= changed.count)
                }
            }
        }
    }
}
