import Bytes
import Thrift

extension StubEngine {
    /// Numbers of `TApplicationException` (Apache Thrift, `TApplicationException.h`).
    enum ApplicationException: Int32 {
        case unknownMethod = 1
        case missingResult = 5
        case internalError = 6
        case protocolError = 7

        var text: StaticString {
            switch self {
            case .unknownMethod: "no operation of the tape has this method"
            case .missingResult: "the tape holds no response of this method"
            case .internalError: "the stub was told to fail"
            case .protocolError: "the arguments cannot be read"
            }
        }
    }

    /// Appends the reply to the call at the beginning of `bytes`; nothing for a oneway. `tags` stand for carriers around it.
    mutating func answerThrift(
        _ bytes: RawSpan, _ found: MessageScanner.Found, _ framing: ThriftFraming, _ encoding: ThriftEncoding,
        tags: UInt64 = 0, nowNanos: UInt64, into output: inout [UInt8]
    ) -> AnswerEffects {
        let header = found.header
        let name = bytes.extracting(header.nameRange)
        let operation = book.operation(name: name)
        let tree = operation.map { book.operations[$0].tree } ?? unknownTree
        let message = bytes.extracting(0..<found.length)
        let reading = try? ThriftReading(
            message, at: header.bodyOffset, encoding, tree, seed: UInt64(operation ?? 0))
        let isOneway = header.type == .oneway
        guard let reading, header.type == .call || isOneway else {
            counts.malformed += 1
            if header.type == .call {
                refuse(
                    .protocolError, name.extracting(Self.bareName(name)), header.seqid, framing, encoding, to: &output)
            }
            return AnswerEffects()
        }
        counts.note(operation: operation, tags: tags | reading.tags)
        if isOneway {
            if operation == nil { counts.unknownOperation += 1 } else { counts.oneway += 1 }
            return AnswerEffects()
        }
        let told = consult(message, .thrift(framing, encoding), operation, isThrift: true, nowNanos)
        let bare = name.extracting(Self.bareName(name))
        if case .error? = told.effects.fault {
            refuse(.internalError, bare, header.seqid, framing, encoding, to: &output)
            return told.effects
        }
        if told.isFailed {
            refuse(.missingResult, bare, header.seqid, framing, encoding, to: &output)
            return told.effects
        }
        if case .thrift(let binary, let compact)? = told.answer {
            counts.answered += 1
            let start = begin(framing, to: &output)
            appendHeader(.reply, bare, header.seqid, encoding, to: &output)
            output.append(contentsOf: encoding == .binary ? binary : compact)
            end(framing, start, &output)
            return told.effects
        }
        guard let operation else {
            counts.unknownOperation += 1
            refuse(.unknownMethod, bare, header.seqid, framing, encoding, to: &output)
            return told.effects
        }
        guard let answer = choose(operation, reading.fingerprint),
            case .thrift(let type, let nameRange, let compact, let echoAt) = answer.content,
            case let body = encoding == .binary ? answer.range : compact, !body.isEmpty
        else {
            // A oneway that was sent as a call: the peer does not wait either.
            if book.operations[operation].isOneway {
                counts.oneway += 1
            } else {
                counts.withoutAnswer += 1
                refuse(.missingResult, bare, header.seqid, framing, encoding, to: &output)
            }
            return told.effects
        }
        counts.answered += 1
        let start = begin(framing, to: &output)
        appendHeader(type, book.bytes.rawSpan.extracting(nameRange), header.seqid, encoding, to: &output)
        if let echoAt {
            let at = body.lowerBound + (encoding == .binary ? echoAt.binary : echoAt.compact)
            append(body.lowerBound..<at, to: &output)
            let text = reading.echo ?? 0..<0
            appendLength(text.count, encoding, to: &output)
            output.append(copying: bytes.extracting(text))
            append(at..<body.upperBound, to: &output)
        } else {
            append(body, to: &output)
        }
        end(framing, start, &output)
        return told.effects
    }

    /// `Service:method` is answered as `method`.
    private static func bareName(_ name: RawSpan) -> Range<Int> {
        (name.firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? 0)..<name.byteCount
    }

    private func refuse(
        _ exception: ApplicationException, _ name: RawSpan, _ seqid: Int32, _ framing: ThriftFraming,
        _ encoding: ThriftEncoding, to output: inout [UInt8]
    ) {
        let start = begin(framing, to: &output)
        appendHeader(.exception, name, seqid, encoding, to: &output)
        let length = exception.text.utf8CodeUnitCount
        switch encoding {
        case .binary:
            output.append(contentsOf: [11, 0, 1])
            appendLength(length, encoding, to: &output)
            output.append(contentsOf: "\(exception.text)".utf8)
            output.append(contentsOf: [8, 0, 2])
            output.append(bigEndian: exception.rawValue)
        case .compact:
            output.append(0x18)
            appendLength(length, encoding, to: &output)
            output.append(contentsOf: "\(exception.text)".utf8)
            output.append(0x15)
            output.append(varint: ZigZag.encode(Int64(exception.rawValue)))
        }
        output.append(0)
        end(framing, start, &output)
    }

    private func begin(_ framing: ThriftFraming, to output: inout [UInt8]) -> Int {
        let start = output.count
        if framing == .framed { output.append(bigEndian: UInt32(0)) }
        return start
    }

    private func end(_ framing: ThriftFraming, _ start: Int, _ output: inout [UInt8]) {
        if framing == .framed {
            output.store(bigEndian: UInt32(truncatingIfNeeded: output.count - start - 4), at: start)
        }
    }

    private func appendHeader(
        _ type: MessageType, _ name: RawSpan, _ seqid: Int32, _ encoding: ThriftEncoding, to output: inout [UInt8]
    ) {
        switch encoding {
        case .binary:
            output.append(bigEndian: 0x8001_0000 | UInt32(type.rawValue))
            appendLength(name.byteCount, encoding, to: &output)
            output.append(copying: name)
            output.append(bigEndian: seqid)
        case .compact:
            output.append(0x82)
            output.append(type.rawValue << 5 | 1)
            output.append(varint: UInt64(UInt32(bitPattern: seqid)))
            appendLength(name.byteCount, encoding, to: &output)
            output.append(copying: name)
        }
    }

    private func appendLength(_ length: Int, _ encoding: ThriftEncoding, to output: inout [UInt8]) {
        switch encoding {
        case .binary: output.append(bigEndian: UInt32(truncatingIfNeeded: length))
        case .compact: output.append(varint: UInt64(length))
        }
    }
}
