import Bytes
import Capture
import Recording
import Tape
import TestSupport
import Testing

@Suite struct RedactionTests {
    private func request(_ text: String, isRaw: Bool = false) throws -> Message {
        let frames = PacketBuilder().conversation([
            (true, Array(text.utf8)), (false, Array("HTTP/1.1 204 x\r\n\r\n".utf8)),
        ])
        let recorded = try Recorded(PacketBuilder.pcap(frames), isRaw: isRaw)
        return try #require(recorded.exchanges.first?.request)
    }

    private func body(_ text: String) throws -> String {
        let message = try request("POST / HTTP/1.1\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
        return String(decoding: message.wire.suffix(text.utf8.count), as: UTF8.self)
    }

    @Test func credentialsKeepTheirPlacesAndLoseTheirValues() throws {
        let text =
            "GET / HTTP/1.1\r\nauthorization: Bearer abc.def\r\nProxy-Authorization: secret\r\n"
            + "Cookie: sid=12345; theme=dark\r\nX: y\r\n\r\n"
        let message = try request(text)
        #expect(
            String(decoding: message.wire, as: UTF8.self)
                == "GET / HTTP/1.1\r\nauthorization: Bearer xxxxxxx\r\nProxy-Authorization: xxxxxx\r\n"
                + "Cookie: sid=xxxxx; theme=xxxx\r\nX: y\r\n\r\n")
        #expect(message.redactions.map(\.kind) == ["authorization", "authorization", "cookie", "cookie"])
        #expect(message.wireLength == UInt64(text.utf8.count) && message.isWhole)
        let raw = try request(text, isRaw: true)
        #expect(raw.wire == Array(text.utf8) && raw.redactions.isEmpty)
    }

    @Test(arguments: [
        "4111111111111111", "{\"pan\":\"5500005555555559\"}", "card 4111 1111 1111 1111 exp", "378282246310005",
        "3782-822463-10005", "6011111111111117,3530111333300000", "pan%3D4222222222222&x", "6212345678901232",
        "5066991111111118",
    ])
    func cardNumbersKeepTheirIssuer(text: String) throws {
        let masked = try body(text)
        #expect(masked != text)
        func shape(_ text: String) -> String { String(text.map { $0.isNumber ? "9" : $0 }) }
        #expect(shape(masked) == shape(text))
        func numbers(_ text: String) -> [[Int]] {
            text.filter { $0 != " " && $0 != "-" }.replacing("%3D", with: " ").split { !$0.isNumber }
                .map { $0.compactMap(\.wholeNumberValue) }
        }
        for (was, now) in zip(numbers(text), numbers(masked)) where was.count > 12 {
            #expect(was.prefix(6) == now.prefix(6) && was != now)
            // Luhn.
            let sum = now.reversed().enumerated().reduce(0) { sum, item in
                sum + (item.offset % 2 == 0 ? item.element : item.element * 2 / 10 + item.element * 2 % 10)
            }
            #expect(sum % 10 == 0)
        }
        for padding in 0..<20 {
            let filler = String(repeating: ".", count: padding)
            let padded = try body(filler + text + filler)
            #expect(padded != filler + text + filler && shape(padded) == filler + shape(text) + filler)
        }
    }

    @Test(arguments: [
        "4111111111111112", "1732147200000000", "41111111111111111", "411111111111111", "a4111111111111111",
        "4111111111111111f",
        "4242 4242 4242 4242 4242 4242", "5100 5101 5102 5103 5104 5105 5106", "9999999999999995",
        "4111  1111  1111  1111",
        "2026-11-21 03:37:00 1234 5678", "0000000000000000",
    ])
    func whatIsNoCardNumberStays(text: String) throws {
        #expect(try body(text) == text)
    }

    @Test func cardNumbersInCompactStringsAreFoundBesideFieldHeaders() throws {
        // Compact: call `pay`, field 1 a string, then a field header 0x38 (delta 3, string), which is the digit 8.
        let bytes: [UInt8] =
            [0x82, 0x21, 0, 3] + Array("pay".utf8) + [0x18, 16] + Array("4111111111111111".utf8) + [0x38, 1, 65, 0]
        let recorded = try Recorded(PacketBuilder.pcap(PacketBuilder().conversation([(true, bytes)])), isRaw: false)
        let wire = try #require(recorded.exchanges.first?.request?.wire)
        #expect(Array(wire[9..<15]) == Array("411111".utf8))
        #expect(Array(wire[9..<25]) != Array("4111111111111111".utf8))
        #expect(wire[25] == 0x38)
    }
}
