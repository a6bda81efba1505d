extension RunResult {
    /// What the guard refused of one operation, and why.
    package struct Refusal: Sendable, Equatable {
        package var operation: String
        package var reason: String
        package var count: UInt64

        package init(operation: String, reason: String, count: UInt64) {
            self.operation = operation
            self.reason = reason
            self.count = count
        }
    }

    /// Who sent what where: enough to answer for a run afterwards.
    package struct Audit: Sendable, Equatable {
        package struct Target: Sendable, Equatable {
            /// As `--to` named it, and the address that it was pinned to.
            package var target: String
            package var address = ""
            /// The policy's target that allowed it; empty without a policy.
            package var rule = ""
            package var sent: UInt64 = 0

            package init(target: String) { self.target = target }
        }

        /// One tagged request that was sent before the load, and acknowledged.
        package struct Canary: Sendable, Equatable {
            package var target: String
            package var operation: String
            /// `header`, `reply` and `probe`, as far as they were asked for.
            package var acknowledgedBy: [String]

            package init(target: String, operation: String, acknowledgedBy: [String]) {
                self.target = target
                self.operation = operation
                self.acknowledgedBy = acknowledgedBy
            }
        }

        /// Who the process belongs to, and who called sudo for it.
        package var user = ""
        package var sudoUser = ""
        package var host = ""
        package var processID: UInt64 = 0
        /// As it was given, without secrets.
        package var commandLine: [String] = []
        /// The policy's file and the SHA-256 of its content; empty without one.
        package var policy = ""
        package var policySHA256 = ""
        /// `loopback` (nothing left the machine), `--yes` or `terminal`.
        package var confirmedBy = ""
        /// Certificates were not verified.
        package var isInsecure = false
        package var canaries: [Canary] = []
        package var targets: [Target] = []

        package init() {}
    }
}
