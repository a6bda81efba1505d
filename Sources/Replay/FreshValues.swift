import Bytes

/// Fresh identities: a pure function of the value on the tape, the run and the round. Equal values get equal fresh ones
/// wherever they stand and however they are encoded, and different values different ones.
///
/// | value | becomes |
/// |---|---|
/// | a number, in decimal digits, big-endian, or as a varint | a number with the same sign, as many digits, and as many bytes as varint and as i32 or i64 |
/// | 16 or more hexadecimal digits, with or without dashes | such digits; a UUID keeps version and variant; case and dashes do not matter |
/// | another text | letters stay letters of their case, digits digits, and all else stays |
///
/// Numbers and short texts are moved along a permutation of all values of their shape, keyed by the run: within a round no
/// two become equal, and one value is another in each round (until all of its shape are used up). Longer ones are drawn.
enum FreshValues {
    /// SplitMix64's finaliser.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The slot for a value; nil when it has no other value of its shape.
    static func slot(_ span: FieldSpan, in request: [UInt8], seed: UInt64) -> Slot? {
        var slot = Slot(range: span.range, kind: .text)
        switch span.encoding {
        case .integer, .zigzag:
            guard span.encoding == .zigzag || span.range.count > 1, let value = span.integer(in: request) else {
                return nil
            }
            slot.kind = span.encoding == .integer ? .integer : .zigzag
            guard number(value.magnitude, isNegative: value < 0, &slot, seed) else { return nil }
        case .text, .counted, .json, .number, .url:
            guard text(request[span.range], span.encoding, &slot, seed) else { return nil }
        case .double, .doubleLittleEndian: return nil
        }
        return slot
    }

    private static func text(
        _ value: ArraySlice<UInt8>, _ encoding: FieldSpan.Encoding, _ slot: inout Slot, _ seed: UInt64
    ) -> Bool {
        let isNegative = value.first == 0x2D
        let digits = isNegative ? value.dropFirst() : value
        if let number = decimal(digits) {
            slot.kind = .digits
            return self.number(number, isNegative: isNegative, &slot, seed)
        }
        // A fraction or an exponent is no identity.
        if encoding == .number { return false }
        if let digest = hexadecimalDigest(value) {
            slot.kind = .hexadecimal
            slot.state = digest
            return true
        }
        var size: UInt64 = 1
        var index: UInt64 = 0
        var fits = true
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var varying = 0
        var at = value.startIndex
        while at < value.endIndex {
            if isEscape(value, at) {
                at += 3
                continue
            }
            let byte = value[at]
            at += 1
            guard let (base, digit) = place(byte) else { continue }
            varying += 1
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3
            let (product, overflow) = size.multipliedReportingOverflow(by: base)
            if overflow || product > 1 << 62 { fits = false }
            if fits {
                size = product
                index = index * base + digit
            }
        }
        if varying == 0 { return false }
        if fits {
            slot.kind = .radix
            slot.size = size
            slot.state = Permutation(size: size, key: seed).forward(index)
        } else {
            slot.kind = .text
            slot.state = mix(digest)
        }
        return true
    }

    /// Of up to 19 digits without a leading zero, which 64 bits always hold.
    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard digits.count <= 19, let first = digits.first, first != 0x30 || digits.count == 1 else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard byte &- 0x30 < 10 else { return nil }
            value = value * 10 + UInt64(byte &- 0x30)
        }
        return value
    }

    /// Of 16 or more hexadecimal digits with a letter among them; nil for other texts.
    private static func hexadecimalDigest(_ value: ArraySlice<UInt8>) -> UInt64? {
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325
        var count = 0
        var letters = 0
        for byte in value {
            if byte == 0x2D { continue }
            let lower = byte | 0x20
            switch byte {
            case 0x30...0x39: break
            case 0x41...0x46, 0x61...0x66: letters += 1
            default: return nil
            }
            count += 1
            digest = (digest ^ UInt64(lower)) &* 0x100_0000_01B3
        }
        return count >= 16 && letters > 0 ? mix(digest) : nil
    }

    private static func number(
        _ magnitude: UInt64, isNegative: Bool, _ slot: inout Slot, _ seed: UInt64
    ) -> Bool {
        let span = numbers(like: magnitude, isNegative: isNegative)
        guard let high = span.high, high - span.low > 1 else { return false }
        slot.isNegative = isNegative
        slot.low = span.low
        slot.size = high - span.low
        slot.state = Permutation(size: high - span.low, key: seed ^ mix(span.low)).forward(magnitude - span.low)
        return true
    }

    /// The numbers that take as much room as `magnitude` in decimal digits, as a zigzag varint, and in 32 or 64 bits; 0
    /// stands alone. The upper end is excluded and nil beyond 64 bits.
    static func numbers(like magnitude: UInt64, isNegative: Bool) -> (low: UInt64, high: UInt64?) {
        var low: UInt64 = 0
        var high: UInt64?
        func bound(_ value: UInt64) {
            if value <= magnitude { low = max(low, value) } else { high = min(high ?? .max, value) }
        }
        let sign: UInt64 = isNegative ? 1 : 0
        bound(1)
        var power: UInt64 = 10
        for _ in 0..<19 {
            bound(power)
            power &*= 10
        }
        for shift in stride(from: UInt64(6), through: 62, by: 7) { bound(1 << shift + sign) }
        bound(1 << 15 + sign)
        bound(1 << 31 + sign)
        bound(1 << 63 + sign)
        return (low, high)
    }

    /// How many characters a letter or digit may be replaced by, and which of them it is.
    @inline(__always)
    private static func place(_ byte: UInt8) -> (base: UInt64, digit: UInt64)? {
        switch byte {
        case 0x30...0x39: (10, UInt64(byte - 0x30))
        case 0x61...0x7A: (26, UInt64(byte - 0x61))
        case 0x41...0x5A: (26, UInt64(byte - 0x41))
        default: nil
        }
    }

    private static func isEscape(_ value: ArraySlice<UInt8>, _ at: Int) -> Bool {
        value[at] == 0x25 && at + 2 < value.endIndex
    }
}
