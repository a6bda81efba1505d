import EventLoop
import Metrics

/// A connection on which requests failed.
struct FailedConnection: Sendable {
    var target: Int
    var localPort: UInt16
    /// Monotonic; 0 for never.
    var openedAt: UInt64
    var closedAt: UInt64
    var requests: UInt64
    var failed: InlineArray<18, UInt32>
    var failures: UInt64
}

/// The connections of a loop on which most requests failed.
struct WorstConnections {
    private(set) var list: [FailedConnection] = []
    /// What has no more failures than this need not be shown to it.
    private(set) var threshold: UInt64 = 0

    mutating func insert(_ connection: FailedConnection) {
        let place = list.firstIndex { $0.failures < connection.failures } ?? list.count
        list.insert(connection, at: place)
        if list.count > RunResult.worstConnections { list.removeLast() }
        if list.count == RunResult.worstConnections { threshold = list[list.count - 1].failures }
    }
}

extension Loop {
    /// A request failed on a connection, or because it could not be opened.
    @inline(__always)
    mutating func countFailure(_ outcome: Outcome, of connection: Int) {
        unsafe connections[connection].failed[Int(outcome.rawValue)] &+= 1
    }

    /// The books of a connection that is opened anew.
    func beginConnection(_ connection: Int) {
        let c = unsafe connections + connection
        unsafe c.pointee.openedAt = 0
        unsafe c.pointee.requestsBefore = c.pointee.requests
        unsafe c.pointee.failed = InlineArray(repeating: 0)
    }

    /// Keeps the books of a connection that is about to be closed, or stands at the end, when they are among the worst.
    mutating func endConnection(_ connection: Int, isClosed: Bool = true) {
        let c = unsafe connections + connection
        var failures: UInt64 = 0
        for index in 0..<18 { unsafe failures += UInt64(c.pointee.failed[index]) }
        if failures <= worst.threshold { return }
        let fd = unsafe c.pointee.fd
        let target = plan.firstTarget + Int(unsafe c.pointee.target)
        worst.insert(
            unsafe FailedConnection(
                target: target, localPort: fd < 0 ? 0 : Socket.localAddress(of: fd)?.port ?? 0,
                openedAt: c.pointee.openedAt, closedAt: isClosed ? now : 0,
                requests: c.pointee.requests &- c.pointee.requestsBefore, failed: c.pointee.failed, failures: failures))
        unsafe c.pointee.failed = InlineArray(repeating: 0)
    }
}
