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
        let counts = unsafe self.counts(operation)
        if judge != nil && outcome == .ok && replyLength > 0 { outcome = judged(connection, operation, replyLength) }
        if outcome.isAnswered {
            let due = unsafe c.pointee.due
            if outcome == .ok && now &- due > plan.timeoutNanos { outcome = .lateReply }
            if replyLength > 0 {
                let raw = now &- (unsafe c.pointee.sentAt)
                let corrected = isOpen ? now &- due : raw
                unsafe counts.pointee.raw.record(nanos: raw)
                if isOpen { unsafe counts.pointee.corrected.record(nanos: corrected) }
                second.latencies[SecondCounts.cell(corrected / 1000)] &+= 1
                report.answered += 1
                second.answered += 1
            }
        }
        if outcome != .ok { second.errors += 1 }
        unsafe counts.pointee.outcomes[Int(outcome.rawValue)] += 1
        if tape != nil { writeDown(connection, outcome, replyLength) }
        blocks.release(unsafe c.pointee.blockSlot)
        unsafe c.pointee.template = nil
        unsafe c.pointee.blockSlot = -1
    }

    /// Counts a request that never reached a connection.
    mutating func count(_ outcome: Outcome, operation: UInt16) {
        unsafe counts(operation).pointee.outcomes[Int(outcome.rawValue)] += 1
        if outcome.isError { second.errors += 1 }
    }

    @inline(__always)
    func counts(_ operation: UInt16) -> UnsafeMutablePointer<OperationCounts> {
        let index = min(Int(operation), Loop.operationLimit - 1)
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
        if let decision = verdict.decision { unsafe counts(operation).pointee.decisions[decision, default: 0] += 1 }
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
            report.seconds.append(second)
            control.due.add(second.due, ordering: .relaxed)
            control.sent.add(second.sent, ordering: .relaxed)
            control.answered.add(second.answered, ordering: .relaxed)
            control.errors.add(second.errors, ordering: .relaxed)
            second = SecondCounts()
            secondEnd += 1_000_000_000
        }
    }

    mutating func finish() -> LoopReport {
        report.endNanos = now
        turnSecond()
        report.seconds.append(second)
        for index in 0..<Loop.operationLimit {
            guard let pointer = unsafe operations[index] else { continue }
            var operation = LoopReport.Operation()
            for outcome in Outcome.allCases {
                operation.outcomes[Int(outcome.rawValue)] = unsafe pointer.pointee.outcomes[Int(outcome.rawValue)]
            }
            if !operation.outcomes.contains(where: { $0 > 0 }) { continue }
            unsafe operation.raw = pointer.pointee.raw
            unsafe operation.corrected = isOpen ? pointer.pointee.corrected : pointer.pointee.raw
            operation.decisions = unsafe pointer.pointee.decisions
            report.operations[index] = operation
        }
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
