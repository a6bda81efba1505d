/// The rate over a span, from the pattern that a scenario states.
extension TimeShape {
    private static let hour: UInt64 = 3_600_000_000_000
    private static let day: UInt64 = 86_400_000_000_000

    /// - Parameter bursts: draws where bursts begin: day d's burst k at counter d, k.
    init(_ time: Scenario.TimeSpec, _ pattern: Scenario.RatePattern, bursts: Philox) {
        if !pattern.recorded.isEmpty {
            self.init(startNanos: time.startNanos, segments: Self.recorded(pattern.recorded, time.spanNanos))
            return
        }
        let span = max(1, time.spanNanos)
        var edges: Set<UInt64> = [0, span]
        if !pattern.isEven {
            // A normal time of day bends within the hour; all else is even in it.
            let step = pattern.ofDay == nil ? Self.hour : Self.hour / 6
            let phase = (time.startNanos + UInt64(840 + pattern.utcOffsetMinutes) * Self.hour / 60) % step
            for edge in stride(from: step - phase, to: span, by: UInt64.Stride(step)) { edges.insert(edge) }
        }
        var intervals: [(from: UInt64, to: UInt64)] = []
        if let spec = pattern.bursts {
            for number in 0...span / Self.day {
                for k in 0..<spec.perDay {
                    let from = number * Self.day + bursts.below(Self.day, number, k)
                    if from >= span { continue }
                    let to = min(span, from + spec.lengthNanos)
                    intervals.append((from, to))
                    edges.formUnion([from, to])
                }
            }
            intervals.sort { $0.from < $1.from }
        }
        let sorted = edges.sorted()
        var segments: [Segment] = []
        var first = 0
        for (from, to) in zip(sorted, sorted.dropFirst()) {
            var weight = Self.weight(pattern, at: time.startNanos + from + (to - from) / 2) * UInt128(to - from)
            while first < intervals.count && intervals[first].to <= from && intervals[first].from < from { first += 1 }
            let isBurst = intervals[first...].prefix { $0.from <= from }.contains { $0.to > from }
            weight = weight / 1000 * UInt128(isBurst ? pattern.bursts?.factor ?? 1000 : 1000)
            segments.append(Segment(lengthNanos: to - from, weight: weight))
        }
        self.init(startNanos: time.startNanos, segments: segments)
    }

    /// The relative rate at a time, in any unit: below 2^70.
    private static func weight(_ pattern: Scenario.RatePattern, at nanos: UInt64) -> UInt128 {
        let local = nanos + UInt64(840 + pattern.utcOffsetMinutes) * hour / 60 - 14 * hour
        let days = Int(clamping: local / day)
        var weight: UInt128 = 1 << 20
        if !pattern.byHour.isEmpty { weight = weight * UInt128(pattern.byHour[Int(local % day / hour)]) }
        // 1970 began on a Thursday.
        if !pattern.byWeekday.isEmpty { weight = (weight * UInt128(pattern.byWeekday[(days + 3) % 7])) >> 8 }
        if !pattern.byMonth.isEmpty {
            weight = (weight * UInt128(pattern.byMonth[(calendarDay(days).month + 11) % 12])) >> 8
        }
        if pattern.holidays.contains(days) { weight = weight * UInt128(pattern.holidayFactor) / 1000 }
        if let (mean, deviation) = pattern.ofDay, deviation > 0 {
            let distance = (Int128(local % day) - Int128(mean)) << 32
            let z = Int64(clamping: distance / Int128(deviation))
            // exp(−z²/2)
            weight = (weight * UInt128(Q32.exp2(-Q32.multiply(Q32.multiply(z, z) / 2, Q32.log2e)))) >> 20
        }
        return weight
    }

    /// An event where each segment begins; the last one lasts as long as the mean of the others.
    private static func recorded(_ times: [UInt64], _ span: UInt64) -> [Segment] {
        guard let last = times.last, times.count >= 2 else { return [Segment(lengthNanos: span, weight: 1)] }
        let end = last + max(1, last / UInt64(times.count - 1))
        func stretched(_ time: UInt64) -> UInt64 {
            end == span ? time : UInt64(clamping: UInt128(time) * UInt128(span) / UInt128(end))
        }
        // Events at one instant share a segment.
        var segments: [Segment] = []
        var weight: UInt128 = 0
        for (i, time) in times.enumerated() {
            weight += 1
            let length = stretched(i + 1 < times.count ? times[i + 1] : end) - stretched(time)
            if length == 0 { continue }
            segments.append(Segment(lengthNanos: length, weight: weight))
            weight = 0
        }
        return segments
    }
}
