package import Metrics

/// What a run would send.
package struct Rehearsal: Sendable {
    package struct Sample: Sendable {
        package var sourceID: UInt64
        package var operation: String
        /// As on the tape, and as it would be sent.
        package var before: [UInt8]
        package var after: [UInt8]
        package var target: String
    }

    /// What one mirror gets.
    package struct Mirror: Sendable {
        package var requests: UInt64
        package var refusals: [RunResult.Refusal]
    }

    /// Of one round of the tape.
    package var requests: UInt64
    package var bytes: UInt64
    package var operations: [String]
    package var refusals: [RunResult.Refusal]
    package var notAddressed: UInt64
    package var samples: [Sample]
    package var mirrors: [Mirror] = []
}
