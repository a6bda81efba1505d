import Bytes
import HTTP1
import TestSupport
import Testing

@testable import Privacy

/// What is found through a known shape is what a finder finds that has never met it.
@Suite struct JSONShapesTests {
    private static let strings = [
        "", "a", "13800138000", "of maria@example.com", "Maria da Silva", "李伟", "203.0.113.77",
        "plain, {text}: [it] 12",
        "123e4567-e89b-42d3-a456-426614174000", "2001:db8::8a2e:370:7334", #"\u674e\u4f1f"#,
        #"a \"quoted\" 13800138000"#,
        #"{\"phone\":\"13800138000\"}"#, #"ends in \\"#, "69.157.208.136", "4111 1111 1111 1111", "12ABC34501DE35",
        "90afa2276f155fe5ca8b9db8051f4d70", "HEGG560427MVZRRL04", "1234", "12:30", "2026-11-28",
        "eyJhbGciOi.eyJzdWI.c2ln",
        String(repeating: "a", count: 63), String(repeating: "b ", count: 90) + "13800138000 c",
        String(repeating: "1", count: 64) + "x4111111111111111", "111.444.777-35", "+5511987654321",
    ]
    private static let numbers = [
        "0", "-0.5", "13800138000", "4111111111111111", "1732147200002", "4111111111111111.25", "0.4111111111111111",
        "123456789012345678901234567890", "-1", "52998224725", "110101199003074514", "12.5",
    ]
    private static let words = ["true", "false", "null"]
    private static let names = [
        "phone", "x", "note", "ip", "amount", "card", "user-id", "a.b", "createdAt", "latitude", "",
        "cvv",
    ]

    /// A template of JSON: `S`, `N`, `W`, `LN` and `LS` where values and lists go, in quotes and without.
    private static func template(_ generator: inout SplitMix, depth: Int = 0) -> [String] {
        let blank = ["", " ", "\n  "].randomElement(using: &generator) ?? ""
        var parts: [String] = []
        func value() -> [String] {
            switch Int.random(in: 0..<(depth < 3 ? 10 : 7), using: &generator) {
            case 0...2: ["\"", "S", "\""]
            case 3...5: ["N"]
            case 6: ["W"]
            case 7: template(&generator, depth: depth + 1)
            case 8: [Bool.random(using: &generator) ? "LN" : "LS"]
            default:
                ["["] + ["\"", "S", "\"", ",", "N", ","] + template(&generator, depth: depth + 1) + [",\"", "S", "\"]"]
            }
        }
        for index in 0..<Int.random(in: 1...8, using: &generator) {
            let name = names.randomElement(using: &generator) ?? ""
            parts += [(index > 0 ? "," : "") + blank + "\"\(name)\":" + (blank.count == 1 ? blank : "")] + value()
        }
        return ["{"] + parts + [blank + "}"]
    }

    private static func filled(_ template: [String], _ generator: inout SplitMix) -> [UInt8] {
        var text = ""
        for part in template {
            switch part {
            case "S": text += strings.randomElement(using: &generator) ?? ""
            case "N": text += numbers.randomElement(using: &generator) ?? ""
            case "W": text += words.randomElement(using: &generator) ?? ""
            case "LN", "LS":
                let pool = part == "LN" ? numbers : strings.map { "\"\($0)\"" }
                let elements = (0..<Int.random(in: 0..<4, using: &generator)).compactMap { _ in
                    pool.randomElement(using: &generator)
                }
                text += "[" + elements.joined(separator: Bool.random(using: &generator) ? ", " : ",") + "]"
            default: text += part
            }
        }
        return Array(text.utf8)
    }

    private func found(_ text: [UInt8], _ range: Range<Int>, _ finder: inout ValueFinder) -> [ValueFinder.Finding] {
        finder.found.removeAll()
        finder.find(text.rawSpan, range, json: MaskingPolicy.builtIn.fields)
        return finder.found
    }

    @Test func findsWhatIsFoundWithoutShapes() {
        var generator = SplitMix(seed: 11)
        var finder = ValueFinder()
        var known = NameCache()
        var (matched, texts) = (0, 0)
        for _ in 0..<400 {
            let template = Self.template(&generator)
            var shapes = JSONShapes()
            for round in 0..<8 {
                // Somewhere in a message, with other bytes around it.
                let content = Self.filled(template, &generator)
                let start = Int.random(in: 0..<70, using: &generator)
                let text = Array(repeating: 0x39, count: start) + content + [0x39, 0x39]
                let range = start..<start + content.count
                var fresh = ValueFinder()
                let expected = found(text, range, &fresh)
                #expect(found(text, range, &finder) == expected, "\(String(decoding: content, as: UTF8.self))")
                var direct: [ValueFinder.Finding] = []
                if round > 0 && JSONShapes.isOfUse(range) {
                    texts += 1
                    if shapes.find(text.rawSpan, range, &direct) {
                        matched += 1
                        #expect(direct == expected, "\(String(decoding: content, as: UTF8.self))")
                        continue
                    }
                    #expect(direct.isEmpty)
                }
                shapes.learn(text.rawSpan, range, expected[...], MaskingPolicy.builtIn.fields, &known)
            }
        }
        #expect(matched * 10 > texts * 8, "\(matched) of \(texts) texts had a known shape")
    }

    @Test func requestsAndResponsesTakeTurns() {
        let texts = [
            #"{"requestId":"8373f94120b31d3153be311b86213b13","userId":676097311,"ts":1732147200002,"amountMinor":4647614,"currency":"USD","merchant":"M-61274","device":"90afa2276f155fe5ca8b9db8051f4d70","ip":"203.0.24.233","note":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#,
            #"{"requestId":"7f3c9a51-2d0e-4b6a-9a57-0c1d2e3f4a5b","decision":"REVIEW","score":713,"reasons":["velocity_1h","new_device","geo_mismatch"],"ttlMs":1500}"#,
            #"{"requestId":"4aadcb018353acba83daf11261abff31","userId":781555268,"ts":1732147200242,"amountMinor":49827,"currency":"INR","merchant":"M-25046","device":"e4b49379177cb25504a2f36470cf505b","ip":"203.0.171.17","note":"aa"}"#,
            #"{"requestId":"7f3c9a51-2d0e-4b6a-9a57-0c1d2e3f4a5c","decision":"APPROVE","score":7,"reasons":["velocity_1h","new_device","geo_mismatch"],"ttlMs":1500}"#,
        ].map { Array($0.utf8) }
        var shapes = JSONShapes()
        var known = NameCache()
        for (index, text) in texts.enumerated() {
            var fresh = ValueFinder()
            let expected = found(text, 0..<text.count, &fresh)
            var direct: [ValueFinder.Finding] = []
            #expect(shapes.find(text.rawSpan, 0..<text.count, &direct) == (index > 1))
            if index > 1 {
                #expect(direct == expected)
            } else {
                shapes.learn(text.rawSpan, 0..<text.count, expected[...], MaskingPolicy.builtIn.fields, &known)
            }
        }
    }

    /// Nothing is read by a shape that it does not have.
    @Test(arguments: [
        #"{"name":"Maria da Silva","n":1,"b":true} "#, #"{"name":"Maria da Silva","n":1,"b":true"#,
        #"{"name":"Maria da Silva","n":1e5,"b":true}"#, #"{"name":"Maria da Silva","n":,"b":true}"#,
        #"{"name":"Maria da Silva","n":1,"b":"true"}"#, #"{"name":"Maria da Silva"#, #"{"name":"#,
        #"{"name":"Maria da Silva","n":"1","b":true}"#, #"{"name":"Maria da Silva\","n":1,"b":true}"#,
        #"{"nome":"Maria da Silva","n":1,"b":true}"#, #"{"name":"Maria da Silva","n":-,"b":true}"#,
    ])
    func otherShapesAreToldApart(text: String) {
        var shapes = JSONShapes()
        var known = NameCache()
        var finder = ValueFinder()
        let known1 = Array(#"{"name":"Jose da Silva","n":22,"b":false}"#.utf8)
        let expected = found(known1, 0..<known1.count, &finder)
        shapes.learn(known1.rawSpan, 0..<known1.count, expected[...], MaskingPolicy.builtIn.fields, &known)
        var direct: [ValueFinder.Finding] = []
        #expect(shapes.find(known1.rawSpan, 0..<known1.count, &direct) && direct == expected)
        direct = []
        let other = Array(text.utf8)
        #expect(!shapes.find(other.rawSpan, 0..<other.count, &direct))
        #expect(direct.isEmpty)
    }

    /// Texts that never come again use the credit up; when traffic has shapes again, they are learnt.
    @Test func shapesAreLearntAfterTextsThatNeverComeAgain() {
        var generator = SplitMix(seed: 3)
        var finder = ValueFinder()
        var (shapes, known) = (JSONShapes(), NameCache())
        func isKnown(_ text: [UInt8]) -> Bool {
            var (direct, fresh) = ([ValueFinder.Finding](), ValueFinder())
            if shapes.find(text.rawSpan, 0..<text.count, &direct) { return true }
            let expected = found(text, 0..<text.count, &fresh)
            shapes.learn(text.rawSpan, 0..<text.count, expected[...], MaskingPolicy.builtIn.fields, &known)
            return false
        }
        for _ in 0..<2000 {
            let text = Self.filled(Self.template(&generator), &generator)
            var fresh = ValueFinder()
            let expected = found(text, 0..<text.count, &fresh)
            #expect(found(text, 0..<text.count, &finder) == expected)
            _ = isKnown(text)
        }
        let steady = Array(#"{"amount":12,"note":"the same in every message"}"#.utf8)
        let matched = (0..<1000).count { _ in isKnown(steady) }
        #expect(matched > 800)
    }
}

/// Header lines that came before are compared instead of read.
@Suite struct HeaderLinesTests {
    private static let lines = [
        "Host: risk.example", "Content-Type: application/json", "content-type: text/plain; charset=utf-8",
        "Accept: */*",
        "User-Agent: gateway/4.2", "X-Client-IP: 203.0.113.77", "Authorization: Bearer abcdefghijklmnop",
        "Content-Length: 2",
        "Content-Length: 14", "Date: Sat, 28 Nov 2026 03:57:15 GMT", "Cookie: a=b; c=d", "X-Phone: 13800138000",
        "Host: a\r\n folded 13800138000", "broken line", "Accept: b\r\n\tX-Phone: 13800138000", "Via: x\n",
        "Server: " + String(repeating: "s", count: 120), "Content-Type:", "Content-Type: image/png",
    ]

    @Test func headsAreMaskedAsAtTheFirstTime() throws {
        let plan = MaskingPlan(
            key: MaskingKey(Array("a key for tests, 32 bytes long..".utf8), origin: .file))
        var generator = SplitMix(seed: 5)
        var masker = Masker(plan)
        for _ in 0..<3000 {
            var lines = (0..<Int.random(in: 0..<6, using: &generator)).compactMap { _ in
                Self.lines.randomElement(using: &generator)
            }
            if Bool.random(using: &generator) { lines = Array(Self.lines.prefix(5)) + lines }
            let isRequest = Bool.random(using: &generator)
            let first = isRequest ? "POST /a?phone=13800138000 HTTP/1.1" : "HTTP/1.1 200 OK"
            let text = first + "\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
            let wire = Array(text.utf8) + Array("{\"phone\": \"13800138000\"}".utf8)
            var scanned = 0
            let head = try #require(
                try HTTPHead.parse(wire.rawSpan, kind: isRequest ? .request : .response, scanned: &scanned))
            func masked(_ masker: inout Masker) -> ([UInt8], [MaskedSpan]) {
                var copy = wire
                masker.maskHTTP(&copy, head, head.framing(), isWhole: true)
                return (copy, masker.spans)
            }
            var fresh = Masker(plan)
            let expected = masked(&fresh)
            let actual = masked(&masker)
            #expect(actual.0 == expected.0 && actual.1 == expected.1, "\(text)")
        }
    }

    /// Heads of which the rest was never captured, at every byte.
    @Test func cutHeadsAreMaskedAsAtTheFirstTime() throws {
        let plan = MaskingPlan(key: MaskingKey(Array("a key for tests, 32 bytes long..".utf8), origin: .file))
        let text = "POST /a HTTP/1.1\r\n" + Self.lines.prefix(8).map { $0 + "\r\n" }.joined() + "\r\n"
        var masker = Masker(plan)
        for count in (1...text.utf8.count).reversed() {
            var wire = Array(text.utf8.prefix(count))
            guard let head = HTTPHead.parseCut(wire.rawSpan, kind: .request) else { continue }
            var fresh = Masker(plan)
            var expected = wire
            fresh.maskHTTP(&expected, head, .none, isWhole: false)
            masker.maskHTTP(&wire, head, .none, isWhole: false)
            #expect(wire == expected && masker.spans == fresh.spans, "\(count) bytes")
        }
    }
}
