import Bytes
import Compression
import HTTP1
import TestSupport
import Testing

@testable import Privacy

/// What is found and what is left alone, on small messages.
@Suite struct MaskerTests {
    private static let plan = MaskingPlan(
        key: MaskingKey(Array("a key for tests, 32 bytes long..".utf8), origin: .file))

    private func body(_ text: String, type: String = "application/json") throws -> (String, [MaskedSpan]) {
        var masker = Masker(Self.plan)
        return try body(text, type: type, &masker)
    }

    private func body(
        _ text: String, type: String = "application/json", _ masker: inout Masker
    ) throws -> (String, [MaskedSpan]) {
        var wire = Array(
            "POST /x HTTP/1.1\r\nContent-Type: \(type)\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)".utf8)
        var scanned = 0
        let head = try #require(try HTTPHead.parse(wire.rawSpan, kind: .request, scanned: &scanned))
        masker.maskHTTP(&wire, head, head.framing(), isWhole: true)
        return (String(decoding: wire.suffix(text.utf8.count), as: UTF8.self), masker.spans)
    }

    @Test(arguments: [
        #"{"phone":"13800138000"}"#, #"{"contact_phone": "138-0013-8000"}"#, #"{"x":"+86 138 0013 8000"}"#,
        #"{"a":["11010519491231002X"]}"#, #"{"idCardNo":"11010519491231002X"}"#, #"{"note":"cpf 111.444.777-35, ok"}"#,
        #"{"c":"12.ABC.345/01DE-35"}"#, #"{"c":"12ABC34501DE35"}"#, #"{"x":"HEGG560427MVZRRL04"}"#,
        #"{"x":"GODE561231GR8"}"#, #"{"x":"032180000118359719"}"#, #"{"x":4111111111111111}"#,
        #"{"mobile":13800138000}"#,
        #"{"x":"maria@example.com"}"#, #"{"x":"\u674e\u4f1f"}"#, #"{"x":"{\"phone\":\"13800138000\"}"}"#,
        #"{"x":"李伟"}"#, #"{"x":"Maria da Silva"}"#, #"{"x":"203.0.113.77"}"#, #"{"x":"2001:db8::8a2e:370:7334"}"#,
        #"{"x":"123e4567-e89b-42d3-a456-426614174000"}"#, #"{"gps":"39.904200,116.407396"}"#, #"{"lat":39.9042}"#,
        #"{"coordinates":[-46.633308,-23.550520]}"#, #"{"cvv":123}"#, #"{"cvv":"123"}"#, #"{"smsCode":"123456"}"#,
        #"{"x":"13800138000","y":"a\"b 13800138000"}"#, #"{"13800138000":{"v":1}}"#,
        #"{"device":"90afa2276f155fe5ca8b9db8051f4d70"}"#, #"{"session":"9C1F20B4D5E6A7F80123"}"#,
        // Fourteen characters that are no CNPJ, though its check digits would fit.
        #"{"x":"69.157.208.136"}"#, #"{"x":"+5511986751141"}"#, #"{"x":"187.325.521-73"}"#,
    ])
    func isMasked(_ text: String) throws {
        let (masked, spans) = try body(text)
        #expect(!spans.isEmpty)
        #expect(masked != text)
        #expect(masked.utf8.count == text.utf8.count)
        for span in spans { #expect(span.range.upperBound <= masked.utf8.count + 200) }
    }

    @Test(arguments: [
        #"{"amount":13800138000}"#, #"{"amountMinor":"11144477735"}"#, #"{"timestamp":1732147200000}"#,
        #"{"createdAt":"2026-11-21T03:37:00.123456Z"}"#, #"{"x":1732147200000000}"#, #"{"x":"1732147200"}"#,
        #"{"version":"1.2.3.4"}"#, #"{"risk":"高风险"}"#, #"{"x":"Payment Approved"}"#, #"{"name":"iPhone 15 Pro"}"#,
        #"{"x":12345678901}"#, #"{"x":"12:34:56"}"#, #"{"x":-0.5512345678}"#, #"{"ua":"Chrome/120.0.0.0"}"#,
        #"{"x":"127.0.0.1"}"#, #"{"sha":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#,
        #"{"x":[1,22,333,4444,55555,666666,7777777]}"#, #"{"fileName":"a.txt","userId":"u-17"}"#,
        #"{"device":"iPhone 15 Pro"}"#, #"{"session":"morning"}"#,
        #"{"device":{"os":"android"},"session":1234567890123456}"#,
    ])
    func isLeftAlone(_ text: String) throws {
        let (masked, spans) = try body(text)
        #expect(masked == text, "\(spans)")
        #expect(spans.isEmpty)
    }

    /// What names mean is remembered: what follows them is found as at the first time.
    @Test func whatFollowsKnownNamesIsFound() throws {
        let values = [
            #""13800138000""#, "13800138000", #""of maria@example.com""#, #""Maria da Silva""#, #""李伟""#, "[1,2]",
            #""203.0.113.77""#, #""123e4567-e89b-42d3-a456-426614174000""#, #""2001:db8::8a2e:370:7334""#, #""""#,
            #""\u674e\u4f1f""#, "null", #"{"a":"12ABC34501DE35"}"#, #"["b","Maria da Silva"]"#, "-0.5", #""plain""#,
            #""69.157.208.136""#, #""{\"phone\":\"13800138000\"}""#, #" "HEGG560427MVZRRL04" "#, "4111111111111111",
        ]
        // One that means something, plain ones of every length, and one that is too long to be kept.
        let names = ["phone", "x", "seven77", "eight888", "ninenine9", "sixteen_sixteen_", "seventeen_17_of_it"]
        var masker = Masker(Self.plan)
        var generator = SplitMix(state: 7)
        for _ in 0..<60 {
            let members = (0..<40).map { _ in
                "\"\(names[Int(generator.next() % 7)])\":\(values[Int(generator.next() % UInt64(values.count))])"
            }
            let text = "{" + members.joined(separator: ",") + "}"
            let (alone, spans) = try body(text)
            let (masked, found) = try body(text, &masker)
            if masked != alone || found != spans {
                Issue.record("\(text): \(masked), not \(alone)")
                return
            }
        }
    }

    /// One person is one person in every place, and what the tape says was changed is what was.
    @Test func pseudonymsAgreeInEveryPlace() throws {
        let (json, _) = try body(#"{"a":"13800138000","b":"138-0013-8000","phone":13800138000}"#)
        let digits = json.split(separator: "\"").map { $0.filter(\.isNumber) }.filter { $0.count == 11 }
        #expect(digits.count == 3 && Set(digits).count == 1 && digits.first != "13800138000")
        let (form, spans) = try body("tel=%2B8613800138000&q=a+b", type: "application/x-www-form-urlencoded")
        #expect(form.contains(digits[0]))
        #expect(spans.map(\.personal) == [.phone])
    }

    @Test func secretsLeavePlaceholders() throws {
        #expect(
            try body(#"{"cvv":123,"pin":"4567","password":"a b"}"#).0 == #"{"cvv":111,"pin":"xxxx","password":"xxx"}"#)
        let pem = #"{"k":"-----BEGIN PRIVATE KEY-----\nMIIabc\ndef=\n-----END PRIVATE KEY-----\n"}"#
        #expect(try body(pem).0 == pem.replacing("MIIabc", with: "xxxxxx").replacing("def=", with: "xxxx"))
    }

    /// Numbers of ordinary traffic: amounts, times, counters, under names and without.
    @Test func ordinaryNumbersAreNotReplaced() throws {
        var generator = SplitMix(state: 42)
        var fields = 0
        var replaced = 0
        for _ in 0..<400 {
            var members: [String] = []
            for index in 0..<50 {
                let value = generator.next()
                let text: String
                switch index % 10 {
                case 0: text = "\"amount\(index)\":\(value % 100_000_000)"
                case 1: text = "\"v\(index)\":\(Double(value % 10_000_000) / 100)"
                case 2: text = "\"t\(index)\":\(1_700_000_000 + value % 100_000_000)"
                case 3: text = "\"t\(index)\":\(1_700_000_000_000 + value % 100_000_000_000)"
                case 4: text = "\"t\(index)\":\(1_700_000_000_000_000 + value % 100_000_000_000_000)"
                case 5: text = "\"n\(index)\":\(value % (1 << (value >> 40 % 40 + 1)))"
                case 6: text = "\"s\(index)\":\"\(value % 1_000_000)\""
                case 7:
                    text = "\"at\(index)\":\"2026-0\(value % 9 + 1)-1\(value % 10)T0\(value % 10):3\(value % 10):00Z\""
                case 8: text = "\"p\(index)\":\"\(value % 1_000_000).\(value % 90 + 10)\""
                default: text = "\"c\(index)\":\(value % 1000)"
                }
                members.append(text)
                fields += 1
            }
            replaced += try body("{" + members.joined(separator: ",") + "}").1.count
        }
        print("ordinary numbers replaced: \(replaced) of \(fields)")
        #expect(replaced * 10_000 < fields)
    }

    @Test(arguments: ContentCoding.allCases) func compressedBodiesAreWrittenAnew(_ coding: ContentCoding) throws {
        let text = #"{"phone":"13800138000","filler":"\#(String(repeating: "abc ", count: 40_000))"}"#
        let packed = coding.encode(Array(text.utf8).rawSpan)
        #expect(try coding.decode(packed.rawSpan, limit: 1 << 20) == Array(text.utf8))
        var wire = Array(
            "POST / HTTP/1.1\r\nContent-Encoding: \(coding.rawValue)\r\nContent-Length: \(packed.count)\r\n\r\n".utf8)
        wire += packed
        var scanned = 0
        var head = try #require(try HTTPHead.parse(wire.rawSpan, kind: .request, scanned: &scanned))
        var masker = Masker(Self.plan)
        masker.maskHTTP(&wire, head, head.framing(), isWhole: true)
        #expect(masker.outcome.reencoded == coding.rawValue)
        scanned = 0
        head = try #require(try HTTPHead.parse(wire.rawSpan, kind: .request, scanned: &scanned))
        #expect(head.length + Int(head.contentLength ?? 0) == wire.count)
        let again = try coding.decode(Array(wire[head.length...]).rawSpan, limit: 1 << 20)
        #expect(again.count == text.utf8.count && !String(decoding: again, as: UTF8.self).contains("13800138000"))
        // What cannot be decoded is left out.
        wire[head.length + 3] ^= 0x55
        wire[head.length] ^= 0xAA
        masker.maskHTTP(&wire, head, head.framing(), isWhole: true)
        #expect(masker.outcome.dropped == "coding" && wire.count == head.length)
    }

    @Test func policiesSayWhatIsMasked() throws {
        let text = """
            version: 1
            extends: default
            classes: {phone: keep, email: drop}
            fields: {token: [reference], none: [mobile]}
            """
        let policy = try MaskingPolicy.parse(Array(text.utf8), file: "p.yaml")
        #expect(policy.action(for: .phone) == .keep && policy.action(for: .email) == .drop)
        #expect(policy.action(for: .cpf) == .pseudonym && policy.digest != MaskingPolicy.builtIn.digest)
        var masker = Masker(MaskingPlan(policy: policy, key: .random()))
        var json = Array(#"{"phone":"13800138000","x":"ana@example.com","reference":"abc-123"}"#.utf8)
        masker.begin()
        masker.maskFound(&json, 0..<json.count, isJSON: true)
        let masked = String(decoding: json, as: UTF8.self)
        #expect(masked.contains("13800138000") && masked.contains("xxxxxxxxxxxxxxx") && !masked.contains("abc-123"))
        for wrong in [
            "version: 2", "version: 1\nclasses: {cvv: keep}", "version: 1\nclasses: {fone: drop}", "version: 1\nfoo: 1",
        ] {
            #expect(throws: (any Error).self) { try MaskingPolicy.parse(Array(wrong.utf8), file: "p.yaml") }
        }
    }

    @Test func theBuiltInPolicyIsTheOneThatShips() throws {
        #expect(try Repository.text("schemas/privacy/default.yaml") == BuiltInPolicy.yaml)
        #expect(MaskingPolicy.builtIn.action(for: .accountID) == .keep)
    }

    @Test func namesOfFieldsAreUnderstood() {
        func meaning(_ name: String) -> PersonalClass? {
            let bytes = Array(name.utf8)
            return MaskingPolicy.builtIn.fields.meaning(bytes.rawSpan, 0..<bytes.count).personal
        }
        for name in ["phone", "userPhone", "contact_phone", "CONTACT-PHONE", "user.phone", "phone1", "shoujihao"] {
            #expect(meaning(name) == .phone, "\(name)")
        }
        for name in ["microphone", "phoneModel", "zip", "ship", "fileName", "amount", "x"] {
            #expect(meaning(name) == nil, "\(name)")
        }
        #expect(meaning("cvv2") == .cvv && meaning("clientIp") == .ip && meaning("emailAddress") == .email)
    }
}

private struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
