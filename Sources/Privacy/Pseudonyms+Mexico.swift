/// CURP (RENAPO) and RFC (SAT), of which the first ten characters are the same for one person, and remain so.
extension Pseudonyms {
    /// Four letters from the name, date of birth, sex, state, three consonants of the name, one that tells namesakes apart,
    /// check digit. Year, sex and state stay; a vowel becomes a vowel.
    mutating func curp() -> Bool {
        guard text.count == 18, isDigit(17), isDigit(16) || isLetter(16) else { return false }
        for at in 0..<4 where !isLetter(at) { return false }
        for at in 10..<16 where !isLetter(at) { return false }
        let year = (isDigit(16) ? 1900 : 2000) + twoDigits(4)
        let was = Int(text[17] - 48) - CheckCharacters.curp { upper($0) }
        guard person(year: year) else { return false }
        beginPlaces()
        for at in 13..<16 { addLetter(at) }
        if isDigit(16) {
            addPlace(16, UInt32(text[16] - 48), of: 10)
        } else {
            addPlace(16, UInt32(upper(16) - 0x41), of: 26)
        }
        permutePlaces(.curp, beside: 0)
        writeLetters()
        text[17] = 48 + UInt8((CheckCharacters.curp { upper($0) } + was + 10) % 10)
        return true
    }

    /// Ten characters as in CURP, or three letters and a date for companies; then two that tell namesakes apart and a check
    /// character, which may be missing.
    mutating func rfc() -> Bool {
        let letters = text.count == 12 ? 3 : 4
        guard [10, 12, 13].contains(text.count) else { return false }
        for at in 0..<letters where !isLetter(at) && text[at] != 0x26 { return false }
        for at in letters + 6..<text.count where !isDigit(at) && !isLetter(at) { return false }
        let last = text.count - 1
        let hasCheck = text.count > 10 && (isDigit(last) || upper(last) == 0x41)
        let was = hasCheck ? checkValue(last) - CheckCharacters.rfc(last) { upper($0) } : 0
        let isPerson = letters == 4
        if isPerson {
            guard person(year: 2000 + twoDigits(4)) else { return false }
        } else {
            guard date(3, year: 2000 + twoDigits(3)) else { return false }
            beginPlaces()
            for at in 0..<3 { addLetter(at) }
            permutePlaces(.company, beside: 0)
            writeLetters()
        }
        guard text.count > 10 else { return true }
        // SAT gives out 1-9 A-V, then 1-9 A-Z: those stay within.
        beginPlaces()
        for (at, letters) in [(letters + 6, UInt32(22)), (letters + 7, 26)] {
            let byte = upper(at)
            let isUsual = byte != 0x30 && (byte < 0x3A || UInt32(byte - 0x41) < letters)
            if isUsual { addPlace(at, byte < 0x3A ? UInt32(byte - 49) : 9 + UInt32(byte - 0x41), of: 9 + letters) }
        }
        permutePlaces(.company, beside: 1)
        let lower: UInt8 = text.contains { $0 &- 0x61 < 26 } ? 32 : 0
        for (index, at) in places.enumerated() {
            let value = UInt8(digits[index])
            text[Int(at)] = value < 9 ? 49 + value : 0x41 + value - 9 + lower
        }
        if hasCheck {
            let now = (CheckCharacters.rfc(last) { upper($0) } + was + 11) % 11
            text[last] = now < 10 ? 48 + UInt8(now) : 0x41
        }
        return true
    }

    private func checkValue(_ at: Int) -> Int { isDigit(at) ? Int(text[at] - 48) : 10 }

    private func isDigit(_ at: Int) -> Bool { text[at] &- 48 < 10 }
    private func isLetter(_ at: Int) -> Bool { (text[at] | 32) &- 0x61 < 26 }
    private func upper(_ at: Int) -> UInt8 { text[at] > 0x60 ? text[at] & 0xDF : text[at] }
    private func twoDigits(_ at: Int) -> Int {
        isDigit(at) && isDigit(at + 1) ? Int(text[at] - 48) * 10 + Int(text[at + 1] - 48) : 0
    }

    /// The first ten characters.
    private mutating func person(year: Int) -> Bool {
        guard date(4, year: year) else { return false }
        func word() -> UInt32 { (0..<4).reduce(0) { $0 << 8 | UInt32(upper($1)) } }
        let isRude = Self.neverIssued.contains(word())
        repeat {
            beginPlaces()
            for at in 0..<4 { addLetter(at) }
            permutePlaces(.person, beside: 0)
            writeLetters()
        } while !isRude && Self.neverIssued.contains(word())
        return true
    }

    /// Another day of the year, for the six digits from `start` on.
    private mutating func date(_ start: Int, year: Int) -> Bool {
        for at in start..<start + 6 where !isDigit(at) { return false }
        guard let day = CalendarDay.index(year: year, month: twoDigits(start + 2), day: twoDigits(start + 4)) else {
            return false
        }
        let (month, date) = CalendarDay.monthAndDay(permuteDay(day, year), year: year)
        text[start + 2] = 48 + UInt8(month / 10)
        text[start + 3] = 48 + UInt8(month % 10)
        text[start + 4] = 48 + UInt8(date / 10)
        text[start + 5] = 48 + UInt8(date % 10)
        return true
    }

    /// The beginnings that RENAPO replaces because of what they say (Instructivo normativo, annex 2); both registries'.
    private static let neverIssued: Set<UInt32> = {
        let words = """
            BACA BAKA BUEI BUEY CACA CACO CAGA CAGO CAKA CAKO COGE COGI COJA COJE COJI COJO COLA CULO FALO FETO GETA GUEI
            GUEY JETA JOTO KACA KACO KAGA KAGO KAKA KAKO KOGE KOGI KOJA KOJE KOJI KOJO KOLA KULO LILO LOCA LOCO LOKA LOKO
            MAME MAMO MEAR MEAS MEON MIAR MION MOCO MOKO MULA MULO NACA NACO PEDA PEDO PENE PIPI PITO POPO PUTA PUTO QULO
            RATA ROBA ROBE ROBO RUIN SENO TETA VACA VAGA VAGO VAKA VUEI VUEY WUEI WUEY
            """
        let split = words.utf8.split { $0 == 0x20 || $0 == 0x0A }
        return Set(split.map { $0.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } })
    }()
}
