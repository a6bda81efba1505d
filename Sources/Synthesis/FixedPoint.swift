/// Roots, powers and logarithms in whole numbers. The platform's mathematics library differs in the last bit between
/// versions, and one bit would change the output; these are the same everywhere.

/// The largest number whose square is at most `value` (Newton).
package func squareRoot(_ value: UInt128) -> UInt64 {
    if value == 0 { return 0 }
    var x = UInt128(1) << UInt128((128 - value.leadingZeroBitCount + 1) / 2)
    while true {
        let next = (x + value / x) >> 1
        if next >= x { return UInt64(clamping: x) }
        x = next
    }
}

/// Numbers scaled by 2^32.
package enum Q32 {
    package static let one: Int64 = 1 << 32

    /// 2^(2^-k) for k = 1…32, scaled by 2^62: each is the root of the one before.
    private static let roots: [UInt64] = {
        var result: [UInt64] = []
        var value = UInt128(2) << 62
        for _ in 0..<32 {
            value = UInt128(squareRoot(value << 62))
            result.append(UInt64(value))
        }
        return result
    }()

    /// 2^(x / 2^32) scaled by 2^32; 0 below -32, `Int64.max` from 2^31 on.
    package static func exp2(_ x: Int64) -> Int64 {
        let whole = x >> 32
        if whole >= 31 { return .max }
        if whole < -32 { return 0 }
        var value = UInt128(1) << 62
        let fraction = UInt32(truncatingIfNeeded: x)
        for (k, root) in roots.enumerated() where fraction & (UInt32(1) << UInt32(31 - k)) != 0 {
            value = (value * UInt128(root)) >> 62
        }
        let shift = 30 - whole
        return Int64(clamping: shift >= 0 ? value >> UInt128(shift) : value << UInt128(-shift))
    }

    /// log2(value) scaled by 2^32; `value` is a whole number of at least 1.
    package static func log2(_ value: UInt64) -> Int64 {
        guard value > 0 else { return .min }
        let whole = 63 - value.leadingZeroBitCount
        // Repeated squaring of the mantissa, scaled by 2^63, yields one bit of the fraction each time.
        var mantissa = UInt128(value) << UInt128(63 - whole)
        var result = Int64(whole) << 32
        for bit in stride(from: 31, through: 0, by: -1) {
            mantissa = (mantissa * mantissa) >> 63
            if mantissa >> 64 != 0 {
                mantissa >>= 1
                result |= 1 << Int64(bit)
            }
        }
        return result
    }

    /// a·b, both scaled by 2^32, saturating.
    @inlinable
    package static func multiply(_ a: Int64, _ b: Int64) -> Int64 {
        Int64(clamping: (Int128(a) * Int128(b)) >> 32)
    }

    /// log2(e), for powers of e.
    package static let log2e: Int64 = 6_196_328_019
}

/// The same power of two as ``Q32/exp2(_:)``, quick enough to draw with: 1024 steps of the fraction, linear between.
enum PowerTable {
    static let steps: [UInt64] = (0...1024).map { UInt64(Q32.exp2(Int64($0) << 22)) }

    /// 2^(x / 2^32) scaled by 2^32, within 2e-7 of it; saturates as `Q32.exp2` does.
    @inline(__always)
    static func exp2(_ x: Int64, _ steps: Table<UInt64>) -> Int64 {
        let whole = x >> 32
        if whole >= 31 { return .max }
        if whole < -32 { return 0 }
        let fraction = UInt64(UInt32(truncatingIfNeeded: x))
        let at = Int(fraction >> 22)
        let rest = fraction & 0x3F_FFFF
        let value = steps[at] &+ (((steps[at + 1] &- steps[at]) &* rest) >> 22)
        return whole >= 0 ? Int64(clamping: UInt128(value) << UInt128(whole)) : Int64(value >> UInt64(-whole))
    }
}
