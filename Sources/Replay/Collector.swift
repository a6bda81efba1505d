import Metrics
import Synchronization

/// Adds up what the loops count, second by second, on the control thread.
///
/// A second is closed when every loop has passed it; whoever watches the run (abort rules, the search for the limit, the
/// HDR log, the metrics endpoint) looks at closed seconds.
///
/// A run has parts when its result is written while it lasts. What a loop counts goes to the part that the loop is in: it
/// changes parts with a page that holds its report of the part, so that the figures of a part agree with each other and
/// those of all parts add up to the run. A part is over when every loop and every second of it is.
struct Collector {
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
    /// Length of a part; nil when the run has one only.
    private let partSeconds: Int?
    private let keepSlowest: Int
    /// Parts that are not over, the first of which has the index ``endedParts``; and the part that each loop is in.
    private var parts = [RunAccount()]
    private var endedParts = 0
    private var partOfLoop: [Int]
    private var hasEnded = false
    /// Everything so far, for the progress line.
    private(set) var totals = SecondCounts()

    init(_ plans: [LoopPlan], isOpenLoop: Bool) {
        loops = plans.map(\.books)
        ticksPerSecond = plans.first?.ticksPerSecond ?? 1
        partSeconds = plans.first?.partTicks.map { [ticksPerSecond] in $0 / ticksPerSecond }
        keepSlowest = plans.first?.keepSlowest ?? 0
        partOfLoop = .init(repeating: 0, count: plans.count)
        self.isOpenLoop = isOpenLoop
    }

    /// Those that were closed since the last time; none unless somebody looks closer than a second.
    mutating func takeTicks() -> [RunTick] {
        defer { tickedOff = [] }
        return tickedOff
    }

    /// Takes the loops' last reports, once everything else is collected: every part is over then.
    mutating func finish(_ reports: [LoopReport]) {
        for report in reports {
            inPart(partOfLoop[report.loop]) { [keepSlowest] in $0.take(report, keepSlowest: keepSlowest) }
        }
        hasEnded = true
    }

    /// The first part that is over, once.
    mutating func takePart() -> RunAccount? {
        if parts.isEmpty { return nil }
        if !hasEnded {
            guard let partSeconds, closed >= (endedParts + 1) * partSeconds, partOfLoop.allSatisfy({ $0 > endedParts })
            else { return nil }
        }
        endedParts += 1
        return parts.removeFirst()
    }

    private mutating func inPart(_ index: Int, _ change: (inout RunAccount) -> Void) {
        let place = max(0, index - endedParts)
        while parts.count <= place { parts.append(RunAccount()) }
        change(&parts[place])
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
            let entry = second.result()
            // Behind the end of the run there are seconds in which replies came, and no further part.
            let latest = partOfLoop.max() ?? 0
            inPart(min(partSeconds.map { second.index / $0 } ?? 0, latest)) { $0.series.append(entry) }
            watch(second)
        }
    }

    private mutating func take(_ page: CountPage, _ loop: Int) {
        let position = max(0, page.tick / ticksPerSecond - closed)
        while pending.count <= position { pending.append(RunSecond(index: closed + pending.count)) }
        pending[position].counts.add(page.counts)
        pending[position].levels[loop] = (page.inFlight, page.waiting)
        pending[position].lateness.add(page.lateness)
        inPart(partOfLoop[loop]) { part in
            if page.isWarmUp { part.warmUpAnswered += page.counts.answered } else { part.lateness.add(page.lateness) }
        }
        totals.add(page.counts)
        let tick = max(0, page.tick - closedTicks)
        if ticksPerSecond > 1 {
            while openTicks.count <= tick { openTicks.append(RunTick(index: closedTicks + openTicks.count)) }
            openTicks[tick].due += page.counts.due
            openTicks[tick].lateness.add(page.lateness)
        }
        for index in 0..<CountPage.operationLimit {
            guard let counts = unsafe page.operations[index] else { continue }
            unsafe take(counts, index, position, partOfLoop[loop], isWarmUp: page.isWarmUp)
            if ticksPerSecond > 1 {
                for outcome in 0..<Outcome.allCases.count {
                    unsafe openTicks[tick].outcomes[outcome] += counts.pointee.outcomes[outcome]
                }
                unsafe openTicks[tick].corrected.add(isOpenLoop ? counts.pointee.corrected : counts.pointee.raw)
            }
        }
        if let report = page.report {
            inPart(partOfLoop[loop]) { [keepSlowest] in $0.take(report, keepSlowest: keepSlowest) }
            partOfLoop[loop] += 1
        }
    }

    private mutating func take(
        _ counts: UnsafeMutablePointer<OperationCounts>, _ index: Int, _ position: Int, _ part: Int, isWarmUp: Bool
    ) {
        var any: UInt64 = 0
        for outcome in 0..<Outcome.allCases.count { unsafe any |= counts.pointee.outcomes[outcome] }
        if any == 0 { return }
        let corrected = unsafe isOpenLoop ? counts.pointee.corrected : counts.pointee.raw
        var second = pending[position].operations[index] ?? RunSecond.Operation()
        for outcome in 0..<Outcome.allCases.count {
            let count = unsafe counts.pointee.outcomes[outcome]
            second.outcomes[outcome] += count
            pending[position].outcomes[outcome] += count
        }
        second.corrected.add(corrected)
        pending[position].corrected.add(corrected)
        pending[position].operations[index] = second
        inPart(part) { account in
            if isWarmUp {
                for outcome in 0..<Outcome.allCases.count {
                    account.warmUpOutcomes[outcome] += unsafe counts.pointee.outcomes[outcome]
                }
                return
            }
            var whole = account.operations[index] ?? RunAccount.Operation()
            for outcome in 0..<Outcome.allCases.count {
                whole.outcomes[outcome] += unsafe counts.pointee.outcomes[outcome]
            }
            whole.corrected.add(corrected)
            unsafe whole.raw.add(counts.pointee.raw)
            unsafe whole.decisions.merge(counts.pointee.decisions, uniquingKeysWith: +)
            account.operations[index] = whole
        }
    }
}
