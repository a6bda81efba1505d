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
    package let encoding: ThriftEncoding
    /// The greatest length of a message, without its frame length, that is not refused.
    package let maximumLength: Int
    /// The header, known before the message is whole.
    package private(set) var header: MessageHeader?
    /// Bytes of the message with its frame length, known early when it is framed.
    package private(set) var knownLength: Int?
    private var skipper: ValueSkipper

    package init(
        _ framing: ThriftFraming, _ encoding: ThriftEncoding, maximumLength: Int = ThriftType.Limit.frameLength
    ) {
        self.framing = framing
        self.encoding = encoding
        self.maximumLength = min(max(maximumLength, 0), ThriftType.Limit.frameLength)
        skipper = ValueSkipper(.structure, at: 0, encoding, limit: 0)
    }

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
                let found = try MessageHeader.parse(bytes, at: start, encoding)
                // A body is at least its stop byte.
                if let knownLength, found.bodyOffset >= knownLength {
                    throw ParsingError(.invalid, at: found.bodyOffset, "message within its frame")
                }
                header = found
                if framing == .unframed {
                    skipper = ValueSkipper(.structure, at: found.bodyOffset, encoding, limit: maximumLength)
                }
            }
            guard let header else { return .needMore(atLeast: bytes.byteCount + 1) }
            if let knownLength {
                if bytes.byteCount < knownLength { return .needMore(atLeast: knownLength) }
                return .message(Found(header: header, length: knownLength))
            }
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

    private func frameLength(_ bytes: RawSpan) throws(ParsingError) -> Int {
        // The first byte alone already tells a length from the magic numbers of other transports.
        if bytes.byteCount > 0, bytes[byte: 0] > 0x3F { throw ParsingError(.invalid, at: 0, "frame length") }
        var reader = ByteReader(bytes)
        let length = Int(try reader.bigEndianUInt32())
        guard length <= maximumLength else { throw ParsingError(.limit, at: 0, "frame length") }
        return length + 4
    }
}
