/// Phones and e-mail addresses.
extension Pseudonyms {
    /// The last eight digits of a national number of eleven (China's and Brazil's mobiles), else the last seven, change;
    /// the prefix, which tells country, area and operator, stays. Country codes do not matter: `+86 138 0013 8000`,
    /// `138-0013-8000` and `13800138000` are one.
    mutating func phone() -> Bool {
        guard text.count <= 32 else { return false }
        beginPlaces()
        for (at, byte) in text.enumerated() {
            switch byte {
            case 0x30...0x39: places.append(Int32(at))
            case 0x20, 0x2D, 0x2E, 0x28, 0x29, 0x2B, 0x2F: break
            default: return false
            }
        }
        let count = places.count
        guard (7...15).contains(count) else { return false }
        let start = nationalStart()
        let national = count - start
        let changing = national == 11 ? 8 : 7
        guard national >= changing else { return false }
        var prefix: UInt64 = 0
        if national == 11 || national == 10 {
            for index in start..<count - changing { prefix = prefix * 10 + UInt64(text[Int(places[index])] - 48) }
        }
        var value: UInt64 = 0
        for index in count - changing..<count { value = value * 10 + UInt64(text[Int(places[index])] - 48) }
        value = permuteDecimal(value, digits: changing, .phone, beside: prefix << 8 | UInt64(changing))
        for index in (count - changing..<count).reversed() {
            text[Int(places[index])] = 48 + UInt8(value % 10)
            value /= 10
        }
        return true
    }

    /// How many of the digits come before the national number.
    private func nationalStart() -> Int {
        func digit(_ index: Int) -> UInt8 { index < places.count ? text[Int(places[index])] - 48 : 10 }
        var start = 0
        // 00 is how many countries dial abroad.
        if digit(0) == 0 && digit(1) == 0 { start = 2 }
        let count = places.count - start
        switch (digit(start), digit(start + 1)) {
        case (8, 6) where count == 13 || count == 12: return start + 2
        case (5, 5) where count == 12 || count == 13: return start + 2
        case (5, 2) where count == 12: return start + 2
        case (5, 2) where count == 13 && digit(start + 2) == 1: return start + 3
        default: break
        }
        // A national trunk prefix.
        return start == 0 && digit(0) == 0 && count >= 11 ? 1 : 0
    }

    /// What everybody's mailbox may end in stays; the name of a company's or a person's own domain changes, its end does
    /// not. A mailbox that is a phone number is masked as one.
    mutating func email() -> Bool {
        guard text.count <= 254, let at = text.firstIndex(of: 0x40), at > 0, at + 3 < text.count,
            text.lastIndex(of: 0x40) == at
        else { return false }
        let whole = Array(text)
        let domain = at + 1..<text.count
        text.assign(whole[..<at])
        let isNumber = text.count == 11 && text.allSatisfy { $0 &- 48 < 10 } && phone()
        if !isNumber {
            addWord(0..<text.count)
            permutePlaces(.email, beside: 0)
            writeLetters()
        }
        let local = Array(text)
        text.assign(local + whole[at...])
        guard let name = Self.changingPart(of: Array(text[domain])) else { return true }
        repeat {
            addWord(domain.lowerBound..<domain.lowerBound + name)
            if places.isEmpty { return true }
            permutePlaces(.mailDomain, beside: 0)
            writeLetters()
        } while Self.isPublic(Array(text[domain]))
        return true
    }

    /// Letters without regard to case, and digits.
    private mutating func addWord(_ range: Range<Int>) {
        beginPlaces()
        for at in range {
            let byte = text[at]
            if byte &- 48 < 10 { addPlace(at, UInt32(byte - 48), of: 10) } else { addLetter(at) }
        }
    }

    /// How much of a domain's beginning names its owner; nil for a public provider's.
    private static func changingPart(of domain: [UInt8]) -> Int? {
        if isPublic(domain) { return nil }
        var dots: [Int] = []
        for at in 0..<domain.count where domain[at] == 0x2E { dots.append(at) }
        guard let last = dots.last else { return domain.count }
        guard dots.count > 1 else { return last }
        // co.uk, com.br, gob.mx: the last but one label is no name.
        let before = dots[dots.count - 2]
        return last - before <= 4 ? before : last
    }

    private static let providers: Set<String> = [
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "yahoo.com.br",
        "yahoo.com.mx", "yahoo.cn", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.com",
        "mail.com",
        "qq.com", "vip.qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sina.cn", "sohu.com",
        "aliyun.com", "139.com", "189.cn", "21cn.com", "tom.com", "uol.com.br", "bol.com.br", "terra.com.br",
        "ig.com.br",
        "globo.com", "hotmail.com.br", "outlook.com.br", "hotmail.com.mx", "prodigy.net.mx", "hotmail.es", "outlook.es",
        "example.com", "example.org", "example.net",
    ]

    private static func isPublic(_ domain: [UInt8]) -> Bool {
        var text: [UInt8] = []
        for at in 0..<domain.count { text.append(domain[at] &- 0x41 < 26 ? domain[at] | 32 : domain[at]) }
        return providers.contains(String(decoding: text, as: UTF8.self))
    }
}
