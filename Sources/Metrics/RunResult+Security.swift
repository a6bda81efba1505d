extension RunResult {
    /// What TLS did; all zero without it.
    package struct Security: Sendable, Equatable {
        package var handshakes: UInt64 = 0
        /// Handshakes that went on with the session of an earlier connection.
        package var resumed: UInt64 = 0
        /// Why TLS failed, most frequent first.
        package var errors: [Count] = []

        package init() {}
    }
}
