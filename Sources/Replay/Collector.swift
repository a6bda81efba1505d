package import Metrics
import Synchronization

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

/// Adds up what the loops count, second by second, on the control thread.
///
/// A second is closed when every loop has passed it; whoever watches the run (abort rules, the search for the limit, the
/// HDR log, the metrics endpoint) looks at closed seconds.
struct Collector {
    /// One operation over the whole run.
    struct Operation {
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        let corrected = Histogram()
        let raw = Histogram()
        var decisions: [String: UInt64] = [:]
    }

    private let loops: [LoopPages]
    private let isOpenLoop: Bool
    private let ticksPerSecond: Int
    /// Ticks that are not closed yet, the first of which has the index ``closedTicks``; and those that are.
    private var openTicks: [RunTick] = []
    private var closedTicks = 0
    private var tickedOff: [RunTick] = []
    private var pending: [RunSecond] = []
    /// Index of the first pending second.
    private var closed = 0
    private(set) var operations: [Int: Operation] = [:]
    private(set) var series: [RunResult.Second] = []
    let lateness = Histogram()
    /// What ended while the run warmed up.
    private(set) var warmUpOutcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    private(set) var warmUpAnswered: UInt64 = 0
    /// Everything so far, for the progress line.
    private(set) var totals = SecondCounts()

    init(_ plans: [LoopPlan], isOpenLoop: Bool) {
        loops = plans.map(\.books)
        ticksPerSecond = plans.first?.ticksPerSecond ?? 1
        self.isOpenLoop = isOpenLoop
    }

    /// Those that were closed since the last time; none unless somebody looks closer than a second.
    mutating func takeTicks() -> [RunTick] {
        defer { tickedOff = [] }
        return tickedOff
    }

    /// Takes what the loops have handed over, and shows each second that it closes.
    mutating func collect(_ watch: (RunSecond) -> Void) {
        // How far the loops are has to be known before their pages are taken: a page may come in between.
        let passed = loops.map { $0.passed.load(ordering: .acquiring) }
        for (loop, pages) in loops.enumerated() {
            for page in pages.full {
                take(page, loop)
                page.clear()
            }
        }
        let passedTicks = passed.min() ?? 0
        while ticksPerSecond > 1, closedTicks < passedTicks {
            if openTicks.isEmpty {
                if passedTicks == .max { break }
                openTicks.append(RunTick(index: closedTicks))
            }
            tickedOff.append(openTicks.removeFirst())
            closedTicks += 1
        }
        let end = passedTicks == .max ? .max : passedTicks / ticksPerSecond
        while closed < end {
            if pending.isEmpty {
                // Every loop has ended, and nothing is left.
                if end == .max { break }
                pending.append(RunSecond(index: closed))
            }
            let second = pending.removeFirst()
            closed += 1
            // The last one is a part of a second: empty when the run ended on the second.
            if end == .max && pending.isEmpty && second.counts.isEmpty { break }
            series.append(second.result())
            watch(second)
        }
    }

    private mutating func take(_ page: CountPage, _ loop: Int) {
        let position = max(0, page.tick / ticksPerSecond - closed)
        while pending.count <= position { pending.append(RunSecond(index: closed + pending.count)) }
        pending[position].counts.add(page.counts)
        pending[position].levels[loop] = (page.inFlight, page.waiting)
        pending[position].lateness.add(page.lateness)
        if page.isWarmUp { warmUpAnswered += page.counts.answered } else { lateness.add(page.lateness) }
        totals.add(page.counts)
        let tick = max(0, page.tick - closedTicks)
        if ticksPerSecond > 1 {
            while openTicks.count <= tick { openTicks.append(RunTick(index: closedTicks + openTicks.count)) }
            openTicks[tick].due += page.counts.due
            openTicks[tick].lateness.add(page.lateness)
        }
        for index in 0..<CountPage.operationLimit {
            guard let counts = unsafe page.operations[index] else { continue }
            unsafe take(counts, index, position, isWarmUp: page.isWarmUp)
            if ticksPerSecond > 1 {
                for outcome in 0..<Outcome.allCases.count {
                    unsafe openTicks[tick].outcomes[outcome] += counts.pointee.outcomes[outcome]
                }
                unsafe openTicks[tick].corrected.add(isOpenLoop ? counts.pointee.corrected : counts.pointee.raw)
            }
        }
    }

    private mutating func take(
        _ counts: UnsafeMutablePointer<OperationCounts>, _ index: Int, _ position: Int, isWarmUp: Bool
    ) {
        var any: UInt64 = 0
        for outcome in 0..<Outcome.allCases.count { unsafe any |= counts.pointee.outcomes[outcome] }
        if any == 0 { return }
        let corrected = unsafe isOpenLoop ? counts.pointee.corrected : counts.pointee.raw
        var whole = operations[index] ?? Operation()
        var second = pending[position].operations[index] ?? RunSecond.Operation()
        for outcome in 0..<Outcome.allCases.count {
            let count = unsafe counts.pointee.outcomes[outcome]
            if isWarmUp { warmUpOutcomes[outcome] += count } else { whole.outcomes[outcome] += count }
            second.outcomes[outcome] += count
            pending[position].outcomes[outcome] += count
        }
        if !isWarmUp {
            whole.corrected.add(corrected)
            unsafe whole.raw.add(counts.pointee.raw)
            unsafe whole.decisions.merge(counts.pointee.decisions, uniquingKeysWith: +)
        }
        second.corrected.add(corrected)
        pending[position].corrected.add(corrected)
        if !isWarmUp { operations[index] = whole }
        pending[position].operations[index] = second
    }
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
