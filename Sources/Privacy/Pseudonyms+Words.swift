/// Names, addresses, tokens: text in which each character becomes one of its own kind, so that script, case, length in
/// bytes and everything between the characters stay.
extension Pseudonyms {
    private static let vowels: [UInt8] = Array("aeiou".utf8)
    private static let consonants: [UInt8] = Array("bcdfghjklmnpqrstvwxyz".utf8)
    /// The place of each letter from `a` among its kind, plus 32 for consonants.
    private static let kinds: [UInt8] = (0..<26).map { letter in
        let byte = UInt8(0x61 + letter)
        if let index = vowels.firstIndex(of: byte) { return UInt8(index) }
        return 32 + UInt8(consonants.firstIndex(of: byte) ?? 0)
    }
    /// The second byte, in UTF-8 behind C3, of small Latin letters with marks; capitals are 32 less.
    private static let markedVowels: [UInt8] = [
        0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA8, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6,
        0xB9,
        0xBA, 0xBB, 0xBC,
    ]
    private static let markedConsonants: [UInt8] = [0xA7, 0xB1]
    // Sizes of alphabets tell on the way back which one it was.
    private static let markedVowelRadix = UInt32(markedVowels.count)

    /// The letter at `at` as a place among vowels or consonants.
    mutating func addLetter(_ at: Int) {
        let letter = (text[at] | 32) &- 0x61
        guard letter < 26 else { return }
        let kind = Self.kinds[Int(letter)]
        addPlace(at, UInt32(kind & 31), of: kind < 32 ? 5 : 21)
    }

    /// Writes places that are letters or digits back.
    mutating func writeLetters() {
        for (index, place) in places.enumerated() {
            let at = Int(place)
            let value = Int(digits[index])
            switch radices[index] {
            case 5: text[at] = Self.vowels[value] - 32 | text[at] & 32
            case 21: text[at] = Self.consonants[value] - 32 | text[at] & 32
            case 10: text[at] = 48 + UInt8(value)
            case 26: text[at] = 0x41 + UInt8(value) | text[at] & 32
            case Self.markedVowelRadix: text[at] = Self.markedVowels[value] - 32 | text[at] & 32
            case 2: text[at] = Self.markedConsonants[value] - 32 | text[at] & 32
            default: writeHan(at, index)
            }
        }
    }

    /// What names and addresses are made of, from `start` on; false where there is nothing that changes.
    private mutating func addText(from start: Int, isName: Bool) -> Bool {
        beginPlaces()
        var at = start
        while at < text.count {
            let byte = text[at]
            if byte &- 48 < 10 {
                if !isName { addPlace(at, UInt32(byte - 48), of: 10) }
            } else if (byte | 32) &- 0x61 < 26 {
                addLetter(at)
            } else if byte == 0xC3, at + 1 < text.count {
                let small = text[at + 1] | 32
                if let index = Self.markedVowels.firstIndex(of: small) {
                    addPlace(at + 1, UInt32(index), of: Self.markedVowelRadix)
                } else if let index = Self.markedConsonants.firstIndex(of: small) {
                    addPlace(at + 1, UInt32(index), of: 2)
                }
                at += 1
            } else if byte &- 0xE4 < 6, at + 2 < text.count {
                addHan(at, isFirst: at == start && isName, isName: isName)
                at += 2
            }
            at += 1
        }
        return !places.isEmpty
    }

    /// A person's name. Upper and lower case have the same pseudonym, in their own case.
    mutating func name() -> Bool {
        guard text.count <= 256, addText(from: 0, isName: true) else { return false }
        permutePlaces(.name, beside: 0)
        writeLetters()
        return true
    }

    /// Everything behind the county; numbers too. The words for kinds of streets and houses stay.
    mutating func address() -> Bool {
        guard text.count <= 1024, addText(from: HanCharacters.endOfRegion(Array(text)), isName: false) else {
            return false
        }
        permutePlaces(.text, beside: 0)
        writeLetters()
        return true
    }

    mutating func freeText() -> Bool {
        guard text.count <= 1 << 16 else { return false }
        // In pieces, so that long texts take time in proportion; what stands before a piece changes it.
        let whole = Array(text)
        var done: [UInt8] = []
        var beside: UInt64 = 0
        var start = 0
        while start < whole.count {
            var end = min(whole.count, start + 96)
            while end < whole.count && end > start + 92 && whole[end] & 0xC0 == 0x80 { end -= 1 }
            text.assign(whole[start..<end])
            let before = Array(text)
            if addText(from: 0, isName: false) {
                permutePlaces(.text, beside: beside | 1)
                writeLetters()
            }
            done += text
            for byte in isInverse ? Array(text) : before { beside = (beside ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            beside &= 0x0000_00FF_FFFF_FFFE
            start = end
        }
        text.assign(done)
        return true
    }

    /// A token, a number of an account: digits, small and capital letters each among themselves. What is hexadecimal stays so.
    mutating func word() -> Bool {
        guard text.count <= 4096 else { return false }
        if hexadecimal(.token) { return true }
        beginPlaces()
        for (at, byte) in text.enumerated() {
            switch byte {
            case 0x30...0x39: addPlace(at, UInt32(byte - 48), of: 10)
            case 0x41...0x5A, 0x61...0x7A: addPlace(at, UInt32((byte | 32) - 0x61), of: 26)
            default: break
            }
        }
        guard !places.isEmpty else { return false }
        permutePlaces(.token, beside: 0)
        writeLetters()
        return true
    }

    // MARK: Chinese characters, three bytes each

    private mutating func addHan(_ at: Int, isFirst: Bool, isName: Bool) {
        let scalar = UInt32(text[at] & 15) << 12 | UInt32(text[at + 1] & 63) << 6 | UInt32(text[at + 2] & 63)
        guard let (digit, radix) = HanCharacters.place(scalar, isFirst ? .surname : isName ? .given : .street) else {
            return
        }
        addPlace(at, digit, of: radix)
    }

    private mutating func writeHan(_ at: Int, _ index: Int) {
        let scalar = HanCharacters.scalar(digits[index], of: radices[index])
        text[at] = 0xE0 | UInt8(scalar >> 12)
        text[at + 1] = 0x80 | UInt8(scalar >> 6 & 63)
        text[at + 2] = 0x80 | UInt8(scalar & 63)
    }
}
