import Capture
package import Tape

/// Complete exchanges on their way from a ``Recorder`` to a tape. It may be handed to another thread and comes back to
/// have its memory used again, see ``Recorder/takeFinished(into:)``.
package final class ExchangeBatch: @unchecked Sendable {
    // Whoever holds the batch is the only one who reaches these: they were taken out of the recorder.
    var exchanges: [ExchangeSlot] = []

    package init() {}

    deinit {
        for exchange in exchanges { exchange.destroy() }
    }

    /// Shows `body` the exchanges in the order in which they became complete. When it throws, the rest is not shown.
    package func forEach<Failure>(
        _ body: (inout Exchange) throws(Failure) -> Void
    ) throws(Failure) {
        for exchange in exchanges { try body(&exchange.value) }
    }
}
