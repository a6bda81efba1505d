/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Randomness: Sendable, Equatable {
    private var state: UInt64

    /// Streams of one seed are independent of each other.
    init(seed: UInt64, stream: UInt64 = 0) {
        state = seed
        if stream > 0 {
            var other = Randomness(seed: stream)
            state ^= other.next()
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Below `bound`, by multiply and shift; the bias over 64 random bits is below 2⁻²² for an hour of nanoseconds.
    mutating func next(below bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }

    /// In (0, 1]: 53 random bits and never 0.
    mutating func share() -> Double { Double((next() >> 11) + 1) * 0x1p-53 }
}
