import Bytes

/// Writes identifiers with valid check characters. All data are invented: regions, banks and issuers exist, holders do
/// not.
enum IdentifierWriter {
    /// Districts of Beijing, Tianjin and Shanghai (GB/T 2260) whose codes have been in use since the first numbers were
    /// given.
    private static let regions: StaticString =
        "110101110102110105110106110108120101120102120103120104310101310104310105310106310107310109310110"
    private static let regionCount: UInt64 = 16
    /// Banks as the Mexican central bank numbers them.
    static let banks = ["002", "012", "014", "021", "030", "036", "044", "058", "072", "127"].map { Array($0.utf8) }
    static let states = [
        "AS", "BC", "CL", "DF", "GR", "GT", "JC", "MC", "MN", "NL", "OC", "PL", "QT", "SP", "VZ", "YN",
    ]
    .map { Array($0.utf8) }
    private static let consonants = Array("BCDFGHJKLMNPQRSTVWXYZ".utf8)
    private static let vowels = Array("AEIOU".utf8)
    private static let alphanumerics = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    /// Homoclaves have no 0 and no O, and their first character none beyond V.
    private static let homoclave = Array("123456789ABCDEFGHIJKLMNPQRSTUVWXYZ".utf8)
    /// 1950-01-01 to 2007-12-31, for numbers whose date is not given.
    private static let firstDay = -7305
    private static let dayCount: UInt64 = 21_184

    /// Appends one identifier to `arena`.
    ///
    /// - Parameters:
    ///   - serial: below ``serials(_:prefix:isDated:)``; another one gives another identifier, except that the kinds
    ///     that hold a given date may repeat when residents of one birthday exceed the numbers of their districts.
    ///   - bits: 128 random bits for the other parts.
    ///   - date: `YYYY-MM-DD` in `arena` for kinds that hold a date, empty to have one from the serial.
    ///   - prefix: the first digits of a card number in `arena`.
    static func append(
        _ kind: IdentifierKind, serial: UInt64, bits: (UInt64, UInt64), date: Range<Int>, prefix: Range<Int>,
        to arena: inout Arena
    ) {
        let start = arena.count
        arena.reserve(64)
        var rest = serial
        func take(_ bound: UInt64) -> UInt64 {
            defer { rest /= bound }
            return rest % bound
        }
        func letter(_ alphabet: [UInt8]) -> UInt8 { alphabet[Int(take(UInt64(alphabet.count)))] }
        var day: UInt64 = 0
        if kind.hasDate {
            day = dayNumber(date, arena) ?? dayNumber(calendarDay(firstDay + Int(take(dayCount))))
        }
        switch kind {
        case .card:
            arena.appendOwn(prefix.lowerBound, prefix.count)
            arena.append(serial, digits: max(0, 15 - prefix.count))
        case .residentId:
            arena.append(regions, part: take(regionCount), of: 6)
            arena.append(day, digits: 8)
            arena.append(1 + take(999), digits: 3)
        case .cpf:
            arena.append(withoutRepeated(serial), digits: 9)
        case .cnpj:
            arena.append(serial, digits: 8)
            arena.append(UInt64(1), digits: 4)
        case .cnpjLetters:
            for _ in 0..<8 { arena.append(letter(alphanumerics)) }
            arena.append(contentsOf: "0001".utf8)
        case .clabe:
            arena.append(contentsOf: pick(banks, bits.0))
            arena.append(10 + scale(bits.1, to: 980), digits: 3)
            arena.append(serial, digits: 11)
        case .creditCode:
            // Enterprises that are registered with the market regulator.
            arena.append("91")
            arena.append(regions, part: scale(bits.0, to: regionCount), of: 6)
            arena.append(serial, digits: 8)
            arena.append(CheckDigits.organisationCode(arena.slice(start + 8..<start + 16)))
        case .curp, .rfc, .rfcShort:
            // A consonant in third and fourth place cannot make any of the words that the registries rewrite.
            arena.append(letter(consonants))
            arena.append(letter(vowels))
            arena.append(letter(consonants))
            arena.append(letter(consonants))
            arena.append(day, digits: 6)
            if kind == .curp {
                arena.append(take(2) == 0 ? UInt8(ascii: "H") : UInt8(ascii: "M"))
                arena.append(contentsOf: states[Int(take(UInt64(states.count)))])
                for _ in 0..<3 { arena.append(letter(consonants)) }
                // Born before 2000: a digit; later: a letter.
                let place = UInt8(take(10))
                arena.append(day >= 20_000_000 ? 0x41 + place : 0x30 + place)
            } else if kind == .rfc {
                arena.append(homoclave[Int(take(30))])
                arena.append(letter(homoclave))
            }
        case .rfcCompany:
            for _ in 0..<3 { arena.append(letter(consonants)) }
            arena.append(day, digits: 6)
            arena.append(homoclave[Int(take(30))])
            arena.append(letter(homoclave))
        }
        let payload = arena.slice(start..<arena.count)
        // The usual kinds go without a list for their one character.
        let check: UInt8? =
            switch kind {
            case .card: CheckDigits.luhn(payload)
            case .residentId: CheckDigits.residentId(payload)
            case .creditCode: CheckDigits.creditCode(payload)
            default: nil
            }
        if let check { arena.append(check) } else { arena.append(CheckDigits.of(payload, kind)) }
    }

    /// How many serial numbers there are for a kind; for cards, behind a prefix of so many digits; fewer where the date is
    /// given.
    static func serials(_ kind: IdentifierKind, prefix: Int = 0, isDated: Bool = true) -> UInt64 {
        let days = isDated ? 1 : dayCount
        let initials: UInt64 = 21 * 5 * 21 * 21
        switch kind {
        case .card:
            var count: UInt64 = 1
            for _ in 0..<max(0, min(15, 15 - prefix)) { count *= 10 }
            return count
        case .cpf: return 1_000_000_000 - 10
        case .cnpj, .creditCode: return 100_000_000
        case .cnpjLetters: return 2_821_109_907_456
        case .clabe: return 100_000_000_000
        case .residentId: return days * regionCount * 999
        case .curp: return days * initials * 2 * UInt64(states.count) * 9261 * 10
        case .rfc: return days * initials * 30 * 34
        case .rfcShort: return days * initials
        case .rfcCompany: return days * 9261 * 30 * 34
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

    /// `YYYYMMDD` of a date in `arena`, as a number; nil when there is none.
    private static func dayNumber(_ date: Range<Int>, _ arena: Arena) -> UInt64? {
        if date.isEmpty { return nil }
        var number: UInt64 = 0
        for at in date where arena[at] != 0x2D { number = number &* 10 &+ UInt64(arena[at] &- 0x30) }
        return number
    }

    private static func dayNumber(_ date: (year: Int, month: Int, day: Int)) -> UInt64 {
        UInt64(date.year * 10_000 + date.month * 100 + date.day)
    }
}

/// Year, month and day of a day since 1970.
func calendarDay(_ days: Int) -> (year: Int, month: Int, day: Int) { Timestamp.civil(daysSince1970: days) }
