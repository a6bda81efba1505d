import Testing

@testable import Replay

/// Fresh identities agree wherever a value stands, and do not collide.
struct FreshValuesTests {
    /// The value as it stands in a later round; nil when it has no other.
    private func fresh(_ bytes: [UInt8], _ encoding: FieldSpan.Encoding, round: UInt32 = 1, seed: UInt64 = 7)
        -> [UInt8]?
    {
        guard var slot = FreshValues.slot(FieldSpan(0..<bytes.count, encoding), in: bytes, seed: seed) else {
            return nil
        }
        var result = bytes
        unsafe bytes.withUnsafeBufferPointer { original in
            unsafe slot.original = original.baseAddress
            unsafe result.withUnsafeMutableBufferPointer { target in
                if let base = target.baseAddress {
                    unsafe FreshValues.fill(slot, in: base, round: round, seed: seed)
                }
            }
        }
        return result
    }

    private func fresh(_ text: String, round: UInt32 = 1) -> String {
        String(decoding: fresh(Array(text.utf8), .text, round: round) ?? [], as: UTF8.self)
    }

    private func bigEndian(_ value: Int64, _ width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
    }

    private func zigzag(_ value: Int64) -> [UInt8] {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        var bytes: [UInt8] = []
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }

    private static let numbers: [Int64] = [
        7, 42, 99, 100, 8191, 8192, 12_345, 32_767, 1_048_576, 134_217_727, 2_147_483_647, 2_147_483_648, 9_999_999_999,
        17_179_869_184, 1_767_225_600_000, 8_999_999_999_999_999, .max, -42, -8192, -8193, -2_147_483_648, .min,
    ]

    @Test("A number is the same one in text, integers and varints, with as many digits and bytes", arguments: numbers)
    func numbersAgree(value: Int64) throws {
        let text = try #require(Int64(fresh("\(value)")))
        #expect(text != value)
        #expect("\(text)".count == "\(value)".count)
        #expect(fresh(bigEndian(value, 8), .integer) == bigEndian(text, 8))
        if let narrow = Int32(exactly: value) {
            #expect(Int32(exactly: text) != nil)
            #expect(fresh(bigEndian(Int64(narrow), 4), .integer) == bigEndian(text, 4))
        }
        let varint = zigzag(value)
        #expect(fresh(varint, .zigzag) == zigzag(text))
        #expect(fresh(Array("\(value)".utf8), .number) == Array("\(text)".utf8))
        #expect(fresh(Array("\(value)".utf8), .url) == Array("\(text)".utf8))
    }

    @Test("A UUID keeps version and variant, and is the same in either case and without dashes")
    func uuidsAgree() {
        let uuid = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
        let made = fresh(uuid)
        #expect(made != uuid && made.count == 36)
        #expect(Array(made)[14] == "4" && Array(made)[19] == "9")
        #expect(fresh(uuid.uppercased()) == made.uppercased())
        #expect(fresh(uuid.filter { $0 != "-" }) == made.filter { $0 != "-" })
        #expect(fresh(uuid, round: 2) != made)
    }

    @Test("Letters stay letters, digits digits, and everything else stays")
    func shapesStay() {
        let value = "Pay_2024/äb-000123%2Fx"
        let made = Array(fresh(value).utf8)
        #expect(made.count == value.utf8.count && made != Array(value.utf8))
        for (old, new) in zip(value.utf8, made) {
            switch old {
            case 0x30...0x39: #expect((0x30...0x39).contains(new))
            case 0x41...0x5A: #expect((0x41...0x5A).contains(new))
            case 0x61...0x7A: #expect((0x61...0x7A).contains(new))
            default: #expect(old == new)
            }
        }
        #expect(String(decoding: made, as: UTF8.self).contains("%2F"))
        #expect(fresh(Array("0".utf8), .text) == nil && fresh(Array("--".utf8), .text) == nil)
        #expect(fresh(Array("1.5".utf8), .number) == nil)
    }

    @Test("Ids of one shape stay apart within a round, and are others in each round")
    func freshIdsAreDistinct() {
        var seen: [Set<String>] = []
        for round in 1...3 as ClosedRange<UInt32> {
            seen.append(Set((0..<20_000).map { fresh("o-\(100_000 + $0)", round: round) }))
        }
        #expect(seen.allSatisfy { $0.count == 20_000 })
        for index in 0..<200 {
            let values = Set((1...50 as ClosedRange<UInt32>).map { fresh("\(1000 + index)", round: $0) })
            #expect(values.count == 50 && !values.contains("\(1000 + index)"))
        }
    }

    @Test("The permutation meets each number once, and its inverse leads back")
    func permutationIsOne() {
        for size in [2, 3, 5, 54, 1000, 4097] as [UInt64] {
            let permutation = Permutation(size: size, key: 99)
            let image = (0..<size).map { permutation.forward($0) }
            #expect(Set(image).count == Int(size) && image.allSatisfy { $0 < size })
            #expect(image.enumerated().allSatisfy { permutation.backward($1) == UInt64($0) })
        }
    }
}
