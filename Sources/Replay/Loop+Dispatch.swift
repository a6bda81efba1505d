import EventLoop
import Metrics
import Pacing
import Synchronization

/// Taking requests from the tape and bringing them to their connections.
extension Loop {
    /// Makes the cursor stand on a template, unless there is none now.
    @inline(__always)
    mutating func hasNext() -> Bool {
        cursor.position < cursor.count || nextBlock()
    }

    private mutating func nextBlock() -> Bool {
        if cursor.isFinished { return false }
        blocks.release(cursor.takeSlot())
        while true {
            if cursor.goOn() { return enterBlock() }
            switch queue.next() {
            case .finished:
                cursor.finish()
                return false
            case .starved:
                cursor.leave()
                if cursor.starvedSince == 0 && now > start { cursor.starvedSince = now }
                return false
            case .block(let entry):
                if cursor.starvedSince != 0 {
                    report.starvedNanos += now &- cursor.starvedSince
                    cursor.starvedSince = 0
                }
                cursor.begin(entry)
                if cursor.count > 0 { return enterBlock() }
            }
        }
    }

    private mutating func enterBlock() -> Bool {
        if let block = cursor.block { cursor.slot = blocks.hold(block) }
        report.rounds = max(report.rounds, cursor.round + 1)
        return true
    }

    /// The due time of the template under the cursor (monotonic), skipping those that later rounds leave out; nil when
    /// there is none now.
    mutating func nextDue() -> UInt64? {
        while hasNext(), let templates = unsafe cursor.templates {
            let template = unsafe templates + cursor.position
            let sequence = unsafe cursor.round == 0 ? template.pointee.sequence : template.pointee.laterSequence
            if sequence == Template.refused {
                count(.guardRefused, operation: unsafe template.pointee.operation, due: .max)
                unsafe skipRecorded(template)
                cursor.position += 1
                continue
            }
            let offset = unsafe pace.dueNanos(
                sequence: cursor.baseSequence &+ sequence,
                recordedOffsetNanos: cursor.baseOffsetNanos &+ template.pointee.recordedOffsetNanos)
            if offset >= plan.durationNanos ?? PaceCursor.unknown {
                if offset == PaceCursor.unknown { return nil }
                endOfTape()
                return nil
            }
            return start &+ offset
        }
        return nil
    }

    /// Open loop: sends or queues everything that is due.
    mutating func dispatchDue() {
        while !isStopping, let due = nextDue(), due <= now, let templates = unsafe cursor.templates {
            let template = unsafe templates + cursor.position
            switch unsafe permission(template) {
            case .granted: break
            case .usedUp: return
            case .tooFast:
                unsafe report.tooFast[template.pointee.operation, default: 0] += 1
                unsafe skipRecorded(template)
                passOver(.guardRefused)
                continue
            }
            cursor.position += 1
            if due >= countedFrom { lateness.record(nanos: now &- due) }
            second.due += 1
            var owner = unsafe owner(of: template)
            if plan.recordsConnections {
                guard let connection = unsafe recordedConnection(template, due: due) else { continue }
                owner = connection
            }
            if unsafe mustWait(template, owner) {
                unsafe park(template, due: due)
                continue
            }
            let connection = unsafe idleConnection(owner, for: template)
            if connection >= 0, unsafe !mayJoin(connection, template) {
                unsafe enqueue(template, due: due, inFrontOf: connection)
                reopenForOther(connection)
            } else if connection >= 0 {
                blocks.retain(cursor.slot)
                unsafe send(connection, template, due: due, round: cursor.round, slot: cursor.slot)
                settle(connection)
                now = Clock.monotonicNanos()
            } else {
                unsafe enqueue(template, due: due, owner)
            }
        }
    }

    /// Takes nothing more from the tape; what was taken is still sent.
    mutating func endOfTape() {
        cursor.finish()
        queue.cancel()
        blocks.release(cursor.takeSlot())
    }

    /// Takes one request of what the guard's caps leave. When a volume is used up, the tape is at its end.
    @inline(__always)
    mutating func permission(_ template: UnsafeMutablePointer<Template>) -> Allowances.Verdict {
        guard let allowances = plan.allowances else { return .granted }
        let verdict = allowances.take(target: Int(unsafe template.pointee.target), now: now)
        if verdict == .usedUp {
            control.isExhausted.store(true, ordering: .relaxed)
            endOfTape()
        }
        return verdict
    }

    /// A connection that may take the template at once, taken out of the idle list; else -1.
    @inline(__always)
    private mutating func idleConnection(_ owner: Int, for template: UnsafeMutablePointer<Template>) -> Int {
        if owner < 0 {
            let target = Int(unsafe template.pointee.target)
            if freeHead[target] >= 0 { return -1 }
            let connection = Int(idleHead[target])
            if connection >= 0 { leaveIdle(connection) }
            return connection
        }
        guard unsafe connections[owner].state == .idle, unsafe connections[owner].queueHead < 0 else { return -1 }
        if unsafe connections[owner].isListed { leaveIdle(owner) }
        return owner
    }

    /// The connection of a recorded flow; -1 when any of the target's will do.
    @inline(__always)
    func owner(of template: UnsafeMutablePointer<Template>) -> Int {
        if unsafe template.pointee.flow == Template.free { return -1 }
        let target = Int(unsafe template.pointee.target)
        let first = poolStart[target]
        let size = poolStart[target + 1] - first
        return first + Int(unsafe template.pointee.flow / UInt32(truncatingIfNeeded: plan.loops)) % max(1, size)
    }

    /// Whether the request may be sent over a connection that has room: not while others are in flight from whose replies
    /// its own could not be told, and not after the connection has spoken another protocol.
    @inline(__always)
    private func mayJoin(_ connection: Int, _ template: UnsafeMutablePointer<Template>) -> Bool {
        let c = unsafe connections + connection
        if unsafe template.pointee.isExclusive && c.pointee.flightCount > 0 { return false }
        let spoken = unsafe c.pointee.speech
        return unsafe spoken == 0 || spoken == template.pointee.speech
    }

    /// What stands first in the queue speaks another protocol, or must be alone: goes on when nothing is in flight.
    private mutating func reopenForOther(_ connection: Int) {
        let c = unsafe connections + connection
        if unsafe c.pointee.flightCount > 0 {
            unsafe c.pointee.state = .busy
        } else {
            reopen(connection)
        }
    }

    /// A connection is free: gives it the next request, or puts it on the idle list.
    mutating func serve(_ connection: Int) {
        if unsafe connections[connection].isListed { leaveIdle(connection) }
        // Oneway calls leave the connection free at once; the others get their turn after some of them.
        for _ in 0..<max(64, unsafe connections[connection].window) {
            if isStopping { break }
            if let waiting = popWaiting(connection) {
                if unsafe !mayJoin(connection, waiting.template) {
                    // The node that was just given back is free again, so there is room.
                    let node = takeNode()
                    unsafe nodes[Int(node)] = waiting
                    waitingCount += 1
                    putBack(node, connection)
                    reopenForOther(connection)
                    return
                }
                unsafe send(
                    connection, waiting.template, due: isOpen ? waiting.due : now, round: waiting.round,
                    slot: waiting.blockSlot, attempt: waiting.attempt)
            } else if !isOpen, let template = unsafe takeClosed(for: connection) {
                if unsafe !mayJoin(connection, template) {
                    unsafe enqueue(template, due: now, inFrontOf: connection)
                    reopenForOther(connection)
                    return
                }
                blocks.retain(cursor.slot)
                unsafe send(connection, template, due: now, round: cursor.round, slot: cursor.slot)
            } else {
                break
            }
            if unsafe connections[connection].state != .idle { return }
        }
        if plan.recordsConnections && closeIfDone(connection) { return }
        enterIdle(connection)
    }

    /// After a send from the idle state: a oneway call leaves the connection free.
    mutating func settle(_ connection: Int) {
        guard unsafe connections[connection].state == .idle else { return }
        if plan.recordsConnections && closeIfDone(connection) { return }
        enterIdle(connection)
    }

    /// Closed loop: the next template of the tape that this connection may send. Those of others go to their queues.
    private mutating func takeClosed(for connection: Int) -> UnsafeMutablePointer<Template>? {
        if let limit = plan.durationNanos, now >= start &+ limit { return nil }
        var parked: Int32 = 0
        while hasNext(), let templates = unsafe cursor.templates {
            let template = unsafe templates + cursor.position
            if cursor.round > 0, unsafe template.pointee.laterSequence == Template.refused {
                count(.guardRefused, operation: unsafe template.pointee.operation, due: .max)
                cursor.position += 1
                continue
            }
            let owner = unsafe owner(of: template)
            let mine =
                owner < 0 ? unsafe template.pointee.target == connections[connection].target : owner == connection
            if waitingCount >= lookahead, unsafe !mine || isOrderedHere(template, owner) { return nil }
            if unsafe permission(template) != .granted { return nil }
            cursor.position += 1
            second.due += 1
            if unsafe mustWait(template, owner) {
                unsafe park(template, due: now)
                if owner != connection { continue }
                // What follows of these flows would wait behind them, and push out of the caches what is sent soon.
                parked += 1
                if unsafe parked >= connections[connection].window { return nil }
            } else if mine {
                return unsafe template
            } else {
                unsafe enqueue(template, due: now, owner)
            }
        }
        return nil
    }

    /// Closed loop: serves connections with nothing in flight although there is something to send (at the start, after the
    /// tape fell behind, or when another connection found a request of theirs).
    mutating func pump() {
        if let limit = plan.durationNanos, now >= start &+ limit {
            if !cursor.isFinished {
                dropWaiting()
                endOfTape()
            }
            return
        }
        for target in idleHead.indices where idleHead[target] >= 0 {
            var connection = idleHead[target]
            while connection >= 0, unsafe connections[Int(connection)].flightCount == 0 {
                let following = unsafe connections[Int(connection)].next
                leaveIdle(Int(connection))
                let before = report.sent
                serve(Int(connection))
                if report.sent == before && waitingCount == 0 && cursor.position >= cursor.count { break }
                // Serving may have put the connection elsewhere; its old follower is still in the list.
                connection = following
            }
        }
    }

    /// Counts the template under the cursor, which is due now or was before, without sending it.
    mutating func passOver(_ outcome: Outcome) {
        guard let templates = unsafe cursor.templates else { return }
        second.due += 1
        count(outcome, operation: unsafe templates[cursor.position].operation, due: now)
        cursor.position += 1
    }
}
