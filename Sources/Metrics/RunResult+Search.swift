extension RunResult {
    /// What `--find-max` found.
    package struct Search: Sendable, Equatable {
        package struct Step: Sendable, Equatable {
            /// Offered, requests a second.
            package var rate = 0.0
            /// `ramp`, `bisect`, `confirm`.
            package var phase = ""
            package var seconds = 0
            package var due: UInt64 = 0
            package var answered: UInt64 = 0
            package var unsent: UInt64 = 0
            /// Answered, of what came due, from its second second on.
            package var achievedShare = 0.0
            package var p50Micros: UInt64 = 0
            package var p95Micros: UInt64 = 0
            package var p99Micros: UInt64 = 0
            package var latenessP99Micros: UInt64 = 0
            package var passed = false
            /// Why it did not pass.
            package var reason = ""

            package init() {}
        }

        package var objective: [String] = []
        /// The highest that passed; nil when none did.
        package var rate: Double?
        /// The lowest that did not; nil when all did.
        package var failedRate: Double?
        /// It passed a step of three times the length.
        package var isConfirmed = false
        /// False when the run ended before.
        package var isComplete = false
        package var isGeneratorBound = false
        /// Every rate passed that was allowed.
        package var isCapped = false
        package var steps: [Step] = []

        package init() {}

        /// In one sentence.
        package var sentence: String {
            let held = objective.joined(separator: ", ")
            guard let rate else {
                return isComplete ? "no rate holds \(held)" : "the run ended before any rate was found to hold \(held)"
            }
            let number = rate == rate.rounded() && rate < 1e15 ? String(Int64(rate)) : "\(rate)"
            var text = "\(number)/s holds \(held)"
            if !isComplete { return text + ", as far as the run got" }
            if !isConfirmed { text += ", but not for longer" }
            if isGeneratorBound { return text + "; above that the generator is the limit" }
            return isCapped ? text + ", and no more was allowed" : text
        }
    }
}
