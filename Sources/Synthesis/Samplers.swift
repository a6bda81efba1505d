/// The standard normal distribution from 64 uniform bits, in whole numbers.
enum NormalSampler {
    /// A standard normal value scaled by 2^32, within ±7: the first bit is the sign, the others are the tail
    /// probability, whose octave and sixteenth choose a row of ``normalTailQuantiles`` and whose rest interpolates.
    @inline(__always)
    static func value(_ bits: UInt64, _ table: Table<Int64>) -> Int64 {
        let tail = bits << 1
        let octave = min(tail.leadingZeroBitCount, 35)
        let mantissa = tail << UInt64(octave)
        let segment = Int(mantissa >> 59) & 15
        let rest = Int64(bitPattern: (mantissa << 5) >> 40)
        // Octave o covers tail probabilities from 2^-(o+2) to 2^-(o+1); the next larger quantile index means a larger
        // probability, so the end of the last segment is the first entry of the octave before (0 at probability 1/2).
        let from = table[octave * 16 + segment]
        let to = segment < 15 ? table[octave * 16 + segment + 1] : octave > 0 ? table[octave * 16 - 16] : 0
        let z = from &+ (((to &- from) &* rest) >> 24)
        return bits >> 63 == 0 ? z : -z
    }

    /// The rank of a normal value among all, as 64 uniform bits: the inverse of ``value(_:_:)``.
    static func rank(of z: Int64, _ table: Table<Int64>) -> UInt64 {
        let size = Int64(clamping: z.magnitude)
        var octave = 0
        while octave < 35 && table[octave * 16] < size { octave += 1 }
        var segment = 15
        while segment > 0 && table[octave * 16 + segment] < size { segment -= 1 }
        let from = table[octave * 16 + segment]
        let to = segment < 15 ? table[octave * 16 + segment + 1] : octave > 0 ? table[octave * 16 - 16] : 0
        let rest = from > to ? max(0, min((1 << 24) - 1, ((from - min(from, size)) << 24) / (from - to))) : 0
        let mantissa = 1 << 63 | UInt64(segment) << 59 | UInt64(rest) << 35
        // Half of the tail's probability, because the sign has the other bit.
        let tail = mantissa >> UInt64(octave + 1)
        return z < 0 ? tail : ~tail
    }

    /// Bits in the order of ``value(_:_:)``, for a rank.
    @inline(__always)
    static func signed(_ rank: UInt64) -> UInt64 { rank >> 63 == 0 ? rank | 1 << 63 : ~rank }
}

/// Ranks `0..<count` with weight (rank + 1)^-exponent (Zipf), from 64 uniform bits.
///
/// The first 64 ranks have their own weight; beyond that a sixteenth of an octave shares one weight, taken at its
/// middle, so that a hundred million ranks need a few hundred thresholds.
struct ZipfSampler: Sendable {
    let starts: [UInt64]
    let cumulative: [UInt64]
    let count: UInt64

    /// - Parameters:
    ///   - count: at least 1.
    ///   - exponent: scaled by 2^32; 0 is uniform, at most 8.
    init(count: UInt64, exponent: Int64) {
        self.count = max(1, count)
        var starts: [UInt64] = []
        var weights: [UInt128] = []
        var rank: UInt64 = 0
        while rank < self.count {
            let octave = UInt64(63 - (rank + 1).leadingZeroBitCount)
            let width = rank < 64 ? 1 : max(1, (UInt64(1) << octave) / 16)
            let end = min(self.count, rank + width)
            let middle = (rank + 1 + end) / 2
            // 2^(-s·log2(middle)), scaled by 2^62 so that far ranks keep their digits.
            let power = -Q32.multiply(exponent, Q32.log2(middle))
            weights.append(UInt128(end - rank) * UInt128(Self.power(power)))
            starts.append(rank)
            rank = end
        }
        starts.append(self.count)
        let total = weights.reduce(0, +)
        var sum: UInt128 = 0
        var cumulative: [UInt64] = []
        for weight in weights {
            cumulative.append(Self.share(sum, of: total))
            sum += weight
        }
        self.starts = starts
        self.cumulative = cumulative
    }

    @inline(__always)
    static func rank(_ bits: UInt64, _ table: Image.ZipfTable) -> UInt64 {
        let cumulative = table.cumulative
        let low = cumulative.lastNotAbove(bits, from: 0, count: cumulative.count)
        let start = table.starts[low]
        let width = table.starts[low + 1] &- start
        if width == 1 { return start }
        let from = cumulative[low]
        let span = (low + 1 < cumulative.count ? cumulative[low + 1] : UInt64.max) &- from
        // (bits − from)·width / span, as whole numbers.
        let within = (bits &- from).multipliedFullWidth(by: width)
        if span == 0 { return start }
        let offset = within.high >= span ? width - 1 : span.dividingFullWidth(within).quotient
        return start &+ min(offset, width - 1)
    }

    private static func power(_ x: Int64) -> UInt64 {
        let whole = x >> 32
        let fraction = Int64(UInt32(truncatingIfNeeded: x))
        let shift = 30 + whole
        let value = UInt64(Q32.exp2(fraction))
        if shift >= 0 { return value << UInt64(min(shift, 30)) }
        return shift > -64 ? max(1, value >> UInt64(-shift)) : 1
    }

    private static func share(_ part: UInt128, of total: UInt128) -> UInt64 {
        // part < total < 2^126 here: long division, one bit at a time, keeps it in range.
        var rest = part
        var result: UInt64 = 0
        for _ in 0..<64 {
            rest <<= 1
            result <<= 1
            if rest >= total {
                rest -= total
                result |= 1
            }
        }
        return result
    }
}

/// A choice by weight: thresholds over 64 uniform bits.
enum WeightTable {
    /// How many of the `count` thresholds from `start` on are not above `bits`: the number of the choice.
    @inline(__always)
    static func find(_ bits: UInt64, _ thresholds: Table<UInt64>, _ start: Int, _ count: Int) -> Int {
        if count <= 12 {
            // So few are counted faster than searched, because nothing is to be guessed.
            var found = 0
            for i in 0..<max(0, count) { found &+= thresholds[start &+ i] <= bits ? 1 : 0 }
            return found
        }
        if thresholds[start] > bits { return 0 }
        return thresholds.lastNotAbove(bits, from: start, count: count) + 1
    }

    /// The upper bound (exclusive, in units of 2^-64) of every choice but the last.
    static func thresholds(_ weights: [UInt64]) -> [UInt64] {
        let total = max(1, weights.reduce(UInt128(0)) { $0 + UInt128($1) })
        var sum: UInt128 = 0
        return weights.dropLast().map {
            sum += UInt128($0)
            return UInt64(clamping: (sum << 64) / total)
        }
    }
}
