/// Numbers by which states, banks and card schemes know people. Where the check characters were wrong they are wrong
/// afterwards, by as much: a recorded mistake stays one.
extension Pseudonyms {
    /// The digits of ``text`` and nothing but separators between them; false with anything else, or another count.
    private mutating func takeDigits(_ counts: ClosedRange<Int>) -> Bool {
        places.removeAll(keepingCapacity: true)
        for (at, byte) in text.enumerated() {
            if byte &- 48 < 10 {
                places.append(Int32(at))
            } else if byte != 0x20 && byte != 0x2D && byte != 0x2E && byte != 0x2F {
                return false
            }
        }
        return counts.contains(places.count)
    }

    private func digit(_ index: Int) -> UInt8 { text[Int(places[index])] }

    private func decimal(_ range: Range<Int>) -> UInt64 {
        range.reduce(0) { $0 * 10 + UInt64(digit($1) &- 48) }
    }

    private mutating func setDecimal(_ value: UInt64, _ range: Range<Int>) {
        var value = value
        for index in range.reversed() {
            text[Int(places[index])] = 48 + UInt8(value % 10)
            value /= 10
        }
    }

    /// Six digits of region, eight of birth, three of sequence of which the last tells the sex, and the check character
    /// (GB 11643-1999). Region, year and sex stay.
    mutating func residentID() -> Bool {
        guard text.count == 18, let last = text.last, last &- 48 < 10 || last | 32 == 0x78 else { return false }
        for at in 0..<17 where text[at] &- 48 > 9 { return false }
        func number(_ range: Range<Int>) -> UInt64 { range.reduce(0) { $0 * 10 + UInt64(text[$1] &- 48) } }
        let region = number(0..<6)
        let year = Int(number(6..<10))
        guard (1800...2199).contains(year),
            let day = CalendarDay.index(year: year, month: Int(number(10..<12)), day: Int(number(12..<14)))
        else { return false }
        let sequence = number(14..<17)
        let was = CheckCharacters.residentID { text[$0] }
        let moved = permuteDay(day, year)
        // The date before, not after: the way back knows it only once it has led the date back.
        let born = UInt64(isInverse ? moved : day) | UInt64(year) << 10
        let permuted = permute(
            sequence >> 1, below: 500, .residentID, beside: region << 24 | born)
        let sex = sequence & 1
        set(permuted << 1 | sex, 14..<17)
        let (month, date) = CalendarDay.monthAndDay(moved, year: year)
        set(UInt64(month * 100 + date), 10..<14)
        let check = last | 32 == 0x78 ? 10 : Int(last - 48)
        let now = (CheckCharacters.residentID { text[$0] } + check - was + 11) % 11
        text[17] = now < 10 ? 48 + UInt8(now) : last | 32 == 0x78 ? last : 0x58
        return true
    }

    private mutating func set(_ value: UInt64, _ range: Range<Int>) {
        var value = value
        for at in range.reversed() {
            text[at] = 48 + UInt8(value % 10)
            value /= 10
        }
    }

    /// Another day of the same year, the same one in every identifier and date that has it.
    mutating func permuteDay(_ day: Int, _ year: Int) -> Int {
        Int(permute(UInt64(day), below: CalendarDay.isLeap(year) ? 366 : 365, .date, beside: UInt64(year % 100)))
    }

    var cpfIsValid: Bool {
        mutating get {
            takeDigits(11...11) && Int(digit(9) - 48) == CheckCharacters.cpf(9) { digit($0) }
                && Int(digit(10) - 48) == CheckCharacters.cpf(10) { digit($0) }
        }
    }

    /// Eight digits change; the ninth, the fiscal region, stays, and the check digits follow.
    mutating func cpf() -> Bool {
        guard takeDigits(11...11) else { return false }
        let region = decimal(8..<9)
        let old = (
            Int(digit(9) - 48) - CheckCharacters.cpf(9) { digit($0) },
            Int(digit(10) - 48) - CheckCharacters.cpf(10) { digit($0) }
        )
        // Eleven equal digits are no CPF.
        func isUniform(_ value: UInt64) -> Bool { value == region * 11_111_111 }
        var value = decimal(0..<8)
        if !isUniform(value) {
            repeat { value = permuteDecimal(value, digits: 8, .cpf, beside: region) } while isUniform(value)
        }
        setDecimal(value, 0..<8)
        setDecimal(UInt64((CheckCharacters.cpf(9) { digit($0) } + old.0 + 10) % 10), 9..<10)
        setDecimal(UInt64((CheckCharacters.cpf(10) { digit($0) } + old.1 + 10) % 10), 10..<11)
        return true
    }

    /// The root changes, letters into letters; the branch stays.
    mutating func cnpj() -> Bool {
        places.removeAll(keepingCapacity: true)
        for (at, byte) in text.enumerated() {
            if byte &- 48 < 10 || byte &- 0x41 < 26 {
                places.append(Int32(at))
            } else if byte != 0x20 && byte != 0x2D && byte != 0x2E && byte != 0x2F {
                return false
            }
        }
        guard places.count == 14, digit(12) &- 48 < 10, digit(13) &- 48 < 10 else { return false }
        let all = places
        let old = (
            Int(digit(12) - 48) - CheckCharacters.cnpj(12) { digit($0) },
            Int(digit(13) - 48) - CheckCharacters.cnpj(13) { digit($0) }
        )
        beginPlaces()
        for at in all[..<8] { addCharacter(Int(at)) }
        permutePlaces(.cnpj, beside: 0)
        writeCharacters()
        places = all
        setDecimal(UInt64((CheckCharacters.cnpj(12) { digit($0) } + old.0 + 10) % 10), 12..<13)
        setDecimal(UInt64((CheckCharacters.cnpj(13) { digit($0) } + old.1 + 10) % 10), 13..<14)
        return true
    }

    /// A digit, or a capital letter, as a place of its alphabet.
    private mutating func addCharacter(_ at: Int) {
        let byte = text[at]
        if byte &- 48 < 10 {
            addPlace(at, UInt32(byte - 48), of: 10)
        } else {
            addPlace(at, UInt32(byte &- 0x41), of: 26)
        }
    }

    private mutating func writeCharacters() {
        for (index, at) in places.enumerated() {
            text[Int(at)] = UInt8(digits[index]) + (radices[index] == 10 ? 48 : 0x41)
        }
    }

    /// Bank and city stay.
    mutating func clabe() -> Bool {
        guard takeDigits(18...18) else { return false }
        let old = Int(digit(17) - 48) - CheckCharacters.clabe { digit($0) }
        setDecimal(permuteDecimal(decimal(6..<17), digits: 11, .clabe, beside: decimal(0..<6)), 6..<17)
        setDecimal(UInt64((CheckCharacters.clabe { digit($0) } + old + 10) % 10), 17..<18)
        return true
    }

    /// The first six digits, which name the issuer, stay.
    mutating func card() -> Bool {
        guard takeDigits(12...19) else { return false }
        let count = places.count
        let old = Int(digit(count - 1) - 48) - CheckCharacters.luhn(count - 1) { digit($0) }
        let value = permuteDecimal(
            decimal(6..<count - 1), digits: count - 7, .card, beside: decimal(0..<6) << 8 | UInt64(count))
        setDecimal(value, 6..<count - 1)
        setDecimal(UInt64((CheckCharacters.luhn(count - 1) { digit($0) } + old + 10) % 10), count - 1..<count)
        return true
    }
}
