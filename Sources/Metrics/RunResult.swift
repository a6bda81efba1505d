/// How a due request ended. Every due request ends in exactly one of these.
///
/// Where several would fit, the first of this order counts: what kept the request from being sent (`notAddressed`,
/// `guardRefused`, `unsent`, `dependencyFailed`), then what happened to its connection (`connectTimeout`, `refused`,
/// `tlsError`, `reset`), then whether a reply came and could be read (`noReply`, `protocolError`), then what it said
/// (`throttled`, `httpError`, `exception`, `fallback`, `businessError`), then when it came (`lateReply`, `overSLO`),
/// and at last `ok`.
package enum Outcome: UInt8, Sendable, CaseIterable {
    case ok
    /// Answered as it should be, slower than the stated objective.
    case overSLO
    /// Answered in time by the connection's clock, but later than the time-out after its due time.
    case lateReply
    /// Sent, and not (wholly) answered within the time-out or before the run ended.
    case noReply
    case connectTimeout
    case refused
    /// The connection was reset or closed before the reply was whole.
    case reset
    case tlsError
    /// The reply could not be read as the protocol asks.
    case protocolError
    /// Status 3xx (never followed), 4xx or 5xx, other than 429.
    case httpError
    /// Status 429.
    case throttled
    /// A Thrift exception: declared, or a `TApplicationException`.
    case exception
    /// The reply is well formed and `--success` says it is a failure.
    case businessError
    case fallback
    case dependencyFailed
    /// The guard did not let it pass.
    case guardRefused
    /// Its protocol has no target.
    case notAddressed
    /// It came due and could not be sent within the time-out after that.
    case unsent

    /// As in results and on run tapes.
    @inlinable package var name: String { "\(self)" }

    /// True for the outcomes in which a whole reply arrived.
    @inlinable package var isAnswered: Bool {
        switch self {
        case .ok, .overSLO, .lateReply, .httpError, .throttled, .exception, .businessError, .fallback: true
        default: false
        }
    }

    /// True for what a report shows as a failure of the run's traffic.
    @inlinable package var isError: Bool { self != .ok && self != .notAddressed }
}

/// Percentiles of one histogram, in microseconds.
package struct Percentiles: Sendable, Equatable {
    package var count: UInt64 = 0
    package var p50Micros: UInt64 = 0
    package var p90Micros: UInt64 = 0
    package var p95Micros: UInt64 = 0
    package var p99Micros: UInt64 = 0
    package var p999Micros: UInt64 = 0
    package var maxMicros: UInt64 = 0
    package var meanMicros: Double = 0
    /// The whole histogram (``Histogram/hdr``), where a result keeps it: of all operations together. Else empty.
    package var hdr = ""

    package init() {}
}

/// What a replay did: the model behind `--result`, `--json` and the report.
package struct RunResult: Sendable, Equatable {
    /// How the run was set up, and how it ended.
    package struct Run: Sendable, Equatable {
        package enum Loop: String, Sendable { case open, closed }

        /// The value the tag carried.
        package var tag = ""
        package var tape = ""
        /// `http://127.0.0.1:8080`, …
        package var targets: [String] = []
        /// Every carrier that was written, as in `http:x-stress-test`.
        package var carriers: [String] = []
        /// As asked for: `2000`, `recorded`, `2x`, `max`.
        package var pacer = ""
        /// Requests a second that were asked for; nil when the pacer has no constant rate.
        package var rate: Double?
        package var loop = Loop.open
        package var connections = 0
        /// Requests that could be in flight on one connection.
        package var inFlight = 1
        package var threads = 0
        /// `epoll` or `io_uring`; both, behind each other, where generators differed.
        package var io = ""
        /// ns since 1970 UTC.
        package var startNanos: UInt64 = 0
        package var durationNanos: UInt64 = 0
        /// Rounds of the tape that were begun.
        package var rounds = 0
        package var allowedDuplicates = false
        /// What became of the times inside the requests: `keep`, `shift`, `scale`.
        package var eventTime = "keep"
        /// True when the generator, not the target, kept the run from what was asked; then why, and what to change.
        package var isGeneratorBound = false
        package var generatorBoundReason = ""
        /// `done`, `tapeEnded`, `signal`, `killFile`, `abort`, `guard`, `failed`.
        package var exitReason = "done"
        /// What exactly ended it: the rule that held, the kill file, the signal. Else empty.
        package var exitDetail = ""
        package var toolVersion = ""
        /// Which part of its run this is, from 1, where the result is written in parts; nil for a whole run.
        package var part: UInt64?

        package init() {}
    }

    package struct Totals: Sendable, Equatable {
        /// The sum of all outcomes.
        package var due: UInt64 = 0
        package var sent: UInt64 = 0
        package var answered: UInt64 = 0
        package var unsent: UInt64 = 0
        /// Sent with the tag in every enabled carrier that fits.
        package var tagged: UInt64 = 0
        package var notAddressed: UInt64 = 0
        package var guardRefused: UInt64 = 0
        /// Sent with a wire fault that leaves no readable tag; only where the policy allows it.
        package var wireFaults: UInt64 = 0
        package var bytesSent: UInt64 = 0
        package var bytesReceived: UInt64 = 0
        package var connectionsOpened: UInt64 = 0
        /// Sends of requests that had been sent before; they are in ``sent``, and their outcome is that of the last one.
        package var retries: UInt64 = 0
        /// Exchanges that the run tape's queue had no room for.
        package var runTapeDropped: UInt64 = 0

        package init() {}
    }

    package struct Latency: Sendable, Equatable {
        /// From the due time to the last byte of the reply.
        package var corrected = Percentiles()
        /// From the send to the last byte of the reply.
        package var raw = Percentiles()

        package init() {}
    }

    /// One operation of the tape.
    package struct Operation: Sendable, Equatable {
        package var name = ""
        package var count: UInt64 = 0
        /// Index: ``Outcome``'s raw value.
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        package var latency = Latency()
        /// Decisions in the replies with how often each came, most frequent first; empty without `--decision`.
        package var decisions: [Count] = []

        package init(name: String = "") { self.name = name }

        package subscript(_ outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
    }

    package struct Count: Sendable, Equatable {
        package var name: String
        package var count: UInt64

        package init(_ name: String, _ count: UInt64) {
            self.name = name
            self.count = count
        }
    }

    /// One second of the run, from 0.
    package struct Second: Sendable, Equatable {
        package var second = 0
        /// Came due in this second.
        package var due: UInt64 = 0
        /// Was sent in this second, and so on.
        package var sent: UInt64 = 0
        package var answered: UInt64 = 0
        package var errors: UInt64 = 0
        /// Of the replies that ended in this second, from their due times.
        package var p50Micros: UInt64 = 0
        package var p99Micros: UInt64 = 0
        /// Of the generator, over what it took up in this second.
        package var latenessP99Micros: UInt64 = 0
        /// Sent and not answered yet at the end of the second.
        package var inFlight: UInt64 = 0
        /// Ended in this second, by ``Outcome``'s raw value.
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        /// The same by operation, of those that ended any request in it.
        package var operations: [Part] = []

        /// One operation in one second.
        package struct Part: Sendable, Equatable {
            /// Index in ``RunResult/operations``.
            package var operation: Int
            package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
            package var p50Micros: UInt64 = 0
            package var p99Micros: UInt64 = 0

            package init(operation: Int) { self.operation = operation }
        }

        package init() {}
    }

    /// One of the slowest exchanges: what was sent and took longest, answered or not.
    package struct Slow: Sendable, Equatable {
        /// On the tape: its id there.
        package var position: UInt64 = 0
        package var round: UInt64 = 0
        package var operation = ""
        package var outcome = ""
        /// From the start of the run.
        package var dueNanos: UInt64 = 0
        /// From the due time and from the send to its end.
        package var correctedMicros: UInt64 = 0
        package var rawMicros: UInt64 = 0

        package init() {}
    }

    /// What was sent before the measurement began, and is in no other figure but the series.
    package struct WarmUp: Sendable, Equatable {
        package var nanos: UInt64 = 0
        package var due: UInt64 = 0
        package var sent: UInt64 = 0
        package var tagged: UInt64 = 0
        package var wireFaults: UInt64 = 0
        package var answered: UInt64 = 0
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)

        package init() {}
    }

    /// A generator whose own p99 lateness passes this cannot claim to have held the rate.
    package static let latenessLimitMicros: UInt64 = 5_000

    package var run = Run()
    package var warmUp = WarmUp()
    package var totals = Totals()
    /// Index: ``Outcome``'s raw value; every class is there, zero ones too.
    package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
    package var latency = Latency()
    /// How late the generator itself was: the moment it took up a request, less its due time.
    package var lateness = Percentiles()
    package var operations: [Operation] = []
    package var series: [Second] = []
    /// Why requests were refused by the guard, by operation, most frequent first.
    package var refusals: [Refusal] = []
    package var tls = Security()
    /// Who sent what where.
    package var audit = Audit()
    /// The slowest exchanges, slowest first.
    package var slowest: [Slow] = []
    package var connections = Connections()
    /// What went to mirrors at the same time; no other figure but the audit's targets and the process's CPU time holds it.
    package var mirrors: [Mirror] = []
    /// Nil without a run tape.
    package var runTape: RunTape?
    /// Of `--find-max`; nil in other runs.
    package var search: Search?
    /// What was stated with `--expect`, and how it came out.
    package var expectations: [ExpectationResult] = []
    /// Why connections were given up as `protocolError`, with how many of them.
    package var protocolErrors: [Count] = []
    /// User and system time of the process during the run.
    package var cpuSeconds = 0.0

    package init() {}

    package subscript(_ outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
}
