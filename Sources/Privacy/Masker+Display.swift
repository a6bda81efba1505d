extension Masker {
    /// Stars over all but what people need to tell values apart: `138****1234`, `110101********1234`, `************1234`,
    /// `李＊`, `m****@example.com`. The star of a Chinese character is a wide one, which has its length.
    mutating func display(_ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass) -> Bool {
        func isWord(_ at: Int) -> Bool {
            let byte = bytes[at]
            return byte &- 48 < 10 || (byte | 32) &- 0x61 < 26 || byte >= 0x80
        }
        let words = range.filter { isWord($0) }
        var kept: (front: Int, back: Int)
        switch personal {
        case .phone: kept = words.count > 11 ? (words.count - 8, 4) : (3, 4)
        case .residentID: kept = (6, 4)
        case .card, .clabe, .bankAccount: kept = (0, 4)
        case .ip, .coordinate: kept = (3, 0)
        case .email:
            let at = range.first { bytes[$0] == 0x40 } ?? range.upperBound
            kept = (1, words.count { $0 > at })
        case .name: kept = (bytes[range.lowerBound] >= 0xE0 ? 3 : bytes[range.lowerBound] >= 0x80 ? 2 : 1, 0)
        default: kept = (0, 0)
        }
        if kept.front + kept.back >= words.count { kept = (0, 0) }
        for (index, at) in words.enumerated() where index >= kept.front && index < words.count - kept.back {
            let lead = bytes[at]
            if lead &- 0xE0 < 16, at + 2 < range.upperBound {
                (bytes[at], bytes[at + 1], bytes[at + 2]) = (0xEF, 0xBC, 0x8A)
            } else if lead < 0x80 {
                bytes[at] = 0x2A
            } else if lead &- 0xC0 < 32, at + 1 < range.upperBound {
                (bytes[at], bytes[at + 1]) = (0x2A, 0x2A)
            }
        }
        spans.append(MaskedSpan(range: range, personal: personal))
        return true
    }
}
