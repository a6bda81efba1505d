import Bytes

/// A text with escapes, decoded, and where each of its bytes stands.
struct EncodedText {
    enum Escaping { case json, percent, form }

    private(set) var text: [UInt8] = []
    /// Where the byte's escape, or the byte itself, begins and how long it is.
    private var origins: [(at: Int, length: UInt8)] = []
    private let escaping: Escaping

    /// Nil for escapes that are none.
    init?(_ bytes: RawSpan, _ range: Range<Int>, _ escaping: Escaping) {
        self.escaping = escaping
        text.reserveCapacity(range.count)
        origins.reserveCapacity(range.count)
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = bytes[byte: at]
            switch (escaping, byte) {
            case (.json, 0x5C):
                guard at + 1 < range.upperBound else { return nil }
                if bytes[byte: at + 1] == 0x75 {
                    guard let length = addUnit(bytes, at, range.upperBound) else { return nil }
                    at += length
                } else {
                    text.append(Self.plain(bytes[byte: at + 1]))
                    origins.append((at, 2))
                    at += 2
                }
            case (.percent, 0x25), (.form, 0x25):
                if at + 2 < range.upperBound, let high = Self.hex(bytes[byte: at + 1]),
                    let low = Self.hex(bytes[byte: at + 2])
                {
                    text.append(high << 4 | low)
                    origins.append((at, 3))
                    at += 3
                } else {
                    text.append(byte)
                    origins.append((at, 1))
                    at += 1
                }
            default:
                text.append(escaping == .form && byte == 0x2B ? 0x20 : byte)
                origins.append((at, 1))
                at += 1
            }
        }
    }

    /// `\uXXXX`, or two of them for one character. Returns how long it is.
    private mutating func addUnit(_ bytes: RawSpan, _ at: Int, _ limit: Int) -> Int? {
        func unit(_ at: Int) -> UInt32? {
            guard at + 6 <= limit, bytes[byte: at] == 0x5C, bytes[byte: at + 1] == 0x75 else { return nil }
            var value: UInt32 = 0
            for offset in 2..<6 {
                guard let digit = Self.hex(bytes[byte: at + offset]) else { return nil }
                value = value << 4 | UInt32(digit)
            }
            return value
        }
        guard let first = unit(at) else { return nil }
        var length = 6
        var value = first
        if first & 0xFC00 == 0xD800, let second = unit(at + 6), second & 0xFC00 == 0xDC00 {
            value = 0x10000 + (first & 0x3FF) << 10 + (second & 0x3FF)
            length = 12
        }
        guard let scalar = Unicode.Scalar(value) else {
            // A half of a character that is none: it stays.
            text.append(0x3F)
            origins.append((at, 2))
            return length
        }
        for byte in UTF8.encode(scalar).map({ Array($0) }) ?? [] {
            text.append(byte)
            origins.append((at, UInt8(length)))
        }
        return length
    }

    /// Where a part of the text stands.
    func place(of range: Range<Int>) -> Range<Int> {
        guard !range.isEmpty, range.upperBound <= origins.count else { return 0..<0 }
        let last = origins[range.upperBound - 1]
        return origins[range.lowerBound].at..<last.at + Int(last.length)
    }

    /// Writes a text of the same length over the one that was decoded.
    func write(_ new: [UInt8], to bytes: inout [UInt8]) {
        var index = 0
        while index < new.count {
            let origin = origins[index]
            var end = index + 1
            while end < new.count && origins[end].at == origin.at { end += 1 }
            if new[index..<end] != text[index..<end] { write(new[index..<end], origin, &bytes) }
            index = end
        }
    }

    private func write(_ part: ArraySlice<UInt8>, _ origin: (at: Int, length: UInt8), _ bytes: inout [UInt8]) {
        func put(_ nibble: UInt32, _ at: Int) {
            let isSmall = bytes[at] &- 0x61 < 6
            bytes[at] = nibble < 10 ? 48 + UInt8(nibble) : (isSmall ? 0x57 : 0x37) + UInt8(nibble)
        }
        switch (escaping, origin.length) {
        case (_, 1): bytes[origin.at] = part.first ?? 0x78
        case (.percent, 3), (.form, 3):
            let byte = UInt32(part.first ?? 0x78)
            put(byte >> 4, origin.at + 1)
            put(byte & 15, origin.at + 2)
        case (.json, 2):
            // Escapes of one character stand for none that changes, but in placeholders.
            bytes[origin.at] = Placeholder.text
            bytes[origin.at + 1] = Placeholder.text
        case (.json, _):
            let units =
                part.allSatisfy { $0 == Placeholder.text } ? [0x78] : Array(String(decoding: part, as: UTF8.self).utf16)
            for (index, at) in stride(from: origin.at, to: origin.at + Int(origin.length), by: 6).enumerated() {
                let unit = UInt32(index < units.count ? units[index] : 0x78)
                for nibble in 0..<4 { put(unit >> UInt32(12 - 4 * nibble) & 15, at + 2 + nibble) }
            }
        default: break
        }
    }

    private static func plain(_ letter: UInt8) -> UInt8 {
        switch letter {
        case 0x6E: 10
        case 0x72: 13
        case 0x74: 9
        case 0x62: 8
        case 0x66: 12
        default: letter
        }
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
