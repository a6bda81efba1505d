/// The arithmetic of due times, in ns from the beginning of a stage; exact in integers.
extension Pacer.Stage.Law {
    /// When request `index` (from 0) of a ramp is due: the first ns at which the area under the rate has reached it.
    ///
    /// With rates in requests a second, `index = from·t + (to − from)·t² / 2D`. The square root is taken in floating point
    /// and then put right in integers of 128 bits, so that the result is exact.
    static func rampNanos(index: UInt64, from: UInt64, to: UInt64, durationNanos: UInt64) -> UInt64 {
        if index == 0 { return 0 }
        let duration = UInt128(durationNanos)
        let goal = duration * 2_000_000_000_000 * UInt128(index)
        func area(_ t: UInt64) -> UInt128 {
            let time = UInt128(t)
            let base = 2 * duration * UInt128(from)
            return to >= from ? time * (base + UInt128(to - from) * time) : time * (base - UInt128(from - to) * time)
        }
        let (wanted, slope) = (Double(goal), Double(to) - Double(from))
        let linear = 2 * Double(durationNanos) * Double(from)
        let root = (max(0, linear * linear + 4 * slope * wanted)).squareRoot()
        let estimate = linear + root > 0 ? 2 * wanted / (linear + root) : 0
        var high = estimate < Double(durationNanos) ? UInt64(max(0, estimate)) + 1 : durationNanos
        var step: UInt64 = 2
        while area(high) < goal {
            if high >= durationNanos { return durationNanos }
            high = min(durationNanos, high + step)
            step *= 2
        }
        var low = high > 2 ? high - 2 : 0
        step = 2
        while low > 0, area(low) >= goal {
            high = low
            low = low > step ? low - step : 0
            step *= 2
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if area(middle) >= goal { high = middle } else { low = middle }
        }
        return high
    }
}

extension PaceSegment {
    /// How many of its requests are due before `nanos` from its beginning have passed; 0 for recorded time.
    func dueCount(withinNanos nanos: UInt64) -> UInt64 {
        if nanos == 0 { return 0 }
        switch law {
        case .constant(let rate):
            // The last send before the end is the last whose due time is below it.
            let count = Pacer.scale(nanos, rate, 1_000_000_000_000)
            return Pacer.scale(count, 1_000_000_000_000, rate) < nanos ? count &+ 1 : count
        case .ramp(let from, let to):
            let (time, duration) = (UInt128(min(nanos, durationNanos) - 1), UInt128(durationNanos))
            let base = 2 * duration * UInt128(from)
            let area =
                to >= from ? time * (base + UInt128(to - from) * time) : time * (base - UInt128(from - to) * time)
            return UInt64(clamping: area / (duration * 2_000_000_000_000)) &+ 1
        case .poisson(let rate):
            var arrivals = Arrivals(seed: seed)
            var count: UInt64 = 0
            while arrivals.dueNanos(index: count, rate: rate) < nanos { count += 1 }
            return count
        case .recorded: return 0
        }
    }
}

/// Poisson arrivals: the sum of exponentially distributed gaps, gap i being a function of (seed, i). Sums are integers,
/// in 2⁻²⁸ of the mean gap, so that any loop that adds them up comes to the same.
struct Arrivals {
    let seed: UInt64
    private var sum: UInt64 = 0
    private var drawn: UInt64 = 0

    init(seed: UInt64) { self.seed = seed }

    /// Of the arrival at `index`, from 0. Going back begins anew.
    mutating func dueNanos(index: UInt64, rate: UInt64) -> UInt64 {
        if index &+ 1 < drawn {
            sum = 0
            drawn = 0
        }
        while drawn <= index {
            sum &+= Arrivals.gap(seed: seed, index: drawn)
            drawn &+= 1
        }
        return Pacer.scale(sum, 1_000_000_000_000, rate << 28)
    }

    /// −ln(u) in 2⁻²⁸, for a u drawn from (0, 1]. Basic arithmetic alone, so that no machine's libm shows in it.
    static func gap(seed: UInt64, index: UInt64) -> UInt64 {
        // SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
        var bits = seed &+ (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        bits ^= bits >> 31
        // u = m · 2⁻ᵉ with m in [√½, √2), and ln m = 2 artanh((m − 1)/(m + 1)).
        let uniform = Double((bits >> 11) + 1) * 0x1p-53
        var (mantissa, exponent) = (uniform.significand, Double(uniform.exponent))
        if mantissa > 1.4142135623730951 {
            mantissa /= 2
            exponent += 1
        }
        let s = (mantissa - 1) / (mantissa + 1)
        let square = s * s
        var series = square / 15 + 1.0 / 13
        series = series * square + 1.0 / 11
        series = series * square + 1.0 / 9
        series = series * square + 1.0 / 7
        series = series * square + 1.0 / 5
        series = series * square + 1.0 / 3
        series = series * square + 1
        let logarithm = exponent * 0.6931471805599453 + 2 * s * series
        return UInt64(max(0, -logarithm) * 0x1p28)
    }
}
