import EventLoop
import Metrics
import Synchronization

/// Ends of requests: counting them, and what comes next for their connections.
extension Loop {
    /// A whole reply came (or a oneway call was written): counts it and serves the connection.
    @inline(__always)
    mutating func complete(_ connection: Int, _ outcome: Outcome, replyLength: Int) {
        let c = unsafe connections + connection
        finishRequest(connection, outcome, replyLength: replyLength)
        // An answer before the request was written leaves the stream unusable.
        if unsafe !c.pointee.keepsAlive || c.pointee.pending != nil {
            unsafe c.pointee.keepsAlive = true
            reopen(connection)
            return
        }
        unsafe c.pointee.length = 0
        unsafe c.pointee.phase = .head
        unsafe c.pointee.state = .idle
        serve(connection)
    }

    /// Counts the request in flight and lets go of it. The connection is left as it is.
    mutating func finishRequest(_ connection: Int, _ decided: Outcome, replyLength: Int) {
        let c = unsafe connections + connection
        guard let template = unsafe c.pointee.template else { return }
        leaveInFlight(connection)
        var outcome = decided
        let operation = unsafe template.pointee.operation
        let isMeasured = unsafe c.pointee.due >= countedFrom
        let counts = unsafe self.counts(operation)
        if judge != nil && outcome == .ok && replyLength > 0 { outcome = judged(connection, operation, replyLength) }
        if outcome.isAnswered {
            let due = unsafe c.pointee.due
            if outcome == .ok && now &- due > plan.timeoutNanos { outcome = .lateReply }
            if replyLength > 0 {
                if isMeasured {
                    unsafe counts.pointee.raw.record(nanos: now &- c.pointee.sentAt)
                    if isOpen { unsafe counts.pointee.corrected.record(nanos: now &- due) }
                }
                report.answered += 1
                second.answered += 1
            }
        }
        if outcome != .ok { second.errors += 1 }
        if isMeasured {
            unsafe counts.pointee.outcomes[Int(outcome.rawValue)] += 1
        } else {
            report.warmUp.outcomes[Int(outcome.rawValue)] += 1
            if replyLength > 0 { report.warmUp.answered += 1 }
        }
        if tape != nil { writeDown(connection, outcome, replyLength) }
        blocks.release(unsafe c.pointee.blockSlot)
        unsafe c.pointee.template = nil
        unsafe c.pointee.blockSlot = -1
    }

    /// Counts a request that never reached a connection.
    mutating func count(_ outcome: Outcome, operation: UInt16, due: UInt64) {
        if due >= countedFrom {
            unsafe counts(operation).pointee.outcomes[Int(outcome.rawValue)] += 1
        } else {
            report.warmUp.outcomes[Int(outcome.rawValue)] += 1
        }
        if outcome.isError { second.errors += 1 }
    }

    /// Notes that what was just sent is not measured.
    mutating func countWarmUp(_ template: UnsafeMutablePointer<Template>) {
        report.warmUp.sent += 1
        if unsafe template.pointee.isTagged { report.warmUp.tagged += 1 }
        if unsafe template.pointee.isWireFault { report.warmUp.wireFaults += 1 }
    }

    @inline(__always)
    func counts(_ operation: UInt16) -> UnsafeMutablePointer<OperationCounts> {
        let index = min(Int(operation), CountPage.operationLimit - 1)
        if let made = unsafe operations[index] { return unsafe made }
        return unsafe makeCounts(index)
    }

    private func makeCounts(_ index: Int) -> UnsafeMutablePointer<OperationCounts> {
        let made = UnsafeMutablePointer<OperationCounts>.allocate(capacity: 1)
        unsafe made.initialize(to: OperationCounts())
        unsafe operations[index] = made
        return unsafe made
    }

    private mutating func judged(_ connection: Int, _ operation: UInt16, _ length: Int) -> Outcome {
        let c = unsafe connections + connection
        guard let judge, let template = unsafe c.pointee.template else { return .ok }
        let reply = unsafe [UInt8](UnsafeBufferPointer(start: c.pointee.buffer, count: length))
        let verdict = judge.judge(reply, isHTTP: unsafe template.pointee.reply == .http)
        if let decision = verdict.decision, unsafe c.pointee.due >= countedFrom {
            unsafe counts(operation).pointee.decisions[decision, default: 0] += 1
        }
        return verdict.isSuccess ? .ok : .businessError
    }

    private mutating func writeDown(_ connection: Int, _ outcome: Outcome, _ replyLength: Int) {
        let c = unsafe connections + connection
        guard let tape, let template = unsafe c.pointee.template else { return }
        let entry = unsafe RunTapeEntry(
            sourceID: template.pointee.sourceID, operation: Int(template.pointee.operation),
            target: Int(template.pointee.target), format: template.pointee.format, round: c.pointee.round,
            request: [UInt8](
                UnsafeBufferPointer(start: template.pointee.bytes, count: Int(template.pointee.length))),
            reply: [UInt8](UnsafeBufferPointer(start: c.pointee.buffer, count: replyLength)), outcome: outcome,
            dueNanos: c.pointee.due, sentNanos: c.pointee.sentAt, endNanos: now,
            flow: UInt32(plan.index * connectionCount + connection))
        if !tape.push(entry) { report.runTapeDropped += 1 }
    }

    /// Closes the books of the second that has passed.
    mutating func turnSecond() {
        while now >= secondEnd {
            turnPage()
            secondIndex += 1
            secondEnd += 1_000_000_000
            books.passed.store(secondIndex, ordering: .releasing)
        }
    }

    /// From here on requests are measured: those that are still in flight are not. The other page is free but for a
    /// control thread that has stood still for a second.
    mutating func endWarmUp() {
        let other = isOnSecondPage ? books.pages.0 : books.pages.1
        while other.isFull.load(ordering: .acquiring) { Clock.sleep(nanos: 100_000) }
        turnPage()
        countedFrom = measuredFrom
    }

    /// Hands the page over, and goes on with the other one. While that is still being read, this one is written on.
    private mutating func turnPage() {
        let other = isOnSecondPage ? books.pages.0 : books.pages.1
        if other.isFull.load(ordering: .acquiring) { return }
        handOver()
        isOnSecondPage.toggle()
        unsafe operations = other.operations
        lateness = other.lateness
    }

    private mutating func handOver() {
        let page = isOnSecondPage ? books.pages.1 : books.pages.0
        page.second = secondIndex
        page.counts = second
        page.isWarmUp = countedFrom < measuredFrom
        page.inFlight = inFlightCount
        page.waiting = waitingCount
        second = SecondCounts()
        page.isFull.store(true, ordering: .releasing)
    }

    mutating func finish() -> LoopReport {
        report.endNanos = now
        report.sentByTarget = plan.pools.indices.map { target in
            (poolStart[target]..<poolStart[target + 1]).reduce(0) { unsafe $0 + connections[$1].requests }
        }
        turnSecond()
        handOver()
        books.passed.store(.max, ordering: .releasing)
        return report
    }

    // MARK: Requests in flight, oldest first

    @inline(__always)
    mutating func enterInFlight(_ connection: Int) {
        let c = unsafe connections + connection
        unsafe c.pointee.next = -1
        unsafe c.pointee.previous = inFlightTail
        let index = Int32(truncatingIfNeeded: connection)
        if inFlightTail >= 0 { unsafe connections[Int(inFlightTail)].next = index } else { inFlightHead = index }
        inFlightTail = index
        inFlightCount += 1
    }

    @inline(__always)
    private mutating func leaveInFlight(_ connection: Int) {
        let c = unsafe connections + connection
        let (previous, next) = unsafe (c.pointee.previous, c.pointee.next)
        if previous >= 0 { unsafe connections[Int(previous)].next = next } else { inFlightHead = next }
        if next >= 0 { unsafe connections[Int(next)].previous = previous } else { inFlightTail = previous }
        inFlightCount -= 1
    }
}
