package import Bytes

/// Reads, sets, inserts and removes single fields of an encoded message in place.
///
/// Every byte that does not belong to the field stays as it was, except what must follow: the frame's length, and in
/// Compact the header of the next field, which counts from the one before. All changes go through an ``EditJournal``,
/// whose undo gives the original bytes.
///
/// ```swift
/// let editor = ThriftEditor(.framed, .compact)
/// try editor.setBits(hintCode, 1, creating: .structs(siblings: [ThriftField(1, .init("log"))]),
///     in: &message, journal: &journal)
/// ```
package struct ThriftEditor: Sendable {
    package let framing: ThriftFraming
    package let encoding: ThriftEncoding

    package init(_ framing: ThriftFraming, _ encoding: ThriftEncoding) {
        self.framing = framing
        self.encoding = encoding
    }

    /// What may be made when the field is not there.
    package enum Creation: Sendable {
        case nothing
        /// The field, if the struct that holds it is there.
        case field
        /// The field and every struct on the way. The struct that holds the field also gets `siblings`, because a peer
        /// refuses one without its required fields.
        case structs(siblings: [ThriftField])
    }

    package enum Outcome: Sendable, Equatable {
        case replaced
        /// The field had this value already.
        case unchanged
        case inserted
        /// The field is missing and ``Creation`` does not allow to make it; nothing was changed.
        case missing
    }

    /// The value at `path`; nil when it is missing. Throws as ``locate(_:in:)`` does.
    package func value(at path: FieldPath, in message: RawSpan) throws(ParsingError) -> ThriftValue? {
        guard case .found(let field) = try locate(path, in: message) else { return nil }
        return try value(of: field, in: message)
    }

    private func value(of field: FieldLocation, in message: RawSpan) throws(ParsingError) -> ThriftValue {
        if let bool = field.bool { return .bool(bool) }
        var reader = ByteReader(message, offset: field.value.lowerBound)
        return try reader.thriftValue(field.type, encoding, depth: 0)
    }

    /// Sets the field at `path`.
    ///
    /// Throws, and changes nothing, as ``locate(_:in:)`` does, `unsupported` when the field there has another type, and
    /// `limit` when the frame would become longer than a frame can be.
    package func set(
        _ path: FieldPath, to value: ThriftValue, creating creation: Creation = .nothing, in message: inout [UInt8],
        journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        switch try locate(path, in: message.rawSpan) {
        case .found(let field): return try replace(field, by: value, in: &message, journal: &journal)
        case .missing(let gap): return try insert(path, value, creation, at: gap, in: &message, journal: &journal)
        }
    }

    /// Sets `bits` in the integer at `path` and keeps its others; a missing field is made as an i64.
    ///
    /// Throws as ``set(_:to:creating:in:journal:)`` does, also when the field is narrower than the bits.
    package func setBits(
        _ path: FieldPath, _ bits: Int64, creating creation: Creation = .nothing, in message: inout [UInt8],
        journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        switch try locate(path, in: message.rawSpan) {
        case .missing(let gap): return try insert(path, .i64(bits), creation, at: gap, in: &message, journal: &journal)
        case .found(let field):
            let before = try value(of: field, in: message.rawSpan)
            guard let integer = before.integer, let after = before.with(integer: integer | bits) else {
                throw ParsingError(.unsupported, at: field.header.lowerBound, "integer with room for the bits")
            }
            return try replace(field, by: after, in: &message, journal: &journal)
        }
    }

    /// Takes the field at `path` out of its struct.
    package func remove(
        _ path: FieldPath, in message: inout [UInt8], journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        guard case .found(let field) = try locate(path, in: message.rawSpan) else { return .missing }
        var range = field.header.lowerBound..<field.value.upperBound
        var replacement: [UInt8] = []
        if encoding == .compact {
            var reader = ByteReader(message.rawSpan, offset: range.upperBound)
            let next = try reader.fieldHeader(encoding, after: field.id)
            if let next, next.isDelta {
                let type = message[range.upperBound] & 0x0F
                replacement.append(compactFieldHeader: type, id: next.id, after: field.previousID)
                range = range.lowerBound..<reader.offset
            }
        }
        try apply(range, replacement, in: &message, journal: &journal)
        return .replaced
    }

    // MARK: Edits

    private func replace(
        _ field: FieldLocation, by value: ThriftValue, in message: inout [UInt8], journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        guard value.type == field.type else {
            throw ParsingError(.unsupported, at: field.header.lowerBound, "field of the type that is to be set")
        }
        var range = field.value
        var bytes: [UInt8]
        if case .bool(let bool) = value, encoding == .compact {
            range = field.header.lowerBound..<field.header.lowerBound + 1
            bytes = [message[range.lowerBound] & 0xF0 | (bool ? 1 : 2)]
        } else {
            var writer = ThriftWriter(encoding)
            writer.element(value)
            bytes = writer.bytes
        }
        if message[range].elementsEqual(bytes) { return .unchanged }
        try apply(range, bytes, in: &message, journal: &journal)
        return .replaced
    }

    private func insert(
        _ path: FieldPath, _ value: ThriftValue, _ creation: Creation, at gap: FieldGap, in message: inout [UInt8],
        journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        var value = value
        let missingStructs = path.ids.count - 1 - gap.matched
        switch creation {
        case .nothing: return .missing
        case .field: if missingStructs > 0 { return .missing }
        case .structs(let siblings):
            // From the inside out: the struct that holds the field first.
            var others = siblings
            for id in path.ids.suffix(missingStructs).reversed() {
                var fields = others.filter { $0.id != id }
                fields.append(ThriftField(id, value))
                fields.sort { $0.id < $1.id }
                value = .structure(fields)
                others = []
            }
        }
        let id = path.ids[gap.matched]
        var writer = ThriftWriter(encoding, after: gap.previousID)
        writer.field(id, value)
        var end = gap.offset
        if let next = gap.nextDelta {
            // The id is below the next one and above the previous, so the distance still fits the same one byte.
            writer.bytes.append(compactFieldHeader: next.compactType, id: next.id, after: id)
            end += 1
        }
        try apply(gap.offset..<end, writer.bytes, in: &message, journal: &journal)
        return .inserted
    }

    /// One replacement and the frame length that follows from it.
    private func apply(
        _ range: Range<Int>, _ bytes: [UInt8], in message: inout [UInt8], journal: inout EditJournal
    ) throws(ParsingError) {
        let growth = bytes.count - range.count
        if framing == .framed && growth != 0 {
            var reader = ByteReader(message.rawSpan)
            let length = Int(try reader.bigEndianUInt32()) + growth
            guard length >= 0, length <= ThriftType.Limit.frameLength else {
                throw ParsingError(.limit, at: 0, "frame length")
            }
            var field: [UInt8] = []
            field.append(bigEndian: UInt32(truncatingIfNeeded: length))
            journal.replace(range, with: bytes, in: &message)
            journal.replace(0..<4, with: field, in: &message)
        } else {
            journal.replace(range, with: bytes, in: &message)
        }
    }
}

extension ThriftValue {
    /// The same type of integer with another value; nil when it does not fit or this is no integer.
    fileprivate func with(integer: Int64) -> ThriftValue? {
        switch self {
        case .i8: Int8(exactly: integer).map { .i8($0) }
        case .i16: Int16(exactly: integer).map { .i16($0) }
        case .i32: Int32(exactly: integer).map { .i32($0) }
        case .i64: .i64(integer)
        default: nil
        }
    }
}
