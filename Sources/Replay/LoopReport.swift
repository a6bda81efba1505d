import Metrics

/// What was due while the run warmed up; of what ended, only what is not on a page of the warm-up.
struct WarmUpCounts: Sendable {
    var sent: UInt64 = 0
    var tagged: UInt64 = 0
    var wireFaults: UInt64 = 0
    var answered: UInt64 = 0
    var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)

    mutating func add(_ other: WarmUpCounts) {
        sent += other.sent
        tagged += other.tagged
        wireFaults += other.wireFaults
        answered += other.answered
        for index in outcomes.indices { outcomes[index] += other.outcomes[index] }
    }
}

/// What one loop leaves behind besides its pages: handed over when its thread has ended, and at the end of each part of
/// a run whose result is written in parts. Each says what came after the one before.
struct LoopReport: Sendable {
    /// Index of the loop.
    var loop = 0
    /// Plain connections went through io_uring.
    var hadRing = false
    var sent: UInt64 = 0
    var answered: UInt64 = 0
    var tagged: UInt64 = 0
    /// Index: that of the target.
    var sentByTarget: [UInt64] = []
    /// Sends of requests that had been sent before.
    var retries: UInt64 = 0
    var tlsHandshakes: UInt64 = 0
    /// Of the handshakes, those that went on with a session of before.
    var tlsResumed: UInt64 = 0
    /// By reason.
    var tlsErrors: [String: UInt64] = [:]
    /// By operation: what the capped rate had no room for.
    var tooFast: [UInt16: UInt64] = [:]
    var wireFaults: UInt64 = 0
    var bytesSent: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var connectionsOpened: UInt64 = 0
    var runTapeDropped: UInt64 = 0
    /// The loop stood ready and had nothing to send, because the tape was not read fast enough.
    var starvedNanos: UInt64 = 0
    /// Index: ``Loop/Fault``'s raw value.
    var faults = InlineArray<5, UInt64>(repeating: 0)
    var rounds: UInt32 = 0
    var endNanos: UInt64 = 0
    var warmUp = WarmUpCounts()
    var slowest: [SlowExchange] = []
    var worst: [FailedConnection] = []
    /// With recorded connections: how many there were at the same time, and flows that waited for one.
    var connectionsPeak = 0
    var waitedFlows: UInt64 = 0

    /// Adds what the same loop did afterwards.
    ///
    /// - Parameter keepSlowest: how many of the slowest exchanges are kept.
    mutating func add(_ later: LoopReport, keepSlowest: Int) {
        hadRing = hadRing || later.hadRing
        sent += later.sent
        answered += later.answered
        tagged += later.tagged
        if sentByTarget.count < later.sentByTarget.count {
            sentByTarget += .init(repeating: 0, count: later.sentByTarget.count - sentByTarget.count)
        }
        for (index, count) in later.sentByTarget.enumerated() { sentByTarget[index] += count }
        retries += later.retries
        tlsHandshakes += later.tlsHandshakes
        tlsResumed += later.tlsResumed
        tlsErrors.merge(later.tlsErrors, uniquingKeysWith: +)
        tooFast.merge(later.tooFast, uniquingKeysWith: +)
        wireFaults += later.wireFaults
        bytesSent &+= later.bytesSent
        bytesReceived += later.bytesReceived
        connectionsOpened += later.connectionsOpened
        runTapeDropped += later.runTapeDropped
        starvedNanos += later.starvedNanos
        for index in faults.indices { faults[index] += later.faults[index] }
        rounds = max(rounds, later.rounds)
        endNanos = max(endNanos, later.endNanos)
        warmUp.add(later.warmUp)
        slowest = Array((slowest + later.slowest).sorted { $0.elapsedNanos > $1.elapsedNanos }.prefix(keepSlowest))
        worst = Array((worst + later.worst).sorted { $0.failures > $1.failures }.prefix(RunResult.worstConnections))
        connectionsPeak = max(connectionsPeak, later.connectionsPeak)
        waitedFlows += later.waitedFlows
    }
}
