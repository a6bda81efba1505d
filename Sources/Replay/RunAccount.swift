import Metrics

/// What all loops together counted in a part of a run, or in the whole of it.
struct RunAccount {
    /// One operation.
    struct Operation {
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        let corrected = Histogram()
        let raw = Histogram()
        var decisions: [String: UInt64] = [:]
    }

    /// By index in the run's list of operations.
    var operations: [Int: Operation] = [:]
    /// The seconds that ended in it, in order.
    var series: [RunResult.Second] = []
    let lateness = Histogram()
    /// What ended while the run warmed up.
    var warmUpOutcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    var warmUpAnswered: UInt64 = 0
    /// By loop.
    var reports: [Int: LoopReport] = [:]

    /// Adds a later part. Its seconds take the place of those that are here, so that memory does not grow with the run.
    ///
    /// - Parameter keepSlowest: how many of the slowest exchanges are kept.
    mutating func add(_ later: RunAccount, keepSlowest: Int) {
        for (index, operation) in later.operations {
            var whole = operations[index] ?? Operation()
            for outcome in operation.outcomes.indices { whole.outcomes[outcome] += operation.outcomes[outcome] }
            whole.corrected.add(operation.corrected)
            whole.raw.add(operation.raw)
            whole.decisions.merge(operation.decisions, uniquingKeysWith: +)
            operations[index] = whole
        }
        series = later.series
        lateness.add(later.lateness)
        for outcome in warmUpOutcomes.indices { warmUpOutcomes[outcome] += later.warmUpOutcomes[outcome] }
        warmUpAnswered += later.warmUpAnswered
        for report in later.reports.values { take(report, keepSlowest: keepSlowest) }
    }

    /// Adds what a loop did.
    mutating func take(_ report: LoopReport, keepSlowest: Int) {
        reports[report.loop, default: LoopReport(loop: report.loop)].add(report, keepSlowest: keepSlowest)
    }
}
