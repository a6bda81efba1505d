extension RunResult {
    /// What a mirror was sent beside the primary, and what came of it.
    package struct Mirror: Sendable, Equatable {
        package var target = ""
        package var totals = Totals()
        /// Index: ``Outcome``'s raw value.
        package var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        package var latency = Latency()
        /// Of the generator, towards this mirror.
        package var lateness = Percentiles()
        package var operations: [Operation] = []
        package var refusals: [Refusal] = []
        package var protocolErrors: [Count] = []
        /// Of its decisions with the primary's; nil without `--decision`.
        package var decisions: Comparison?

        package init() {}

        package subscript(_ outcome: Outcome) -> UInt64 { outcomes[Int(outcome.rawValue)] }
    }

    /// The decisions of a mirror held against those of the primary, request by request, over the whole run.
    package struct Comparison: Sendable, Equatable {
        /// One decision of the primary where the mirror decided otherwise.
        package struct Difference: Sendable, Equatable {
            package var operation: String
            package var primary: String
            package var mirror: String
            package var count: UInt64 = 0
            /// Positions on the tape of the first such requests.
            package var examples: [UInt64] = []

            package init(operation: String, primary: String, mirror: String) {
                self.operation = operation
                self.primary = primary
                self.mirror = mirror
            }
        }

        /// Requests that both answered.
        package var compared: UInt64 = 0
        package var different: UInt64 = 0
        /// Requests that one of them did not answer, or whose replies lay too far apart to be compared.
        package var incomparable: UInt64 = 0
        /// Most frequent first.
        package var differences: [Difference] = []

        package init() {}
    }

    package static let exampleLimit = 3
}
