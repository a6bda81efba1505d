import Bytes
import Foundation
import JSON
import TestSupport
import Testing

@testable import Thrift

@Suite struct ThriftCodingTests {
    /// What Apache's Python library makes of messages that we wrote, and what it writes itself.
    @Test(.needsProgram("/usr/bin/python3")) func apacheReadsAndWritesTheSameBytes() throws {
        var random = SplitMix(seed: 20_250_117)
        let messages = (0..<1000).map { _ in ThriftMessage.random(&random) }
        var input = ""
        for message in messages {
            for encoding in ThriftEncoding.allCases {
                input += "\(encoding) \(Hex.encode(message.encoded(.unframed, encoding)))\n"
            }
        }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Oracle/recode.py"
        let result = try run("/usr/bin/python3", [script], input: Array(input.utf8))
        try #require(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == messages.count * 2)
        for (message, at) in zip(messages, stride(from: 0, to: lines.count, by: 2)) {
            let binary = message.encoded(.unframed, .binary)
            let compact = message.encoded(.unframed, .compact)
            let fromBinary = lines[at].split(separator: " ")
            let fromCompact = lines[at + 1].split(separator: " ")
            try #require(fromBinary.count == 5 && fromCompact.count == 5)
            #expect(fromBinary[0] == message.name && fromBinary[1] == "\(message.type.rawValue)")
            #expect(fromBinary[2] == "\(message.seqid)" && fromCompact[2] == "\(message.seqid)")
            #expect(fromBinary[3] == Hex.encode(binary))
            #expect(fromBinary[4] == Hex.encode(compact))
            #expect(fromCompact[3] == Hex.encode(compact))
        }
    }

    @Test func decodesWhatItEncodedInEveryForm() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<200 {
            let message = ThriftMessage.random(&random)
            for encoding in ThriftEncoding.allCases {
                for framing in ThriftFraming.allCases {
                    let bytes = message.encoded(framing, encoding)
                    let decoded = try ThriftMessage(decoding: bytes.rawSpan, framing, encoding)
                    let isIdentical = decoded.encoded(framing, encoding) == bytes
                    #expect(isIdentical)
                    // Compact forgets the types of an empty map; Binary forgets nothing.
                    let isSame = encoding == .compact || decoded == message
                    #expect(isSame)
                    var scanner = MessageScanner(framing, encoding)
                    guard case .message(let found) = scanner.scan((bytes + bytes).rawSpan) else {
                        Issue.record("the scanner does not see the message")
                        continue
                    }
                    #expect(found.length == bytes.count)
                }
            }
        }
    }

    @Test func theScannerEndsWhereTheDecoderDoesAtEveryCut() throws {
        var random = SplitMix(seed: 11)
        for _ in 0..<20 {
            let message = ThriftMessage.random(&random)
            for encoding in ThriftEncoding.allCases {
                let bytes = message.encoded(.unframed, encoding)
                var scanner = MessageScanner(.unframed, encoding)
                for count in 0..<bytes.count {
                    let part = Array(bytes[0..<count])
                    guard case .needMore(let total) = scanner.scan(part.rawSpan), total > count, total <= bytes.count
                    else {
                        Issue.record("wrong after \(count) of \(bytes.count) bytes")
                        return
                    }
                    let error = #expect(throws: ParsingError.self) {
                        try ThriftMessage(decoding: part.rawSpan, .unframed, encoding)
                    }
                    #expect(error?.status == .truncated)
                }
                guard case .message(let found) = scanner.scan(bytes.rawSpan) else {
                    Issue.record("no message")
                    return
                }
                #expect(found.length == bytes.count)
            }
        }
    }

    @Test func flippedBytesAreReadOrRefusedAndNeverTrap() {
        var random = SplitMix(seed: 13)
        for _ in 0..<15 {
            let message = ThriftMessage.random(&random)
            for encoding in ThriftEncoding.allCases {
                let bytes = message.encoded(.unframed, encoding)
                for at in bytes.indices {
                    var changed = bytes
                    changed[at] ^= UInt8.random(in: 1...255, using: &random)
                    var scanner = MessageScanner(.unframed, encoding)
                    let outcome = scanner.scan(changed.rawSpan)
                    let decoded = try? ThriftMessage(decoding: changed.rawSpan, .unframed, encoding)
                    // What the decoder takes whole, the scanner must end at the same place.
                    if decoded != nil {
                        guard case .message(let found) = outcome, found.length == changed.count else {
                            Issue.record("the scanner says \(outcome)")
                            continue
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: ThriftEncoding.allCases) func hugeCountsCostNothing(encoding: ThriftEncoding) {
        for value in encoding == .binary
            ? ["0F0001 0C 7FFFFFFF", "0D0001 0C0C 7FFFFFFF", "0B0001 7FFFFFFF"]
            : ["19 FC FFFFFFFF07", "1B FFFFFFFF07 CC", "18 FFFFFFFF07"]
        {
            let bytes = Golden.bytes((encoding == .binary ? "80010001 00000001 61 00000001" : "8221010161") + value)
            let error = #expect(throws: ParsingError.self) {
                try ThriftMessage(decoding: bytes.rawSpan, .unframed, encoding)
            }
            #expect(error?.status == .truncated)
        }
    }

    @Test func nestingIsLimitedInTheDecoderToo() {
        for encoding in ThriftEncoding.allCases {
            let open: [UInt8] = encoding == .binary ? [12, 0, 1] : [0x1C]
            let header = Golden.bytes(encoding == .binary ? "80010001 00000001 61 00000001" : "8221010161")
            for (depth, accepted) in [(64, true), (65, false), (100_000, false)] {
                let bytes = header + (1..<depth).flatMap { _ in open } + [UInt8](repeating: 0, count: depth)
                let decoded = try? ThriftMessage(decoding: bytes.rawSpan, .unframed, encoding)
                #expect((decoded != nil) == accepted)
            }
        }
    }

    @Test func multiplexedNamesAreTakenApart() {
        let message = ThriftMessage(name: "RiskDecision:evaluate", type: .call, seqid: 0)
        #expect(message.service == "RiskDecision")
        #expect(message.method == "evaluate")
        #expect(ThriftMessage(name: "evaluate", type: .call, seqid: 0).service == nil)
    }
}
