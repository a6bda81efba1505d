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
                passOver(.guardRefused)
                continue
            }
            cursor.position += 1
            if due >= countedFrom { lateness.record(nanos: now &- due) }
            second.due += 1
            let connection = unsafe idleConnection(for: template)
            if connection >= 0, unsafe speaksOtherwise(connection, template) {
                unsafe enqueue(template, due: due, inFrontOf: connection)
                reopen(connection)
            } else if connection >= 0 {
                blocks.retain(cursor.slot)
                unsafe send(connection, template, due: due, round: cursor.round, slot: cursor.slot)
                settle(connection)
                now = Clock.monotonicNanos()
            } else {
                unsafe enqueue(template, due: due)
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
    private mutating func idleConnection(for template: UnsafeMutablePointer<Template>) -> Int {
        let target = Int(unsafe template.pointee.target)
        if unsafe template.pointee.flow == Template.free {
            if freeHead[target] >= 0 { return -1 }
            let connection = Int(idleHead[target])
            if connection >= 0 { leaveIdle(connection) }
            return connection
        }
        let connection = unsafe owner(of: template)
        guard unsafe connections[connection].state == .idle, unsafe connections[connection].queueHead < 0 else {
            return -1
        }
        leaveIdle(connection)
        return connection
    }

    /// The connection of a recorded flow.
    @inline(__always)
    private func owner(of template: UnsafeMutablePointer<Template>) -> Int {
        let target = Int(unsafe template.pointee.target)
        let first = poolStart[target]
        let size = poolStart[target + 1] - first
        return first + Int(unsafe template.pointee.flow / UInt32(truncatingIfNeeded: plan.loops)) % max(1, size)
    }

    /// Whether the connection has spoken another protocol than the template's, so that it must be opened anew first.
    @inline(__always)
    private func speaksOtherwise(_ connection: Int, _ template: UnsafeMutablePointer<Template>) -> Bool {
        guard let spoken = unsafe connections[connection].format else { return false }
        return unsafe spoken != template.pointee.format
    }

    /// A node for the template under the cursor's block; below 0, and the request is counted, when there is no room.
    private mutating func waitingNode(_ template: UnsafeMutablePointer<Template>, due: UInt64) -> Int32 {
        let node = takeNode()
        if node < 0 {
            count(.unsent, operation: unsafe template.pointee.operation, due: due)
            return node
        }
        blocks.retain(cursor.slot)
        unsafe nodes[Int(node)] = Waiting(
            template: template, due: due, round: cursor.round, blockSlot: cursor.slot, next: -1)
        waitingCount += 1
        return node
    }

    private mutating func enqueue(
        _ template: UnsafeMutablePointer<Template>, due: UInt64, inFrontOf connection: Int
    ) {
        let node = unsafe waitingNode(template, due: due)
        if node >= 0 { putBack(node, connection) }
    }

    /// Makes a node the first of a connection's queue.
    private mutating func putBack(_ node: Int32, _ connection: Int) {
        let c = unsafe connections + connection
        unsafe nodes[Int(node)].next = c.pointee.queueHead
        if unsafe c.pointee.queueHead < 0 { unsafe c.pointee.queueTail = node }
        unsafe c.pointee.queueHead = node
    }

    /// Puts the template under the cursor's block into the queue of its connection, or of its target.
    private mutating func enqueue(_ template: UnsafeMutablePointer<Template>, due: UInt64) {
        let node = unsafe waitingNode(template, due: due)
        if node < 0 { return }
        if unsafe template.pointee.flow == Template.free {
            let target = Int(unsafe template.pointee.target)
            if freeTail[target] >= 0 {
                unsafe nodes[Int(freeTail[target])].next = node
            } else {
                freeHead[target] = node
            }
            freeTail[target] = node
        } else {
            let connection = unsafe connections + owner(of: template)
            if unsafe connection.pointee.queueTail >= 0 {
                unsafe nodes[Int(connection.pointee.queueTail)].next = node
            } else {
                unsafe connection.pointee.queueHead = node
            }
            unsafe connection.pointee.queueTail = node
        }
    }

    private mutating func takeNode() -> Int32 {
        if freeNode >= 0 {
            defer { freeNode = unsafe nodes[Int(freeNode)].next }
            return freeNode
        }
        if usedNodes == nodeCapacity {
            if nodeCapacity >= Loop.waitingLimit { return -1 }
            let larger = UnsafeMutablePointer<Waiting>.allocate(capacity: Int(nodeCapacity) * 2)
            unsafe larger.moveInitialize(from: nodes, count: Int(usedNodes))
            unsafe nodes.deallocate()
            unsafe nodes = larger
            nodeCapacity *= 2
        }
        usedNodes += 1
        return usedNodes - 1
    }

    private mutating func giveBack(_ node: Int32) {
        unsafe nodes[Int(node)].next = freeNode
        freeNode = node
        waitingCount -= 1
    }

    /// The next waiting request for a connection: of its own queue, then of its target's.
    private mutating func popWaiting(_ connection: Int) -> Waiting? {
        let c = unsafe connections + connection
        let target = Int(unsafe c.pointee.target)
        while true {
            var node = unsafe c.pointee.queueHead
            if node >= 0 {
                unsafe c.pointee.queueHead = nodes[Int(node)].next
                if unsafe c.pointee.queueHead < 0 { unsafe c.pointee.queueTail = -1 }
            } else {
                node = freeHead[target]
                if node < 0 { return nil }
                freeHead[target] = unsafe nodes[Int(node)].next
                if freeHead[target] < 0 { freeTail[target] = -1 }
            }
            let waiting = unsafe nodes[Int(node)]
            giveBack(node)
            if isOpen && now > waiting.due &+ plan.timeoutNanos {
                count(.unsent, operation: unsafe waiting.template.pointee.operation, due: waiting.due)
                blocks.release(waiting.blockSlot)
                continue
            }
            return waiting
        }
    }

    /// A connection is free: gives it the next request, or puts it on the idle list.
    mutating func serve(_ connection: Int) {
        // Oneway calls leave the connection free at once; the others get their turn after some of them.
        for _ in 0..<64 {
            if isStopping { break }
            if let waiting = popWaiting(connection) {
                if unsafe speaksOtherwise(connection, waiting.template) {
                    // The node that was just given back is free again, so there is room.
                    let node = takeNode()
                    unsafe nodes[Int(node)] = waiting
                    waitingCount += 1
                    putBack(node, connection)
                    reopen(connection)
                    return
                }
                unsafe send(
                    connection, waiting.template, due: isOpen ? waiting.due : now, round: waiting.round,
                    slot: waiting.blockSlot)
            } else if !isOpen, let template = unsafe takeClosed(for: connection) {
                if unsafe speaksOtherwise(connection, template) {
                    unsafe enqueue(template, due: now, inFrontOf: connection)
                    reopen(connection)
                    return
                }
                blocks.retain(cursor.slot)
                unsafe send(connection, template, due: now, round: cursor.round, slot: cursor.slot)
            } else {
                break
            }
            if unsafe connections[connection].state != .idle { return }
        }
        enterIdle(connection)
    }

    /// After a send from the idle state: a oneway call leaves the connection free.
    mutating func settle(_ connection: Int) {
        if unsafe connections[connection].state == .idle { enterIdle(connection) }
    }

    /// Closed loop: the next template of the tape that this connection may send. Those of others go to their queues.
    private mutating func takeClosed(for connection: Int) -> UnsafeMutablePointer<Template>? {
        if let limit = plan.durationNanos, now >= start &+ limit { return nil }
        while hasNext(), let templates = unsafe cursor.templates {
            let template = unsafe templates + cursor.position
            if cursor.round > 0, unsafe template.pointee.laterSequence == Template.refused {
                count(.guardRefused, operation: unsafe template.pointee.operation, due: .max)
                cursor.position += 1
                continue
            }
            let mine =
                unsafe template.pointee.flow == Template.free
                ? unsafe template.pointee.target == connections[connection].target
                : unsafe owner(of: template) == connection
            if mine || waitingCount < Loop.lookahead, unsafe permission(template) != .granted { return nil }
            if mine {
                cursor.position += 1
                second.due += 1
                return unsafe template
            }
            if waitingCount >= Loop.lookahead { return nil }
            cursor.position += 1
            second.due += 1
            unsafe enqueue(template, due: now)
        }
        return nil
    }

    /// Closed loop: serves connections that are idle although there is something to send (at the start, after the tape
    /// fell behind, or when another connection found a request of theirs).
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
            while connection >= 0 {
                let following = unsafe connections[Int(connection)].next
                leaveIdle(Int(connection))
                let before = report.sent
                serve(Int(connection))
                if report.sent == before && waitingCount == 0 && cursor.position >= cursor.count { break }
                // Serving may have put the connection back in front; its old follower is still in the list.
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

    /// Nothing that waits will be sent: in an open loop it came due all the same.
    mutating func dropWaiting() {
        for target in idleHead.indices { failWaiting(target: target, nil) }
        for connection in 0..<connectionCount { failWaiting(connection: connection, nil) }
    }

    /// Ends everything that waits for a connection; `outcome` nil stands for a run that is over.
    mutating func failWaiting(connection: Int, _ outcome: Outcome?) {
        var node = unsafe connections[connection].queueHead
        unsafe connections[connection].queueHead = -1
        unsafe connections[connection].queueTail = -1
        endChain(&node, outcome)
    }

    mutating func failWaiting(target: Int, _ outcome: Outcome?) {
        var node = freeHead[target]
        freeHead[target] = -1
        freeTail[target] = -1
        endChain(&node, outcome)
    }

    private mutating func endChain(_ node: inout Int32, _ outcome: Outcome?) {
        while node >= 0 {
            let waiting = unsafe nodes[Int(node)]
            giveBack(node)
            if outcome != nil || isOpen {
                count(outcome ?? .unsent, operation: unsafe waiting.template.pointee.operation, due: waiting.due)
            } else if second.due > 0 {
                second.due -= 1
            }
            blocks.release(waiting.blockSlot)
            node = waiting.next
        }
    }

    // MARK: Lists

    @inline(__always)
    mutating func enterIdle(_ connection: Int) {
        let c = unsafe connections + connection
        let target = Int(unsafe c.pointee.target)
        let head = idleHead[target]
        unsafe c.pointee.state = .idle
        unsafe c.pointee.previous = -1
        unsafe c.pointee.next = head
        if head >= 0 { unsafe connections[Int(head)].previous = Int32(truncatingIfNeeded: connection) }
        idleHead[target] = Int32(truncatingIfNeeded: connection)
    }

    @inline(__always)
    mutating func leaveIdle(_ connection: Int) {
        let c = unsafe connections + connection
        let (previous, next) = unsafe (c.pointee.previous, c.pointee.next)
        if previous >= 0 {
            unsafe connections[Int(previous)].next = next
        } else {
            idleHead[Int(unsafe c.pointee.target)] = next
        }
        if next >= 0 { unsafe connections[Int(next)].previous = previous }
    }
}
