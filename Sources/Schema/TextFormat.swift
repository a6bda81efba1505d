import Bytes

/// The formats of JSON Schema 2020-12 (validation §7.3) and of OpenAPI that can be told from a text alone.
package enum TextFormat {
    package static let names: Set<String> = [
        "date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "uuid",
        "json-pointer", "regex", "byte", "ean", "isbn", "country-code",
    ]

    /// Whether `text` has the format; true for formats that are not known.
    package static func accepts(_ text: String, as format: String) -> Bool {
        let bytes = Array(text.utf8)
        switch format {
        case "date-time":
            guard bytes.count > 11, [0x54, 0x74, 0x20].contains(bytes[10]) else { return false }
            return date(bytes[..<10]) && time(bytes[11...])
        case "date": return date(bytes[...])
        case "time": return time(bytes[...])
        case "duration": return duration(bytes)
        case "email": return email(text)
        case "hostname": return hostname(bytes[...])
        case "ipv4": return ipv4(bytes[...])
        case "ipv6": return ipv6(text)
        case "uri": return uri(bytes, isAbsolute: true)
        case "uri-reference": return uri(bytes, isAbsolute: false)
        case "uuid": return uuid(bytes)
        case "json-pointer": return pointer(bytes)
        case "regex": return (try? Pattern(text)) != nil
        case "byte": return Base64.decode(text) != nil
        case "ean": return checkDigit(bytes, lengths: [8, 13])
        case "isbn": return isbn(bytes)
        case "country-code": return bytes.count == 2 && bytes.allSatisfy { $0 &- 0x41 < 26 }
        default: return true
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.count < 10, bytes.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// RFC 3339 §5.6 full-date.
    private static func date(_ bytes: ArraySlice<UInt8>) -> Bool {
        let at = bytes.startIndex
        guard bytes.count == 10, bytes[at + 4] == 0x2D, bytes[at + 7] == 0x2D,
            let year = number(bytes[at..<(at + 4)]), let month = number(bytes[(at + 5)..<(at + 7)]),
            let day = number(bytes[(at + 8)..<(at + 10)]), (1...12).contains(month)
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return (1...days[month - 1]).contains(day)
    }

    /// RFC 3339 §5.6 full-time. A leap second is one at 23:59:60 UTC.
    private static func time(_ bytes: ArraySlice<UInt8>) -> Bool {
        var at = bytes.startIndex
        guard bytes.count >= 9, bytes[at + 2] == 0x3A, bytes[at + 5] == 0x3A, let hour = number(bytes[at..<(at + 2)]),
            let minute = number(bytes[(at + 3)..<(at + 5)]), let second = number(bytes[(at + 6)..<(at + 8)]),
            hour < 24, minute < 60, second <= 60
        else { return false }
        at += 8
        if bytes[at] == 0x2E {
            let digits = bytes[(at + 1)...].prefix { $0 &- 0x30 < 10 }
            if digits.isEmpty { return false }
            at = digits.endIndex
        }
        guard at < bytes.endIndex else { return false }
        var offset = 0
        if bytes[at] | 0x20 == 0x7A {
            guard at + 1 == bytes.endIndex else { return false }
        } else {
            guard bytes[at] == 0x2B || bytes[at] == 0x2D, bytes.endIndex - at == 6, bytes[at + 3] == 0x3A,
                let hours = number(bytes[(at + 1)..<(at + 3)]), let minutes = number(bytes[(at + 4)..<(at + 6)]),
                hours < 24, minutes < 60
            else { return false }
            offset = (hours * 60 + minutes) * (bytes[at] == 0x2B ? 1 : -1)
        }
        return second < 60 || (hour * 60 + minute - offset + 2880) % 1440 == 1439
    }

    /// RFC 3339 appendix A.
    private static func duration(_ bytes: [UInt8]) -> Bool {
        guard bytes.first == UInt8(ascii: "P"), bytes.count > 2 else { return false }
        var units = Array("YMWD".utf8)
        var isTime = false
        var count = 0
        var at = 1
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "T") {
                if isTime { return false }
                (isTime, units) = (true, Array("HMS".utf8))
                at += 1
                if at == bytes.count { return false }
                continue
            }
            let digits = bytes[at...].prefix { $0 &- 0x30 < 10 }
            guard !digits.isEmpty, digits.endIndex < bytes.count,
                let unit = units.firstIndex(of: bytes[digits.endIndex])
            else { return false }
            if units[unit] == UInt8(ascii: "W") && bytes.count != digits.count + 2 { return false }
            units.removeFirst(unit + 1)
            count += 1
            at = digits.endIndex + 1
        }
        return count > 0
    }

    private static func email(_ text: String) -> Bool {
        guard let at = text.lastIndex(of: "@"), at != text.startIndex else { return false }
        let local = text[..<at]
        let host = Array(text[text.index(after: at)...].utf8)
        let isQuoted = local.count > 2 && local.hasPrefix("\"") && local.hasSuffix("\"")
        // RFC 5321 dot-string, with the characters of RFC 6531 beyond ASCII.
        let allowed = Set("!#$%&'*+-/=?^_`{|}~.".utf8)
        let isDotted =
            !local.hasPrefix(".") && !local.hasSuffix(".") && !local.contains("..")
            && local.utf8.allSatisfy {
                $0 >= 0x80 || ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || allowed.contains($0)
            }
        guard isQuoted || isDotted else { return false }
        if host.first == 0x5B, host.last == 0x5D { return ipv4(host[1..<(host.count - 1)]) }
        return hostname(host[...])
    }

    /// RFC 1123 §2.1.
    private static func hostname(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 253 else { return false }
        return bytes.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                && label.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x2D }
        }
    }

    private static func ipv4(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.count) && (part.count == 1 || part.first != 0x30)
                    && (number(part).map { $0 < 256 } ?? false)
            }
    }

    /// RFC 4291 §2.2.
    private static func ipv6(_ text: String) -> Bool {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2, !text.contains(":::") else { return false }
        var count = 0
        for (position, half) in halves.enumerated() where !half.isEmpty {
            let groups = half.split(separator: ":", omittingEmptySubsequences: false)
            for (index, group) in groups.enumerated() {
                if group.contains(".") {
                    guard position == halves.count - 1, index == groups.count - 1, ipv4(Array(group.utf8)[...]) else {
                        return false
                    }
                    count += 2
                } else {
                    guard (1...4).contains(group.utf8.count), group.utf8.allSatisfy({ Hex.value($0) != nil }) else {
                        return false
                    }
                    count += 1
                }
            }
        }
        return halves.count == 2 ? count <= 7 : count == 8
    }

    /// The characters of RFC 3986, and a scheme when the URI must be absolute.
    private static func uri(_ bytes: [UInt8], isAbsolute: Bool) -> Bool {
        let allowed = Set("-._~:/?#[]@!$&'()*+,;=%".utf8)
        for (at, byte) in bytes.enumerated() {
            guard (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || allowed.contains(byte) else { return false }
            if byte == UInt8(ascii: "%") {
                guard at + 2 < bytes.count, Hex.value(bytes[at + 1]) != nil, Hex.value(bytes[at + 2]) != nil else {
                    return false
                }
            }
        }
        guard isAbsolute else { return true }
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        guard scheme.count < bytes.count, let first = scheme.first, (first | 0x20) &- 0x61 < 26 else { return false }
        return scheme.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || "+-.".utf8.contains($0) }
    }

    private static func uuid(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { at, byte in
            [8, 13, 18, 23].contains(at) ? byte == 0x2D : Hex.value(byte) != nil
        }
    }

    private static func pointer(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return true }
        guard bytes.first == 0x2F else { return false }
        for (at, byte) in bytes.enumerated() where byte == UInt8(ascii: "~") {
            guard at + 1 < bytes.count, bytes[at + 1] == 0x30 || bytes[at + 1] == 0x31 else { return false }
        }
        return true
    }

    /// GS1: weights 3 and 1 from the right.
    private static func checkDigit(_ bytes: [UInt8], lengths: Set<Int>) -> Bool {
        guard lengths.contains(bytes.count), bytes.allSatisfy({ $0 &- 0x30 < 10 }) else { return false }
        let sum = bytes.reversed().enumerated().reduce(0) { $0 + Int($1.element - 0x30) * ($1.offset % 2 == 0 ? 1 : 3) }
        return sum % 10 == 0
    }

    private static func isbn(_ bytes: [UInt8]) -> Bool {
        let bare = bytes.filter { $0 != 0x2D && $0 != 0x20 }
        if bare.count == 13 { return checkDigit(bare, lengths: [13]) }
        guard bare.count == 10 else { return false }
        var sum = 0
        for (at, byte) in bare.enumerated() {
            let isLastX = at == 9 && byte | 0x20 == UInt8(ascii: "x")
            guard byte &- 0x30 < 10 || isLastX else { return false }
            sum += (10 - at) * (isLastX ? 10 : Int(byte - 0x30))
        }
        return sum % 11 == 0
    }
}
