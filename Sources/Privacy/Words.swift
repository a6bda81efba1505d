import Bytes

/// Values that are told by more than their digits.
enum Words {
    private static func byte(_ bytes: RawSpan, _ range: Range<Int>, _ at: Int) -> UInt8 {
        range.contains(at) ? bytes[byte: at] : 0
    }

    private static func isWord(_ byte: UInt8) -> Bool { byte &- 48 < 10 || (byte | 32) &- 0x61 < 26 || byte == 0x5F }

    /// The mailbox around the `@` at `at`; one `%40` is none here, it is decoded before.
    static func email(_ bytes: RawSpan, _ field: Range<Int>, _ at: Int) -> NumberShapes.Match? {
        func isLocal(_ byte: UInt8) -> Bool {
            isWord(byte) || byte == 0x2E || byte == 0x2D || byte == 0x2B || byte == 0x25 || byte == 0x27
        }
        var start = at
        while start > field.lowerBound && at - start < 65 && isLocal(bytes[byte: start - 1]) { start -= 1 }
        while start < at, !isWord(bytes[byte: start]) { start += 1 }
        var end = at + 1
        var dot = 0
        while end < field.upperBound && end - at < 190 {
            let byte = bytes[byte: end]
            if byte == 0x2E { dot = end } else if byte != 0x2D && !isWord(byte) { break }
            end += 1
        }
        while end > at, byte(bytes, field, end - 1) == 0x2E || byte(bytes, field, end - 1) == 0x2D {
            end -= 1
            if dot >= end {
                dot = end - 1
                while dot > at && bytes[byte: dot] != 0x2E { dot -= 1 }
            }
        }
        guard start < at, dot > at + 1, end - dot > 2, (bytes[byte: end - 1] | 32) &- 0x61 < 26 else { return nil }
        // user:password@host is no mailbox.
        if byte(bytes, field, start - 1) == 0x3A, byte(bytes, field, start - 2) == 0x2F { return nil }
        return (start..<end, .email)
    }

    /// A signed JSON Web Token (RFC 7519) around the dot at `at`, behind which the payload begins.
    static func webToken(_ bytes: RawSpan, _ field: Range<Int>, _ at: Int) -> NumberShapes.Match? {
        func isText(_ byte: UInt8) -> Bool { isWord(byte) || byte == 0x2D }
        var start = at
        while start > field.lowerBound && isText(bytes[byte: start - 1]) { start -= 1 }
        guard at - start > 8, bytes[byte: start] == 0x65, bytes[byte: start + 1] == 0x79 else { return nil }
        var end = at + 1
        while end < field.upperBound && (isText(bytes[byte: end]) || bytes[byte: end] == 0x2E) { end += 1 }
        return (start..<end, .token)
    }

    /// The UUID whose last dash is at `at`.
    static func uuid(_ bytes: RawSpan, _ field: Range<Int>, _ at: Int) -> NumberShapes.Match? {
        let start = at - 23
        guard start >= field.lowerBound, start + 36 <= field.upperBound, !isWord(byte(bytes, field, start - 1)),
            !isWord(byte(bytes, field, start + 36))
        else { return nil }
        let words = Hexadecimal.digits(ofUUID: bytes.extracting(start..<start + 36))
        guard bytes[byte: start + 8] == 0x2D, bytes[byte: start + 13] == 0x2D, bytes[byte: start + 18] == 0x2D,
            bytes[byte: start + 23] == 0x2D, Hexadecimal.number(words.0) != nil, Hexadecimal.number(words.1) != nil,
            Hexadecimal.number(words.2) != nil, Hexadecimal.number(words.3) != nil
        else { return nil }
        return (start..<start + 36, .device)
    }

    /// What stands between the lines that begin and end a private key (RFC 7468), of which the first dashes end at `at`.
    static func privateKey(_ bytes: RawSpan, _ field: Range<Int>, _ at: Int) -> NumberShapes.Match? {
        func has(_ text: StaticString, _ at: Int) -> Bool {
            guard at + text.utf8CodeUnitCount <= field.upperBound else { return false }
            for offset in 0..<text.utf8CodeUnitCount {
                // `offset` is below the static text's length.
                if bytes[byte: at + offset] != (unsafe text.utf8Start[offset]) { return false }
            }
            return true
        }
        var start = at + 1
        while byte(bytes, field, start) == 0x2D { start += 1 }
        guard has("BEGIN ", start) else { return nil }
        var name = start + 6
        while name < min(start + 40, field.upperBound) && !has("PRIVATE KEY-----", name) { name += 1 }
        guard has("PRIVATE KEY-----", name) else { return nil }
        let from = name + 16
        var end = from
        while end < field.upperBound && bytes[byte: end] != 0x2D { end += 1 }
        return from < end ? (from..<end, .privateKey) : nil
    }

    /// What a value is that stands alone: a UUID, a name, an address, an IPv6 address, a MAC address, a CNPJ that has no four
    /// digits in a row.
    @inline(__always) static func whole(_ bytes: RawSpan, _ value: Range<Int>) -> NumberShapes.Match? {
        mayBeWhole(bytes, value) ? recognised(bytes, value) : nil
    }

    /// Most values are told not to be any of these by their length and first bytes.
    @inline(__always) static func mayBeWhole(_ bytes: RawSpan, _ value: Range<Int>) -> Bool {
        let count = value.count
        if count < 5 { return false }
        let first = bytes[byte: value.lowerBound]
        if first &- 0x41 < 26 || first >= 0xC3 || count == 14 || count == 17 || count == 36 { return true }
        let word = bytes.word(at: value.lowerBound, before: value.upperBound)
        // An IPv6 address has its first colon behind four digits at most, and a bracket before those; an IPv4 address its
        // first dot behind three digits at most.
        return word.has(0x3A) & 0xFFFF_FFFF_FFFF != 0
            || (first &- 48 < 10 && (7...15).contains(count) && word.has(0x2E) & 0xFFFF_FFFF != 0)
    }

    /// The same, of one that may be.
    static func recognised(_ bytes: RawSpan, _ value: Range<Int>) -> NumberShapes.Match? {
        if value.count == 36, let uuid = uuid(bytes, value, value.lowerBound + 23) { return uuid }
        let first = bytes[byte: value.lowerBound]
        if first >= 0xE4 {
            guard first < 0xEA else { return nil }
            let text = bytes.extracting(value)
            if HanCharacters.isName(text) { return (value, .name) }
            return HanCharacters.isAddress(text) ? (value, .address) : nil
        }
        if first &- 0x41 < 26 || first == 0xC3, hasTwoWords(bytes, value) {
            if PersonNames.isName(bytes, value) { return (value, .name) }
            if PersonNames.isAddress(bytes, value) { return (value, .address) }
            if first == 0x42, let token = bearer(bytes, value) { return token }
        }
        if first &- 48 < 10, (7...15).contains(value.count),
            let address = IPv4Text(bytes, value.lowerBound, before: value.upperBound), address.end == value.upperBound
        {
            return (value, .ip)
        }
        switch value.count {
        case 14:
            if let match = NumberShapes(bytes: bytes, range: value, isNumber: false).cnpj(
                value.lowerBound, value.upperBound)
            {
                return match
            }
        case 17:
            if isMAC(bytes, value) { return (value, .device) }
        default: break
        }
        let beginning = bytes.word(at: value.lowerBound, before: value.upperBound)
        return beginning.has(0x3A) & 0xFFFF_FFFF_FFFF != 0 && isIPv6(bytes, value) ? (value, .ip) : nil
    }

    /// A value of the class, by what it looks like: what a field's name alone does not say for certain.
    static func isValue(_ bytes: RawSpan, _ value: Range<Int>, of personal: PersonalClass) -> Bool {
        if whole(bytes, value)?.personal == personal { return true }
        return (personal == .device || personal == .token) && isHexadecimalID(bytes, value)
    }

    /// Sixteen hexadecimal digits or more, letters and figures.
    private static func isHexadecimalID(_ bytes: RawSpan, _ value: Range<Int>) -> Bool {
        value.count >= 16 && Hexadecimal.isMixed(bytes, value)
    }

    private static func hasTwoWords(_ bytes: RawSpan, _ value: Range<Int>) -> Bool {
        var at = value.lowerBound
        while at < value.upperBound {
            let word = bytes.word(at: at, before: value.upperBound)
            if word.has(0x20) | word.has(0x2E) != 0 { return true }
            at += 8
        }
        return false
    }

    private static func bearer(_ bytes: RawSpan, _ value: Range<Int>) -> NumberShapes.Match? {
        guard value.count > 15 else { return nil }
        for (offset, letter) in Array("Bearer ".utf8).enumerated()
        where bytes[byte: value.lowerBound + offset] != letter {
            return nil
        }
        return (value.lowerBound + 7..<value.upperBound, .authorization)
    }

    private static func isMAC(_ bytes: RawSpan, _ value: Range<Int>) -> Bool {
        let separator = bytes[byte: value.lowerBound + 2]
        guard separator == 0x3A || separator == 0x2D else { return false }
        for (offset, at) in value.enumerated() {
            let byte = bytes[byte: at]
            if offset % 3 == 2 {
                if byte != separator { return false }
            } else if byte &- 48 > 9 && (byte | 32) &- 0x61 > 5 {
                return false
            }
        }
        return true
    }

    static func isIPv6(_ bytes: RawSpan, _ value: Range<Int>) -> Bool {
        guard (6...45).contains(value.count) else { return false }
        let first = bytes[byte: value.lowerBound]
        guard first &- 48 < 10 || (first | 32) &- 0x61 < 6 || first == 0x3A || first == 0x5B else { return false }
        var colons = 0
        var run = 0
        var isShort = false
        var digits = 0
        for at in value {
            let byte = bytes[byte: at]
            if byte == 0x3A {
                colons += 1
                if run == 0 && at > value.lowerBound + 1 { isShort = true }
                run = 0
            } else if byte &- 48 < 10 || (byte | 32) &- 0x61 < 6 {
                run += 1
                digits += 1
                if run > 4 { return false }
            } else if byte != 0x5B && byte != 0x5D && byte != 0x2E {
                return false
            }
        }
        // A time of day has two colons.
        return digits > 3 && (colons == 7 || (isShort && colons >= 2 && colons < 8))
    }
}
