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
        ("4111111111111111", "4111110000000000"), ("{\"pan\":\"5500005555555559\"}", "{\"pan\":\"5500000000000000\"}"),
        ("card 4111 1111 1111 1111 exp", "card 4111 1100 0000 0000 exp"), ("378282246310005", "378282000000000"),
        ("3782-822463-10005", "3782-820000-00000"),
        ("6011111111111117,3530111333300000", "6011110000000000,3530110000000000"),
        ("pan%3D4222222222222&x", "pan%3D4222220000000&x"), ("6212345678901232", "6212340000000000"),
        ("5066991111111118", "5066990000000000"),
    ])
    func cardNumbersKeepTheirIssuer(text: String, masked: String) throws {
        #expect(try body(text) == masked)
        for padding in 0..<20 {
            let filler = String(repeating: ".", count: padding)
            #expect(try body(filler + text + filler) == filler + masked + filler)
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
        #expect(Array(wire[9..<25]) == Array("4111110000000000".utf8))
        #expect(wire[25] == 0x38)
    }
}
