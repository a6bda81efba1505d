import Foundation
import Testing

@testable import Signing

struct FinisherTests {
    private func secret(_ bytes: [UInt8]) -> Secret {
        var copy = bytes
        return Secret(taking: &copy)
    }

    /// Runs steps over a request, with a key.
    private func finished(_ request: [UInt8], _ steps: [FinishingStep], _ keys: [SigningKey]) -> [UInt8] {
        let finisher = Finisher(keys: keys, tokens: [])
        var request = request
        unsafe request.withUnsafeMutableBufferPointer { bytes in
            unsafe steps.withUnsafeBufferPointer { steps in
                if let base = bytes.baseAddress, let first = steps.baseAddress {
                    unsafe finisher.run(first, count: steps.count, in: base, nowNanos: 0, draw: 1)
                }
            }
        }
        return request
    }

    private func sign(_ message: [UInt8], _ key: SigningKey, _ encoding: TextEncoding) -> String {
        let width = encoding.length(of: key.signatureLength)
        var last = FinishingStep(.sign)
        last.form = encoding.rawValue
        last.count = Int32(key.signatureLength)
        last.writes(message.count..<message.count + width)
        let request = message + [UInt8](repeating: 0x2E, count: width)
        let result = finished(request, [FinishingStep(.copy, reading: 0..<message.count), last], [key])
        #expect(Array(result.prefix(message.count)) == message)
        return String(decoding: result.suffix(width), as: UTF8.self)
    }

    /// RFC 4231 sections 4.2, 4.3 and 4.7, the last with a key longer than a block.
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0B, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func hmacVectors(key: [UInt8], message: String, expected: String) throws {
        let key = try #require(SigningKey(.hmac(.sha256), secret(key)))
        #expect(sign(Array(message.utf8), key, .hex) == expected)
        // The same bytes in the other encodings, as Foundation writes them.
        let bytes = Data(
            stride(from: 0, to: 64, by: 2).map { at in
                UInt8(expected.dropFirst(at).prefix(2), radix: 16) ?? 0
            })
        #expect(sign(Array(message.utf8), key, .base64) == bytes.base64EncodedString())
        let urlSafe = bytes.base64EncodedString().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" }
        #expect(sign(Array(message.utf8), key, .base64url) == String(urlSafe))
    }

    /// AWS General Reference, "Examples of the complete Signature Version 4 signing process": the IAM ListUsers request.
    @Test func awsDerivedKey() throws {
        let key = try #require(
            SigningKey(
                .awsSignature4(region: "us-east-1", service: "iam"),
                secret(Array("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".utf8))))
        let text = """
            AWS4-HMAC-SHA256
            20150830T123600Z
            20150830/us-east-1/iam/aws4_request
            f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59
            """
        #expect(
            sign(Array(text.utf8), key, .hex) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
    }

    @Test func numbersAndFolds() {
        // -2 as i16, 300 as a zigzag varint, then a digest of "abc" (FIPS 180-4's own example) within a fold.
        let request: [UInt8] = [0xFF, 0xFE, 0xD8, 0x04] + Array("abc".utf8) + [UInt8](repeating: 0, count: 24)
        var put = FinishingStep(.put, reading: 4..<7)
        put.form = DigestKind.md5.rawValue
        put.writes(7..<31)
        #expect(String(decoding: finished(request, [put], []).suffix(24), as: UTF8.self) == "kAFQmDzST7DWlj99KOF/cg==")
        guard let key = SigningKey(.hmac(.sha256), secret([1])) else { return }
        func signed(_ steps: [FinishingStep]) -> [UInt8] {
            var last = FinishingStep(.sign)
            last.form = TextEncoding.hex.rawValue
            last.count = 32
            last.writes(0..<64)
            return finished(request + [UInt8](repeating: 0, count: 64), steps + [last], [key])
        }
        let numbers = [FinishingStep(.integer, reading: 0..<2), FinishingStep(.zigzag, reading: 2..<4)]
        let text = Array("-2300".utf8)
        #expect(String(decoding: signed(numbers).prefix(64), as: UTF8.self) == sign(text, key, .hex))
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(
            String(decoding: signed([FinishingStep(.digest, reading: 4..<7)]).prefix(64), as: UTF8.self)
                == sign(Array(abc.utf8), key, .hex))
        let folded = [
            FinishingStep(.integer, reading: 0..<2), FinishingStep(.mark), FinishingStep(.copy, reading: 4..<7),
            FinishingStep(.fold),
        ]
        #expect(
            String(decoding: signed(folded).prefix(64), as: UTF8.self) == sign(Array("-2\(abc)".utf8), key, .hex))
    }

    @Test func aLongRequestGrowsTheBuffer() throws {
        let key = try #require(SigningKey(.hmac(.sha256), secret([1, 2, 3])))
        let long = [UInt8](repeating: 0x61, count: 100_000)
        // openssl dgst -sha256 -mac HMAC -macopt hexkey:010203 over 100,000 letters.
        #expect(sign(long, key, .hex) == "a0b377bc3715a81d887988b93d9ba484df46bcce1f991255ff670e1ca5ca5128")
    }

    @Test func secretsDoNotPrint() {
        let secret = secret(Array("hush".utf8))
        #expect("\(secret)" == "a secret" && String(reflecting: secret) == "a secret")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("hush"))
    }

    @Test func takenBytesAreGone() {
        var bytes = Array("hush".utf8)
        let secret = Secret(taking: &bytes)
        #expect(bytes.isEmpty && secret.count == 4)
    }

    @Test func whatIsNoKeyIsRefused() {
        #expect(SigningKey(.privateKey, secret(Array("-----BEGIN PRIVATE KEY-----\nAAAA\n".utf8))) == nil)
        #expect(SigningKey(.privateKey, secret([])) == nil)
    }
}
