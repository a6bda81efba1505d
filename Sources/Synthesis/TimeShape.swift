/// Maps shares of the expected volume to points in time: the inverse of a cumulated intensity that is constant within
/// each segment (an hour, when the scenario gives weights by hour).
package struct TimeShape: Sendable {
    package let startNanos: UInt64
    package let spanNanos: UInt64
    private let segmentNanos: UInt64
    /// Sum of the weights before each segment, and the total as last entry.
    private let cumulative: [UInt64]

    /// - Parameters:
    ///   - weights: one for each segment, not all zero; the segments repeat until the span is filled (24 weights by hour
    ///     over seven days). Empty means even.
    ///   - offset: Which segment the span begins in.
    package init(startNanos: UInt64, spanNanos: UInt64, weights: [UInt64], segmentNanos: UInt64, offset: Int) {
        self.startNanos = startNanos
        self.spanNanos = max(1, spanNanos)
        if weights.isEmpty {
            self.segmentNanos = self.spanNanos
            cumulative = [0, 1]
            return
        }
        self.segmentNanos = max(1, segmentNanos)
        let count = Int(clamping: (self.spanNanos + self.segmentNanos - 1) / self.segmentNanos)
        var sums: [UInt64] = [0]
        for i in 0..<count {
            // A last segment that the span cuts weighs only its part; weights are scaled so that this stays whole.
            let length = min(self.segmentNanos, self.spanNanos - UInt64(i) * self.segmentNanos)
            let weight = weights[(i + offset) % weights.count] << 20
            let part = UInt64(UInt128(weight) * UInt128(length) / UInt128(self.segmentNanos))
            sums.append((sums.last ?? 0) + part)
        }
        cumulative = sums.last == 0 ? [0, 1] : sums
    }

    /// The time at which the share `u / 2^64` of the expected volume has passed.
    package func time(_ u: UInt64) -> UInt64 {
        let total = cumulative[cumulative.count - 1]
        let product = u.multipliedFullWidth(by: total)
        let target = product.high
        var low = 0
        var high = cumulative.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if cumulative[middle] <= target { low = middle } else { high = middle }
        }
        let weight = cumulative[low + 1] - cumulative[low]
        let start = UInt64(low) * segmentNanos
        let length = min(segmentNanos, spanNanos - start)
        // Position within the segment with the 64 bits below the point kept, so that times do not lump.
        let within = UInt128(target - cumulative[low]) << 64 | UInt128(product.low)
        let nanos = ((within >> 32) * UInt128(length) / UInt128(max(1, weight))) >> 32
        return startNanos + start + min(UInt64(clamping: nanos), length - 1)
    }

    /// The smallest share at which ``time(_:)`` is at least `nanos`.
    package func share(_ nanos: UInt64) -> UInt64 {
        var low: UInt64 = 0
        var high = UInt64.max
        if time(high) < nanos { return high }
        while low < high {
            let middle = low + (high - low) / 2
            if time(middle) >= nanos { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
