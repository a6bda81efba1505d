package import Bytes

/// Finds the end of each message of any transport and protocol, whatever the pieces in which its bytes arrive.
///
/// It is used as ``MessageScanner``, which does the work for framed and unframed messages. In frames with a header of
/// their own it also undoes the transforms, so that the message's header may stand in ``Found/payload``.
package struct ThriftScanner: Sendable {
    /// A whole message at the beginning of the bytes.
    package struct Found: Sendable, Equatable {
        /// Offsets count from the beginning of the bytes, or of ``payload`` when there is one.
        package var header: MessageHeader
        /// Bytes of the message with everything around it.
        package var length: Int
        /// Of this message; header transports name it in each frame.
        package var `protocol`: ThriftProtocol
        /// The message after the transforms of its frame; nil when it stands on the wire as it is.
        package var payload: [UInt8]?
        /// Where the compressed bytes of ``payload`` begin on the wire; 0 without one.
        package var payloadOffset = 0
    }

    package enum Outcome: Sendable, Equatable {
        case message(Found)
        /// A frame of this many bytes that holds a header and no message.
        case empty(length: Int)
        /// See ``MessageScanner/Outcome/needMore(atLeast:)``.
        case needMore(atLeast: Int)
        /// This is no message, however it goes on; or, when the error's status is `unsupported`, one whose payload is not
        /// read here, such as a transform other than zlib.
        case invalid(ParsingError)
    }

    package let format: ThriftFormat
    package let maximumLength: Int
    private var plain: MessageScanner
    private var frame = FrameState()

    /// How far a frame with a header of its own was understood.
    private struct FrameState: Sendable {
        var length: Int?
        var header: MessageHeader?
        var `protocol` = ThriftProtocol.binary
        var messageStart: Int?
        var isTransformed = false
    }

    package init(_ format: ThriftFormat, maximumLength: Int = ThriftType.Limit.frameLength) {
        self.format = format
        let framing: ThriftFraming = format.transport == .unframed ? .unframed : .framed
        plain = MessageScanner(framing, protocol: format.protocol, maximumLength: maximumLength)
        self.maximumLength = plain.maximumLength
    }

    private var isPlain: Bool { format.transport == .framed || format.transport == .unframed }

    /// The header, known before the message is whole; its offsets count from the message's first byte on the wire.
    package var header: MessageHeader? { isPlain ? plain.header : frame.header }
    /// Bytes of the message with everything around it, known early when it is in a frame.
    package var knownLength: Int? { isPlain ? plain.knownLength : frame.length }
    /// The protocol of the message that ``header`` belongs to.
    package var `protocol`: ThriftProtocol { isPlain ? format.protocol : frame.protocol }

    /// What has come is the beginning of a message of this format beyond doubt.
    package var isRecognised: Bool { header != nil || frame.isTransformed }

    /// Forgets the message it was in; the next bytes begin a new one.
    package mutating func reset() {
        plain.reset()
        if !isPlain { frame = FrameState() }
    }

    /// Looks at `bytes`, which begin at the first byte of the message.
    @inline(__always)
    package mutating func scan(_ bytes: RawSpan) -> Outcome {
        if !isPlain { return scanFrame(bytes) }
        return switch plain.scan(bytes) {
        case .message(let found):
            .message(Found(header: found.header, length: found.length, protocol: format.protocol, payload: nil))
        case .needMore(let total): .needMore(atLeast: total)
        case .invalid(let error): .invalid(error)
        }
    }

    private mutating func scanFrame(_ bytes: RawSpan) -> Outcome {
        do throws(ParsingError) {
            if frame.length == nil { frame.length = try bytes.thriftFrameLength(maximum: maximumLength) }
            let length = frame.length ?? 0
            if let error = magicError(bytes) { return .invalid(error) }
            let whole = bytes.extracting(0..<min(length, bytes.byteCount))
            if frame.messageStart == nil { try findMessage(whole, length) }
            guard let start = frame.messageStart else { return .needMore(atLeast: bytes.byteCount + 1) }
            if start == length { return bytes.byteCount < length ? .needMore(atLeast: length) : .empty(length: length) }
            if frame.isTransformed {
                if bytes.byteCount < length { return .needMore(atLeast: length) }
                return .message(try transformed(whole, length))
            }
            if frame.header == nil {
                let found = try MessageHeader.parse(whole, at: start, protocol: frame.protocol)
                guard found.bodyOffset < length else {
                    throw ParsingError(.invalid, at: found.bodyOffset, "message within its frame")
                }
                frame.header = found
            }
            guard let header = frame.header, bytes.byteCount >= length else { return .needMore(atLeast: length) }
            return .message(Found(header: header, length: length, protocol: frame.protocol, payload: nil))
        } catch {
            guard error.status == .truncated else { return .invalid(error) }
            if let length = frame.length, bytes.byteCount >= length {
                return .invalid(ParsingError(.invalid, at: error.offset, "message within its frame"))
            }
            return .needMore(atLeast: bytes.byteCount + 1)
        }
    }

    /// A wrong magic is seen before the header is whole.
    private func magicError(_ bytes: RawSpan) -> ParsingError? {
        let magic: [2 of UInt8]
        switch format.transport {
        case .theader: magic = [0x0F, 0xFF]
        case .ttheader: magic = [0x10, 0x00]
        default: return nil
        }
        for i in 0..<2 where bytes.byteCount > 4 + i && bytes[byte: 4 + i] != magic[i] {
            return ParsingError(.invalid, at: 4, "header magic")
        }
        return nil
    }

    /// Finds where in a frame, of which `bytes` is what has come, its message begins.
    private mutating func findMessage(_ bytes: RawSpan, _ length: Int) throws(ParsingError) {
        if format.transport == .finagle {
            // Begun anew at each piece: a flow should not have to keep another skipper. The limit bounds what that costs.
            let limit = min(length, 4 + ThriftType.Limit.finagleHeaderLength)
            var skipper = ValueSkipper(.structure, at: 4, .binary, limit: limit)
            switch skipper.resume(bytes) {
            case .invalid(let error): throw error
            case .needMore: throw ParsingError(.truncated, at: 4, "Finagle header")
            case .end(let start):
                guard start < length else { throw ParsingError(.invalid, at: start, "message within its frame") }
                guard start < bytes.byteCount else { throw ParsingError(.truncated, at: start, "message") }
                frame.protocol = bytes[byte: start] == 0x82 ? .compact : .binary
                frame.messageStart = start
            }
            return
        }
        let header = try HeaderTransport(decoding: bytes)
        frame.protocol = try header.protocol
        let start = header.payloadOffset
        if header.transforms.isEmpty {
            let (inner, isOld) = try Self.innerStart(bytes, start, length, frame.protocol)
            if isOld { frame.protocol = .oldBinary }
            frame.messageStart = inner
        } else {
            frame.isTransformed = true
            frame.messageStart = start
        }
    }

    /// Where the message of a payload begins: TTHeader's may be framed once more.
    static func innerStart(
        _ bytes: RawSpan, _ start: Int, _ end: Int, _ protocol: ThriftProtocol
    ) throws(ParsingError) -> (start: Int, isOldBinary: Bool) {
        guard start < end else { return (start, false) }
        guard start < bytes.byteCount else { throw ParsingError(.truncated, at: start, "payload") }
        guard bytes[byte: start] <= 0x3F else { return (start, false) }
        var reader = ByteReader(bytes, offset: start)
        let length = Int(try reader.bigEndianUInt32())
        if length == end - start - 4 { return (start + 4, false) }
        return (start, `protocol` == .binary)
    }

    /// Undoes the transforms of a whole frame and reads the message that comes out.
    private func transformed(_ bytes: RawSpan, _ length: Int) throws(ParsingError) -> Found {
        let header = try HeaderTransport(decoding: bytes)
        let payload = try header.payload(of: bytes)
        var form = try header.protocol
        do throws(ParsingError) {
            let (inner, isOld) = try Self.innerStart(payload.rawSpan, 0, payload.count, form)
            if isOld { form = .oldBinary }
            let found = try MessageHeader.parse(payload.rawSpan, at: inner, protocol: form)
            return Found(
                header: found, length: length, protocol: form, payload: payload, payloadOffset: header.payloadOffset)
        } catch {
            throw ParsingError(.invalid, at: header.payloadOffset, "transformed message")
        }
    }
}
