package import Tape

/// What stands beside a request's bytes: all that lines, digests and the oracle need of an exchange, as plain values that
/// one exchange after the other is put into.
package struct ExchangeHead: Sendable {
    package var id: UInt64 = 0
    package var timeNanos: UInt64 = 0
    package var operation = ""
    /// The decision expected of the engine; empty when the scenario says nothing.
    package var expected = ""
    package var labels: [Label] = []

    package init() {}

    package init(_ exchange: borrowing Exchange) {
        (id, timeNanos) = (exchange.id, exchange.startNanos)
        (operation, expected, labels) = (exchange.operation, exchange.expected, exchange.labels)
    }
}
