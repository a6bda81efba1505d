/// Counter-based randomness: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC11), tested against the known answers of their Random123 library.
///
/// A block is a pure function of key and counter, so a draw needs no earlier draw: that is what makes exchange i
/// reachable without making the exchanges before it.
package struct Philox: Sendable, Hashable, BitwiseCopyable {
    @usableFromInline let low: UInt32
    @usableFromInline let high: UInt32

    @inlinable
    package init(key: UInt64) {
        low = UInt32(truncatingIfNeeded: key)
        high = UInt32(truncatingIfNeeded: key >> 32)
    }

    var key: UInt64 { UInt64(high) << 32 | UInt64(low) }

    /// The 128 bits at `counter`, low half first.
    @inlinable
    package func block(_ counter: UInt64, _ upper: UInt64 = 0) -> (UInt64, UInt64) {
        var (c0, c1) = (UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32))
        var (c2, c3) = (UInt32(truncatingIfNeeded: upper), UInt32(truncatingIfNeeded: upper >> 32))
        var (k0, k1) = (low, high)
        for _ in 0..<10 {
            let a = UInt64(0xD251_1F53) &* UInt64(c0)
            let b = UInt64(0xCD9E_8D57) &* UInt64(c2)
            c0 = UInt32(truncatingIfNeeded: b >> 32) ^ c1 ^ k0
            c2 = UInt32(truncatingIfNeeded: a >> 32) ^ c3 ^ k1
            c1 = UInt32(truncatingIfNeeded: b)
            c3 = UInt32(truncatingIfNeeded: a)
            k0 = k0 &+ 0x9E37_79B9
            k1 = k1 &+ 0xBB67_AE85
        }
        return (UInt64(c1) << 32 | UInt64(c0), UInt64(c3) << 32 | UInt64(c2))
    }

    /// 64 bits at `counter`.
    @inlinable package func draw(_ counter: UInt64, _ upper: UInt64 = 0) -> UInt64 { block(counter, upper).0 }

    /// A number in `0..<bound` at `counter`; `bound` is at least 1. The bias is below bound / 2^64.
    @inlinable
    package func below(_ bound: UInt64, _ counter: UInt64, _ upper: UInt64 = 0) -> UInt64 {
        scale(draw(counter, upper), to: bound)
    }
}

/// Maps 64 uniform bits to `0..<bound` by the high half of the product.
@inlinable
package func scale(_ bits: UInt64, to bound: UInt64) -> UInt64 { bits.multipliedFullWidth(by: bound).high }
