/// A distribution as points of its quantile function, linear between them: 64 uniform bits become a number.
///
/// What has no closed form in whole numbers is tabulated once, when a scenario is compiled; drawing is a search.
struct QuantileTable: Sendable {
    /// Probabilities in 2^-64, rising from 0.
    var probabilities: [UInt64]
    /// Values times 2^``shift``.
    var values: [Int64]
    /// Values keep so many bits below the point, so that the line between two points does not become a staircase: 12, or
    /// fewer where the values themselves, as times in nanoseconds, need them.
    let shift: Int64

    private static let usualShift: Int64 = 12
    /// No scaled value of a distribution with a formula may be farther from 0.
    static let limit: Int64 = 1 << 50
    /// Nor any value of one that is given by points, before it is scaled.
    static let pointLimit: Int64 = 1 << 62

    private init(probabilities: [UInt64], values: [Int64]) {
        self.probabilities = probabilities
        self.values = values
        shift = Self.usualShift
    }

    /// - Parameter points: probabilities in billionths, from 0 to 10^9, and values below ``pointLimit``, both rising.
    init(points: [(probability: UInt64, value: Int64)]) {
        probabilities = points.map { UInt64(clamping: (UInt128($0.probability) << 64) / 1_000_000_000) }
        let greatest = points.reduce(UInt64(1)) { max($0, $1.value.magnitude) }
        let shift = min(Self.usualShift, max(0, Int64(greatest.leadingZeroBitCount) - 2))
        values = points.map { $0.value << shift }
        self.shift = shift
    }

    /// The value at `bits`.
    @inline(__always)
    static func value(
        _ bits: UInt64, _ probabilities: Table<UInt64>, _ values: Table<Program.Choice>, first: Int, start: Int,
        count: Int, shift: Int64
    ) -> Int64 {
        let low = probabilities.lastNotAbove(bits, from: start, count: count - 1)
        let from = probabilities[start + low]
        let span = probabilities[start + low + 1] &- from
        let (a, b) = (values[first + low].int, values[first + low + 1].int)
        if span == 0 { return a >> shift }
        let within = min(bits &- from, span).multipliedFullWidth(by: UInt64(bitPattern: b &- a))
        let part = within.high >= span ? UInt64(bitPattern: b &- a) : span.dividingFullWidth(within).quotient
        return (a &+ Int64(bitPattern: part) &+ (1 << (shift - 1))) >> shift
    }

    /// The gamma distribution with this shape (in ten-thousandths, 0.05 to 1000), its scale as a value.
    ///
    /// The density is summed over 4096 cells: of x for shapes from 1 on, and of y = x^shape below, where the density of
    /// x has no bound at 0 and that of y, exp(−y^(1/shape)), has.
    static func gamma(shape: Int64, scale: Int64) -> QuantileTable {
        let k = (shape << 32) / 10_000
        let cells: Int64 = 4096
        var logs: [Int64] = []
        var ends: [Int128] = [0]
        if shape >= 10_000 {
            let reach = k + 10 * (Int64(squareRoot(UInt128(k) << 32))) + 20 << 32
            let step = reach / cells
            for i in 0..<cells {
                let logarithm = Q32.log2(UInt64(2 * i + 1))
                logs.append(Q32.multiply(k - Q32.one, logarithm) - Q32.multiply(step * i + step / 2, Q32.log2e))
                ends.append(Int128(step) * Int128(i + 1))
            }
        } else {
            let width = Q32.multiply(k, Q32.log2(40)) - 12 << 32
            func x(_ twice: Int64) -> Int64 {
                let logarithm = Q32.log2(UInt64(twice)) - Q32.one + width
                return Q32.exp2(Int64(clamping: (Int128(logarithm) << 32) / Int128(k)))
            }
            for i in 0..<cells {
                logs.append(-Q32.multiply(x(2 * i + 1), Q32.log2e))
                ends.append(Int128(x(2 * i + 2)))
            }
        }
        let greatest = logs.max() ?? 0
        return QuantileTable(masses: logs.map { UInt64(Q32.exp2($0 - greatest)) }, ends: ends, scale: scale)
    }

    /// Cells with their masses; `ends` has their bounds, scaled by 2^32 and in units of `scale`.
    private init(masses: [UInt64], ends: [Int128], scale: Int64) {
        let total = max(1, masses.reduce(UInt128(0)) { $0 + UInt128($1) })
        var sum: UInt128 = 0
        probabilities = [0]
        values = [0]
        shift = Self.usualShift
        for (mass, end) in zip(masses, ends.dropFirst()) where mass > 0 {
            sum += UInt128(mass)
            probabilities.append(UInt64(clamping: (sum << 64) / total))
            values.append(Int64(clamping: min(Int128(Self.limit), (end * Int128(scale)) >> 20)))
        }
    }

    /// The Weibull distribution with this shape (in ten-thousandths, 0.1 to 10), its scale as a value:
    /// scale · (−ln(1 − u))^(1/shape).
    static func weibull(shape: Int64, scale: Int64) -> QuantileTable {
        // Tail probabilities: sixteenths of octaves at both ends, where the function bends most, and even steps between.
        var tails: [UInt64] = []
        for octave in 2...24 as ClosedRange<UInt64> {
            for part in 0..<16 as Range<UInt64> { tails.append(~((16 + part) << (60 - octave))) }
        }
        for step in 0..<256 as Range<UInt64> { tails.append(1 << 62 + step << 55) }
        for octave in 2...34 as ClosedRange<UInt64> {
            for part in 0..<16 as Range<UInt64> { tails.append((16 + part) << (60 - octave)) }
        }
        let ln2: Int64 = 2_977_044_472
        var result = QuantileTable(probabilities: [0], values: [0])
        for tail in Set(tails).sorted(by: >) where tail > 0 {
            let exponential = Q32.multiply(64 << 32 - Q32.log2(tail), ln2)
            if exponential <= 0 { continue }
            let logarithm = Int128(Q32.log2(UInt64(exponential)) - 32 << 32)
            let power = Q32.exp2(Int64(clamping: (logarithm * 10_000) / Int128(shape)))
            result.probabilities.append(~tail)
            result.values.append(Int64(clamping: min(Int128(limit), (Int128(power) * Int128(scale)) >> 20)))
        }
        return result
    }
}
