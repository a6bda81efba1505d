import EventLoop
import Glibc
import Metrics

/// Transfers through io_uring, for plain connections: receiving always, and sending where a request is alone on its
/// connection. Several in flight are gathered for one send(2) anyhow, TLS needs the socket itself, and connecting and
/// waiting for room are seldom: all that goes through the poller, which the ring watches.
extension Loop {
    /// A ring when the plan wants one and it is of use; throws when it insists on one that cannot be had.
    static func ring(for plan: LoopPlan) throws(SystemError) -> Ring? {
        if plan.pools.allSatisfy({ $0.security != nil }) { return nil }
        switch plan.transfers {
        case .epoll: return nil
        case .ioUring: return try Ring()
        case .automatic:
            do throws(SystemError) { return try Ring() } catch { return nil }
        }
    }

    private static var pollerToken: UInt64 { .max }
    private static var sendMark: UInt64 { 1 << 63 }

    /// Names a connection and its present socket.
    @inline(__always)
    private func token(_ connection: Int) -> UInt64 {
        let number = unsafe connections[connection].socketNumber & 0x3FFF_FFFF
        return UInt64(number) << 32 | UInt64(truncatingIfNeeded: connection)
    }

    mutating func receiveThroughRing(_ connection: Int) {
        let token = token(connection)
        unsafe ring?.receive(from: connections[connection].fd, token: token)
    }

    /// Lets a request go out with the ring's next turn; false when it must be written otherwise. It is alone on its
    /// connection, so no other one follows it before its reply has come.
    @inline(__always)
    mutating func stage(_ connection: Int, _ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let c = unsafe connections + connection
        let token = token(connection) | Loop.sendMark
        guard stagedCount < Ring.sendLimit, let copy = unsafe ring?.stage(c.pointee.fd, bytes, length, token: token)
        else { return false }
        unsafe c.pointee.staged = copy
        unsafe c.pointee.stagedLength = length
        unsafe staged[stagedCount] = Int32(truncatingIfNeeded: connection)
        stagedCount += 1
        report.bytesSent += UInt64(length)
        return true
    }

    /// Submits what was staged, and works off what has come.
    mutating func turnRing(timeoutNanos: UInt64) {
        if !isPollerWatched {
            ring?.watch(poller.descriptor, token: Loop.pollerToken)
            isPollerWatched = true
        }
        if stagedCount > 0 { stampStaged() }
        let count = ring?.turn(timeoutNanos: timeoutNanos) ?? 0
        if count == 0 { return }
        // All of it had come when the kernel returned.
        now = Clock.monotonicNanos()
        for index in 0..<count {
            guard let completion = ring?.completion(at: index) else { break }
            if index + 1 < count, let following = ring?.completion(at: index + 1) {
                let connection = Int(truncatingIfNeeded: following.token & 0xFFFF_FFFF)
                if connection < connectionCount { prefetchNext(connection) }
            }
            complete(completion)
        }
        ring?.finish(count)
    }

    /// Requests are sent now, and not when they were staged.
    @inline(__always)
    private mutating func stampStaged() {
        let sentAt = Clock.monotonicNanos()
        for index in 0..<stagedCount {
            let flight = unsafe connections[Int(staged[index])].firstFlight
            if flight >= 0 { unsafe flights[Int(flight)].sentAt = sentAt }
        }
        stagedCount = 0
    }

    @inline(__always)
    private mutating func complete(_ completion: Ring.Completion) {
        let token = completion.token
        if token == Loop.pollerToken {
            isPollerWatched = false
            poll(timeoutNanos: 0)
            return
        }
        let connection = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
        let c = unsafe connections + connection
        let isCurrent = token & ~Loop.sendMark == self.token(connection)
        if token & Loop.sendMark != 0 {
            if isCurrent { sendFailed(connection, completion.result) }
            return
        }
        if isCurrent, unsafe completion.bytes != nil, completion.result > 0 {
            takeIn(connection, completion)
        } else {
            ring?.giveBack(completion)
        }
        // Lost, or opened anew, meanwhile?
        if unsafe completion.goesOn || token != self.token(connection) || !c.pointee.isInRing { return }
        let result = completion.result
        if result > 0 || result == -Int(ENOBUFS) || result == -Int(EINTR) || result == -Int(EAGAIN) {
            receiveThroughRing(connection)
        } else if result == 0 {
            streamEnded(connection)
        } else {
            loseBroken(connection, result)
        }
    }

    /// Moves what has come behind what the connection already holds, and looks at it.
    @inline(__always)
    private mutating func takeIn(_ connection: Int, _ completion: Ring.Completion) {
        let c = unsafe connections + connection
        let count = completion.result
        if unsafe c.pointee.capacity - c.pointee.end < count,
            case .ended = needMore(connection, atLeast: unsafe c.pointee.end - c.pointee.begin + count)
        {
            ring?.giveBack(completion)
            return
        }
        if let bytes = unsafe completion.bytes {
            unsafe memcpy(c.pointee.buffer + c.pointee.end, bytes, count)
        }
        ring?.giveBack(completion)
        accept(connection, count)
    }

    /// Not all of a staged request was taken: goes on as after a write that was not.
    private mutating func sendFailed(_ connection: Int, _ result: Int) {
        let c = unsafe connections + connection
        guard let bytes = unsafe c.pointee.staged else { return }
        let length = unsafe c.pointee.stagedLength
        // It may have been counted before a part of the run ended.
        report.bytesSent &-= UInt64(length)
        unsafe sendRest(connection, bytes, length, result)
    }

    /// Ends what the ring does for a connection whose socket is about to be closed.
    mutating func leaveRing(_ connection: Int) {
        let c = unsafe connections + connection
        // What is staged for this descriptor must not meet another socket that gets its number.
        if ring?.hasPending ?? false { ring?.submit() }
        // The poller forgets a socket when it is closed for good, which may be later.
        if unsafe c.pointee.awaitsWritable { try? poller.remove(unsafe c.pointee.fd) }
        // Receiving holds the socket open; this ends it.
        unsafe Socket.shutDown(c.pointee.fd)
        unsafe c.pointee.isInRing = false
        unsafe c.pointee.staged = nil
        unsafe c.pointee.socketNumber &+= 1
    }
}
