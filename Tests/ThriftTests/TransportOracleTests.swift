import Bytes
import Foundation
import TestSupport
import Testing

@testable import Thrift

/// Every transport and protocol that Apache's Python library has, in both directions.
@Suite(.needsProgram("/usr/bin/python3")) struct TransportOracleTests {
    static let forms: [(name: String, format: ThriftFormat)] = [
        ("old", ThriftFormat(.unframed, .oldBinary)), ("json", ThriftFormat(.unframed, .json)),
        ("framed-json", ThriftFormat(.framed, .json)), ("framed-old", ThriftFormat(.framed, .oldBinary)),
        ("theader", ThriftFormat(.theader, .binary)), ("theader-compact", ThriftFormat(.theader, .compact)),
        ("theader-zlib", ThriftFormat(.theader, .binary)), ("theader-compact-zlib", ThriftFormat(.theader, .compact)),
    ]

    private func ask(_ input: String) throws -> [Substring] {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Oracle/transports.py"
        let result = try run("/usr/bin/python3", [script], input: Array(input.utf8))
        try #require(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n")
    }

    private func messages(seed: UInt64, _ count: Int) -> [ThriftMessage] {
        var random = SplitMix(seed: seed)
        return (0..<count).map { _ in ThriftMessage.random(&random).withTexts }
    }

    @Test func readsWhatApacheWrites() throws {
        let messages = messages(seed: 11, 300)
        let lines = try ask(
            messages.map { "make \(Hex.encode($0.encoded(.unframed, .binary)))\n" }.joined())
        try #require(lines.count == messages.count)
        for (message, line) in zip(messages, lines) {
            let made = Dictionary(
                uniqueKeysWithValues: line.split(separator: " ").map { part in
                    let halves = part.split(separator: "=")
                    return (String(halves[0]), Hex.decode(String(halves[1])) ?? [])
                })
            for form in Self.forms {
                let bytes = try #require(made[form.name], "\(line)")
                let frame = try ThriftFrame(decoding: bytes.rawSpan, form.format)
                // Compact forgets the types of an empty map.
                let isSame = form.format.protocol == .compact || frame.message?.body == message.body
                #expect(isSame, "\(form.name)")
                #expect(frame.message?.name == message.name && frame.message?.seqid == message.seqid)
                if frame.header?.transforms.isEmpty ?? true {
                    // Python writes doubles with 17 digits, we the shortest that read back the same.
                    let isIdentical = frame.encoded() == bytes || form.format.protocol == .json
                    #expect(isIdentical, "\(form.name)")
                }
                guard let header = frame.header else { continue }
                #expect(
                    header.infos == [.pairs([.init("x-stress-test", "t1"), .init("caller", "\u{538b}\u{6d4b}")])])
            }
        }
    }

    @Test func apacheReadsWhatWeWrite() throws {
        let messages = messages(seed: 12, 100)
        var input = ""
        for message in messages {
            for form in Self.forms {
                var frame = ThriftFrame(message, form.format)
                if form.name.contains("zlib") { frame.header?.transforms = [1] }
                frame.header?.infos = [.pairs([.init("k", "v")])]
                input += "\(form.name) \(Hex.encode(frame.encoded()))\n"
            }
        }
        let lines = try ask(input)
        try #require(lines.count == messages.count * Self.forms.count)
        for (index, line) in lines.enumerated() {
            let message = messages[index / Self.forms.count]
            let parts = line.split(separator: " ")
            let form = Self.forms[index % Self.forms.count]
            try #require(parts.count == 4, "\(form.name): \(line)")
            #expect(parts[0] == message.name && parts[1] == "\(message.type.rawValue)")
            #expect(parts[2] == "\(message.seqid)")
            let isSame = parts[3] == Hex.encode(message.encoded(.unframed, .binary))
            #expect(isSame || form.format.protocol == .compact, "\(form.name)")
        }
    }
}
