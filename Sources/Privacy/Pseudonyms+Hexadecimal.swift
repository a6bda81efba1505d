import Bytes

/// Hexadecimal ids.
extension Pseudonyms {
    mutating func uuid() -> Bool {
        guard let uuid = UUIDText(text.rawSpan, 0..<text.count) else { return false }
        let halves = permuteHex((uuid.first, uuid.second), digits: UUIDText.digits, .device, beside: 0)
        unsafe text.withUnsafeMutableBytes { unsafe UUIDText(halves, like: uuid).write(into: $0) }
        return true
    }

    /// At least eight digits, letters and figures, all letters small or all capitals: they stay so, and whatever decodes
    /// them still can.
    mutating func hexadecimal(_ purpose: Purpose) -> Bool {
        if text.count == 32 { return wholeBlock(purpose) }
        guard text.count >= 8, let isSmall = Hexadecimal.hasSmall(text.rawSpan) else { return false }
        // What comes out without letters or without figures is encrypted again until it does not (cycle walking).
        repeat {
            if text.count <= ShortHexadecimal.longest {
                permuteHex(0..<text.count, purpose, capitals: !isSmall, beside: 0)
            } else if text.count <= ShortHexadecimal.longest + Self.besideDigits {
                // All but the last digits, beside those, and all but the first: every one depends on every other.
                let rest = text.count - ShortHexadecimal.longest
                let passes = [0..<ShortHexadecimal.longest, rest..<text.count]
                for range in isInverse ? passes.reversed() : passes {
                    let others = range.lowerBound == 0 ? ShortHexadecimal.longest..<text.count : 0..<rest
                    permuteHex(
                        range, purpose, capitals: !isSmall,
                        beside: ShortHexadecimal.number(text.rawSpan, others) << 1 | (range.lowerBound == 0 ? 0 : 1))
                }
            } else {
                beginPlaces()
                for at in text.indices { addHex(at) }
                permutePlaces(purpose, beside: 1)
                writeHex()
            }
        } while Hexadecimal.hasSmall(text.rawSpan) == nil
        return true
    }

    /// Thirty-two digits, as of an MD5 digest or a trace id, are the commonest ids of all, and all of them together just
    /// the blocks of AES, which permutes them in one step instead of twenty rounds.
    private mutating func wholeBlock(_ purpose: Purpose) -> Bool {
        var words = Hexadecimal.digits(ofBlock: text.rawSpan)
        guard let isSmall = Hexadecimal.hasSmall(words), let a = Hexadecimal.number(words.0),
            let b = Hexadecimal.number(words.1), let c = Hexadecimal.number(words.2),
            let d = Hexadecimal.number(words.3)
        else { return false }
        let cipher = block(purpose)
        var block = BlockCipher.Block(high: UInt64(a) << 32 | UInt64(b), low: UInt64(c) << 32 | UInt64(d))
        repeat {
            block = cipher.apply(block)
            words = Hexadecimal.text(block.high, block.low, capitals: !isSmall)
        } while Hexadecimal.hasSmall(words) == nil
        // The text has 32 bytes.
        unsafe text.withUnsafeMutableBytes { text in
            unsafe text.storeBytes(of: words.0.littleEndian, toByteOffset: 0, as: UInt64.self)
            unsafe text.storeBytes(of: words.1.littleEndian, toByteOffset: 8, as: UInt64.self)
            unsafe text.storeBytes(of: words.2.littleEndian, toByteOffset: 16, as: UInt64.self)
            unsafe text.storeBytes(of: words.3.littleEndian, toByteOffset: 24, as: UInt64.self)
        }
        return true
    }

    /// Digits that a tweak can hold.
    private static let besideDigits = 13

    private mutating func permuteHex(_ range: Range<Int>, _ purpose: Purpose, capitals: Bool, beside: UInt64) {
        var part = ShortHexadecimal(digitsOf: text.rawSpan, range, capitals: capitals)
        (part.first, part.second) = permuteHex(
            (part.first, part.second), digits: range.count, purpose, beside: beside)
        unsafe text.withUnsafeMutableBytes {
            unsafe part.write(into: UnsafeMutableRawBufferPointer(rebasing: $0[range]))
        }
    }

    func hex(_ byte: UInt8) -> UInt32? {
        switch byte {
        case 0x30...0x39: UInt32(byte - 0x30)
        case 0x41...0x46: UInt32(byte - 0x37)
        case 0x61...0x66: UInt32(byte - 0x57)
        default: nil
        }
    }

    mutating func addHex(_ at: Int) { addPlace(at, hex(text[at]) ?? 0, of: 16) }

    /// Capitals where the text had one.
    mutating func writeHex() {
        let letter: UInt32 = text.contains { (0x41...0x46).contains($0) } ? 0x37 : 0x57
        for (index, at) in places.enumerated() {
            text[Int(at)] = UInt8(digits[index] + (digits[index] < 10 ? 0x30 : letter))
        }
    }
}
