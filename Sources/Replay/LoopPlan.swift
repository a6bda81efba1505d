import Bytes
import EventLoop
import Metrics
import Pacing
import Signing
import Synchronization

/// What every loop of a run is told; the same for all.
struct LoopPlan: Sendable {
    struct Pool: Sendable {
        var address: SocketAddress
        /// Nil without TLS.
        var security: TLSEndpoint?
        var connections: Int
        /// Requests that may be in flight on one connection.
        var window = 1
    }

    /// One for each target.
    var pools: [Pool]
    var pace: PaceProgram
    var isOpenLoop: Bool
    /// What is due before this is sent and not measured; counted from the start.
    var warmUpNanos: UInt64
    var books: LoopPages
    /// Sends due at or after this, counted from the start, are not due any more; nil: the tape's end decides.
    var durationNanos: UInt64?
    var patience: Patience
    /// Index of this loop and number of loops.
    var index: Int
    var loops: Int
    /// For fresh identities.
    var seed: UInt64
    /// What requests are signed with; nil when none is.
    var finishing: Finishing?
    var eventTime: EventTimeMode
    /// A lane of one round does not wait for that of another.
    var hasLanesPerRound = false
    /// Of a closed loop of users; 0 for none.
    var users = 0
    var thinkNanos: UInt64 = 0
    /// Each connection carries one request.
    var opensForEach = false
    /// Each recorded flow opens and closes its own connection.
    var recordsConnections = false
    /// Requests take values from earlier replies.
    var hasBindings = false
    /// Whole replies are kept until they are judged or written down.
    var keepsReplies: Bool
    var timeoutNanos: UInt64 { patience.exchangeNanos }
    var connectNanos: UInt64 { patience.connectNanos ?? patience.exchangeNanos }
    /// What may still be sent; nil: nothing is capped.
    var allowances: Allowances?
    /// How bytes get to the sockets and back.
    var transfers = Transfers.automatic
    var dueWatch = DueWatch.Mode.automatic
    /// How many of the slowest exchanges are kept.
    var keepSlowest: Int
    /// How often in a second the loop hands its books over.
    var ticksPerSecond = 1
    /// After so many ticks a part of the run ends; nil: it has only one.
    var partTicks: Int?
    /// 0 for the primary, else a mirror.
    var leg = 0
    /// Its first target and its first connection, among those of all loops of the run, the mirrors' too.
    var firstTarget = 0
    var firstConnection = 0
}

/// What requests are finished with: see ``Finisher``.
struct Finishing: Sendable {
    var keys: [SigningKey]
    var tokens: [TokenSource]
    /// For nonces: another number in each run.
    var seed: UInt64
}

/// What the threads of a run tell each other: those of the primary, or of one mirror.
final class RunControl: Sendable {
    /// Loops that are connected (or have given up on it).
    let ready = Atomic<Int>(0)
    /// Monotonic ns; 0 until the run begins.
    let start = Atomic<UInt64>(0)
    let isStopped = Atomic<Bool>(false)
    /// Loops that have ended.
    let ended = Atomic<Int>(0)
    /// A volume cap ended the run.
    let isExhausted = Atomic<Bool>(false)
    /// From monotonic time to ns since 1970, the same for all; stands before ``start``.
    let clockOffsetNanos = Atomic<UInt64>(0)
    /// When the rounds of the tape began.
    let rounds: RoundStarts

    init(rounds: RoundStarts) { self.rounds = rounds }
}

/// When each round of the tape began, the same for all loops: as the first of them says that comes to it.
final class RoundStarts: Sendable {
    private let starts = Lock<[UInt32: UInt64]>([:])

    /// The round's beginning (monotonic); `proposal` if nobody has said anything yet.
    func start(of round: UInt32, _ proposal: UInt64) -> UInt64 {
        starts.withLock { starts in
            if let known = starts[round] { return known }
            starts[round] = proposal
            // Loops are never far apart.
            if round >= 4096 { starts[round - 4096] = nil }
            return proposal
        }
    }
}

/// A bounded queue from the loops to the thread that writes the run tape.
final class RunTapeQueue: Sendable {
    private struct State: Sendable {
        var entries: [RunTapeEntry] = []
        var bytes = 0
        var isFinished = false
    }

    private let state = Lock(State())
    private let byteLimit: Int

    init(byteLimit: Int = 256 << 20) { self.byteLimit = byteLimit }

    /// False when there was no room.
    func push(_ entry: RunTapeEntry) -> Bool {
        let size = entry.request.count + entry.reply.count + 256
        return state.withLock { state in
            if state.bytes + size > byteLimit { return false }
            state.bytes += size
            state.entries.append(entry)
            return true
        }
    }

    func finish() { state.withLock { $0.isFinished = true } }

    /// Everything so far, and whether that was all.
    func take() -> (entries: [RunTapeEntry], isFinished: Bool) {
        state.withLock { state in
            defer {
                state.entries = []
                state.bytes = 0
            }
            return (state.entries, state.isFinished)
        }
    }
}
