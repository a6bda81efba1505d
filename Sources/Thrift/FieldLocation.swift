package import Bytes

/// Where a field stands in an encoded message. Offsets count from the beginning of the message, frame length included.
package struct FieldLocation: Sendable, Equatable {
    package var id: Int16
    package var type: ThriftType
    package var header: Range<Int>
    /// Empty for a boolean in Compact, whose value is part of the header.
    package var value: Range<Int>
    /// The id of the field before it in its struct; 0 when it is the first.
    package var previousID: Int16
    /// The value of a boolean in Compact.
    package var bool: Bool?
}

/// The place in a message at which a missing field belongs.
package struct FieldGap: Sendable, Equatable {
    /// How many ids of the path were found; the id after them is the one that is missing.
    package var matched: Int
    /// Before the first field with a greater id, or before the stop byte.
    package var offset: Int
    /// The id of the field before the gap; 0 when there is none.
    package var previousID: Int16
    /// The header of the field behind the gap, if Compact wrote it as a distance from the one before.
    package var nextDelta: NextDelta?

    package struct NextDelta: Sendable, Equatable {
        package var id: Int16
        /// The type nibble, which for a boolean is its value.
        package var compactType: UInt8
    }
}

package enum FieldSearch: Sendable, Equatable {
    case found(FieldLocation)
    case missing(FieldGap)
}

extension ThriftEditor {
    /// Finds the field at `path`, reading no more of the message than that takes.
    ///
    /// Throws when the message is malformed up to there, and `unsupported` when the path leads through a field that is no
    /// struct. Of several fields with one id the first counts.
    package func locate(_ path: FieldPath, in message: RawSpan) throws(ParsingError) -> FieldSearch {
        let header = try MessageHeader.parse(message, at: framing == .framed ? 4 : 0, encoding)
        var reader = ByteReader(message, offset: header.bodyOffset)
        for (depth, id) in path.ids.enumerated() {
            let search = try locate(id, matched: depth, &reader)
            guard case .found(let field) = search, depth < path.ids.count - 1 else { return search }
            guard field.type == .structure else {
                throw ParsingError(.unsupported, at: field.header.lowerBound, "struct on the way to a field")
            }
            reader.offset = field.value.lowerBound
        }
        throw ParsingError(.invalid, at: header.bodyOffset, "field path")
    }

    /// Looks through the struct whose first field header is at the reader. A struct that is found has only the beginning
    /// of its value looked at by the caller that goes into it; its end is known all the same.
    private func locate(
        _ id: Int16, matched: Int, _ reader: inout ByteReader
    ) throws(ParsingError) -> FieldSearch {
        var last: Int16 = 0
        var gap: FieldGap?
        while true {
            let start = reader.offset
            guard let header = try reader.fieldHeader(encoding, after: last) else {
                return .missing(gap ?? FieldGap(matched: matched, offset: start, previousID: last, nextDelta: nil))
            }
            let valueStart = reader.offset
            if header.bool == nil {
                var skipper = ValueSkipper(header.type, at: valueStart, encoding, limit: reader.bytes.byteCount)
                switch skipper.resume(reader.bytes) {
                case .end(let end): reader.offset = end
                case .needMore: throw ParsingError(.truncated, at: valueStart, "value of a field")
                case .invalid(let error): throw error
                }
            }
            if header.id == id {
                return .found(
                    FieldLocation(
                        id: id, type: header.type, header: start..<valueStart, value: valueStart..<reader.offset,
                        previousID: last, bool: header.bool))
            }
            if gap == nil && header.id > id {
                let next = FieldGap.NextDelta(id: header.id, compactType: reader.bytes[byte: start] & 0x0F)
                gap = FieldGap(
                    matched: matched, offset: start, previousID: last, nextDelta: header.isDelta ? next : nil)
            }
            last = header.id
        }
    }
}
