import CLinux
import Metrics

/// Requests that wait for a connection, and the connections that wait for a request.
extension Loop {
    /// A node for the template under the cursor's block; below 0, and the request is counted, when there is no room.
    mutating func waitingNode(_ template: UnsafeMutablePointer<Template>, due: UInt64) -> Int32 {
        let node = takeNode()
        if node < 0 {
            count(.unsent, operation: unsafe template.pointee.operation, due: due)
            return node
        }
        blocks.retain(cursor.slot)
        unsafe nodes[Int(node)] = Waiting(
            template: template, bytes: template.pointee.bytes, due: due, round: cursor.round, blockSlot: cursor.slot,
            next: -1,
            overlap: Int32(template.pointee.overlap))
        waitingCount += 1
        return node
    }

    mutating func enqueue(
        _ template: UnsafeMutablePointer<Template>, due: UInt64, inFrontOf connection: Int
    ) {
        let node = unsafe waitingNode(template, due: due)
        if node >= 0 { putBack(node, connection) } else { unsafe leaveFlow(template, connection, cursor.round) }
    }

    /// Makes a node the first of a connection's queue.
    mutating func putBack(_ node: Int32, _ connection: Int) {
        let c = unsafe connections + connection
        unsafe nodes[Int(node)].next = c.pointee.queueHead
        if unsafe c.pointee.queueHead < 0 { unsafe c.pointee.queueTail = node }
        unsafe c.pointee.queueHead = node
    }

    /// Puts the template under the cursor's block into the queue of its connection, or of its target.
    mutating func enqueue(_ template: UnsafeMutablePointer<Template>, due: UInt64, _ owner: Int) {
        let node = unsafe waitingNode(template, due: due)
        if owner >= 0 {
            if node >= 0 { append(node, owner) } else { unsafe leaveFlow(template, owner, cursor.round) }
            return
        }
        if node >= 0 {
            appendFree(node, Int(unsafe template.pointee.target))
        } else {
            unsafe leaveFlow(template, owner, cursor.round)
        }
    }

    /// Makes a node the last of a target's queue.
    private mutating func appendFree(_ node: Int32, _ target: Int) {
        unsafe nodes[Int(node)].next = -1
        if freeTail[target] >= 0 {
            unsafe nodes[Int(freeTail[target])].next = node
        } else {
            freeHead[target] = node
        }
        freeTail[target] = node
    }

    /// Makes a node the last of a connection's queue.
    private mutating func append(_ node: Int32, _ connection: Int) {
        let c = unsafe connections + connection
        unsafe nodes[Int(node)].next = -1
        if unsafe c.pointee.queueTail >= 0 {
            unsafe nodes[Int(c.pointee.queueTail)].next = node
        } else {
            unsafe c.pointee.queueHead = node
        }
        unsafe c.pointee.queueTail = node
    }

    mutating func takeNode() -> Int32 {
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
    mutating func popWaiting(_ connection: Int) -> Waiting? {
        let c = unsafe connections + connection
        let target = Int(unsafe c.pointee.target)
        while true {
            var node = unsafe c.pointee.queueHead
            if node >= 0 {
                unsafe c.pointee.queueHead = nodes[Int(node)].next
                if unsafe c.pointee.queueHead < 0 { unsafe c.pointee.queueTail = -1 } else { prefetchNext(connection) }
            } else {
                node = freeHead[target]
                if node < 0 { return nil }
                freeHead[target] = unsafe nodes[Int(node)].next
                if freeHead[target] < 0 { freeTail[target] = -1 }
            }
            let waiting = unsafe nodes[Int(node)]
            giveBack(node)
            if isOpen, now > waiting.due &+ (unsafe waiting.template.pointee.timeoutNanos) {
                count(
                    waiting.failure ?? .unsent, operation: unsafe waiting.template.pointee.operation, due: waiting.due)
                unsafe forgetValues(waiting.template, waiting.round, waiting.blockSlot)
                unsafe leaveFlow(waiting.template, connection, waiting.round)
                blocks.release(waiting.blockSlot)
                continue
            }
            return waiting
        }
    }

    /// Lets the processor fetch what the connection will send next, while it does something else.
    @inline(__always)
    func prefetchNext(_ connection: Int) {
        let node = unsafe connections[connection].queueHead
        if node < 0 { return }
        let waiting = unsafe nodes + Int(node)
        let (template, bytes) = unsafe (UnsafeRawPointer(waiting.pointee.template), waiting.pointee.bytes)
        for line in 0..<3 { unsafe tinct_prefetch(template + 64 * line) }
        for line in 0..<8 { unsafe tinct_prefetch(bytes + 64 * line) }
    }

    // MARK: Order

    /// Whether the template must keep an order that its connection does not keep for it: that of its lane over several
    /// connections, or that of its flow among others on one connection.
    @inline(__always)
    func isOrderedHere(_ template: UnsafeMutablePointer<Template>, _ owner: Int) -> Bool {
        if unsafe template.pointee.lane != Template.free { return true }
        return unsafe placeBits > 0 && owner >= 0 && connections[owner].window > 1
    }

    @inline(__always)
    private func orderKey(_ template: UnsafeMutablePointer<Template>, _ round: UInt32) -> UInt32 {
        let lane = unsafe template.pointee.lane
        if lane == Template.free { return unsafe template.pointee.flow }
        return plan.hasLanesPerRound ? (lane &+ round &* 0x9E37_79B1) & 0x7FFF_FFFF : lane
    }

    /// Whether the template must wait for replies to its predecessors; else it counts as in flight from here on.
    @inline(__always)
    mutating func mustWait(_ template: UnsafeMutablePointer<Template>, _ owner: Int) -> Bool {
        guard unsafe isOrderedHere(template, owner) else { return false }
        return unsafe !flows.admit(orderKey(template, cursor.round), overlap: Int32(template.pointee.overlap))
    }

    /// Lets the template under the cursor's block wait for its predecessors.
    mutating func park(_ template: UnsafeMutablePointer<Template>, due: UInt64) {
        let node = unsafe waitingNode(template, due: due)
        if node >= 0 { unsafe flows.park(node, orderKey(template, cursor.round), nodes) }
    }

    /// A request that was admitted is not in flight any more: others behind it may be next.
    @inline(__always)
    mutating func leaveFlow(_ template: UnsafeMutablePointer<Template>, _ connection: Int, _ round: UInt32) {
        let owner = unsafe template.pointee.flow == Template.free ? -1 : connection
        guard unsafe isOrderedHere(template, owner) else { return }
        let key = unsafe orderKey(template, round)
        if plan.thinkNanos > 0 {
            thinking.add(key, wakeAt: now &+ plan.thinkNanos)
            return
        }
        if flows.leave(key) { admitParked(owner) }
    }

    /// Lets those who have thought long enough go on.
    mutating func wakeUsers() {
        while let lane = thinking.take(now) {
            if flows.leave(lane) { admitParked(-1) }
        }
    }

    private mutating func admitParked(_ owner: Int) {
        while case let node = unsafe flows.next(nodes), node >= 0 {
            if owner >= 0 {
                append(node, owner)
            } else {
                appendFree(node, Int(unsafe nodes[Int(node)].template.pointee.target))
                hasReady = true
            }
        }
    }

    /// Gives what its predecessors held back to connections that are idle.
    mutating func serveReady() {
        hasReady = false
        for target in idleHead.indices {
            while freeHead[target] >= 0 && idleHead[target] >= 0 && !isStopping {
                let before = waitingCount
                serve(Int(idleHead[target]))
                if waitingCount >= before { break }
            }
        }
    }

    // MARK: Giving up

    /// Nothing that waits will be sent: in an open loop it came due all the same.
    mutating func dropWaiting() {
        for chain in recorded.takeAll() { endChain(chain, nil, isAdmitted: false) }
        while case let chain = flows.takeParked(), chain >= 0 { endChain(chain, nil, isAdmitted: false) }
        for target in idleHead.indices { failWaiting(target: target, nil) }
        for connection in 0..<connectionCount { failWaiting(connection: connection, nil) }
    }

    /// Ends everything that waits for a connection; `outcome` nil stands for a run that is over.
    mutating func failWaiting(connection: Int, _ outcome: Outcome?) {
        // Each one that ends may bring forward another one of its flow.
        var kept: (head: Int32, tail: Int32) = (-1, -1)
        while case let node = unsafe connections[connection].queueHead, node >= 0 {
            unsafe connections[connection].queueHead = -1
            unsafe connections[connection].queueTail = -1
            endChain(
                setAside(node, outcome, &kept, charged: true), outcome, isAdmitted: true, connection: connection)
        }
        unsafe connections[connection].queueHead = kept.head
        unsafe connections[connection].queueTail = kept.tail
    }

    /// - Parameter charged: whether it takes an attempt from those that are tried again.
    mutating func failWaiting(target: Int, _ outcome: Outcome?, charged: Bool = true) {
        var kept: (head: Int32, tail: Int32) = (-1, -1)
        while case let node = freeHead[target], node >= 0 {
            freeHead[target] = -1
            freeTail[target] = -1
            endChain(setAside(node, outcome, &kept, charged: charged), outcome, isAdmitted: true)
        }
        freeHead[target] = kept.head
        freeTail[target] = kept.tail
    }

    /// - Parameter connection: what they waited for, where it was one.
    mutating func endChain(_ first: Int32, _ outcome: Outcome?, isAdmitted: Bool, connection: Int = -1) {
        var node = first
        while node >= 0 {
            let waiting = unsafe nodes[Int(node)]
            giveBack(node)
            let ended = outcome ?? waiting.failure
            if ended != nil || isOpen {
                count(ended ?? .unsent, operation: unsafe waiting.template.pointee.operation, due: waiting.due)
                if connection >= 0, let ended { countFailure(ended, of: connection) }
            } else if second.due > 0 {
                second.due -= 1
            }
            unsafe forgetValues(waiting.template, waiting.round, waiting.blockSlot)
            if isAdmitted { unsafe leaveFlow(waiting.template, owner(of: waiting.template), waiting.round) }
            blocks.release(waiting.blockSlot)
            node = waiting.next
        }
    }

    // MARK: Lists

    /// Connections with nothing in flight stand first, the most recently used one foremost; those that only have room for
    /// more stand last, so that they take turns.
    @inline(__always)
    mutating func enterIdle(_ connection: Int) {
        let c = unsafe connections + connection
        let index = Int32(truncatingIfNeeded: connection)
        let target = Int(unsafe c.pointee.target)
        unsafe c.pointee.state = .idle
        unsafe c.pointee.isListed = true
        if unsafe c.pointee.flightCount == 0 {
            let head = idleHead[target]
            unsafe c.pointee.previous = -1
            unsafe c.pointee.next = head
            if head >= 0 { unsafe connections[Int(head)].previous = index } else { idleTail[target] = index }
            idleHead[target] = index
        } else {
            let tail = idleTail[target]
            unsafe c.pointee.next = -1
            unsafe c.pointee.previous = tail
            if tail >= 0 { unsafe connections[Int(tail)].next = index } else { idleHead[target] = index }
            idleTail[target] = index
        }
    }

    @inline(__always)
    mutating func leaveIdle(_ connection: Int) {
        let c = unsafe connections + connection
        let target = Int(unsafe c.pointee.target)
        let (previous, next) = unsafe (c.pointee.previous, c.pointee.next)
        unsafe c.pointee.isListed = false
        if previous >= 0 { unsafe connections[Int(previous)].next = next } else { idleHead[target] = next }
        if next >= 0 { unsafe connections[Int(next)].previous = previous } else { idleTail[target] = previous }
    }
}
