package import EventLoop
import Metrics
package import Pacing
package import Tagging

extension Run {
    /// What a run is asked for.
    package struct Options: Sendable {
        package var pacer: Pacer
        package var carriers: [Carrier]
        /// The tag's value.
        package var tag: String
        /// Of each target; at least one for each loop.
        package var connections = 64
        /// Each recorded flow opens and closes its own, ``connections`` of them at the same time at most.
        package var recordsConnections = false
        package var threads = LoopThread.availableCPUs
        /// Thrift calls that may be in flight on one connection, and whether as many HTTP requests may.
        package var inFlight = 1
        package var pipelines = false
        package var transfers = Transfers.automatic
        /// How threads wait for due times.
        package var dueWatch = DueWatch.Mode.automatic
        /// Nil: the tape's end ends the run.
        package var durationNanos: UInt64?
        package var patience = Patience()
        /// ``Patience/exchangeNanos``.
        package var timeoutNanos: UInt64 {
            get { patience.exchangeNanos }
            set { patience.exchangeNanos = newValue }
        }
        /// For targets that speak TLS; without it they are refused.
        package var tls: TLSContext?
        package var keepsHost = false
        package var allowsDuplicates = false
        package var fidelity = Fidelity()
        /// What is due before this is sent and not measured.
        package var warmUpNanos: UInt64 = 0
        /// Of Poisson arrivals; nil: from the tag.
        package var seed: UInt64?
        /// How long the callers of the recorded requests wait.
        package var budget = CallerBudget()
        /// How many of the slowest exchanges are kept.
        package var keepSlowest = 10
        /// How long each part of the run is for which a result is wanted; nil: only the whole has one.
        package var partSeconds: Int?
        /// Due times that are decided while the run lasts, in place of the pacer's.
        package var program: PaceProgram?

        package init(pacer: Pacer, carriers: [Carrier], tag: String) {
            self.pacer = pacer
            self.carriers = carriers
            self.tag = tag
        }
    }

    /// What the progress line shows.
    package struct Progress: Sendable {
        package var elapsedNanos: UInt64 = 0
        package var due: UInt64 = 0
        package var sent: UInt64 = 0
        package var answered: UInt64 = 0
        package var errors: UInt64 = 0

        init(elapsedNanos: UInt64, _ counts: SecondCounts) {
            self.elapsedNanos = elapsedNanos
            due = counts.due
            sent = counts.sent
            answered = counts.answered
            errors = counts.errors
        }
    }
}
