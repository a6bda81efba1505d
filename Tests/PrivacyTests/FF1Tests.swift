import Bytes
import TestSupport
import Testing

@testable import Privacy

/// NIST's sample vectors for FF1 (Cryptographic Standards and Guidelines, "FF1 Samples", with SP 800-38G).
@Suite struct FF1Tests {
    struct Sample: Sendable {
        var key: String
        var radix: UInt32
        var tweak: String
        var plain: String
        var cipher: String
    }

    static let samples: [Sample] = {
        let keys = [
            "2B7E151628AED2A6ABF7158809CF4F3C", "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F",
            "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94",
        ]
        let ciphers = [
            ["2433477484", "6124200773", "a9tv40mll9kdu509eum"], ["2830668132", "2496655549", "xbj3kv35jrawxv32ysr"],
            ["6657667009", "1001623463", "xs8a0azh2avyalyzuwd"],
        ]
        var samples: [Sample] = []
        for (key, outputs) in zip(keys, ciphers) {
            samples.append(Sample(key: key, radix: 10, tweak: "", plain: "0123456789", cipher: outputs[0]))
            samples.append(
                Sample(key: key, radix: 10, tweak: "39383736353433323130", plain: "0123456789", cipher: outputs[1]))
            samples.append(
                Sample(
                    key: key, radix: 36, tweak: "3737373770717273373737", plain: "0123456789abcdefghi",
                    cipher: outputs[2]))
        }
        return samples
    }()

    private func numbers(_ text: String, _ radix: UInt32) throws -> (UInt64, UInt64) {
        let half = text.count / 2
        let first = try #require(UInt64(text.prefix(half), radix: Int(radix)))
        return (first, try #require(UInt64(text.dropFirst(half), radix: Int(radix))))
    }

    private func text(_ pair: (UInt64, UInt64), _ radix: UInt32, _ length: Int) -> String {
        func padded(_ value: UInt64, _ count: Int) -> String {
            let digits = String(value, radix: Int(radix))
            return String(repeating: "0", count: count - digits.count) + digits
        }
        return padded(pair.0, length / 2) + padded(pair.1, length - length / 2)
    }

    @Test(arguments: samples) func agreesWithSamples(_ sample: Sample) throws {
        let tweak = try #require(Hex.decode(sample.tweak))
        let ff1 = FF1(key: try #require(Hex.decode(sample.key)))
        let length = sample.plain.count
        let domain = ff1.domain(radix: sample.radix, length: length, tweakBytes: tweak.count)
        let plain = try numbers(sample.plain, sample.radix)
        let sealed = ff1.apply(plain.0, plain.1, domain, longTweak: tweak)
        #expect(text(sealed, sample.radix, length) == sample.cipher)
        let opened = ff1.apply(sealed.0, sealed.1, domain, longTweak: tweak, inverse: true)
        #expect(opened == plain)
    }

    /// What records are masked with is the same method, only without loops for tweaks that are longer.
    @Test func shortTweaksAgreeWithLongOnes() {
        let ff1 = FF1(key: (0..<32).map { UInt8($0) })
        for length in [6, 7, 11, 16] {
            for count in [0, 1, 7] {
                let domain = ff1.domain(radix: 10, length: length, tweakBytes: count)
                let tweak = (0..<count).map { UInt8($0 * 37 + 1) }
                let number = tweak.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                let one = ff1.apply(12, 34, domain, tweak: number, tweakBytes: count)
                #expect(one == ff1.apply(12, 34, domain, longTweak: tweak))
            }
        }
    }

    /// Any number of texts side by side, of any domains, as each of them alone.
    @Test(arguments: [false, true]) func textsSideBySideAgreeWithLoneOnes(inverse: Bool) {
        let ff1 = FF1(key: (0..<32).map { UInt8($0) })
        let tweak: UInt64 = 0x0012_3456_789A_BCDE
        let domains = [(UInt32(16), 30), (16, 7), (10, 16), (10, 6), (16, 8), (26, 13)].map {
            ff1.domain(radix: $0.0, length: $0.1, tweakBytes: 7)
        }
        var generator = SplitMix(seed: 8)
        var blocks: [UInt64] = []
        for count in [0, 1, 2, 7, 8, 9, 64, 3] {
            let texts = (0..<count).map { lane in
                let domain = domains[lane % domains.count]
                return (
                    UInt64.random(in: 0..<domain.first, using: &generator),
                    UInt64.random(in: 0..<domain.second, using: &generator), domain
                )
            }
            var lanes = texts.map { FF1.Lane($0.0, $0.1, $0.2, tweak: tweak) }
            ff1.apply(&lanes, blocks: &blocks, inverse: inverse)
            for (lane, text) in zip(lanes, texts) {
                let alone = ff1.apply(text.0, text.1, text.2, tweak: tweak, inverse: inverse)
                #expect(alone == (lane.first, lane.second))
            }
        }
    }

    @Test(arguments: [1, 2, 90, 500, 365, 61_440]) func smallDomainsArePermuted(count: Int) {
        let cipher = BlockCipher(key: (0..<32).map { UInt8($0) })
        let permutation = SmallPermutation(count: count, cipher: cipher)
        let turn = SmallPermutation.Turn(cipher.apply(.init(high: 1, low: 2)), below: UInt64(count))
        var seen = Set<UInt64>()
        for value in 0..<UInt64(count) {
            let image = permutation.apply(value, turn, inverse: false)
            #expect(image < UInt64(count))
            if count > 1 && image == value { Issue.record("\(value) of \(count) stays") }
            #expect(permutation.apply(image, turn, inverse: true) == value)
            seen.insert(image)
        }
        #expect(seen.count == count)
    }
}
