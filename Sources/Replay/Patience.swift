package import Expression

/// How long a run waits for what, and what it tries again.
package struct Patience: Sendable {
    /// For a whole exchange: from the send to the last byte of the reply, and for the wait before the send.
    package var exchangeNanos: UInt64 = 5_000_000_000
    /// The same for operations by name; the first pattern that matches counts.
    package var operations: [(pattern: Glob, nanos: UInt64)] = []
    /// For a connection to stand, TLS included; nil: as for an exchange.
    package var connectNanos: UInt64?
    /// For anything to come on the connection after the send; nil: no limit of its own.
    package var firstByteNanos: UInt64?
    /// How often a request is sent again at most, when its connection failed before the reply was whole.
    package var retries: UInt8 = 0
    /// What may be sent again at all.
    package var isIdempotent: @Sendable (String) -> Bool = { _ in false }

    package init() {}

    func exchangeNanos(of operation: String) -> UInt64 {
        operations.first { $0.pattern.matches(operation) }?.nanos ?? exchangeNanos
    }

    /// Nothing runs out sooner than this.
    var shortestNanos: UInt64 {
        min(exchangeNanos, operations.map(\.nanos).min() ?? .max, firstByteNanos ?? .max)
    }
}
