import Bytes
internal import CScan

/// Where digits, small letters (but x), dashes, dots, mail signs, percent signs, quotes and backslashes stand among
/// 64 bytes: bit i of a mask is byte i.
struct ByteClasses {
    private(set) var digits: UInt64 = 0
    private(set) var small: UInt64 = 0
    private(set) var dashes: UInt64 = 0
    private(set) var dots: UInt64 = 0
    private(set) var ats: UInt64 = 0
    private(set) var percents: UInt64 = 0
    private(set) var quotes: UInt64 = 0
    private(set) var backslashes: UInt64 = 0

    init() {}

    /// Those of the bytes of `range` from `base` on; what stands behind the range is of no class.
    @inline(__always) init(_ bytes: RawSpan, from base: Int, in range: Range<Int>) {
        let count = range.upperBound - base
        precondition(base >= 0 && range.upperBound <= bytes.byteCount)
        // From `base` on there are `count` bytes, and as many as the span has can be read.
        let found = unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress, count > 0 else { return tinct_byte_classes() }
            let from = unsafe (start + base).assumingMemoryBound(to: UInt8.self)
            return unsafe tinct_byte_classes_of(from, count, buffer.count - base)
        }
        digits = found.digit
        small = found.small
        dashes = found.dash
        dots = found.dot
        ats = found.at
        percents = found.percent
        quotes = found.quote
        backslashes = found.backslash
    }

    /// Where a value could be told by what it looks like. `before` are the 64 bytes in front.
    ///
    /// `runs` are the fourth digits of runs and those behind them, but of runs behind a small letter, as in hexadecimal
    /// ids: no value begins in the middle of a word, unless an escape such as %2b ends there. `others` are digits behind
    /// a dot behind a digit, and the second digits behind a dash.
    struct Events {
        let runs: UInt64
        let others: UInt64
        let all: UInt64

        /// None.
        init() { (runs, others, all) = (0, 0, 0) }

        @inline(__always) init(_ now: ByteClasses, before: ByteClasses, runsBefore: UInt64) {
            let d = now.digits
            let d1 = behind(d, before.digits, 1)
            let d2 = behind(d, before.digits, 2)
            // Adding a run's first digit carries through the run, and what it clears is the run.
            let free = now.percents | before.percents == 0 ? d & (d &+ (now.small << 1 & d)) : d
            runs = free & d1 & d2 & behind(d, before.digits, 3)
            others = d & (behind(now.dots, before.dots, 1) & d2 | d1 & behind(now.dashes, before.dashes, 2))
            var all = runs & ~behind(runs, runsBefore, 1) | others | now.dots | now.ats
            let h = now.dashes
            if h != 0 {
                // The last dash of a UUID, the fourth of a PEM line.
                let before = before.dashes
                all |= h & behind(h, before, 5) & behind(h, before, 10) & behind(h, before, 15)
                all |= h & behind(h, before, 1) & behind(h, before, 2) & behind(h, before, 3)
            }
            self.all = all
        }
    }
}

/// The bits of a block moved up, with those of the block before behind them.
@inline(__always) private func behind(_ mask: UInt64, _ before: UInt64, _ by: UInt64) -> UInt64 {
    mask &<< by | before &>> (64 &- by)
}
