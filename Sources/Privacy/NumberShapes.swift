import Bytes

/// What a run of digits, with what stands around it, is. All offsets count in the bytes that are looked at; nothing outside
/// `range` is.
struct NumberShapes: ~Escapable {
    let bytes: RawSpan
    let range: Range<Int>
    /// A number without quotes in JSON: what could as well be an amount or a counter is left alone.
    let isNumber: Bool

    @_lifetime(copy bytes)
    init(bytes: RawSpan, range: Range<Int>, isNumber: Bool) {
        self.bytes = bytes
        self.range = range
        self.isNumber = isNumber
    }

    typealias Match = (range: Range<Int>, personal: PersonalClass)

    @inline(__always) func byte(_ at: Int) -> UInt8 { range.contains(at) ? bytes[byte: at] : 0 }
    @inline(__always) func isDigit(_ at: Int) -> Bool { byte(at) &- 48 < 10 }
    @inline(__always) func isLetter(_ at: Int) -> Bool { (byte(at) | 32) &- 0x61 < 26 }
    @inline(__always) func isWord(_ at: Int) -> Bool { isDigit(at) || isLetter(at) || byte(at) == 0x5F }
    @inline(__always) func isCapital(_ at: Int) -> Bool { byte(at) &- 0x41 < 26 }

    /// A letter before that is no part of `%2B` or the like.
    private func isInWord(before at: Int) -> Bool { isWord(at - 1) && byte(at - 3) != 0x25 }

    /// The run of four or more digits from `start` to `end`. What this is sure to find nothing in, `telling` in ThriftTexts.c
    /// knows, too: a form that is added here may have to be let through there, which ThriftTextsTests would show.
    func match(_ start: Int, _ end: Int) -> Match? {
        let count = end - start
        let before = byte(start - 1)
        if isLetter(start - 1) || isLetter(end) {
            // All identifiers with letters in them have capitals; small letters are those of hexadecimal ids.
            if before &- 0x41 < 26 || before == 0x26 || isCapital(end), let found = lettered(start, end) {
                return found
            }
            if count == 17 && byte(end) | 32 == 0x78 && !isWord(end + 1) && !isInWord(before: start) {
                return isResidentID(start) ? (start..<start + 18, .residentID) : nil
            }
            if isInWord(before: start) || isWord(end) { return nil }
        }
        if isWord(end) || isInWord(before: start) { return nil }
        switch count {
        case 18 where isResidentID(start): return (start..<end, .residentID)
        case 18 where isCLABE(start): return (start..<end, .clabe)
        case 13...19 where CardNumbers.isCard(bytes, start, end): return (start..<end, .card)
        case 4, 5:
            if !isNumber {
                if count == 4, let last = CardNumbers.grouped(bytes, start, range.upperBound, range.lowerBound) {
                    return (start..<last, .card)
                }
                if let phone = grouped(start, end) { return (phone, .phone) }
            }
        default: break
        }
        if isNumber { return nil }
        if byte(start - 1) == 0x2E && count >= 4 { return coordinates(start, end) }
        // A fraction, or a number with one, is no identifier.
        if byte(start - 1) == 0x2E || (byte(end) == 0x2E && isDigit(end + 1)) || byte(start - 1) == 0x2D { return nil }
        if byte(start - 1) == 0x2B || (byte(start - 1) == 0x42 && byte(start - 2) == 0x32 && byte(start - 3) == 0x25) {
            return (8...15).contains(count) ? (start..<end, .phone) : nil
        }
        switch count {
        case 14 where isCNPJ(start, { start + $0 }): return (start..<end, .cnpj)
        case 11:
            if isCPF({ start + $0 }) { return (start..<end, .cpf) }
            return isMobile(start) ? (start..<end, .phone) : nil
        case 13:
            let isChina = byte(start) == 0x38 && byte(start + 1) == 0x36 && byte(start + 2) == 0x31
            let isBrazil = byte(start) == 0x35 && byte(start + 1) == 0x35 && byte(start + 4) == 0x39
            let isMexico = byte(start) == 0x35 && byte(start + 1) == 0x32 && byte(start + 2) == 0x31
            return isChina || isBrazil || isMexico ? (start..<end, .phone) : nil
        case 12 where byte(start) == 0x35 && byte(start + 1) == 0x32: return (start..<end, .phone)
        case 10 where start == range.lowerBound && end == range.upperBound:
            return isMexicanCity(start) ? (start..<end, .phone) : nil
        default: return nil
        }
    }

    /// China: 13x to 19x; Brazil: an area from 11 to 99 without zeros, and 9.
    private func isMobile(_ start: Int) -> Bool {
        if byte(start) == 0x31 && byte(start + 1) >= 0x33 { return true }
        return byte(start) != 0x30 && byte(start + 1) != 0x30 && byte(start + 2) == 0x39
    }

    /// The cities whose area code has two digits.
    func isMexicanCity(_ start: Int) -> Bool {
        switch (byte(start), byte(start + 1)) {
        case (0x35, 0x35), (0x35, 0x36), (0x33, 0x33), (0x38, 0x31): byte(start + 2) != 0x30
        default: false
        }
    }

    // MARK: Identifiers

    private func isResidentID(_ start: Int) -> Bool {
        func two(_ at: Int) -> Int { Int(byte(start + at) &- 48) * 10 + Int(byte(start + at + 1) &- 48) }
        // Provinces by GB/T 2260, and 81 to 83 for residence permits.
        guard (11...82).contains(two(0)), byte(start) != 0x39, two(0) % 10 != 9 else { return false }
        let year = two(6) * 100 + two(8)
        guard (1900...2099).contains(year), CalendarDay.index(year: year, month: two(10), day: two(12)) != nil else {
            return false
        }
        let check = CheckCharacters.residentID { byte(start + $0) }
        let last = byte(start + 17)
        return check == 10 ? last | 32 == 0x78 : last == 48 + UInt8(check)
    }

    /// Banks have 002 to 168, others 600 to 750 (Banco de México, participants of SPEI); cities from 010.
    private func isCLABE(_ start: Int) -> Bool {
        let bank = (0..<3).reduce(0) { $0 * 10 + Int(byte(start + $1) &- 48) }
        guard (2...168).contains(bank) || (600...750).contains(bank) || bank == 902, bank < 600 || !isNumber else {
            return false
        }
        return byte(start + 17) == 48 + UInt8(CheckCharacters.clabe { byte(start + $0) })
    }

    /// `place` gives the offset of each of eleven digits.
    func isCPF(_ place: (Int) -> Int) -> Bool {
        let first = byte(place(0))
        guard (1..<11).contains(where: { byte(place($0)) != first }) else { return false }
        return byte(place(9)) == 48 + UInt8(CheckCharacters.cpf(9) { byte(place($0)) })
            && byte(place(10)) == 48 + UInt8(CheckCharacters.cpf(10) { byte(place($0)) })
    }

    func isCNPJ(_ start: Int, _ place: (Int) -> Int) -> Bool {
        guard (0..<12).contains(where: { byte(place($0)) != 0x30 }) else { return false }
        return byte(place(12)) == 48 + UInt8(CheckCharacters.cnpj(12) { byte(place($0)) })
            && byte(place(13)) == 48 + UInt8(CheckCharacters.cnpj(13) { byte(place($0)) })
    }

    /// CURP, RFC, or a CNPJ with letters around a run of digits.
    private func lettered(_ start: Int, _ end: Int) -> Match? {
        if isNumber { return nil }
        if end - start >= 6 {
            for letters in [4, 3] {
                let from = start - letters
                guard from >= range.lowerBound, !isWord(from - 1),
                    (from..<start).allSatisfy({ isCapital($0) || byte($0) == 0x26 })
                else { continue }
                func two(_ at: Int) -> Int { Int(byte(start + at) &- 48) * 10 + Int(byte(start + at + 1) &- 48) }
                guard CalendarDay.index(year: 2000 + two(0), month: two(2), day: two(4)) != nil else { return nil }
                if letters == 4, end == start + 6, isCapital(start + 6), isCURP(from) {
                    return (from..<from + 18, .curp)
                }
                let stop = start + 9
                if (start + 6..<stop).allSatisfy({ isDigit($0) || isCapital($0) }), !isWord(stop) {
                    return (from..<stop, .rfc)
                }
                return nil
            }
        }
        var from = start
        while from > range.lowerBound, end - from < 15, isDigit(from - 1) || isCapital(from - 1) { from -= 1 }
        var stop = end
        while stop < range.upperBound, stop - from < 15, isDigit(stop) || isCapital(stop) { stop += 1 }
        return cnpj(from, stop)
    }

    /// A word of fourteen capitals and digits that is a CNPJ.
    func cnpj(_ from: Int, _ stop: Int) -> Match? {
        guard stop - from == 14, isDigit(stop - 1), isDigit(stop - 2), !isWord(stop), !isWord(from - 1),
            (from..<stop - 2).allSatisfy({ isDigit($0) || isCapital($0) }),
            isCNPJ(from, { from + $0 })
        else { return nil }
        return (from..<stop, .cnpj)
    }

    func isCURP(_ from: Int) -> Bool {
        guard from + 18 <= range.upperBound, !isWord(from + 18), byte(from + 10) == 0x48 || byte(from + 10) == 0x4D,
            (from + 10..<from + 16).allSatisfy({ isCapital($0) }), isDigit(from + 16) || isCapital(from + 16),
            isDigit(from + 17)
        else { return false }
        return byte(from + 17) == 48 + UInt8(CheckCharacters.curp { byte(from + $0) })
    }

    /// `111.444.777-35` or `12.ABC.345/01DE-35`, whose last digit is at `last`.
    func dashed(_ last: Int) -> Match? {
        if isWord(last + 1) { return nil }
        if byte(last - 6) == 0x2E {
            let start = last - 13
            guard start >= range.lowerBound, byte(last - 10) == 0x2E, !isWord(start - 1) else { return nil }
            for at in start..<last - 2 where (at - start) % 4 != 3 && !isDigit(at) { return nil }
            return isCPF({ start + $0 + ($0 > 8 ? 3 : $0 / 3) }) ? (start..<last + 1, .cpf) : nil
        }
        guard byte(last - 7) == 0x2F else { return nil }
        let start = last - 17
        guard start >= range.lowerBound, byte(start + 2) == 0x2E, byte(start + 6) == 0x2E, !isWord(start - 1) else {
            return nil
        }
        func place(_ index: Int) -> Int {
            start + index + (index < 2 ? 0 : index < 5 ? 1 : index < 8 ? 2 : index < 12 ? 3 : 4)
        }
        for index in 0..<12 where !isDigit(place(index)) && !isCapital(place(index)) { return nil }
        return isCNPJ(start, place) ? (start..<last + 1, .cnpj) : nil
    }
}
