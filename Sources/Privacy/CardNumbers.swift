import Bytes

/// Tells payment card numbers from others.
///
/// A number is 13 to 19 digits, alone or in the groups in which cards are printed (4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4,
/// with one space or dash between), with the issuer prefix and length of a known brand and a valid check digit
/// (ISO/IEC 7812-1, annex B), and no part of a longer word.
enum CardNumbers {
    /// The end of a card number printed in groups that begins at `start`.
    static func grouped(_ bytes: RawSpan, _ start: Int, _ end: Int, _ floor: Int) -> Int? {
        guard start + 4 < end else { return nil }
        let separator = bytes[byte: start + 4]
        // Four digits among others in a list are no card.
        func isList(_ at: Int, _ step: Int) -> Bool {
            let next = at + step
            guard at >= floor, next >= floor, at < end, next < end else { return false }
            return bytes[byte: at] == separator && isDigit(bytes[byte: next])
        }
        if isList(start - 1, -1) { return nil }
        func next(_ at: Int, _ lengths: ClosedRange<Int>) -> Int? {
            guard at + 1 < end, bytes[byte: at] == separator, isDigit(bytes[byte: at + 1]) else { return nil }
            let stop = groupEnd(bytes, at + 1, end)
            return lengths.contains(stop - at - 1) ? stop : nil
        }
        if let second = next(start + 4, 4...4), let third = next(second, 4...4), let fourth = next(third, 1...4) {
            if let fifth = next(fourth, 1...3), fourth - third == 5, !isList(fifth, 1), isCard(bytes, start, fifth) {
                return fifth
            }
            if !isList(fourth, 1), isCard(bytes, start, fourth) { return fourth }
        }
        if let second = next(start + 4, 6...6), let third = next(second, 4...5), !isList(third, 1),
            isCard(bytes, start, third)
        {
            return third
        }
        return nil
    }

    private static func groupEnd(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int {
        var at = start
        while at < end && isDigit(bytes[byte: at]) { at += 1 }
        return at
    }

    /// Brand, length and check digit of the digits between `start` and `end`, separators left out.
    static func isCard(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        // No card begins with these, but times of day in milliseconds and counters do.
        if bytes[byte: start] == 0x30 || bytes[byte: start] == 0x31 || bytes[byte: start] == 0x37 { return false }
        var digits = 0
        var prefix = 0
        var sum = 0
        var doubled = false
        // The check digit is the last: weights alternate from the right.
        for at in stride(from: end - 1, through: start, by: -1) {
            let byte = bytes[byte: at]
            guard isDigit(byte) else { continue }
            let value = Int(byte - 48)
            sum += doubled ? (value > 4 ? value * 2 - 9 : value * 2) : value
            doubled.toggle()
            digits += 1
        }
        guard digits >= 13, digits <= 19, sum % 10 == 0 else { return false }
        var taken = 0
        for at in start..<end where taken < 6 && isDigit(bytes[byte: at]) {
            prefix = prefix * 10 + Int(bytes[byte: at] - 48)
            taken += 1
        }
        return isIssued(prefix, digits)
    }

    /// Issuer ranges by their first six digits, with the lengths that the brand issues.
    ///
    /// Sixteen digits are believed of everything from 50 to 69: Mastercard, Maestro, Discover, UnionPay, Elo, Verve,
    /// RuPay, Hipercard, Troy and other national brands share that space, and their ranges change. A number that is masked
    /// without need is a nuisance; one that is missed is on the tape.
    private static func isIssued(_ prefix: Int, _ digits: Int) -> Bool {
        switch prefix {
        case 400_000...499_999: digits == 13 || digits == 16 || digits == 19  // Visa, Dankort, some of Elo
        case 222_100...272_099: digits == 16  // Mastercard
        case 220_000...220_499: digits >= 16  // Mir
        case 340_000...349_999, 370_000...379_999: digits == 15  // American Express
        case 300_000...305_999, 309_500...309_599, 360_000...369_999, 380_000...399_999:  // Diners Club, Hipercard
            digits == 14 || digits == 16
        case 352_800...358_999: digits >= 16  // JCB
        case 601_100...601_199, 622_000...629_999, 644_000...659_999: digits >= 16  // Discover, UnionPay, Verve
        case 620_000...621_999: digits >= 16  // UnionPay
        case 501_800...501_899, 502_000...502_099, 503_800...503_899, 589_300...589_399, 630_400...630_499,
            675_900...676_399:  // Maestro
            true
        case 500_000...699_999: digits == 16 || (digits >= 18 && prefix / 1000 == 506)  // the rest; Verve has 18, 19
        case 810_000...829_999: digits == 16  // UnionPay, RuPay
        case 979_200...979_289: digits == 16  // Troy
        default: false
        }
    }

    @inline(__always) private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
}
