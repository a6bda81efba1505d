import Metrics

/// What happened in one second; coarse counts (1/32) are enough for the two percentiles of the series.
struct SecondCounts {
    static let cells = 32 * 28
    var due: UInt64 = 0
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    var errors: UInt64 = 0
    var latencies = [UInt32](repeating: 0, count: cells)

    @inline(__always)
    static func cell(_ micros: UInt64) -> Int {
        let clamped = min(micros, Histogram.highestMicros)
        let shift = max(0, 58 - clamped.leadingZeroBitCount)
        return min(cells - 1, shift << 5 + Int(truncatingIfNeeded: clamped >> UInt64(shift)))
    }

    static func middleMicros(cell: Int) -> UInt64 {
        if cell < 64 { return UInt64(cell) }
        let shift = cell >> 5 - 1
        return UInt64(cell - shift << 5) << UInt64(shift) + 1 << UInt64(shift - 1)
    }

    mutating func add(_ other: SecondCounts) {
        due += other.due
        sent += other.sent
        answered += other.answered
        errors += other.errors
        for cell in latencies.indices { latencies[cell] += other.latencies[cell] }
    }

    func result(second: Int) -> RunResult.Second {
        var result = RunResult.Second()
        result.second = second
        result.due = due
        result.sent = sent
        result.answered = answered
        result.errors = errors
        let total = latencies.reduce(UInt64(0)) { $0 + UInt64($1) }
        func value(_ perCent: UInt64) -> UInt64 {
            let rank = max(1, (total * perCent + 99) / 100)
            var seen: UInt64 = 0
            for (cell, count) in latencies.enumerated() where count > 0 {
                seen += UInt64(count)
                if seen >= rank { return SecondCounts.middleMicros(cell: cell) }
            }
            return 0
        }
        if total > 0 {
            result.p50Micros = value(50)
            result.p99Micros = value(99)
        }
        return result
    }
}

/// What one loop counts for one operation.
struct OperationCounts: ~Copyable {
    var outcomes = InlineArray<18, UInt64>(repeating: 0)
    let corrected = Histogram()
    /// From the send; in a closed loop only this one is kept, since both are the same.
    let raw = Histogram()
    var decisions: [String: UInt64] = [:]
}

/// What one loop leaves behind. Handed over once, when its thread has ended; hence safe to send.
struct LoopReport: @unchecked Sendable {
    struct Operation {
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        var corrected = Histogram()
        var raw = Histogram()
        var decisions: [String: UInt64] = [:]

        mutating func add(_ other: Operation) {
            for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
            corrected.add(other.corrected)
            raw.add(other.raw)
            decisions.merge(other.decisions, uniquingKeysWith: +)
        }
    }

    var operations: [Int: Operation] = [:]
    var lateness = Histogram()
    var seconds: [SecondCounts] = []
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    var tagged: UInt64 = 0
    var wireFaults: UInt64 = 0
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var connectionsOpened: UInt64 = 0
    var runTapeDropped: UInt64 = 0
    /// The loop stood ready and had nothing to send, because the tape was not read fast enough.
    var starvedNanos: UInt64 = 0
    var rounds: UInt32 = 0
    var endNanos: UInt64 = 0
}
