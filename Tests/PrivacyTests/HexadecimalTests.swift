import Bytes
import TestSupport
import Testing

@testable import Privacy

@Suite struct HexadecimalTests {
    private func word(_ text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return bytes.rawSpan.word(at: 0, before: bytes.count)
    }

    @Test func eightDigitsAreReadAsTheStandardLibraryReadsThem() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let number = UInt32.random(in: 0...UInt32.max, using: &random)
            for capitals in [false, true] {
                let plain = String(number, radix: 16, uppercase: capitals)
                let text = String(repeating: "0", count: 8 - plain.count) + plain
                #expect(Hexadecimal.number(word(text)) == UInt32(text, radix: 16))
                #expect(Hexadecimal.text(number, capitals: capitals) == word(text))
                #expect(Hexadecimal.hasCapital(word(text)) == text.contains { $0.isUppercase })
            }
        }
    }

    @Test func everyOtherByteAtEveryPlaceIsRefused() {
        for place in 0..<8 {
            for byte in UInt8.min...UInt8.max {
                var bytes = Array("0a1b2c3d".utf8)
                bytes[place] = byte
                let isDigit = Character(Unicode.Scalar(byte)).isHexDigit && byte < 0x80
                #expect((Hexadecimal.number(bytes.rawSpan.word(at: 0, before: 8)) != nil) == isDigit, "\(byte)")
            }
        }
    }

    @Test func wordsEndWhereTheyAreToldTo() {
        let bytes = (0..<24).map { UInt8($0 + 1) }
        for start in 0...24 {
            for end in start...24 {
                var expected: UInt64 = 0
                for (index, byte) in bytes[start..<min(end, start + 8)].enumerated() {
                    expected |= UInt64(byte) << UInt64(8 * index)
                }
                #expect(bytes.rawSpan.word(at: start, before: end) == expected)
            }
        }
    }

    /// What the doc comments say, done again with another library: AES-256 of the sixteen bytes, under the HMAC of a name.
    @Test(.requires(.python)) func idsOf32DigitsAreBlocksOfAES() throws {
        var pseudonyms = Pseudonyms(MaskingKey(Array(repeating: 7, count: 32), origin: .random))
        let ids = ["90afa2276f155fe5ca8b9db8051f4d70", "00f067aa0ba902b7a3ce929d0e0e4736"]
        let mine = ids.map { id in
            pseudonyms.text.assign(Array(id.utf8))
            let isDone = pseudonyms.replace(.device)
            #expect(isDone)
            return String(decoding: pseudonyms.text, as: UTF8.self)
        }
        let theirs = try python(
            """
            import hmac, sys
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
            key = hmac.new(bytes([7]) * 32, b"tinct block key: device", "sha256").digest()
            for id in sys.argv[1:]:
                encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
                print(encryptor.update(bytes.fromhex(id)).hex())
            """, ids)
        #expect(theirs.output == mine.map { $0 + "\n" }.joined(), "\(theirs.errors)")
    }

    /// What reads such ids must be able to read their pseudonyms: same length, same alphabet and case, and the way back.
    @Test(arguments: [8, 9, 16, 29, 30, 31, 32, 40, 64]) func hexadecimalIdsStayHexadecimal(length: Int) {
        var pseudonyms = Pseudonyms(MaskingKey(Array(repeating: 7, count: 32), origin: .random))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let digits = (0..<length).map { _ in Int.random(in: 0..<16, using: &random) }
            for capitals in [false, true] {
                let text = digits.map { String($0, radix: 16, uppercase: capitals) }.joined()
                for personal in [PersonalClass.token, .device] {
                    pseudonyms.isInverse = false
                    pseudonyms.text.assign(Array(text.utf8))
                    let isMasked = pseudonyms.replace(personal)
                    #expect(isMasked)
                    let masked = String(decoding: pseudonyms.text, as: UTF8.self)
                    #expect(masked.count == length && masked != text)
                    let isMixed = text.contains { $0.isNumber } && text.contains { $0.isLetter }
                    if isMixed {
                        #expect(masked.allSatisfy { $0.isHexDigit } && masked.contains { $0.isLetter })
                        #expect(masked.allSatisfy { !$0.isLetter || $0.isUppercase == capitals })
                    }
                    pseudonyms.isInverse = true
                    let isBack = pseudonyms.replace(personal)
                    #expect(isBack && Array(pseudonyms.text) == Array(text.utf8))
                }
            }
        }
    }

    @Test func namesMeanTheSameAtTheSecondTime() {
        var names = FieldNames()
        names.add("phone", .init(.phone))
        names.add("amount", .ordinary)
        var cache = NameCache()
        for name in [
            "phone", "contactPhone", "amount", "microphone", "phone\0", "p", "averyverylongnameofaphone", "x_phone",
        ] {
            let bytes = Array("..\(name)..".utf8)
            let range = 2..<bytes.count - 2
            for _ in 0..<2 {
                #expect(cache.meaning(bytes.rawSpan, range, names) == names.meaning(bytes.rawSpan, range))
            }
        }
    }
}
