/// Maps shares of the expected volume to points in time: the inverse of a cumulated intensity that is constant within
/// each segment.
package struct TimeShape: Sendable {
    package let startNanos: UInt64
    package let spanNanos: UInt64
    /// Where each segment begins, ns after the start, from 0 and rising; the span's end last.
    let edges: [UInt64]
    /// Sum of the weights before each segment, and the total as last entry.
    let cumulative: [UInt64]

    /// A part of the span with its weight: the volume that is expected in it.
    struct Segment: Sendable {
        var lengthNanos: UInt64
        var weight: UInt128
    }

    /// Segments are in order and fill the span; when all weights are 0 the flow is even.
    init(startNanos: UInt64, segments: [Segment]) {
        self.startNanos = startNanos
        var total = segments.reduce(UInt128(0)) { $0 + $1.weight }
        var shift: UInt128 = 0
        while total >> shift >= 1 << 40 { shift += 1 }
        total >>= shift
        var edges: [UInt64] = [0]
        var cumulative: [UInt64] = [0]
        var weight: UInt128 = 0
        for segment in segments where segment.lengthNanos > 0 {
            weight += segment.weight
            edges.append((edges.last ?? 0) + segment.lengthNanos)
            cumulative.append(UInt64(clamping: weight >> shift))
        }
        if edges.count == 1 { (edges, cumulative) = ([0, 1], [0, 1]) }
        spanNanos = edges.last ?? 1
        if cumulative.last == 0 { (edges, cumulative) = ([0, spanNanos], [0, 1]) }
        self.edges = edges
        self.cumulative = cumulative
    }

    /// - Parameters:
    ///   - weights: one for each segment, not all zero; the segments repeat until the span is filled (24 weights by hour
    ///     over seven days). Empty means even.
    ///   - offset: Which segment the span begins in.
    package init(startNanos: UInt64, spanNanos: UInt64, weights: [UInt64], segmentNanos: UInt64, offset: Int) {
        let span = max(1, spanNanos)
        let length = weights.isEmpty ? span : max(1, segmentNanos)
        var segments: [Segment] = []
        for i in 0..<(span + length - 1) / length {
            // A last segment that the span cuts weighs only its part; weights are scaled so that this stays whole.
            let part = min(length, span - i * length)
            let weight = weights.isEmpty ? 1 : UInt128(weights[(Int(i) + offset) % weights.count]) << 20
            segments.append(
                Segment(lengthNanos: part, weight: weights.isEmpty ? 1 : weight * UInt128(part) / UInt128(length)))
        }
        self.init(startNanos: startNanos, segments: segments)
    }

    /// The sum of several shapes over the same span, each with its volume.
    init(mixing parts: [(shape: TimeShape, volume: UInt64)]) {
        let first = parts[0].shape
        var edges = Set(parts.flatMap(\.shape.edges)).sorted()
        if edges.count > 1_000_000 {
            edges = stride(from: 0, to: edges.count, by: edges.count / 500_000).map { edges[$0] }
        }
        if edges.last != first.spanNanos { edges.append(first.spanNanos) }
        var segments: [Segment] = []
        var before = [UInt64](repeating: 0, count: parts.count)
        for (from, to) in zip(edges, edges.dropFirst()) {
            var weight: UInt128 = 0
            for (i, part) in parts.enumerated() {
                let after = part.shape.fraction(at: first.startNanos + to)
                weight += UInt128(after - before[i]) * UInt128(max(1, part.volume))
                before[i] = after
            }
            segments.append(Segment(lengthNanos: to - from, weight: weight))
        }
        self.init(startNanos: first.startNanos, segments: segments)
    }

    /// The time at which the share `u / 2^64` of the expected volume has passed.
    package func time(_ u: UInt64) -> UInt64 {
        let total = cumulative[cumulative.count - 1]
        let product = u.multipliedFullWidth(by: total)
        let target = product.high
        let low = Self.segment(cumulative, target)
        let weight = cumulative[low + 1] - cumulative[low]
        let length = edges[low + 1] - edges[low]
        // Position within the segment with the 64 bits below the point kept, so that times do not lump.
        let within = UInt128(target - cumulative[low]) << 64 | UInt128(product.low)
        let nanos = ((within >> 32) * UInt128(length) / UInt128(max(1, weight))) >> 32
        return startNanos + edges[low] + min(UInt64(clamping: nanos), length - 1)
    }

    /// The last entry but one that is at most `target`.
    private static func segment(_ values: [UInt64], _ target: UInt64) -> Int {
        var low = 0
        var high = values.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if values[middle] <= target { low = middle } else { high = middle }
        }
        return low
    }

    /// The share of the expected volume that has passed at `nanos`, in 2^-64.
    func fraction(at nanos: UInt64) -> UInt64 {
        if nanos <= startNanos { return 0 }
        let offset = nanos - startNanos
        if offset >= spanNanos { return .max }
        let at = Self.segment(edges, offset)
        let weight = UInt128(cumulative[at + 1] - cumulative[at])
        let length = UInt128(edges[at + 1] - edges[at])
        // Volume in 2^-32 of a unit of weight; the total is below 2^40, so that all of this fits.
        let within = weight * UInt128(offset - edges[at]) / length
        let rest = (weight * UInt128(offset - edges[at]) % length) << 32 / length
        let volume = (UInt128(cumulative[at]) + within) << 32 + rest
        return UInt64(clamping: (volume << 32) / UInt128(cumulative[cumulative.count - 1]))
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
