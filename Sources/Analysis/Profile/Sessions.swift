/// The sessions of an entity, as of a user: exchanges with no longer pause between two of them than a limit, and the states
/// through which they go. Of a sample of entities; of a chosen one nothing is missed.
struct Sessions: Sendable {
    /// From one state to another, by their numbers.
    struct Step: Hashable, Sendable {
        var from: UInt16
        var to: UInt16
    }

    /// Sessions of two exchanges or more that begin in a state.
    struct Beginning: Sendable {
        var sessions: UInt64 = 0
        var exchanges: UInt64 = 0
    }

    private struct Open: Sendable {
        var first: UInt16 = 0
        var last: UInt16 = 0
        var length: UInt64 = 0
        var startNanos: UInt64 = 0
        var lastNanos: UInt64 = 0
    }

    private static let entityLimit = 100_000
    private static let valueLimit = 20_000

    private let pauseNanos: UInt64
    private var open = KeySample<Open>(limit: Sessions.entityLimit)
    /// The second exchanges of sessions, by the states of the first and of them; and those that come later.
    private(set) var second: [Step: UInt64] = [:]
    private(set) var later: [Step: UInt64] = [:]
    /// Last exchanges of sessions, by their state, but of sessions of one.
    private(set) var ends: [UInt16: UInt64] = [:]
    private(set) var beginnings: [UInt16: Beginning] = [:]
    /// Sessions of one exchange, by its state.
    private(set) var singles: [UInt16: UInt64] = [:]
    /// ns between the exchanges of a step.
    private(set) var gaps: [Step: ValueSample] = [:]
    /// Of sessions of two exchanges or more: ns from the first to the last, and exchanges.
    private(set) var durations = ValueSample(limit: Sessions.valueLimit)
    private(set) var lengths = ValueSample(limit: Sessions.valueLimit)

    init(pauseNanos: UInt64) { self.pauseNanos = pauseNanos }

    mutating func add(_ key: UInt64, _ state: UInt16, _ timeNanos: UInt64) {
        var ended: Open?
        var step: (Step, isSecond: Bool, nanos: UInt64)?
        open.update(key, Open()) { session in
            let pause = timeNanos > session.lastNanos ? timeNanos - session.lastNanos : 0
            if session.length > 0 && pause <= pauseNanos {
                step = (Step(from: session.last, to: state), session.length == 1, pause)
            } else {
                if session.length > 0 { ended = session }
                session = Open(first: state, startNanos: timeNanos)
            }
            session.last = state
            session.length += 1
            session.lastNanos = max(session.lastNanos, timeNanos)
        }
        if let ended { close(ended) }
        guard let (step, isSecond, nanos) = step else { return }
        if isSecond { second[step, default: 0] += 1 } else { later[step, default: 0] += 1 }
        gaps[step, default: ValueSample(limit: Self.valueLimit)].add(Double(nanos))
    }

    /// With those that were still open counted as ended.
    func finished() -> Sessions {
        var result = self
        // In an order of their own, for that of a dictionary differs from run to run.
        for key in open.table.keys.sorted() {
            if let session = open.table[key] { result.close(session) }
        }
        result.open = KeySample(limit: Self.entityLimit)
        return result
    }

    /// Of exchanges that have somebody to belong to, the part in sessions of two or more; of those in one state, or of all.
    func share(in state: UInt16? = nil) -> Double {
        func sum(_ counts: [UInt16: UInt64]) -> UInt64 {
            state.map { counts[$0] ?? 0 } ?? counts.values.reduce(0, +)
        }
        let steps = [second, later].reduce(UInt64(0)) { sum, steps in
            steps.reduce(sum) { state == nil || $1.key.to == state ? $0 + $1.value : $0 }
        }
        let together = steps + sum(beginnings.mapValues(\.sessions))
        return Double(together) / Double(max(1, together + sum(singles)))
    }

    private mutating func close(_ session: Open) {
        if session.length == 1 {
            singles[session.first, default: 0] += 1
            return
        }
        beginnings[session.first, default: Beginning()].sessions += 1
        beginnings[session.first, default: Beginning()].exchanges += session.length
        ends[session.last, default: 0] += 1
        durations.add(Double(session.lastNanos - session.startNanos))
        lengths.add(Double(session.length))
    }
}
