import Bytes

/// One stage with its place in a run.
struct PaceSegment: Sendable {
    var law: Pacer.Stage.Law
    var startNanos: UInt64
    var durationNanos: UInt64
    /// The first position it is for, and the first behind it: sequences, or ns on the tape for recorded time.
    var first: UInt64
    var end: UInt64
    /// Of Poisson arrivals.
    var seed: UInt64
}

/// The stages of a run with their places: what the cursors of all loops read. It may grow while a run lasts.
package final class PaceProgram: Sendable {
    private struct State: Sendable {
        var segments: [PaceSegment] = []
        var isClosed = false
        /// Stages that begin where nobody knows yet.
        var pending: [Pacer.Stage] = []
    }

    private let state: Lock<State>
    private let seed: UInt64

    /// All of a pacer. The seed decides Poisson arrivals. Of one that mixes recorded time with rates only the beginning is
    /// known: ``reach(sequence:recordedOffsetNanos:)`` says the rest.
    package init(_ pacer: Pacer, seed: UInt64) {
        self.seed = seed
        var state = State()
        let stages = pacer.stages
        for (index, stage) in stages.enumerated() {
            if !state.pending.isEmpty || (index > 0 && stage.law.isRecorded != stages[index - 1].law.isRecorded) {
                state.pending.append(stage)
            } else {
                PaceProgram.append(stage, isLast: index == stages.count - 1, seed, &state)
            }
        }
        state.isClosed = state.pending.isEmpty
        self.state = Lock(state)
    }

    /// Empty, to be filled by ``append(rate:startNanos:durationNanos:)`` while the run lasts.
    package init() {
        seed = 0
        state = Lock(State())
    }

    /// Says where on its tape the request at `sequence` stands. Whoever reads the tape says so of every request in order,
    /// before a cursor is asked for its due time, so that stages can begin where the one before ends on the other scale.
    package func reach(sequence: UInt64, recordedOffsetNanos: UInt64) {
        state.withLock { state in
            while let stage = state.pending.first, let last = state.segments.last {
                if (last.law.isRecorded ? recordedOffsetNanos : sequence) < last.end { return }
                state.pending.removeFirst()
                let first = stage.law.isRecorded ? recordedOffsetNanos : sequence
                PaceProgram.append(
                    stage, from: last.law.isRecorded == stage.law.isRecorded ? nil : first,
                    isLast: state.pending.isEmpty, seed, &state)
            }
            state.isClosed = true
        }
    }

    /// Adds requests at a constant rate, the first at `startNanos` from the run's start, which must not lie before the end
    /// of what was added before. Returns how many come due.
    @discardableResult
    package func append(rate: UInt64, startNanos: UInt64, durationNanos: UInt64) -> UInt64 {
        state.withLock { state in
            let first = state.segments.last?.end ?? 0
            var segment = PaceSegment(
                law: .constant(rate), startNanos: startNanos, durationNanos: durationNanos, first: first, end: first,
                seed: 0)
            let count = segment.dueCount(withinNanos: durationNanos)
            segment.end = first &+ count
            state.segments.append(segment)
            return count
        }
    }

    /// Nothing more will be added.
    package func close() { state.withLock { $0.isClosed = true } }

    var all: [PaceSegment] { state.withLock { $0.segments } }

    enum Entry {
        case segment(PaceSegment)
        case notYet
        case over
    }

    func entry(_ index: Int) -> Entry {
        state.withLock { state in
            if index < state.segments.count { return .segment(state.segments[index]) }
            return state.isClosed ? .over : .notYet
        }
    }

    /// - Parameter position: its first one; nil: where the stage before ends.
    private static func append(
        _ stage: Pacer.Stage, from position: UInt64? = nil, isLast: Bool, _ seed: UInt64, _ state: inout State
    ) {
        let previous = state.segments.last
        let start = previous.map { $0.startNanos &+ $0.durationNanos } ?? 0
        let first = position ?? previous?.end ?? 0
        var segment = PaceSegment(
            law: stage.law, startNanos: start, durationNanos: stage.durationNanos, first: first, end: .max,
            seed: seed &+ UInt64(state.segments.count) &* 0xD6E8_FEB8_6659_FD93)
        let duration = stage.durationNanos
        if duration != Pacer.Stage.endless {
            let span: UInt64 =
                if case .recorded(let numerator, let denominator) = stage.law {
                    Pacer.scale(duration, numerator, denominator)
                } else {
                    segment.dueCount(withinNanos: duration)
                }
            segment.end = first.addingReportingOverflow(span).overflow ? .max : first + span
        }
        if case .ramp(_, let to) = stage.law, isLast {
            state.segments.append(segment)
            // What comes after the ramp keeps the rate that it has reached.
            if to > 0 { append(Pacer.Stage(.constant(to)), isLast: true, seed, &state) }
            return
        }
        if isLast {
            segment.durationNanos = Pacer.Stage.endless
            segment.end = .max
        }
        state.segments.append(segment)
    }
}

/// Where one loop stands in a program. Positions are asked for in rising order; each costs a division or two.
package struct PaceCursor {
    private enum Kind { case none, constant, ramp, poisson, recorded }

    private let program: PaceProgram
    private var index = -1
    private var kind = Kind.none
    private var first: UInt64 = 0
    private var end: UInt64 = 0
    private var startNanos: UInt64 = 0
    private var durationNanos: UInt64 = 0
    /// Rate, or rates of a ramp, or numerator and denominator.
    private var a: UInt64 = 0
    private var b: UInt64 = 0
    private var arrivals = Arrivals(seed: 0)

    /// Not known yet: the program has not got so far.
    package static let unknown = UInt64.max - 1
    /// Never: the program ends before.
    package static let never = UInt64.max

    package init(_ program: PaceProgram) { self.program = program }

    /// ns from the run's start to the send at `sequence` (from 0), whose request stood `recordedOffsetNanos` after the
    /// first on its tape; ``unknown`` or ``never``. Saturates at the far end of time.
    @inline(__always)
    package mutating func dueNanos(sequence: UInt64, recordedOffsetNanos: UInt64) -> UInt64 {
        let position = kind == .recorded ? recordedOffsetNanos : sequence
        if position >= end || position < first {
            return enter(sequence, recordedOffsetNanos)
        }
        return due(position)
    }

    private mutating func due(_ position: UInt64) -> UInt64 {
        // Recordings are in order but for what overlapped: that is due with what it overlapped.
        let offset = position < first ? 0 : position &- first
        let nanos: UInt64 =
            switch kind {
            case .constant: Pacer.scale(offset, 1_000_000_000_000, a)
            case .recorded: Pacer.scale(offset, b, a)
            case .ramp: Pacer.Stage.Law.rampNanos(index: offset, from: a, to: b, durationNanos: durationNanos)
            case .poisson: arrivals.dueNanos(index: offset, rate: a)
            case .none: PaceCursor.never
            }
        let (sum, overflow) = startNanos.addingReportingOverflow(nanos)
        return overflow ? PaceCursor.never : sum
    }

    /// Goes to the segment that a position lies in.
    private mutating func enter(_ sequence: UInt64, _ recordedOffsetNanos: UInt64) -> UInt64 {
        if index >= 0 && (kind == .recorded ? recordedOffsetNanos : sequence) < first { index = -1 }
        while true {
            switch program.entry(index + 1) {
            case .notYet: return PaceCursor.unknown
            case .over: return PaceCursor.never
            case .segment(let segment):
                index += 1
                take(segment)
                let position = kind == .recorded ? recordedOffsetNanos : sequence
                if position < end || end == .max { return due(position) }
            }
        }
    }

    private mutating func take(_ segment: PaceSegment) {
        first = segment.first
        end = segment.end
        startNanos = segment.startNanos
        durationNanos = segment.durationNanos
        switch segment.law {
        case .constant(let rate): (kind, a, b) = (.constant, rate, 0)
        case .ramp(let from, let to): (kind, a, b) = (.ramp, from, to)
        case .recorded(let numerator, let denominator): (kind, a, b) = (.recorded, numerator, denominator)
        case .poisson(let rate):
            (kind, a, b) = (.poisson, rate, 0)
            arrivals = Arrivals(seed: segment.seed)
        }
    }
}
