extension FreshValues {
    private static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Writes the fresh value of a round after the first over the slot.
    static func fill(_ slot: borrowing Slot, in bytes: UnsafeMutablePointer<UInt8>, round: UInt32, seed: UInt64) {
        let target = unsafe bytes + Int(slot.offset)
        let count = Int(slot.length)
        switch slot.kind {
        case .digits:
            var value = fresh(slot, round, seed ^ mix(slot.low)) + slot.low
            let end = slot.isNegative ? 1 : 0
            var at = count
            while at > end {
                at -= 1
                unsafe target[at] = 0x30 + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            }
        case .integer:
            var value = signed(fresh(slot, round, seed ^ mix(slot.low)) + slot.low, slot.isNegative)
            var at = count
            while at > 0 {
                at -= 1
                unsafe target[at] = UInt8(truncatingIfNeeded: value)
                value >>= 8
            }
        case .zigzag:
            let value = signed(fresh(slot, round, seed ^ mix(slot.low)) + slot.low, slot.isNegative)
            unsafe Slot.store(zigzag: value, target, count)
        case .radix: unsafe fillRadix(fresh(slot, round, seed), slot.original, target, count)
        case .hexadecimal: unsafe fillHexadecimal(slot, target, count, round, seed)
        case .text: unsafe fillText(slot, target, count, round, seed)
        case .time, .now, .nonce: break
        }
    }

    /// Writes hexadecimal digits that no other draw of the run gives, as long as there is room for 64 bits.
    static func fillNonce(_ slot: borrowing Slot, in bytes: UnsafeMutablePointer<UInt8>, draw: UInt64) {
        var drawn = copy slot
        drawn.state = draw
        unsafe fillHexadecimal(drawn, bytes + Int(slot.offset), Int(slot.length), 0, 0)
    }

    @inline(__always)
    private static func fresh(_ slot: borrowing Slot, _ round: UInt32, _ key: UInt64) -> UInt64 {
        let size = slot.size
        // Below 2^64 for every size that slots have: sizes of numbers stay below 2^63.
        return Permutation(size: size, key: key).backward((slot.state + UInt64(round) % size) % size)
    }

    @inline(__always)
    private static func signed(_ magnitude: UInt64, _ isNegative: Bool) -> Int64 {
        Int64(bitPattern: isNegative ? 0 &- magnitude : magnitude)
    }

    private static func fillRadix(
        _ index: UInt64, _ original: UnsafePointer<UInt8>?, _ target: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        guard let original = unsafe original else { return }
        var rest = index
        var at = count
        while at > 0 {
            at -= 1
            let byte = unsafe original[at]
            // The two characters behind a percent sign are part of it.
            if byte != 0x25 {
                if at >= 1, unsafe original[at - 1] == 0x25, at + 1 < count { continue }
                if at >= 2, unsafe original[at - 2] == 0x25 { continue }
            }
            switch byte {
            case 0x30...0x39:
                unsafe target[at] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            case 0x61...0x7A:
                unsafe target[at] = 0x61 + UInt8(truncatingIfNeeded: rest % 26)
                rest /= 26
            case 0x41...0x5A:
                unsafe target[at] = 0x41 + UInt8(truncatingIfNeeded: rest % 26)
                rest /= 26
            default: break
            }
        }
    }

    private static func fillHexadecimal(
        _ slot: borrowing Slot, _ target: UnsafeMutablePointer<UInt8>, _ count: Int, _ round: UInt32, _ seed: UInt64
    ) {
        guard let original = unsafe slot.original else { return }
        var digits = 0
        var isUpper = false
        for index in 0..<count {
            let byte = unsafe original[index]
            if byte != 0x2D { digits += 1 }
            if byte &- 0x41 < 6 { isUpper = true }
        }
        let letters: UInt8 = isUpper ? 0x37 : 0x57
        var state = mix(slot.state ^ mix(seed &+ UInt64(round) &* golden))
        var bits = state
        var digit = 0
        for index in 0..<count {
            let byte = unsafe original[index]
            if byte == 0x2D { continue }
            // Version and variant of a UUID.
            if digits == 32 && (digit == 12 || digit == 16) {
                unsafe target[index] = byte
            } else {
                let value = UInt8(truncatingIfNeeded: bits & 15)
                unsafe target[index] = value < 10 ? 0x30 + value : letters + value
            }
            bits >>= 4
            digit += 1
            if digit & 15 == 0 {
                state = mix(state &+ golden)
                bits = state
            }
        }
    }

    private static func fillText(
        _ slot: borrowing Slot, _ target: UnsafeMutablePointer<UInt8>, _ count: Int, _ round: UInt32, _ seed: UInt64
    ) {
        guard let original = unsafe slot.original else { return }
        var state = mix(slot.state ^ mix(seed &+ UInt64(round) &* golden))
        var bits = state
        var drawn = 0
        var index = 0
        while index < count {
            let byte = unsafe original[index]
            if byte == 0x25 && index + 2 < count {
                index += 3
                continue
            }
            let draw = UInt16(bits & 0xFF)
            switch byte {
            case 0x30...0x39: unsafe target[index] = 0x30 + UInt8(truncatingIfNeeded: draw * 10 >> 8)
            case 0x61...0x7A: unsafe target[index] = 0x61 + UInt8(truncatingIfNeeded: draw * 26 >> 8)
            case 0x41...0x5A: unsafe target[index] = 0x41 + UInt8(truncatingIfNeeded: draw * 26 >> 8)
            default:
                index += 1
                continue
            }
            index += 1
            bits >>= 8
            drawn += 1
            if drawn & 7 == 0 {
                state = mix(state &+ golden)
                bits = state
            }
        }
    }
}

extension Slot {
    /// Writes a zigzag varint of `count` bytes; a shorter one is padded with empty groups, which readers pass over.
    @inline(__always)
    static func store(zigzag value: Int64, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        for index in 0..<count {
            unsafe target[index] = UInt8(truncatingIfNeeded: rest & 0x7F) | (index + 1 < count ? 0x80 : 0)
            rest >>= 7
        }
    }
}
