/// A keyed permutation of `0..<count`: unique numbers without retry or memory.
///
/// A generalized Feistel network over Z_a × Z_b with cycle walking, after Black and Rogaway, "Ciphers with Arbitrary
/// Finite Domains" (CT-RSA 2002). It spreads and hides order; it is no encryption.
package struct Permutation: Sendable, BitwiseCopyable {
    package let count: UInt64
    @usableFromInline let a: UInt64
    @usableFromInline let b: UInt64
    @usableFromInline let key: UInt64

    /// `count` is at least 1 and at most 2^62.
    package init(count: UInt64, key: UInt64) {
        self.count = count
        self.key = key
        let root = max(1, squareRoot(UInt128(count)))
        a = root * root < count ? root + 1 : root
        b = (count + a - 1) / a
    }

    /// Where `index`, which must be below ``count``, goes.
    @inlinable
    package subscript(_ index: UInt64) -> UInt64 {
        var value = index
        repeat {
            var (right, left) = value.quotientAndRemainder(dividingBy: a)
            var round = key
            for _ in 0..<4 {
                round = round &+ 0x9E37_79B9_7F4A_7C15
                left = add(left, mix(right ^ round), modulo: a)
                round = round &+ 0x9E37_79B9_7F4A_7C15
                right = add(right, mix(left ^ round), modulo: b)
            }
            value = right &* a &+ left
        } while value >= count
        return value
    }

    /// Likewise for any index: those beyond the end start over.
    @inlinable
    package func wrapping(_ index: UInt64) -> UInt64 { self[index < count ? index : index % count] }

    @inlinable
    func add(_ value: UInt64, _ bits: UInt64, modulo bound: UInt64) -> UInt64 {
        let sum = value &+ scale(bits, to: bound)
        return sum >= bound ? sum &- bound : sum
    }

    /// The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    @inlinable
    func mix(_ bits: UInt64) -> UInt64 {
        var z = bits
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
