import EventLoop
import Metrics
import Synchronization

/// A loop's books: pages that are handed over tick by tick, and reports at the end of each part of a run.
extension Loop {
    /// Closes the books of the tick that has passed.
    mutating func turnTick() {
        while now >= tickEnd {
            turnPage(endsTick: true)
            tickIndex += 1
            tickEnd += tickNanos
            books.passed.store(tickIndex, ordering: .releasing)
        }
    }

    /// From here on requests are measured: those that are still in flight are not. The other page is free but for a
    /// control thread that has stood still for a second.
    mutating func endWarmUp() {
        let other = isOnSecondPage ? books.pages.0 : books.pages.1
        while other.isFull.load(ordering: .acquiring) { Clock.sleep(nanos: 100_000) }
        turnPage(endsTick: false)
        countedFrom = measuredFrom
    }

    /// Hands the page over, and goes on with the other one. While that is still being read, this one is written on.
    private mutating func turnPage(endsTick: Bool) {
        let other = isOnSecondPage ? books.pages.0 : books.pages.1
        if other.isFull.load(ordering: .acquiring) { return }
        let endsPart =
            endsTick && plan.partTicks.map { tickIndex + 1 >= (endedParts + 1) * $0 && tickEnd < runEnd } ?? false
        handOver(endsPart ? takeReport() : nil)
        isOnSecondPage.toggle()
        unsafe operations = other.operations
        lateness = other.lateness.recorder
    }

    private mutating func handOver(_ report: LoopReport?) {
        let page = isOnSecondPage ? books.pages.1 : books.pages.0
        page.tick = tickIndex
        page.counts = second
        page.isWarmUp = countedFrom < measuredFrom
        page.inFlight = inFlightCount
        page.waiting = waitingCount
        page.report = report
        second = SecondCounts()
        page.isFull.store(true, ordering: .releasing)
    }

    /// When nothing is due any more: what is answered later belongs to the last part.
    private var runEnd: UInt64 { plan.durationNanos.map { start &+ $0 } ?? .max }

    /// What was done since the last part of the run ended; the next part begins.
    private mutating func takeReport() -> LoopReport {
        report.endNanos = now
        report.hadRing = ring != nil
        report.slowest = slowest.list
        report.worst = worst.list
        report.connectionsPeak = recorded.peak
        report.waitedFlows = recorded.takeWaited()
        let sent = plan.pools.indices.map { target in
            (poolStart[target]..<poolStart[target + 1]).reduce(UInt64(0)) { unsafe $0 + connections[$1].requests }
        }
        report.sentByTarget = sentBefore.isEmpty ? sent : zip(sent, sentBefore).map { $0 - $1 }
        sentBefore = sent
        slowest.removeAll()
        worst = WorstConnections()
        endedParts += 1
        var next = LoopReport(loop: plan.index)
        next.rounds = report.rounds
        swap(&next, &report)
        return next
    }

    mutating func finish() -> LoopReport {
        turnTick()
        for connection in 0..<connectionCount { endConnection(connection, isClosed: false) }
        let last = takeReport()
        handOver(nil)
        books.passed.store(.max, ordering: .releasing)
        return last
    }
}
