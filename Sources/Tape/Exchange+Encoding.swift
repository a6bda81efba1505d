extension RecordBuffer {
    /// Appends `exchange` as a protobuf message `tinct.Exchange`, without a length in front of it, and leaves it as it is.
    package mutating func append(_ exchange: inout Exchange) {
        varintField(1, exchange.id)
        varintField(2, exchange.flow)
        varintField(3, UInt64(exchange.ordinal))
        varintField(4, UInt64(exchange.format.protocol.rawValue))
        varintField(5, UInt64(exchange.format.transport.rawValue))
        varintField(6, UInt64(exchange.format.encoding.rawValue))
        stringField(7, exchange.operation)
        stringField(8, exchange.client)
        stringField(9, exchange.server)
        exchange.request?.write(10, to: &self)
        exchange.response?.write(11, to: &self)
        if !exchange.hasRest { return }
        for index in exchange.interim.indices { exchange.interim[index].write(12, to: &self) }
        for loss in exchange.losses {
            let mark = begin(13)
            stringField(1, loss.reason)
            stringField(2, loss.side)
            varintField(3, loss.bytes)
            end(mark)
        }
        for tag in exchange.tags {
            let mark = begin(14)
            stringField(1, tag.carrier)
            stringField(2, tag.value)
            end(mark)
        }
        for label in exchange.labels { append(15, label) }
        stringField(16, exchange.expected)
        if let run = exchange.run {
            let mark = begin(17)
            varintField(1, run.sourceID)
            varintField(2, UInt64(run.round))
            fixed64Field(3, run.dueNanos)
            fixed64Field(4, run.sentNanos)
            stringField(5, run.outcome)
            stringField(6, run.target)
            stringField(7, run.sourceTape)
            varintField(8, run.isMirror ? 1 : 0)
            fixed64Field(9, run.endNanos)
            end(mark)
        }
    }

    private mutating func append(_ field: UInt64, _ label: borrowing Label) {
        let mark = begin(field, expected: 128)
        stringField(1, label.type)
        stringField(2, label.layer)
        stringField(3, label.campaign)
        stringField(4, label.role)
        stringField(5, label.stage)
        varintField(6, UInt64(label.k))
        varintField(7, UInt64(label.n))
        for entity in label.entities { stringElement(8, entity) }
        for parameter in label.parameters {
            let inner = begin(9)
            stringField(1, parameter.name)
            stringField(2, parameter.value)
            end(inner)
        }
        if let twin = label.twin {
            // Written even when 0: the field has presence.
            varint(10 << 3)
            varint(twin)
        }
        stringField(11, label.detectableAt)
        varintField(12, UInt64(label.minHistory))
        stringField(13, label.expected)
        stringField(14, label.difficulty)
        fixed64Field(15, label.eventNanos)
        fixed64Field(16, label.labelNanos)
        end(mark)
    }
}

extension Message {
    /// Appends the message as field `field`, and leaves it as it is: in place, because a copy counts all its parts.
    @inline(__always)
    fileprivate mutating func write(_ field: UInt64, to buffer: inout RecordBuffer) {
        let mark = buffer.begin(field, expected: wire.count)
        buffer.bytesField(1, wire)
        buffer.fixed64Field(2, startNanos)
        buffer.fixed64Field(3, endNanos)
        buffer.varintField(4, wireLength)
        unsafe redactions.withPacked { unsafe buffer.raw($0) }
        if !hasRest { return buffer.end(mark) }
        for hole in holes {
            let inner = buffer.begin(6)
            buffer.varintField(1, hole.offset)
            buffer.varintField(2, hole.length)
            buffer.end(inner)
        }
        buffer.bytesField(7, digest)
        buffer.stringField(8, omitted)
        buffer.end(mark)
    }
}
