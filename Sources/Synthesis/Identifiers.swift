import Bytes

/// Writes identifiers with valid check characters. All data are invented: regions, banks and issuers exist, holders do
/// not.
enum IdentifierWriter {
    /// Districts of Beijing, Tianjin and Shanghai (GB/T 2260) whose codes have been in use since the first numbers were
    /// given.
    static let regions = [
        "110101", "110102", "110105", "110106", "110108", "120101", "120102", "120103", "120104", "310101", "310104",
        "310105", "310106", "310107", "310109", "310110",
    ].map { Array($0.utf8) }
    /// Banks as the Mexican central bank numbers them.
    static let banks = ["002", "012", "014", "021", "030", "036", "044", "058", "072", "127"].map { Array($0.utf8) }
    static let states = [
        "AS", "BC", "CL", "DF", "GR", "GT", "JC", "MC", "MN", "NL", "OC", "PL", "QT", "SP", "VZ", "YN",
    ]
    .map { Array($0.utf8) }
    private static let consonants = Array("BCDFGHJKLMNPQRSTVWXYZ".utf8)
    private static let vowels = Array("AEIOU".utf8)

    /// Appends one identifier to `arena`.
    ///
    /// - Parameters:
    ///   - serial: below ``serials(_:prefix:)``, unique where the identifier shall be.
    ///   - bits: 128 random bits for the other parts.
    ///   - date: `YYYY-MM-DD` in `arena` for kinds that hold a birth date, empty otherwise.
    ///   - prefix: the first digits of a card number in `arena`.
    static func append(
        _ kind: IdentifierKind, serial: UInt64, bits: (UInt64, UInt64), date: Range<Int>, prefix: Range<Int>,
        to arena: inout Arena
    ) {
        let start = arena.count
        arena.reserve(64)
        switch kind {
        case .card:
            arena.appendOwn(prefix.lowerBound, prefix.count)
            arena.append(serial, digits: max(0, 15 - prefix.count))
        case .residentId:
            arena.append(contentsOf: pick(regions, bits.0))
            appendDate(date, fullYear: true, to: &arena)
            arena.append(1 + scale(bits.1, to: 999), digits: 3)
        case .cpf:
            arena.append(withoutRepeated(serial), digits: 9)
        case .cnpj:
            arena.append(serial, digits: 8)
            arena.append(UInt64(1), digits: 4)
        case .clabe:
            arena.append(contentsOf: pick(banks, bits.0))
            arena.append(10 + scale(bits.1, to: 980), digits: 3)
            arena.append(serial, digits: 11)
        case .curp:
            // A consonant in third and fourth place cannot make any of the words that the registry rewrites.
            arena.append(consonants[Int(scale(bits.0, to: 21))])
            arena.append(vowels[Int(scale(bits.0 << 8, to: 5))])
            arena.append(consonants[Int(scale(bits.0 << 16, to: 21))])
            arena.append(consonants[Int(scale(bits.0 << 24, to: 21))])
            let isYoung = date.count >= 1 && arena[date.lowerBound] == 0x32
            appendDate(date, fullYear: false, to: &arena)
            arena.append(bits.0 & 1 == 0 ? UInt8(ascii: "H") : UInt8(ascii: "M"))
            arena.append(contentsOf: pick(states, bits.1))
            for shift in [8, 16, 24] as [UInt64] { arena.append(consonants[Int(scale(bits.1 << shift, to: 21))]) }
            // Born before 2000: a digit; later: a letter.
            let place = UInt8(scale(bits.1 << 32, to: 10))
            arena.append(isYoung ? 0x41 + place : 0x30 + place)
        }
        arena.append(contentsOf: CheckDigits.of(arena.array(start..<arena.count), kind))
    }

    /// How many serial numbers there are for a kind; for cards, behind a prefix of so many digits.
    static func serials(_ kind: IdentifierKind, prefix: Int = 0) -> UInt64 {
        switch kind {
        case .card:
            var count: UInt64 = 1
            for _ in 0..<max(0, min(15, 15 - prefix)) { count *= 10 }
            return count
        case .cpf: return 1_000_000_000 - 10
        case .cnpj: return 100_000_000
        case .clabe: return 100_000_000_000
        case .residentId, .curp: return 1
        }
    }

    /// Eleven equal digits pass the sum of a CPF but are never issued; only nine equal ones lead to them. Skips those ten.
    private static func withoutRepeated(_ serial: UInt64) -> UInt64 {
        var value = serial
        for digit in 0..<10 as Range<UInt64> where value >= digit * 111_111_111 { value += 1 }
        return value
    }

    private static func pick(_ list: [[UInt8]], _ bits: UInt64) -> [UInt8] {
        list[Int(scale(bits, to: UInt64(list.count)))]
    }

    private static func appendDate(_ date: Range<Int>, fullYear: Bool, to arena: inout Arena) {
        for (i, at) in date.enumerated() where arena[at] != 0x2D && (fullYear || i >= 2) { arena.append(arena[at]) }
    }
}

/// Year, month and day of a day since 1970.
func calendarDay(_ days: Int) -> (year: Int, month: Int, day: Int) { Timestamp.civil(daysSince1970: days) }
