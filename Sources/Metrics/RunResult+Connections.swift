extension RunResult {
    /// One connection, from when it stood to when it was closed; or an attempt to open one.
    package struct Connection: Sendable, Equatable {
        package var target = ""
        /// Ours; 0 where there is none (Unix sockets, attempts that failed at once).
        package var localPort: UInt64 = 0
        /// From the start of the run; nil when it never stood, or stood before.
        package var openedNanos: UInt64?
        /// Nil when it stood to the end.
        package var closedNanos: UInt64?
        package var requests: UInt64 = 0
        /// Index: ``Outcome``'s raw value.
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)

        package init() {}

        package var failures: UInt64 { outcomes.reduce(0, +) - outcomes[Int(Outcome.ok.rawValue)] }
    }

    /// The connections of a run.
    package struct Connections: Sendable, Equatable {
        /// Opened and closed as on the tape.
        package var isRecorded = false
        /// How many there could be at the same time, to each target, and with ``isRecorded`` how many there were at most.
        package var limit: UInt64 = 0
        package var peak: UInt64 = 0
        /// With ``isRecorded``: flows that had to wait until there was room for their connection.
        package var waitedFlows: UInt64 = 0
        /// Those on which most requests failed, most first.
        package var worst: [Connection] = []

        package init() {}
    }

    package static let worstConnections = 20
}
