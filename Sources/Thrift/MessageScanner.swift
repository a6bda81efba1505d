package import Bytes

/// Finds the end of each message in a stream, whatever the pieces in which its bytes arrive.
///
/// Give it everything from the first byte of the message on, as often as there is more; it goes on where it stopped, so
/// the work over a message is linear in its length. After a message, ``reset()`` and give it what follows. It allocates
/// nothing and keeps no reference to the bytes.
package struct MessageScanner: Sendable {
    /// A whole message at the beginning of the bytes.
    package struct Found: Sendable, Equatable {
        /// Offsets count from the beginning of the bytes, the frame length included.
        package var header: MessageHeader
        /// Bytes of the message, its frame length included.
        package var length: Int

        package init(header: MessageHeader, length: Int) {
            self.header = header
            self.length = length
        }
    }

    package enum Outcome: Sendable, Equatable {
        case message(Found)
        /// Nothing new can be said before there are so many bytes in all. It is a lower bound, exact for a frame whose
        /// length is known, and always more than were given.
        case needMore(atLeast: Int)
        /// This is no message, however it goes on. The offset counts from the beginning of the message.
        case invalid(ParsingError)
    }

    package let framing: ThriftFraming
    package let `protocol`: ThriftProtocol
    /// The greatest length of a message, without its frame length, that is not refused.
    package let maximumLength: Int
    /// The header, known before the message is whole.
    package private(set) var header: MessageHeader?
    /// Bytes of the message with its frame length, known early when it is framed.
    package private(set) var knownLength: Int?
    private var skipper: ValueSkipper
    private var text = JSONSkipper(at: 0)

    package init(
        _ framing: ThriftFraming, _ encoding: ThriftEncoding, maximumLength: Int = ThriftType.Limit.frameLength
    ) {
        self.init(framing, protocol: ThriftProtocol(encoding), maximumLength: maximumLength)
    }

    package init(
        _ framing: ThriftFraming, protocol: ThriftProtocol, maximumLength: Int = ThriftType.Limit.frameLength
    ) {
        self.framing = framing
        self.protocol = `protocol`
        self.maximumLength = min(max(maximumLength, 0), ThriftType.Limit.frameLength)
        skipper = ValueSkipper(.structure, at: 0, `protocol`.encoding ?? .binary, limit: 0)
    }

    /// How values are laid out; of no meaning in JSON.
    package var encoding: ThriftEncoding { `protocol`.encoding ?? .binary }

    /// Forgets the message it was in; the next bytes begin a new one.
    package mutating func reset() {
        header = nil
        knownLength = nil
    }

    /// Looks at `bytes`, which begin at the first byte of the message.
    package mutating func scan(_ bytes: RawSpan) -> Outcome {
        do throws(ParsingError) {
            let start = framing == .framed ? 4 : 0
            if framing == .framed && knownLength == nil { knownLength = try frameLength(bytes) }
            if header == nil {
                let found = try MessageHeader.parse(bytes, at: start, protocol: `protocol`)
                // A body is at least its stop byte.
                if let knownLength, found.bodyOffset >= knownLength {
                    throw ParsingError(.invalid, at: found.bodyOffset, "message within its frame")
                }
                header = found
                if framing == .unframed && `protocol` == .json {
                    text = JSONSkipper(at: 0)
                } else if framing == .unframed {
                    skipper = ValueSkipper(.structure, at: found.bodyOffset, encoding, limit: maximumLength)
                }
            }
            guard let header else { return .needMore(atLeast: bytes.byteCount + 1) }
            if let knownLength {
                if bytes.byteCount < knownLength { return .needMore(atLeast: knownLength) }
                return .message(Found(header: header, length: knownLength))
            }
            if `protocol` == .json { return scanText(bytes, header) }
            return switch skipper.resume(bytes) {
            case .end(let length): .message(Found(header: header, length: length))
            case .needMore(let total): .needMore(atLeast: total)
            case .invalid(let error): .invalid(error)
            }
        } catch {
            guard error.status == .truncated else { return .invalid(error) }
            if let knownLength, bytes.byteCount >= knownLength {
                return .invalid(ParsingError(.invalid, at: error.offset, "message within its frame"))
            }
            return .needMore(atLeast: bytes.byteCount + 1)
        }
    }

    private mutating func scanText(_ bytes: RawSpan, _ header: MessageHeader) -> Outcome {
        if let length = text.resume(bytes) { return .message(Found(header: header, length: length)) }
        if bytes.byteCount > maximumLength {
            return .invalid(ParsingError(.limit, at: bytes.byteCount, "length of a message"))
        }
        return .needMore(atLeast: bytes.byteCount + 1)
    }

    private func frameLength(_ bytes: RawSpan) throws(ParsingError) -> Int {
        try bytes.thriftFrameLength(maximum: maximumLength)
    }
}

extension RawSpan {
    /// The length of the frame that begins here, with the four bytes that say it.
    func thriftFrameLength(maximum: Int) throws(ParsingError) -> Int {
        // The first byte alone already tells a length from the magic numbers of other transports.
        if byteCount > 0, self[byte: 0] > 0x3F { throw ParsingError(.invalid, at: 0, "frame length") }
        var reader = ByteReader(self)
        let length = Int(try reader.bigEndianUInt32())
        guard length <= maximum else { throw ParsingError(.limit, at: 0, "frame length") }
        return length + 4
    }
}
