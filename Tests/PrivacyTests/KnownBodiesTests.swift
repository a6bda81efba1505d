import Bytes
import HTTP1
import Testing

@testable import Privacy

/// Bodies that come again are masked as they were the first time, whatever else came between.
@Suite struct KnownBodiesTests {
    private static func mask(
        _ masker: inout Masker, _ body: String, type: String = "application/json"
    ) throws -> (text: String, spans: [MaskedSpan]) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        var wire = Array((head + body).utf8)
        var scanned = 0
        let parsed = try #require(try HTTPHead.parse(wire.rawSpan, kind: .response, scanned: &scanned))
        masker.maskHTTP(&wire, parsed, parsed.framing(responseTo: .get), isWhole: true)
        return (
            String(decoding: wire[head.utf8.count...], as: UTF8.self),
            masker.spans.sorted { $0.range.lowerBound < $1.range.lowerBound }
        )
    }

    private static let bodies = [
        #"{"requestId":"7f3c9a51-2d0e-4b6a-9a57-0c1d2e3f4a5b","phone":"13800138000","decision":"REVIEW"}"#,
        #"{"requestId":"7f3c9a51-2d0e-4b6a-9a57-0c1d2e3f4a5b","phone":"13800138001","decision":"REVIEW"}"#,
        #"{"code":0,"message":"ok","data":null}"#, #"{"password":"hunter2hunter2","code":0}"#,
        #"{"text":"phone 13800138000 or maria@example.com"}"#, "{}", #"{"a":1}"#,
    ]

    @Test func theyAreMaskedAsTheFirstTime() throws {
        let plan = MaskingPlan(key: .random())
        var known = Masker(plan)
        for round in 0..<4 {
            for body in Self.bodies {
                var fresh = Masker(plan)
                let (expected, made) = (try Self.mask(&fresh, body), try Self.mask(&known, body))
                #expect(expected == made, "round \(round): \(body)")
                #expect(made.text.utf8.count == body.utf8.count)
            }
        }
    }

    /// The same bytes are read in another way when the header says that they are something else.
    @Test func anotherKindIsAnotherBody() throws {
        let body = "phone=13800138000&name=Maria+da+Silva&note=none"
        let plan = MaskingPlan(key: .random())
        var known = Masker(plan)
        for type in [
            "text/plain", "application/x-www-form-urlencoded", "text/plain", "application/x-www-form-urlencoded",
        ] {
            for _ in 0..<3 {
                var fresh = Masker(plan)
                #expect(try Self.mask(&fresh, body, type: type) == Self.mask(&known, body, type: type))
            }
        }
    }

    /// More different ones than are kept, some of them often, in the places of each other.
    @Test func manyPassThroughTheSamePlaces() throws {
        let plan = MaskingPlan(key: .random())
        var known = Masker(plan)
        for number in 0..<3000 {
            let body = #"{"userPhone":"138\#(10_000_000 + number % 7 * 1_000 + number / 300)","ok":true}"#
            var fresh = Masker(plan)
            #expect(try Self.mask(&fresh, body) == Self.mask(&known, body))
        }
    }
}
