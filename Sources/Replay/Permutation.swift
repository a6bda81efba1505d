/// A keyed permutation of the numbers below `size`, both ways: a Feistel network over the next power of two, walked until
/// it comes back into range (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
struct Permutation {
    let size: UInt64
    private let key: UInt64
    private let lowBits: UInt64
    private let lowMask: UInt64
    private let highMask: UInt64

    init(size: UInt64, key: UInt64) {
        self.size = size
        self.key = key
        let bits = UInt64(max(2, 64 - (size &- 1).leadingZeroBitCount))
        lowBits = bits / 2
        lowMask = 1 << (bits / 2) - 1
        highMask = 1 << (bits - bits / 2) - 1
    }

    func forward(_ value: UInt64) -> UInt64 {
        var value = value
        repeat {
            var (high, low) = (value >> lowBits, value & lowMask)
            for round in 0..<3 as Range<UInt64> {
                high ^= FreshValues.mix(low ^ key &+ 2 * round) & highMask
                low ^= FreshValues.mix(high ^ key &+ (2 * round + 1)) & lowMask
            }
            value = high << lowBits | low
        } while value >= size
        return value
    }

    func backward(_ value: UInt64) -> UInt64 {
        var value = value
        repeat {
            var (high, low) = (value >> lowBits, value & lowMask)
            for round in (0..<3 as Range<UInt64>).reversed() {
                low ^= FreshValues.mix(high ^ key &+ (2 * round + 1)) & lowMask
                high ^= FreshValues.mix(low ^ key &+ 2 * round) & highMask
            }
            value = high << lowBits | low
        } while value >= size
        return value
    }
}
