import EventLoop
import Glibc
import Metrics

/// Opening, losing and reopening connections.
extension Loop {
    mutating func connectAll() {
        now = Clock.monotonicNanos()
        // Flows open theirs when they begin.
        if plan.recordsConnections { return }
        for connection in 0..<connectionCount { connect(connection) }
        let deadline = now &+ min(plan.connectNanos, 3_000_000_000)
        while now < deadline, (0..<connectionCount).contains(where: { unsafe connections[$0].state == .connecting }) {
            pollOnce(timeoutNanos: 1_000_000)
            now = Clock.monotonicNanos()
        }
    }

    /// Before the start: opens again what could not be opened, as the back-off says.
    mutating func keepConnecting() {
        if unestablished > 0 { expire() }
    }

    mutating func connect(_ connection: Int) {
        let c = unsafe connections + connection
        unsafe c.pointee.retryAt = now
        beginConnection(connection)
        do throws(SystemError) {
            let fd = try Socket.connect(to: plan.pools[Int(unsafe c.pointee.target)].address)
            unsafe c.pointee.fd = fd
            unsafe c.pointee.state = .connecting
            unsafe c.pointee.awaitsWritable = true
            try poller.add(fd, token: UInt64(connection), interest: .writable)
        } catch {
            connectFailed(connection, Loop.outcome(ofConnectError: error.code))
        }
    }

    private static func outcome(ofConnectError code: Int32) -> Outcome {
        switch code {
        case ETIMEDOUT: .connectTimeout
        case ECONNRESET: .reset
        default: .refused
        }
    }

    /// Leaves a connection alone for a while.
    private mutating func pause(_ connection: Int) {
        let c = unsafe connections + connection
        closeSocket(connection)
        unsafe c.pointee.state = .down
        unsafe c.pointee.failures = min(30, c.pointee.failures + 1)
        unsafe c.pointee.retryAt =
            now
            &+ Backoff.nanos(
                failures: c.pointee.failures, seed: plan.seed &+ UInt64(plan.index * connectionCount + connection))
    }

    mutating func connectFailed(_ connection: Int, _ outcome: Outcome) {
        let c = unsafe connections + connection
        failWaiting(connection: connection, outcome)
        pause(connection)
        if plan.recordsConnections && closeIfDone(connection) { return }
        let target = Int(unsafe c.pointee.target)
        if isUp(target) { return }
        // All connections fail together, which is one attempt.
        failWaiting(target: target, outcome, charged: connection == poolStart[target])
        // A closed loop has no due times: each failed attempt stands for one request.
        if !isOpen && start > 0 && !isStopping, hasNext(), let templates = unsafe cursor.templates,
            Int(unsafe templates[cursor.position].target) == target
        {
            passOver(outcome)
        }
    }

    /// Whether any connection of a target stands.
    private func isUp(_ target: Int) -> Bool {
        (poolStart[target]..<poolStart[target + 1]).contains {
            unsafe connections[$0].state == .idle || connections[$0].state == .busy
        }
    }

    mutating func becameWritable(_ connection: Int) {
        let c = unsafe connections + connection
        if unsafe c.pointee.state == .connecting {
            if unsafe c.pointee.tls != nil {
                continueHandshake(connection)
                return
            }
            let code = Socket.connectionError(of: unsafe c.pointee.fd)
            if code != 0 {
                connectFailed(connection, Loop.outcome(ofConnectError: code))
                return
            }
            if let endpoint = plan.pools[Int(unsafe c.pointee.target)].security {
                beginHandshake(connection, endpoint)
            } else {
                established(connection)
            }
            return
        }
        let hasOneways = unsafe c.pointee.window > 1 || c.pointee.reply == .none
        writeOutput(connection, completesOneways: hasOneways)
    }

    /// The connection stands, and its TLS if it has any.
    mutating func established(_ connection: Int) {
        let c = unsafe connections + connection
        unsafe c.pointee.isInRing = ring != nil && c.pointee.tls == nil
        guard setInterest(connection, .readable) else { return }
        if unsafe c.pointee.isInRing { receiveThroughRing(connection) }
        unsafe c.pointee.awaitsWritable = false
        unsafe c.pointee.state = .idle
        unestablished -= 1
        report.connectionsOpened += 1
        unsafe c.pointee.openedAt = now
        if start > 0 { serve(connection) } else { enterIdle(connection) }
    }

    mutating func setInterest(_ connection: Int, _ interest: Poller.Interest) -> Bool {
        do throws(SystemError) {
            if unsafe connections[connection].isInRing {
                // What can be read comes from the ring. Room to write, which is seldom waited for, comes from the poller.
                let fd = unsafe connections[connection].fd
                if interest.contains(.writable) {
                    try poller.add(fd, token: UInt64(connection), interest: .writable)
                } else {
                    try poller.remove(fd)
                }
                return true
            }
            try poller.modify(unsafe connections[connection].fd, token: UInt64(connection), interest: interest)
            return true
        } catch {
            lose(connection, .reset)
            return false
        }
    }

    /// Ends the requests in flight, and opens the connection anew: at once after a reply, else after a pause, so that a
    /// target that takes connections and drops them is not stormed.
    mutating func lose(_ connection: Int, _ outcome: Outcome) {
        let c = unsafe connections + connection
        if outcome == .reset || outcome == .tlsError {
            if plan.patience.retries > 0 && !isStopping { sendAgain(connection, outcome) }
            finishAll(connection, outcome)
            if unsafe c.pointee.failures > 0 && !isStopping {
                if unsafe c.pointee.isListed { leaveIdle(connection) }
                if plan.recordsConnections && closeIfDone(connection) { return }
                unestablished += 1
                pause(connection)
                return
            }
            unsafe c.pointee.failures = 1
        } else {
            finishAll(connection, outcome)
        }
        reopen(connection)
    }

    /// Closes a connection that stood, and connects again at once.
    mutating func reopen(_ connection: Int) {
        if plan.recordsConnections && closeIfDone(connection) { return }
        if unsafe connections[connection].isListed { leaveIdle(connection) }
        closeSocket(connection)
        unsafe connections[connection].state = .down
        unestablished += 1
        if isStopping {
            unsafe connections[connection].retryAt = .max
            return
        }
        connect(connection)
    }

    mutating func closeSocket(_ connection: Int) {
        let c = unsafe connections + connection
        endConnection(connection)
        closeSecurity(connection, saysGoodbye: false)
        if unsafe c.pointee.isInRing { leaveRing(connection) }
        if unsafe c.pointee.fd >= 0 { unsafe Socket.close(c.pointee.fd) }
        unsafe c.pointee.fd = -1
        unsafe c.pointee.begin = 0
        unsafe c.pointee.end = 0
        unsafe c.pointee.outBegin = 0
        unsafe c.pointee.outEnd = 0
        unsafe c.pointee.phase = .head
        unsafe c.pointee.reply = .none
        unsafe c.pointee.speech = 0
        unsafe c.pointee.awaitsWritable = false
        unsafe c.pointee.keepsAlive = true
    }

    /// Ends attempts that have taken too long, and begins those whose pause is over.
    mutating func expire() {
        for connection in 0..<connectionCount {
            let c = unsafe connections + connection
            if unsafe c.pointee.state == .connecting, now >= (unsafe c.pointee.retryAt) &+ plan.connectNanos {
                connectFailed(connection, .connectTimeout)
            } else if unsafe c.pointee.state == .down, now >= (unsafe c.pointee.retryAt), !isStopping {
                connect(connection)
            }
        }
    }

    /// The run is over: what is still in flight has not been answered.
    mutating func abandonInFlight() {
        for connection in 0..<connectionCount where unsafe connections[connection].flightCount > 0 {
            lose(connection, .noReply)
        }
    }
}
