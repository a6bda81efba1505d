package import Bytes
import Compression

/// A whole message with everything that stands around it, as a tree.
///
/// Decoding and encoding give the same bytes again, except for compressed payloads, which keep their content, and for
/// JSON that was not written as Apache's libraries write it.
package struct ThriftFrame: Sendable, Hashable {
    package var format: ThriftFormat
    /// Nil in a frame that holds only a header.
    package var message: ThriftMessage?
    /// Of THeader and TTHeader.
    package var header: HeaderTransport?
    /// The payload is framed once more, which happens in TTHeader.
    package var isFramedInside = false
    /// The `RequestHeader` or `ResponseHeader` of Finagle.
    package var finagleHeader: [ThriftField] = []

    package init(_ message: ThriftMessage, _ format: ThriftFormat) {
        self.message = message
        self.format = format
        switch format.transport {
        case .theader: header = HeaderTransport(.theader)
        case .ttheader: header = HeaderTransport(.ttheader)
        case .framed, .unframed, .finagle: header = nil
        }
        header?.protocolID = format.protocol == .compact ? 2 : format.protocol == .json ? 1 : 0
    }

    /// Decodes one message that fills `bytes`. In header transports the protocol is taken from the frame.
    package init(decoding bytes: RawSpan, _ format: ThriftFormat) throws(ParsingError) {
        self.format = format
        var start = 0
        if format.transport != .unframed {
            let length = try bytes.thriftFrameLength(maximum: ThriftType.Limit.frameLength)
            guard length == bytes.byteCount else {
                throw ParsingError(length > bytes.byteCount ? .truncated : .invalid, at: 0, "frame length")
            }
            start = 4
        }
        switch format.transport {
        case .framed, .unframed:
            message = try ThriftMessage(decoding: bytes, from: start, protocol: format.protocol)
        case .finagle:
            var reader = ByteReader(bytes, offset: start)
            finagleHeader = try reader.thriftFields(.binary, depth: 1)
            if !reader.isAtEnd { self.format.protocol = bytes[byte: reader.offset] == 0x82 ? .compact : .binary }
            message = try ThriftMessage(decoding: bytes, from: reader.offset, protocol: self.format.protocol)
        case .theader, .ttheader: try decodePayload(bytes)
        }
    }

    private mutating func decodePayload(_ bytes: RawSpan) throws(ParsingError) {
        let header = try HeaderTransport(decoding: bytes)
        self.header = header
        format.protocol = try header.protocol
        let payload = try header.payload(of: bytes)
        if payload.isEmpty { return }
        let inner = try ThriftScanner.innerStart(payload.rawSpan, 0, payload.count, format.protocol)
        isFramedInside = inner.start > 0
        if inner.isOldBinary { format.protocol = .oldBinary }
        message = try ThriftMessage(decoding: payload.rawSpan, from: inner.start, protocol: format.protocol)
    }

    package func encoded() -> [UInt8] {
        var body = message?.encoded(protocol: format.protocol) ?? []
        switch format.transport {
        case .unframed: return body
        case .framed: return Self.framed(body)
        case .finagle:
            var writer = ThriftWriter(.binary)
            writer.element(.structure(finagleHeader))
            return Self.framed(writer.bytes + body)
        case .theader, .ttheader:
            if isFramedInside { body = Self.framed(body) }
            for id in header?.transforms ?? [] where id == HeaderTransport.zlib {
                body = Deflate.compress(body.rawSpan, as: .zlib)
            }
            return (header ?? HeaderTransport(.theader)).encoded(payload: body)
        }
    }

    private static func framed(_ body: [UInt8]) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(body.count + 4)
        frame.append(bigEndian: UInt32(truncatingIfNeeded: body.count))
        return frame + body
    }
}

extension ThriftMessage {
    /// Decodes one message that reaches from `start` to the end of `bytes`.
    package init(
        decoding bytes: RawSpan, from start: Int = 0, protocol: ThriftProtocol
    ) throws(ParsingError) {
        let header = try MessageHeader.parse(bytes, at: start, protocol: `protocol`)
        guard let encoding = `protocol`.encoding else {
            var reader = ThriftJSONReader(bytes, offset: start)
            self = try reader.message()
            return
        }
        var reader = ByteReader(bytes, offset: header.bodyOffset)
        let body = try reader.thriftFields(encoding, depth: 1)
        guard reader.isAtEnd else { throw ParsingError(.invalid, at: reader.offset, "end of the message") }
        self.init(name: header.name(in: bytes), type: header.type, seqid: header.seqid, body: body)
    }

    /// The message alone, without anything around it.
    package func encoded(protocol: ThriftProtocol) -> [UInt8] {
        switch `protocol` {
        case .binary: return encoded(.unframed, .binary)
        case .compact: return encoded(.unframed, .compact)
        case .json:
            var writer = ThriftJSONWriter()
            writer.message(self)
            return writer.bytes
        case .oldBinary:
            var writer = ThriftWriter(.binary)
            writer.element(string: name)
            writer.element(i8: Int8(bitPattern: type.rawValue))
            writer.element(i32: seqid)
            writer.element(.structure(body))
            return writer.bytes
        }
    }
}
