import Glibc

/// Counts of latencies from 1 µs to 1 h with three significant decimal digits, in the layout of HdrHistogram
/// (Gil Tene, http://hdrhistogram.org): buckets that double, each of 2,048 equal steps of which the upper half is used.
///
/// ```
/// index    0 … 2047         2048 … 3071       3072 … 4095       …
/// values   0 … 2047 by 1    2048 … 4095 by 2  4096 … 8191 by 4  …  up to 2³² µs
/// ```
///
/// Recording is a few additions into a flat table: no allocation, no reference counting. A histogram belongs to one
/// thread; those of several threads are added up with ``add(_:)`` when they are done.
@safe package final class Histogram {
    /// 1 h. Larger values are counted as this and show in ``clamped``.
    @inlinable package static var highestMicros: UInt64 { 3_600_000_000 }
    @usableFromInline static let halfCount = 1024
    @inlinable static var halfMagnitude: Int { 10 }
    /// Two half buckets hold the values below 2,048, and each of the 21 further ones doubles the range, up to 2³².
    @usableFromInline package static let tableCount = 23 * halfCount

    // Freed in deinit; every index comes from `index(of:)`, which stays below `tableCount`.
    @usableFromInline let counts: UnsafeMutablePointer<UInt64>
    let sums: UnsafeMutablePointer<Sums>

    package init() {
        // Zeroed by the system when first touched, so that a histogram takes only the memory of the range that it records.
        guard let zeroed = unsafe calloc(Self.tableCount, MemoryLayout<UInt64>.stride) else {
            fatalError("out of memory")
        }
        unsafe counts = zeroed.bindMemory(to: UInt64.self, capacity: Self.tableCount)
        unsafe sums = .allocate(capacity: 1)
        unsafe sums.initialize(to: Sums())
    }

    deinit {
        unsafe free(counts)
        unsafe sums.deallocate()
    }

    /// Adds what another histogram has counted.
    package func add(_ other: Histogram) {
        if other.count == 0 { return }
        for i in Self.index(of: other.minMicros)...Self.index(of: other.maxMicros) {
            unsafe counts[i] &+= other.counts[i]
        }
        count &+= other.count
        clamped &+= other.clamped
        sumMicros &+= other.sumMicros
        maxMicros = max(maxMicros, other.maxMicros)
        minMicros = min(minMicros, other.minMicros)
    }

    /// Forgets everything; costs only what the recorded range spans.
    package func reset() {
        if count > 0 {
            let first = Self.index(of: minMicros)
            let last = Self.index(of: maxMicros)
            unsafe (counts + first).update(repeating: 0, count: last - first + 1)
        }
        count = 0
        clamped = 0
        sumMicros = 0
        maxMicros = 0
        minMicros = .max
    }

    /// The arithmetic mean of what was recorded, exactly; 0 when nothing was.
    package var meanMicros: Double { count == 0 ? 0 : Double(sumMicros) / Double(count) }

    /// The largest value that is indistinguishable from the one at this percentile (0…100), as HdrHistogram's C and Python
    /// libraries report it; 0 when nothing was recorded. It may lie above ``maxMicros``, by less than a thousandth.
    package func valueMicros(atPercentile percentile: Double) -> UInt64 {
        valueMicros(atRank: Self.rank(ofPercentile: percentile, in: count))
    }

    /// Which of so many values, in rising order from 1, stands at a percentile: the nearest, halves upwards.
    static func rank(ofPercentile percentile: Double, in count: UInt64) -> UInt64 {
        max(1, UInt64(min(max(percentile, 0), 100) * Double(count) / 100 + 0.5))
    }

    /// The value that so many, itself among them, do not surpass; 0 when nothing was recorded.
    func valueMicros(atRank wanted: UInt64) -> UInt64 {
        if count == 0 { return 0 }
        var seen: UInt64 = 0
        for i in Self.index(of: minMicros)...Self.index(of: maxMicros) {
            seen &+= unsafe counts[i]
            if seen >= wanted { return Self.values(at: i).upperBound }
        }
        return maxMicros
    }

    /// How many values lie in the steps up to that of `micros`.
    package func count(upToMicros micros: UInt64) -> UInt64 {
        if count == 0 || micros < minMicros { return 0 }
        if micros >= maxMicros { return count }
        var seen: UInt64 = 0
        for i in Self.index(of: minMicros)...Self.index(of: micros) { seen &+= unsafe counts[i] }
        return seen
    }

    /// The percentiles that results state.
    package var percentiles: Percentiles {
        var result = Percentiles()
        result.count = count
        result.p50Micros = valueMicros(atPercentile: 50)
        result.p90Micros = valueMicros(atPercentile: 90)
        result.p95Micros = valueMicros(atPercentile: 95)
        result.p99Micros = valueMicros(atPercentile: 99)
        result.p999Micros = valueMicros(atPercentile: 99.9)
        result.maxMicros = valueMicros(atPercentile: 100)
        result.meanMicros = meanMicros
        return result
    }

    /// Every step that holds something, in rising order.
    package func steps() -> [(values: ClosedRange<UInt64>, count: UInt64)] {
        if count == 0 { return [] }
        var result: [(values: ClosedRange<UInt64>, count: UInt64)] = []
        for i in Self.index(of: minMicros)...Self.index(of: maxMicros) {
            let held = unsafe counts[i]
            if held > 0 { result.append((Self.values(at: i), held)) }
        }
        return result
    }

    /// Where a value is counted; below `tableCount` for values up to 2³² − 1.
    @inlinable
    static func index(of value: UInt64) -> Int {
        let bucket = 53 - (value | 2047).leadingZeroBitCount
        return bucket << halfMagnitude + Int(value >> UInt64(bucket))
    }

    /// The values that are counted at `index`.
    static func values(at index: Int) -> ClosedRange<UInt64> {
        let bucket = max(0, index >> halfMagnitude - 1)
        let step = UInt64(index - bucket << halfMagnitude)
        return step << UInt64(bucket)...(step + 1) << UInt64(bucket) - 1
    }
}
