import EventLoop
import Metrics

/// Requests that take values from earlier replies. All of this costs what it costs; requests without bindings do not come
/// here.
extension Loop {
    /// What the request's bindings need: nil when a value is missing or cannot stand in its place.
    private func dependencies(
        _ call: BoundCall, _ template: UnsafeMutablePointer<Template>, _ bytes: [UInt8], _ round: UInt32
    ) -> BoundRequest.Filled? {
        var values: [(span: FieldSpan, value: [UInt8])] = []
        for target in call.targets {
            guard let value = bindings?.value(target.binding, scope: call.scope, round: round) else { return nil }
            values.append((target.span, value))
        }
        return BoundRequest.filled(bytes, values, unsafe template.pointee.format)
    }

    /// Whether the request cannot be sent for want of a value; it is counted then, and the connection stays free.
    mutating func failsDependency(
        _ connection: Int, _ template: UnsafeMutablePointer<Template>, _ due: UInt64, _ round: UInt32, _ slot: Int32
    ) -> Bool {
        if unsafe !template.pointee.needsSharedToken || !lacksToken() {
            guard let call = blocks.boundCall(slot, unsafe template.pointee.bound), !call.targets.isEmpty else {
                return false
            }
            let bytes = unsafe Array(
                UnsafeBufferPointer(start: template.pointee.bytes, count: Int(template.pointee.length)))
            if unsafe dependencies(call, template, bytes, round) != nil { return false }
        }
        count(.dependencyFailed, operation: unsafe template.pointee.operation, due: due)
        unsafe forgetValues(template, round, slot)
        unsafe leaveFlow(template, connection, round)
        blocks.release(slot)
        // Others may wait for the connection, which goes on with one that has all it needs.
        hasReady = true
        return true
    }

    /// The bytes of a request with bindings to fill, as they are sent; nil when its template can be sent as it is.
    mutating func boundRequest(_ flight: UnsafeMutablePointer<Flight>, _ index: Int32) -> [UInt8]? {
        guard let template = unsafe flight.pointee.template,
            let call = unsafe blocks.boundCall(flight.pointee.blockSlot, template.pointee.bound), !call.targets.isEmpty
        else { return nil }
        var bytes = unsafe Array(
            UnsafeBufferPointer(start: template.pointee.bytes, count: Int(template.pointee.length)))
        unsafe bytes.withUnsafeMutableBufferPointer { copy in
            guard let base = copy.baseAddress else { return }
            unsafe template.pointee.restore(in: base)
            unsafe fillFields(flight, in: base)
        }
        guard var filled = unsafe dependencies(call, template, bytes, flight.pointee.round) else { return nil }
        if unsafe template.pointee.stepCount > 0 { unsafe finishBound(&filled, template) }
        if tape != nil { sentCopies[index] = SentCopy(filled.bytes, filled.steps) }
        return filled.bytes
    }

    /// Sends bytes that stand for a flight's template.
    mutating func sendBound(_ connection: Int, _ request: [UInt8], _ index: Int32) {
        let c = unsafe connections + connection
        unsafe request.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            if unsafe c.pointee.window > 1 {
                unsafe appendOutput(connection, base, bytes.count)
                addToGathering(connection, index)
                return
            }
            unsafe c.pointee.state = .busy
            let sent = unsafe write(connection, base, bytes.count)
            if sent < bytes.count {
                unsafe sendRest(connection, base, bytes.count, sent)
                return
            }
            report.bytesSent += UInt64(bytes.count)
            if unsafe flights[Int(index)].template?.pointee.reply == Template.Reply.none {
                finishOneway(connection, index)
            }
        }
    }

    /// Keeps what later requests need of a reply, or forgets what an earlier one gave when there is none.
    func learn(_ connection: Int, _ flight: UnsafeMutablePointer<Flight>, _ replyLength: Int) {
        guard let bindings, let template = unsafe flight.pointee.template,
            let call = unsafe blocks.boundCall(flight.pointee.blockSlot, template.pointee.bound), !call.sources.isEmpty
        else { return }
        let c = unsafe connections + connection
        let reply = unsafe Array(
            UnsafeBufferPointer(start: c.pointee.buffer + c.pointee.begin, count: max(0, replyLength)))
        for source in call.sources {
            let value = unsafe source.field.value(in: reply, template.pointee.format)
            bindings.set(value, source.binding, scope: call.scope, round: unsafe flight.pointee.round)
        }
    }

    /// A request will not be sent: what an earlier one like it gave does not stand for its reply.
    func forgetValues(_ template: UnsafeMutablePointer<Template>, _ round: UInt32, _ slot: Int32) {
        guard let bindings, let call = blocks.boundCall(slot, unsafe template.pointee.bound) else { return }
        for source in call.sources { bindings.set(nil, source.binding, scope: call.scope, round: round) }
    }
}
