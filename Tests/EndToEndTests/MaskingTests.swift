import Foundation
import TestSupport
import Testing

struct MaskingTests {
    /// All of these stand in fixtures/http-nginx.pcap.
    private static let secrets = [
        "invented-token-0123456789", "invented-session", "4111111111111111", "4111 1111 1111 1111",
        Data("invented-user:invented-password".utf8).base64EncodedString(),
    ]
    private static let http = Fixture(capture: "http-nginx.pcap", schema: "risk_decision.openapi.yaml")

    @Test("Tokens, cookies and card numbers do not reach the tape, nor any output", .requires(.python))
    func secretsAreMasked() throws {
        let directory = try TemporaryDirectory()
        let masked = try Self.http.record(into: directory)
        let raw = try Self.http.record(into: directory, "--raw")
        for secret in Self.secrets {
            #expect(try !wireBytes(masked).contains(secret), "\(secret)")
            #expect(try wireBytes(raw).contains(secret), "\(secret) is not in the capture: the test proves nothing")
        }
        let shown = try tinct("show", masked, "--payload").output + tinct("show", masked, "--payload", "--json").output
        for secret in Self.secrets { #expect(!shown.contains(secret)) }
    }

    @Test("Card numbers within Thrift strings do not reach the tape either", .requires(.python))
    func cardNumbersInThriftAreMasked() throws {
        let directory = try TemporaryDirectory()
        for capture in [
            "thrift-binary.pcap", "thrift-compact.pcapng", "thrift-unframed.pcap", "thrift-transports.pcap",
        ] {
            let fixture = Fixture(capture: capture, schema: "risk_decision.thrift")
            let numbers = try cardNumbers(fixture.expected())
            #expect(!numbers.isEmpty)
            let bytes = try wireBytes(try fixture.record(into: directory))
            for number in numbers { #expect(!bytes.contains(number), "\(capture) holds a card number") }
        }
    }

    @Test("Masking keeps every length and all that is not secret", arguments: Fixture.all)
    func placesAreKept(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let masked = try show(try fixture.record(into: directory))
        let raw = try show(try fixture.record(into: directory, "--raw"))
        #expect(masked.count == raw.count)
        for (masked, raw) in zip(masked, raw) {
            for side in ["request", "response"] {
                let masked = masked[side] as? [String: Any]
                let raw = raw[side] as? [String: Any]
                // A zlib payload is written anew, and may have another length.
                let length = fixture.capture == "thrift-transports.pcap" ? [] : ["bytes"]
                for member in length + ["method", "status", "bodyBytes", "type", "seqid"] {
                    let found = differences(raw?[member] ?? NSNull(), masked?[member] ?? NSNull())
                    #expect(found.isEmpty)
                }
            }
        }
    }

    @Test("A raw tape is its owner's alone and says what it is")
    func rawTapesArePrivate() throws {
        let directory = try TemporaryDirectory()
        let tape = try Self.http.record(into: directory, "--raw")
        let attributes = try FileManager.default.attributesOfItem(atPath: tape)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        #expect(try tinct("info", tape).output.lowercased().contains("raw"))
        let masked = try Self.http.record(into: directory)
        #expect(try !tinct("info", masked).output.lowercased().contains("raw"))
    }

    /// Every message of a tape, as Python's mcap library reads it, in one text.
    private func wireBytes(_ tape: String) throws -> String {
        let result = try python(
            """
            import sys
            from mcap.reader import make_reader
            with open(sys.argv[1], "rb") as file:
                for _, _, message in make_reader(file).iter_messages():
                    sys.stdout.buffer.write(message.data)
            """, [tape])
        #expect(result.status == 0, "\(result.errors)")
        return String(decoding: result.stdout, as: UTF8.self)
    }

    private func cardNumbers(_ exchanges: [[String: Any]]) -> [String] {
        exchanges.compactMap { exchange in
            let request = (exchange["request"] as? [String: Any])?["args"] as? [String: Any]
            let payment = (request?["req"] as? [String: Any])?["payment"] as? [String: Any]
            return payment?["cardNumber"] as? String
        }
    }
}
