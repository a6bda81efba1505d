import Bytes
import Testing

@testable import Tape

private func encode(_ exchange: Exchange) -> [UInt8] {
    var buffer = RecordBuffer(capacity: 64)
    var exchange = exchange
    buffer.append(&exchange)
    return [UInt8](copying: buffer.bytes)
}

@Suite struct ExchangeCodecTests {
    @Test func everyFieldSurvives() throws {
        for exchange in [fullExchange(), Exchange()] + (0..<200).map({ sampleExchange($0) }) {
            #expect(try ExchangeDecoder.decode(encode(exchange).rawSpan) == exchange)
        }
    }

    @Test func aReusedValueKeepsNothingOfTheOneBefore() throws {
        var decoder = ExchangeDecoder()
        var reused = Exchange()
        for exchange in [
            fullExchange(), sampleExchange(1), Exchange(), sampleExchange(11), fullExchange(), sampleExchange(13),
        ] {
            try decoder.decode(encode(exchange).rawSpan, into: &reused)
            #expect(reused == exchange)
        }
    }

    @Test(arguments: [0, 1, 90, 94, 95, 96, 127, 128, 16_300, 16_352, 16_383, 16_384, 2_097_100, 2_097_152])
    func lengthsOfEveryWidthAreFilledIn(size: Int) throws {
        var exchange = Exchange()
        exchange.request = Message(wire: [UInt8](repeating: 7, count: size), startNanos: 1, endNanos: 2)
        exchange.request?.omitted = String(repeating: "x", count: 40)
        exchange.expected = "after"
        #expect(try ExchangeDecoder.decode(encode(exchange).rawSpan) == exchange)
    }

    /// Walks the encoding with the schema's table: what the codec writes and what the descriptor says are the same.
    @Test func theCodecWritesWhatTheSchemaSays() throws {
        var seen: Set<String> = []
        func walk(_ bytes: RawSpan, _ name: String) throws {
            let message = try #require(ExchangeSchema.messages.first { $0.name == name })
            var reader = ByteReader(bytes)
            var numbers: Set<UInt64> = []
            while !reader.isAtEnd {
                let key = try reader.varint()
                let field = try #require(message.fields.first { $0.number == key >> 3 }, "\(name) \(key >> 3)")
                #expect(field.type.wireType == key & 7, "\(name).\(field.name)")
                #expect(numbers.insert(field.number).inserted || field.presence == .repeated, "\(name).\(field.name)")
                seen.insert("\(name).\(field.name)")
                switch field.type {
                case .bool, .uint32, .uint64, .enumeration: _ = try reader.varint()
                case .fixed64: try reader.skip(8)
                case .string, .bytes: try reader.skip(Int(try reader.varint()))
                case .message(let inner): try walk(try reader.span(Int(try reader.varint())), inner)
                }
            }
        }
        var exchange = fullExchange()
        exchange.labels[0].twin = 5
        try walk(encode(exchange).rawSpan, "Exchange")
        let all = Set(
            ExchangeSchema.messages.flatMap { message in message.fields.map { "\(message.name).\($0.name)" } })
        #expect(seen == all)
    }

    @Test func hostileBytesThrowAndNeverTrap() throws {
        let bytes = encode(fullExchange())
        for cut in 0..<bytes.count { _ = try? ExchangeDecoder.decode(bytes.rawSpan.extracting(0..<cut)) }
        for position in bytes.indices {
            for bit in 0..<8 {
                var broken = bytes
                broken[position] ^= 1 << UInt8(bit)
                _ = try? ExchangeDecoder.decode(broken.rawSpan)
            }
        }
    }

    @Test func unknownFieldsAreSkippedAndGroupsRefused() throws {
        var bytes = encode(sampleExchange(2))
        bytes += [0xA0, 0x06, 0x96, 0x01]  // field 100, varint
        bytes += [0xAA, 0x06, 2, 1, 2]  // field 101, two bytes
        bytes += [0xB5, 0x06, 1, 2, 3, 4] + [0xB9, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]
        #expect(try ExchangeDecoder.decode(bytes.rawSpan) == sampleExchange(2))
        #expect(throws: ParsingError.self) { try ExchangeDecoder.decode((bytes + [0xA3, 0x06]).rawSpan) }
    }

    @Test func moreElementsThanTheBudgetAreRefused() throws {
        let labels = [[UInt8]](repeating: [15 << 3 | 2, 0], count: 70_000).flatMap { $0 }
        do {
            _ = try ExchangeDecoder.decode(labels.rawSpan)
            Issue.record("not refused")
        } catch {
            #expect(error.status == .limit)
        }
    }
}
