package import Bytes

/// Reads protobuf messages `tinct.Exchange`.
///
/// Fields that it does not know are skipped. Memory is bounded by the input: the elements of all repeated fields of one
/// exchange together may not exceed a fixed budget (`.limit`).
package struct ExchangeDecoder {
    /// What the repeated elements of one exchange may cost; labels and messages cost ``heavy`` each.
    private static let budget = 1 << 20
    private static let heavy = 16
    private var left = ExchangeDecoder.budget

    package init() {}

    package static func decode(_ bytes: RawSpan) throws(ParsingError) -> Exchange {
        var exchange = Exchange()
        var decoder = ExchangeDecoder()
        try decoder.decode(bytes, into: &exchange)
        return exchange
    }

    /// Replaces everything in `exchange`, reusing the memory of its messages and of strings that stay the same.
    package mutating func decode(_ bytes: RawSpan, into exchange: inout Exchange) throws(ParsingError) {
        left = ExchangeDecoder.budget
        var request = exchange.request.take()
        var response = exchange.response.take()
        var seen = Seen()
        exchange.id = 0
        exchange.flow = 0
        exchange.ordinal = 0
        exchange.format = WireFormat()
        exchange.removeRest()
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3: exchange.id = try reader.varint()
            case 2 << 3: exchange.flow = try reader.varint()
            case 3 << 3: exchange.ordinal = UInt32(truncatingIfNeeded: try reader.varint())
            case 4 << 3: exchange.format.protocol = .init(rawValue: try enumeration(&reader)) ?? .unknown
            case 5 << 3: exchange.format.transport = .init(rawValue: try enumeration(&reader)) ?? .none
            case 6 << 3: exchange.format.encoding = .init(rawValue: try enumeration(&reader)) ?? .none
            case 7 << 3 | 2:
                seen.operation = true
                try string(&reader, &exchange.operation)
            case 8 << 3 | 2:
                seen.client = true
                try string(&reader, &exchange.client)
            case 9 << 3 | 2:
                seen.server = true
                try string(&reader, &exchange.server)
            case 10 << 3 | 2:
                var message = request.take() ?? Message(wire: [])
                try decode(&reader, into: &message)
                exchange.request = message
            case 11 << 3 | 2:
                var message = response.take() ?? Message(wire: [])
                try decode(&reader, into: &message)
                exchange.response = message
            case 12 << 3 | 2:
                try spend(ExchangeDecoder.heavy, at: reader)
                var message = Message(wire: [])
                try decode(&reader, into: &message)
                exchange.interim.append(message)
            case 13 << 3 | 2:
                try spend(2, at: reader)
                exchange.losses.append(try loss(&reader))
            case 14 << 3 | 2:
                try spend(2, at: reader)
                exchange.tags.append(try tag(&reader))
            case 15 << 3 | 2:
                try spend(ExchangeDecoder.heavy, at: reader)
                exchange.labels.append(try label(&reader))
            case 16 << 3 | 2: try string(&reader, &exchange.expected)
            case 17 << 3 | 2: exchange.run = try run(&reader)
            default: try skip(&reader, key)
            }
        }
        if !seen.operation { exchange.operation = "" }
        if !seen.client { exchange.client = "" }
        if !seen.server { exchange.server = "" }
    }

    /// Which strings the input held: those it did not hold are emptied at the end, so that equal ones can be kept.
    private struct Seen {
        var operation = false
        var client = false
        var server = false
    }

    private mutating func spend(_ cost: Int, at reader: borrowing ByteReader) throws(ParsingError) {
        left -= cost
        if left < 0 { throw ParsingError(.limit, at: reader.offset, "repeated fields of an exchange") }
    }

    private mutating func decode(_ outer: inout ByteReader, into message: inout Message) throws(ParsingError) {
        var reader = ByteReader(try lengthDelimited(&outer))
        message.wire.removeAll(keepingCapacity: true)
        message.startNanos = 0
        message.endNanos = 0
        message.wireLength = 0
        message.removeRest()
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3 | 2:
                let span = try lengthDelimited(&reader)
                message.wire.removeAll(keepingCapacity: true)
                unsafe span.withUnsafeBytes { unsafe message.wire.append(contentsOf: $0) }
            case 2 << 3 | 1: message.startNanos = try reader.littleEndianUInt64()
            case 3 << 3 | 1: message.endNanos = try reader.littleEndianUInt64()
            case 4 << 3: message.wireLength = try reader.varint()
            case 5 << 3 | 2:
                try spend(2, at: reader)
                var inner = ByteReader(try lengthDelimited(&reader))
                var redaction = Redaction(offset: 0, length: 0, kind: "")
                while !inner.isAtEnd {
                    let key = try inner.varint()
                    switch key {
                    case 1 << 3: redaction.offset = try inner.varint()
                    case 2 << 3: redaction.length = try inner.varint()
                    case 3 << 3 | 2: try string(&inner, &redaction.kind)
                    default: try skip(&inner, key)
                    }
                }
                message.redactions.append(redaction)
            case 6 << 3 | 2:
                try spend(1, at: reader)
                var inner = ByteReader(try lengthDelimited(&reader))
                var hole = Extent(offset: 0, length: 0)
                while !inner.isAtEnd {
                    let key = try inner.varint()
                    switch key {
                    case 1 << 3: hole.offset = try inner.varint()
                    case 2 << 3: hole.length = try inner.varint()
                    default: try skip(&inner, key)
                    }
                }
                message.holes.append(hole)
            case 7 << 3 | 2: message.digest = [UInt8](copying: try lengthDelimited(&reader))
            case 8 << 3 | 2: try string(&reader, &message.omitted)
            default: try skip(&reader, key)
            }
        }
    }

    private func loss(_ outer: inout ByteReader) throws(ParsingError) -> Loss {
        var reader = ByteReader(try lengthDelimited(&outer))
        var loss = Loss(reason: "", side: "")
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3 | 2: try string(&reader, &loss.reason)
            case 2 << 3 | 2: try string(&reader, &loss.side)
            case 3 << 3: loss.bytes = try reader.varint()
            default: try skip(&reader, key)
            }
        }
        return loss
    }

    private func tag(_ outer: inout ByteReader) throws(ParsingError) -> TagSighting {
        let (carrier, value) = try pair(&outer)
        return TagSighting(carrier: carrier, value: value)
    }

    /// A message of two strings.
    private func pair(_ outer: inout ByteReader) throws(ParsingError) -> (String, String) {
        var reader = ByteReader(try lengthDelimited(&outer))
        var first = ""
        var second = ""
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3 | 2: try string(&reader, &first)
            case 2 << 3 | 2: try string(&reader, &second)
            default: try skip(&reader, key)
            }
        }
        return (first, second)
    }

    private mutating func label(_ outer: inout ByteReader) throws(ParsingError) -> Label {
        var reader = ByteReader(try lengthDelimited(&outer))
        var label = Label()
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3 | 2: try string(&reader, &label.type)
            case 2 << 3 | 2: try string(&reader, &label.layer)
            case 3 << 3 | 2: try string(&reader, &label.campaign)
            case 4 << 3 | 2: try string(&reader, &label.role)
            case 5 << 3 | 2: try string(&reader, &label.stage)
            case 6 << 3: label.k = UInt32(truncatingIfNeeded: try reader.varint())
            case 7 << 3: label.n = UInt32(truncatingIfNeeded: try reader.varint())
            case 8 << 3 | 2:
                try spend(1, at: reader)
                var entity = ""
                try string(&reader, &entity)
                label.entities.append(entity)
            case 9 << 3 | 2:
                try spend(2, at: reader)
                let (name, value) = try pair(&reader)
                label.parameters.append(Label.Parameter(name, value))
            case 10 << 3: label.twin = try reader.varint()
            case 11 << 3 | 2: try string(&reader, &label.detectableAt)
            case 12 << 3: label.minHistory = UInt32(truncatingIfNeeded: try reader.varint())
            case 13 << 3 | 2: try string(&reader, &label.expected)
            case 14 << 3 | 2: try string(&reader, &label.difficulty)
            case 15 << 3 | 1: label.eventNanos = try reader.littleEndianUInt64()
            case 16 << 3 | 1: label.labelNanos = try reader.littleEndianUInt64()
            default: try skip(&reader, key)
            }
        }
        return label
    }

    private func run(_ outer: inout ByteReader) throws(ParsingError) -> RunRecord {
        var reader = ByteReader(try lengthDelimited(&outer))
        var run = RunRecord()
        while !reader.isAtEnd {
            let key = try reader.varint()
            switch key {
            case 1 << 3: run.sourceID = try reader.varint()
            case 2 << 3: run.round = UInt32(truncatingIfNeeded: try reader.varint())
            case 3 << 3 | 1: run.dueNanos = try reader.littleEndianUInt64()
            case 4 << 3 | 1: run.sentNanos = try reader.littleEndianUInt64()
            case 5 << 3 | 2: try string(&reader, &run.outcome)
            case 6 << 3 | 2: try string(&reader, &run.target)
            case 7 << 3 | 2: try string(&reader, &run.sourceTape)
            case 9 << 3 | 1: run.endNanos = try reader.littleEndianUInt64()
            case 8 << 3: run.isMirror = try reader.varint() != 0
            default: try skip(&reader, key)
            }
        }
        return run
    }

    private func enumeration(_ reader: inout ByteReader) throws(ParsingError) -> UInt8 {
        UInt8(exactly: try reader.varint()) ?? .max
    }

    @_lifetime(copy reader)
    private func lengthDelimited(_ reader: inout ByteReader) throws(ParsingError) -> RawSpan {
        let length = try reader.varint()
        guard let count = Int(exactly: length) else { throw ParsingError(.truncated, at: reader.offset, "field") }
        return try reader.span(count)
    }

    /// Keeps `text` as it is when the input says the same, which saves an allocation for each of a run of exchanges.
    private func string(_ reader: inout ByteReader, _ text: inout String) throws(ParsingError) {
        let span = try lengthDelimited(&reader)
        unsafe span.withUnsafeBytes { bytes in
            let isSame = text.withUTF8 { unsafe $0.elementsEqual(bytes) }
            if !isSame { text = unsafe String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// Passes over a field of a later version. Groups are not proto3.
    private func skip(_ reader: inout ByteReader, _ key: UInt64) throws(ParsingError) {
        switch key & 7 {
        case 0: _ = try reader.varint()
        case 1: try reader.skip(8)
        case 2: _ = try lengthDelimited(&reader)
        case 5: try reader.skip(4)
        default: throw ParsingError(.invalid, at: reader.offset, "protobuf wire type")
        }
    }
}
