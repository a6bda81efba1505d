package import Metrics

/// One second of a run, of all loops together.
package struct RunSecond {
    package struct Operation {
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        package let corrected = Histogram()
    }

    /// From 0.
    package var index: Int
    var counts = SecondCounts()
    /// Of the requests that ended in it, by ``Outcome``'s raw value.
    package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    /// Of the replies that ended in it, from their due times.
    package let corrected = Histogram()
    /// By index in the run's list of operations.
    package var operations: [Int: Operation] = [:]
    /// Of the generator.
    package let lateness = Histogram()
    /// At its end, by loop.
    var levels: [Int: (inFlight: Int, waiting: Int)] = [:]
    package var inFlight: Int { levels.values.reduce(0) { $0 + $1.inFlight } }
    package var waiting: Int { levels.values.reduce(0) { $0 + $1.waiting } }

    init(index: Int) { self.index = index }

    package var due: UInt64 { counts.due }
    package var sent: UInt64 { counts.sent }
    package var answered: UInt64 { counts.answered }
    package var errors: UInt64 { counts.errors }
}

/// A part of a second of a run, of all loops together: for those who must decide sooner than at its end.
package struct RunTick {
    /// From 0.
    package var index: Int
    package var due: UInt64 = 0
    /// Of the requests that ended in it, by ``Outcome``'s raw value.
    package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    /// Of the replies that ended in it, from their due times.
    package let corrected = Histogram()
    /// Of the generator.
    package let lateness = Histogram()

    package static let perSecond = 20

    package init(index: Int) { self.index = index }
}

extension RunSecond {
    func result() -> RunResult.Second {
        var result = RunResult.Second()
        result.second = index
        result.due = counts.due
        result.sent = counts.sent
        result.answered = counts.answered
        result.errors = counts.errors
        result.inFlight = UInt64(clamping: inFlight)
        result.outcomes = outcomes
        result.p50Micros = corrected.valueMicros(atPercentile: 50)
        result.p99Micros = corrected.valueMicros(atPercentile: 99)
        result.latenessP99Micros = lateness.valueMicros(atPercentile: 99)
        result.operations = operations.sorted { $0.key < $1.key }.map { index, operation in
            var part = RunResult.Second.Part(operation: index)
            part.outcomes = operation.outcomes
            part.p50Micros = operation.corrected.valueMicros(atPercentile: 50)
            part.p99Micros = operation.corrected.valueMicros(atPercentile: 99)
            return part
        }
        return result
    }
}
