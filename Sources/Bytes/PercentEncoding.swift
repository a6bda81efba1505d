/// Percent-encoding (RFC 3986 section 2.1).
package enum PercentEncoding {
    /// What does not encode a byte stays as it is.
    package static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == 0x25, at + 2 < text.endIndex, let high = digit(text[at + 1]), let low = digit(text[at + 2]) {
                result.append(high << 4 | low)
                at += 3
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return result
    }

    /// Everything but the unreserved characters as `%XX`.
    package static func encoded(_ text: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            default:
                result.append(0x25)
                for nibble in [byte >> 4, byte & 15] { result.append(nibble < 10 ? 0x30 + nibble : 0x37 + nibble) }
            }
        }
        return result
    }

    package static func encoded(_ text: String) -> String { String(decoding: encoded(text.utf8), as: UTF8.self) }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
