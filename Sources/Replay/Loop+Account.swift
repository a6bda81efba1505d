import EventLoop
import Metrics

/// Ends of requests: counting them, and what comes next for their connections.
extension Loop {
    /// Counts a request in flight and lets go of it; its place too, unless its reply is still to be thrown away. The
    /// connection is left as it is.
    ///
    /// - Parameter replyLength: of the reply, which begins where the connection's buffer does; below 0 without one.
    mutating func finishRequest(
        _ connection: Int, _ index: Int32, _ decided: Outcome, replyLength: Int, keepsPlace: Bool = false
    ) {
        let flight = unsafe flights + Int(index)
        guard let template = unsafe flight.pointee.template else { return }
        var outcome = decided
        let operation = unsafe flight.pointee.operation
        let traits = unsafe flight.pointee.traits
        let isMeasured = unsafe flight.pointee.due >= countedFrom
        let counts = unsafe self.counts(operation)
        if judge != nil && outcome == .ok && replyLength >= 0 {
            outcome = unsafe judged(connection, flight, template, replyLength)
        }
        if outcome.isAnswered {
            let due = unsafe flight.pointee.due
            if outcome == .ok, unsafe now &- due > flight.pointee.lateNanos { outcome = .lateReply }
            if replyLength >= 0 {
                if isMeasured {
                    unsafe counts.pointee.rawRecorder.record(nanos: now &- flight.pointee.sentAt)
                    if isOpen { unsafe counts.pointee.correctedRecorder.record(nanos: now &- due) }
                }
                report.answered += 1
                second.answered += 1
            }
        }
        if outcome != .ok {
            second.errors += 1
            countFailure(outcome, of: connection)
        }
        if isMeasured {
            unsafe counts.pointee.outcomes[Int(outcome.rawValue)] += 1
            if unsafe now &- flight.pointee.due > slowest.thresholdNanos { unsafe keep(flight, template, outcome) }
        } else {
            report.warmUp.outcomes[Int(outcome.rawValue)] += 1
            if replyLength >= 0 { report.warmUp.answered += 1 }
        }
        let round = unsafe flight.pointee.round
        if traits.contains(.bound) { unsafe learn(connection, flight, replyLength) }
        if tape != nil { writeDown(connection, index, outcome, max(0, replyLength)) }
        let slot = unsafe flight.pointee.blockSlot
        unsafe flight.pointee.template = nil
        unsafe flight.pointee.blockSlot = -1
        inFlightCount -= 1
        if !keepsPlace { release(index, of: connection) }
        if traits.contains(.ordered) { unsafe leaveFlow(template, connection, round) }
        // The template may be gone after this.
        blocks.release(slot)
    }

    /// One of the slowest so far.
    private mutating func keep(
        _ flight: UnsafeMutablePointer<Flight>, _ template: UnsafeMutablePointer<Template>, _ outcome: Outcome
    ) {
        if plan.warmUpNanos > 0 && countedFrom < measuredFrom { return }
        slowest.insert(
            unsafe SlowExchange(
                sourceID: template.pointee.sourceID, operation: template.pointee.operation, round: flight.pointee.round,
                outcome: outcome, dueNanos: flight.pointee.due, sentNanos: flight.pointee.sentAt, endNanos: now))
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

    private mutating func judged(
        _ connection: Int, _ flight: UnsafeMutablePointer<Flight>, _ template: UnsafeMutablePointer<Template>,
        _ length: Int
    ) -> Outcome {
        let c = unsafe connections + connection
        guard let judge else { return .ok }
        let reply = unsafe [UInt8](UnsafeBufferPointer(start: c.pointee.buffer + c.pointee.begin, count: length))
        let verdict = judge.judge(reply, isHTTP: unsafe template.pointee.reply == .http)
        decision = verdict.decision
        if let decision, unsafe flight.pointee.due >= countedFrom {
            unsafe counts(template.pointee.operation).pointee.decisions[decision, default: 0] += 1
        }
        return verdict.isSuccess ? .ok : .businessError
    }

    private mutating func writeDown(
        _ connection: Int, _ index: Int32, _ outcome: Outcome, _ replyLength: Int
    ) {
        let c = unsafe connections + connection
        let flight = unsafe flights + Int(index)
        guard let tape, let template = unsafe flight.pointee.template else { return }
        // Other sends of the template may have filled it meanwhile.
        var request = unsafe [UInt8](
            UnsafeBufferPointer(start: template.pointee.bytes, count: Int(template.pointee.length)))
        var masked: [Range<Int>] = []
        if let sent = sentCopies.removeValue(forKey: index) {
            request = sent.bytes
            masked = sent.masked
        } else {
            unsafe request.withUnsafeMutableBufferPointer { copy in
                if let base = copy.baseAddress {
                    unsafe template.pointee.restore(in: base)
                    unsafe fill(flight, in: base)
                }
            }
        }
        let entry = unsafe RunTapeEntry(
            sourceID: template.pointee.sourceID, leg: plan.leg, operation: Int(template.pointee.operation),
            target: plan.firstTarget + Int(template.pointee.target), format: template.pointee.format,
            round: flight.pointee.round,
            request: request, masked: masked,
            reply: [UInt8](
                UnsafeBufferPointer(start: c.pointee.buffer + c.pointee.begin, count: replyLength)), outcome: outcome,
            dueNanos: flight.pointee.due, sentNanos: flight.pointee.sentAt, endNanos: now,
            flow: UInt32(clamping: plan.firstConnection + connection), decision: decision)
        decision = nil
        if !tape.push(entry) { report.runTapeDropped += 1 }
    }
}
