import Metrics

/// Connections that are opened and closed as they were when the tape was recorded: each flow opens its own when its first
/// request is due, and closes it after the reply to its last one.
extension Loop {
    /// The connection of a flow, which takes the request under the cursor's block; nil when the request was put into a
    /// queue here: that of a connection which is being opened, or that of the flows which wait for one.
    mutating func recordedConnection(_ template: UnsafeMutablePointer<Template>, due: UInt64) -> Int? {
        let key = unsafe RecordedConnections.key(template.pointee.flow, round: cursor.round)
        let ends = unsafe template.pointee.endsFlow
        if let connection = recorded.places[key] {
            if ends { unsafe connections[connection].hasEnded = true }
            return connection
        }
        let target = Int(unsafe template.pointee.target)
        if recorded.waiting[key] == nil, let connection = recorded.take(key, target: target) {
            unsafe connections[connection].hasEnded = ends
            // It may fail at once: the request must fail with it.
            unsafe enqueue(template, due: due, connection)
            unestablished += 1
            connect(connection)
        } else {
            let node = unsafe waitingNode(template, due: due)
            unsafe recorded.wait(key, target: target, node: node, ends: ends, nodes)
        }
        return nil
    }

    /// The template under the cursor will not be sent: if it was the last one of its flow, nothing more will come.
    mutating func skipRecorded(_ template: UnsafeMutablePointer<Template>) {
        guard plan.recordsConnections, unsafe template.pointee.endsFlow else { return }
        let key = unsafe RecordedConnections.key(template.pointee.flow, round: cursor.round)
        recorded.end(key)
        if let connection = recorded.places[key] {
            unsafe connections[connection].hasEnded = true
            _ = closeIfDone(connection)
        }
    }

    /// Closes the connection of a flow of which nothing is left, and gives its place to the next flow. False when it goes
    /// on.
    mutating func closeIfDone(_ connection: Int) -> Bool {
        let c = unsafe connections + connection
        guard unsafe c.pointee.hasEnded && c.pointee.flightCount == 0 && c.pointee.queueHead < 0 else { return false }
        if unsafe c.pointee.isListed { leaveIdle(connection) }
        if unsafe c.pointee.state == .down || c.pointee.state == .connecting {
            unestablished -= 1
        } else {
            closeSecurity(connection, saysGoodbye: true)
        }
        closeSocket(connection)
        unsafe c.pointee.state = .down
        unsafe c.pointee.retryAt = .max
        unsafe c.pointee.hasEnded = false
        unsafe c.pointee.failures = 0
        let target = Int(unsafe c.pointee.target)
        if let flow = recorded.release(connection, target: target, toNext: !isStopping) {
            unsafe c.pointee.hasEnded = flow.hasEnded
            unsafe c.pointee.queueHead = flow.head
            unsafe c.pointee.queueTail = flow.tail
            // Opened by the loop's next turn: one that fails at once must not lead to the next one here.
            unsafe c.pointee.retryAt = now
            unestablished += 1
        }
        return true
    }

    /// While flows wait: ends the requests whose time is over, and, when the tape has ended, the flows whose last request
    /// was never to be sent.
    mutating func sweepRecorded() {
        if now < nextSweep { return }
        nextSweep = now &+ 10_000_000
        let (now, nodes) = unsafe (now, nodes)
        for node in unsafe recorded.takeExpired(
            nodes,
            isOver: { node in
                let waiting = unsafe nodes + Int(node)
                return unsafe now > waiting.pointee.due &+ waiting.pointee.template.pointee.timeoutNanos
            })
        {
            unsafe nodes[Int(node)].next = -1
            endChain(node, .unsent, isAdmitted: false)
        }
        if !cursor.isFinished { return }
        for connection in 0..<connectionCount where recorded.keys[connection] != RecordedConnections.nobody {
            unsafe connections[connection].hasEnded = true
            _ = closeIfDone(connection)
        }
    }
}
