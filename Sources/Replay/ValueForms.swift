/// Values as rules want them to look, before anything is fresh in them: functions of the recorded value alone.
enum ValueForms {
    /// Of version 4, always with a letter.
    static func uuid(_ digest: UInt64) -> String {
        var digits = Array((hex(digest) + hex(FreshValues.mix(digest &+ 1))).utf8)
        digits[12] = 0x34
        digits[16] = [0x38, 0x39, 0x61, 0x62][Int(digest & 3)]
        // Without a letter it would be taken for a number.
        digits[0] = 0x61 + UInt8(digest % 6)
        for at in [20, 16, 12, 8] { digits.insert(0x2D, at: at) }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func hex(_ word: UInt64) -> String {
        let text = String(word, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// The number stands in the longest run of digits, as far as it fits; everything else is drawn.
    static func filled(_ pattern: String, _ number: UInt64, _ digest: UInt64) -> String {
        var result = Array(pattern.utf8)
        var bits = digest
        for (index, byte) in result.enumerated() {
            bits = FreshValues.mix(bits &+ 0x9E37_79B9_7F4A_7C15)
            switch byte {
            case 0x23: result[index] = 0x30 + UInt8(bits % 10)
            case 0x25: result[index] = Array("0123456789abcdef".utf8)[Int(bits % 16)]
            case 0x7E: result[index] = 0x61 + UInt8(bits % 26)
            default: break
            }
        }
        let runs = variableRuns(pattern).filter { Array(pattern.utf8)[$0.lowerBound] == 0x23 }
        if let longest = runs.max(by: { $0.count < $1.count }) {
            var rest = number
            for at in longest.reversed() {
                result[at] = 0x30 + UInt8(rest % 10)
                rest /= 10
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The runs of one placeholder in a pattern.
    static func variableRuns(_ pattern: String) -> [Range<Int>] {
        let bytes = Array(pattern.utf8)
        var runs: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            var end = start + 1
            while end < bytes.count && bytes[end] == bytes[start] { end += 1 }
            if [0x23, 0x25, 0x7E].contains(bytes[start]) { runs.append(start..<end) }
            start = end
        }
        return runs
    }

    static func placeholder(_ clock: Rules.Signature.Clock) -> String {
        switch clock {
        case .seconds: "1767225600"
        case .millis: "1767225600000"
        case .rfc3339: "2026-01-01T00:00:00Z"
        case .basic: "20260101T000000Z"
        }
    }
}

/// Numbers different values in the order in which they come, so that what is made of the numbers is different too.
struct ValueNumbers: Sendable {
    private var known: [UInt64: UInt64] = [:]
    private static let limit = 1 << 22

    mutating func number(of digest: UInt64) -> UInt64 {
        if let number = known[digest] { return number }
        // Beyond so many, chance has to do.
        if known.count >= Self.limit { return digest }
        let number = UInt64(known.count) + 1
        known[digest] = number
        return number
    }
}
