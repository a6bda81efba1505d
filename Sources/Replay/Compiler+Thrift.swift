import Bytes
import Tape
import Thrift

/// What a loop must know of a Thrift call: how its reply ends, and where its seqid stands.
extension TemplateBlock.Draft {
    /// Reads the call that ``bytes`` hold, the tag in place. A seqid in Compact is widened, so that any number fits it.
    mutating func describeThrift(_ format: WireFormat) {
        reply = format.transport == .unframed ? .unframed : .frame
        isCompact = format.encoding == .compact
        isExclusive = true
        guard let place = messagePlace(format) else {
            describeTransformed(format)
            return
        }
        isCompact = place.isCompact
        let encoding: ThriftEncoding = place.isCompact ? .compact : .binary
        guard let header = try? unsafe MessageHeader.parse(bytes.span.bytes, at: place.start, encoding) else { return }
        if header.type == .oneway { reply = .none }
        if place.isCompact {
            widenSeqid(place.start + 2, lengths: place.lengths)
            seqidOffset = place.start + 2
        } else {
            seqidOffset = header.bodyOffset - 4
        }
        hasHeaderSeqid = place.hasHeader
        isExclusive = false
    }

    private struct Place {
        /// Of the message.
        var start: Int
        var isCompact: Bool
        var hasHeader = false
        /// Where the lengths stand that count it.
        var lengths: [Int] = []
    }

    /// Nil when the message does not stand on the wire as it is.
    private func messagePlace(_ format: WireFormat) -> Place? {
        switch format.transport {
        case .unframed: return Place(start: 0, isCompact: isCompact)
        case .framed: return Place(start: 4, isCompact: isCompact, lengths: [0])
        case .theader, .ttheader: break
        default: return nil
        }
        guard let header = try? unsafe HeaderTransport(decoding: bytes.span.bytes), header.transforms.isEmpty,
            let encoding = try? header.protocol.encoding, header.payloadOffset < bytes.count
        else { return nil }
        var place = Place(
            start: header.payloadOffset, isCompact: encoding == .compact, hasHeader: true, lengths: [0])
        // The payload of a TTHeader frame may be framed itself.
        if bytes[place.start] & 0x80 == 0 {
            place.lengths.append(place.start)
            place.start += 4
        }
        return place
    }

    private mutating func describeTransformed(_ format: WireFormat) {
        guard let form = format.thrift else { return }
        var scanner = ThriftScanner(form)
        if case .message(let found) = unsafe scanner.scan(bytes.span.bytes), found.header.type == .oneway {
            reply = .none
        }
    }

    /// Gives the varint at `start` the five bytes of ``Seqid``.
    private mutating func widenSeqid(_ start: Int, lengths: [Int]) {
        var end = start
        while end < bytes.count && bytes[end] & 0x80 != 0 { end += 1 }
        end = min(end + 1, bytes.count)
        let growth = Seqid.compactLength - (end - start)
        bytes.replaceSubrange(start..<end, with: [0x80, 0x80, 0x80, 0x80, 0x01])
        for at in lengths where at + 4 <= bytes.count {
            let old = bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
            let new = old &+ UInt32(bitPattern: Int32(truncatingIfNeeded: growth))
            for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: new >> UInt32(24 - 8 * index)) }
        }
    }
}
