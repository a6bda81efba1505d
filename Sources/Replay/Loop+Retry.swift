import Metrics

/// Sending again what is declared idempotent, when its connection failed before its reply was whole.
///
/// A request that is sent again keeps its due time and its place in its flow, and is counted when it has ended for good.
/// It carries the same bytes, the tag with them, and takes another one of the volume that the guard allows.
extension Loop {
    /// Puts what may be sent again back in front of the connection's queue, in its order.
    mutating func sendAgain(_ connection: Int, _ outcome: Outcome) {
        var index = unsafe connections[connection].lastFlight
        while index >= 0 {
            let previous = unsafe flights[Int(index)].previous
            if unsafe mayRetry(flights[Int(index)].template, attempt: flights[Int(index)].attempt) {
                putFlightBack(connection, index, outcome)
            }
            index = previous
        }
    }

    private func mayRetry(_ template: UnsafeMutablePointer<Template>?, attempt: UInt8) -> Bool {
        guard let template = unsafe template, unsafe template.pointee.isIdempotent, attempt < plan.patience.retries
        else { return false }
        guard let allowances = plan.allowances else { return true }
        return allowances.take(target: Int(unsafe template.pointee.target), now: now) == .granted
    }

    private mutating func putFlightBack(_ connection: Int, _ index: Int32, _ outcome: Outcome) {
        let flight = unsafe flights + Int(index)
        guard let template = unsafe flight.pointee.template else { return }
        let node = takeNode()
        if node < 0 { return }
        unsafe nodes[Int(node)] = unsafe Waiting(
            template: template, bytes: template.pointee.bytes, due: flight.pointee.due, round: flight.pointee.round,
            blockSlot: flight.pointee.blockSlot, next: -1, overlap: Int32(template.pointee.overlap),
            attempt: flight.pointee.attempt + 1, failure: outcome)
        waitingCount += 1
        report.retries += 1
        unsafe flight.pointee.template = nil
        unsafe flight.pointee.blockSlot = -1
        inFlightCount -= 1
        release(index, of: connection)
        putBack(node, connection)
    }

    /// Takes out of a chain of waiting requests those that go on waiting although their connection failed, each with one
    /// attempt less if that is `charged`. Returns the others.
    mutating func setAside(
        _ first: Int32, _ outcome: Outcome?, _ kept: inout (head: Int32, tail: Int32), charged: Bool
    ) -> Int32 {
        guard plan.patience.retries > 0, !isStopping,
            outcome == .refused || outcome == .reset || outcome == .connectTimeout
        else { return first }
        var others: (head: Int32, tail: Int32) = (-1, -1)
        var node = first
        while node >= 0 {
            let waiting = unsafe nodes + Int(node)
            let next = unsafe waiting.pointee.next
            unsafe waiting.pointee.next = -1
            if unsafe waiting.pointee.template.pointee.isIdempotent && waiting.pointee.attempt < plan.patience.retries {
                if charged { unsafe waiting.pointee.attempt += 1 }
                append(node, to: &kept)
            } else {
                append(node, to: &others)
            }
            node = next
        }
        return others.head
    }

    private func append(_ node: Int32, to chain: inout (head: Int32, tail: Int32)) {
        if chain.tail >= 0 { unsafe nodes[Int(chain.tail)].next = node } else { chain.head = node }
        chain.tail = node
    }
}
