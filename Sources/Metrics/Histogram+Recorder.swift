extension Histogram {
    /// What a histogram adds up besides its table.
    @usableFromInline
    struct Sums {
        @usableFromInline var count: UInt64 = 0
        @usableFromInline var clamped: UInt64 = 0
        @usableFromInline var maxMicros: UInt64 = 0
        @usableFromInline var minMicros: UInt64 = .max
        @usableFromInline var sumMicros: UInt64 = 0
    }

    /// Records into a histogram without counting references to it. Valid while the histogram lives.
    @safe
    package struct Recorder {
        @usableFromInline let counts: UnsafeMutablePointer<UInt64>
        @usableFromInline let sums: UnsafeMutablePointer<Sums>

        init(_ histogram: Histogram) {
            unsafe counts = histogram.counts
            unsafe sums = histogram.sums
        }

        @inlinable @inline(__always)
        package func record(nanos: UInt64) { record(micros: nanos / 1000, times: 1) }

        @inlinable @inline(__always)
        package func record(micros: UInt64, times: UInt64) {
            var value = micros
            if value > Histogram.highestMicros {
                value = Histogram.highestMicros
                unsafe sums.pointee.clamped &+= times
            }
            unsafe counts[Histogram.index(of: value)] &+= times
            unsafe sums.pointee.count &+= times
            unsafe sums.pointee.sumMicros &+= value &* times
            if unsafe value > sums.pointee.maxMicros { unsafe sums.pointee.maxMicros = value }
            if unsafe value < sums.pointee.minMicros { unsafe sums.pointee.minMicros = value }
        }
    }

    /// To record from where every request passes.
    package var recorder: Recorder { Recorder(self) }

    package internal(set) var count: UInt64 {
        get { unsafe sums.pointee.count }
        set { unsafe sums.pointee.count = newValue }
    }
    package internal(set) var clamped: UInt64 {
        get { unsafe sums.pointee.clamped }
        set { unsafe sums.pointee.clamped = newValue }
    }
    package internal(set) var maxMicros: UInt64 {
        get { unsafe sums.pointee.maxMicros }
        set { unsafe sums.pointee.maxMicros = newValue }
    }
    package internal(set) var minMicros: UInt64 {
        get { unsafe sums.pointee.minMicros }
        set { unsafe sums.pointee.minMicros = newValue }
    }
    var sumMicros: UInt64 {
        get { unsafe sums.pointee.sumMicros }
        set { unsafe sums.pointee.sumMicros = newValue }
    }

    package func record(micros: UInt64, times: UInt64 = 1) { recorder.record(micros: micros, times: times) }

    package func record(nanos: UInt64) { record(micros: nanos / 1000) }
}
