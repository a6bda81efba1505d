/// Device ids, places, dates.
extension Pseudonyms {
    /// A UUID, an IMEI, a MAC address, a hexadecimal id, or anything else in letters and digits.
    mutating func device() -> Bool {
        if uuid() || mac() || imei() { return true }
        return text.count <= 256 && (hexadecimal(.device) || word())
    }

    /// The maker's first half stays.
    private mutating func mac() -> Bool {
        guard text.count == 17, text[2] == 0x3A || text[2] == 0x2D else { return false }
        beginPlaces()
        for at in 0..<17 {
            if at % 3 == 2 {
                guard text[at] == text[2] else { return false }
            } else {
                guard hex(text[at]) != nil else { return false }
                if at > 8 { addHex(at) }
            }
        }
        permutePlaces(.device, beside: 2)
        writeHex()
        return true
    }

    /// Fifteen digits of which the first eight name the model and the last is Luhn's (3GPP TS 23.003).
    private mutating func imei() -> Bool {
        guard text.count == 15, text.allSatisfy({ $0 &- 48 < 10 }) else { return false }
        func number(_ range: Range<Int>) -> UInt64 { range.reduce(0) { $0 * 10 + UInt64(text[$1] - 48) } }
        let old = Int(text[14] - 48) - CheckCharacters.luhn(14) { text[$0] }
        var value = permuteDecimal(number(8..<14), digits: 6, .device, beside: number(0..<8))
        for at in (8..<14).reversed() {
            text[at] = 48 + UInt8(value % 10)
            value /= 10
        }
        text[14] = 48 + UInt8((CheckCharacters.luhn(14) { text[$0] } + old + 10) % 10)
        return true
    }

    // MARK: Places and dates

    /// Shifted within a cell of a tenth of a degree, about eleven kilometres: what stands behind the first decimal is moved
    /// by a distance that depends on the cell, around its edge.
    mutating func coordinate() -> Bool {
        guard let point = text.firstIndex(of: 0x2E), text.count <= 32, point >= 1 else { return false }
        if let comma = text.firstIndex(of: 0x2C) { return coordinates(comma) }
        for (at, byte) in text.enumerated() where at != point {
            guard byte &- 48 < 10 || (at == 0 && (byte == 0x2D || byte == 0x2B)) else { return false }
        }
        let first = point + 2
        guard first < text.count else { return first == text.count }
        var cell: UInt64 = 0
        for at in 0..<first { cell = cell << 4 ^ cell >> 40 ^ UInt64(text[at] & 15) }
        let count = min(text.count - first, 12)
        var size: UInt64 = 1
        var value: UInt64 = 0
        for at in first..<first + count {
            size *= 10
            value = value * 10 + UInt64(text[at] - 48)
        }
        // One distance for a cell, at whatever precision it is stated: between a tenth and nine tenths of it, so that
        // even a single decimal becomes another.
        let fraction = (1 << 32) / 10 + 1 + (distance(of: cell) & 0xFFFF_FFFF) / 10 * 8
        let wide = fraction.multipliedFullWidth(by: size)
        let steps = wide.high << 32 | wide.low >> 32
        value = isInverse ? (value + size - steps) % size : (value + steps) % size
        for at in (first..<first + count).reversed() {
            text[at] = 48 + UInt8(value % 10)
            value /= 10
        }
        return true
    }

    /// Latitude and longitude with a comma between them.
    private mutating func coordinates(_ comma: Int) -> Bool {
        let whole = Array(text)
        var second = comma + 1
        while second < whole.count && whole[second] == 0x20 { second += 1 }
        text.assign(whole[..<comma])
        guard !text.contains(0x2C), coordinate() else {
            text.assign(whole)
            return false
        }
        let first = Array(text)
        text.assign(whole[second...])
        guard !text.contains(0x2C), coordinate() else {
            text.assign(whole)
            return false
        }
        text.assign(first + whole[comma..<second] + Array(text))
        return true
    }

    /// A date of birth, in the order of any of the three countries, with or without a time behind it: another day of the
    /// same year.
    mutating func birthDate() -> Bool {
        guard text.count >= 8, text.count <= 40 else { return false }
        func number(_ at: Int, _ count: Int) -> Int? {
            var value = 0
            for index in at..<at + count {
                guard index < text.count, text[index] &- 48 < 10 else { return nil }
                value = value * 10 + Int(text[index] - 48)
            }
            return value
        }
        func isSeparator(_ at: Int) -> Bool { at < text.count && [0x2D, 0x2F, 0x2E].contains(text[at]) }
        let yearAt: Int, monthAt: Int, dayAt: Int
        if isSeparator(4) && isSeparator(7) {
            (yearAt, monthAt, dayAt) = (0, 5, 8)
        } else if isSeparator(2) && isSeparator(5) {
            (yearAt, monthAt, dayAt) = (6, 3, 0)
        } else {
            guard text.count == 8 else { return false }
            (yearAt, monthAt, dayAt) = (0, 4, 6)
        }
        guard let year = number(yearAt, 4), let month = number(monthAt, 2), let day = number(dayAt, 2),
            (1800...2199).contains(year), let index = CalendarDay.index(year: year, month: month, day: day)
        else { return false }
        let (newMonth, newDay) = CalendarDay.monthAndDay(permuteDay(index, year), year: year)
        text[monthAt] = 48 + UInt8(newMonth / 10)
        text[monthAt + 1] = 48 + UInt8(newMonth % 10)
        text[dayAt] = 48 + UInt8(newDay / 10)
        text[dayAt + 1] = 48 + UInt8(newDay % 10)
        return true
    }
}
