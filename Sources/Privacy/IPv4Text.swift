import Bytes

/// An IPv4 address as text: four decimal numbers below 256 without zeros in front, between dots.
struct IPv4Text {
    private(set) var values = InlineArray<4, UInt8>(repeating: 0)
    /// How many digits each number has.
    private(set) var digits = InlineArray<4, UInt8>(repeating: 0)
    /// Where it ends.
    let end: Int

    /// Nil when what begins at `start` is none; what follows it is not looked at.
    @inline(__always) init?(_ bytes: RawSpan, _ start: Int, before end: Int) {
        var at = start
        for index in 0..<4 {
            let from = at
            var value: UInt32 = 0
            while at < end, at &- from < 3 {
                let digit = bytes[byte: at] &- 48
                if digit > 9 { break }
                value = value &* 10 &+ UInt32(digit)
                at &+= 1
            }
            let count = at &- from
            guard count > 0, value < 256, count == 1 || bytes[byte: from] != 48 else { return nil }
            values[index] = UInt8(truncatingIfNeeded: value)
            digits[index] = UInt8(truncatingIfNeeded: count)
            if index < 3 {
                guard at < end, bytes[byte: at] == 0x2E else { return nil }
                at &+= 1
            }
        }
        self.end = at
    }
}
