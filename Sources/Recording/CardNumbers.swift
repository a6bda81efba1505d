import Bytes

/// Finds payment card numbers in bytes of any kind.
///
/// A number is 13 to 19 digits, alone or in the groups in which cards are printed (4-4-4-4, 4-4-4-4-3, 4-6-5, 4-6-4,
/// with one space or dash between), with the issuer prefix and length of a known brand and a valid check digit
/// (ISO/IEC 7812-1, annex B), and no part of a longer word.
enum CardNumbers {
    /// Ranges in ascending order; with `isCompact`, a digit that stands directly before or behind may be a Thrift
    /// Compact length or field header, so runs one longer are tried without it.
    static func find(_ bytes: RawSpan, isCompact: Bool, into found: inout [Range<Int>]) {
        var floor = 0
        var at = 0
        while let window = nextWindow(bytes, from: at) {
            if isLong(bytes, window) {
                at = widen(bytes, window, &floor, isCompact, &found)
            } else {
                at = window + 10
            }
        }
    }

    /// Searches the run of members around `inside`, which is one. Returns the offset behind it.
    private static func widen(
        _ bytes: RawSpan, _ inside: Int, _ floor: inout Int, _ isCompact: Bool, _ found: inout [Range<Int>]
    ) -> Int {
        var start = inside
        while start > floor && isMember(bytes[byte: start - 1]) { start -= 1 }
        var end = inside + 1
        while end < bytes.byteCount && isMember(bytes[byte: end]) { end += 1 }
        if end - start >= 13 { search(bytes, start, end, isCompact, &found) }
        floor = end
        return end
    }

    /// Looks at the digit groups of one run of digits, spaces and dashes.
    private static func search(
        _ bytes: RawSpan, _ start: Int, _ end: Int, _ isCompact: Bool, _ found: inout [Range<Int>]
    ) {
        var at = start
        while at < end {
            if !isDigit(bytes[byte: at]) {
                at += 1
                continue
            }
            let group = groupEnd(bytes, at, end)
            let length = group - at
            if !isCompact && isInsideWord(bytes, at, group) {
                // Digits of a hexadecimal id, a token, a name: no number on its own.
            } else if length >= 13 && length <= 20 {
                if let range = plain(bytes, at, group, isCompact) { found.append(range) }
            } else if length == 4, let last = grouped(bytes, at, end) {
                found.append(at..<last)
                at = last
                continue
            }
            at = group
        }
    }

    /// A letter directly before or behind; a percent-encoded byte before is none.
    private static func isInsideWord(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (byte | 32) &- 0x61 < 26 || byte == 0x5F }
        if end < bytes.byteCount && isLetter(bytes[byte: end]) { return true }
        guard start > 0, isLetter(bytes[byte: start - 1]) else { return false }
        return start < 3 || bytes[byte: start - 3] != 0x25
    }

    private static func plain(_ bytes: RawSpan, _ start: Int, _ end: Int, _ isCompact: Bool) -> Range<Int>? {
        if isCard(bytes, start, end) { return start..<end }
        guard isCompact else { return nil }
        if isCard(bytes, start, end - 1) { return start..<end - 1 }
        if isCard(bytes, start + 1, end) { return start + 1..<end }
        if isCard(bytes, start + 1, end - 1) { return start + 1..<end - 1 }
        return nil
    }

    /// The end of a card number printed in groups that begins at `start`.
    private static func grouped(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
        guard start + 4 < end else { return nil }
        let separator = bytes[byte: start + 4]
        // Four digits among others in a list are no card.
        func isList(_ at: Int, _ step: Int) -> Bool {
            let next = at + step
            guard at >= 0, next >= 0, at < bytes.byteCount, next < bytes.byteCount else { return false }
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
    private static func isCard(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Bool {
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

    /// The next window of four members, in steps of ten from `start`.
    ///
    /// Thirteen consecutive bytes hold a whole window that begins at a multiple of ten, counted from anywhere. This loop
    /// goes over every byte of every recording.
    @inline(__always)
    private static func nextWindow(_ bytes: RawSpan, from start: Int) -> Int? {
        let last = bytes.byteCount - 4
        return unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            var at = start
            // `at` is never negative, and four bytes behind `last` are inside the span.
            while at <= last {
                let window = unsafe base.loadUnaligned(fromByteOffset: at, as: UInt32.self)
                if areMembers(window) { return at }
                at &+= 10
            }
            return nil
        }
    }

    /// Of thirteen members in a row that hold the window at `at`, four stand before it or behind it.
    private static func isLong(_ bytes: RawSpan, _ at: Int) -> Bool {
        func areMembersAt(_ at: Int) -> Bool {
            areMembers(unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt32.self))
        }
        return (at + 8 <= bytes.byteCount && areMembersAt(at + 4)) || (at >= 4 && areMembersAt(at - 4))
    }

    /// Four bytes are digits, spaces or dashes: all of these lie between 0x20 and 0x3F, and which of those 32 values they
    /// are is one bit each.
    @inline(__always)
    private static func areMembers(_ window: UInt32) -> Bool {
        if window & 0xE0E0_E0E0 != 0x2020_2020 { return false }
        let members: UInt32 = 0x03FF_2001
        return members &>> window & members &>> (window &>> 8) & members &>> (window &>> 16)
            & members &>> (window &>> 24) & 1 == 1
    }

    @inline(__always) private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
    @inline(__always) private static func isMember(_ byte: UInt8) -> Bool {
        byte &- 48 < 10 || byte == 32 || byte == 45
    }
}
