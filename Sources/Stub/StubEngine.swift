import Bytes
import HTTP1
import Thrift

/// Decides what to answer, and counts. One for all connections of a thread.
package struct StubEngine: Sendable {
    private let book: AnswerBook
    private let probe: TagProbe
    package var delay: Delay
    package internal(set) var counts: StubCounts
    /// How often each operation, and each chain of equal requests, was answered in turn.
    private var turns: [Int]
    private var chainTurns: [Int]
    /// For calls whose method the tape does not know.
    private let unknownTree: FieldTree

    package init(book: AnswerBook, probe: TagProbe = TagProbe(), delay: Delay = .none) {
        self.book = book
        self.probe = probe
        self.delay = delay
        counts = StubCounts(operations: book.operationNames, carriers: probe.names)
        turns = [Int](repeating: 0, count: book.operations.count)
        chainTurns = [Int](repeating: 0, count: book.chains.count)
        var tree = FieldTree()
        for field in probe.fields { tree.probe(field.path, field.carrier, field.condition) }
        unknownTree = tree
    }

    /// The answer to the same request, else the next in turn; nil when the operation has none.
    private mutating func choose(_ operation: Int, _ fingerprint: UInt64) -> AnswerBook.Answer? {
        if let known = book.matches[fingerprint] {
            counts.matched += 1
            counts.operations[operation].matched += 1
            if known >= 0 { return book.answers[Int(known)] }
            let chain = Int(-1 - known)
            let answers = book.chains[chain]
            let answer = answers[chainTurns[chain] % answers.count]
            chainTurns[chain] &+= 1
            return book.answers[Int(answer)]
        }
        let answers = book.operations[operation].answers
        if answers.isEmpty { return nil }
        let answer = answers[turns[operation] % answers.count]
        turns[operation] = (turns[operation] + 1) % answers.count
        return book.answers[Int(answer)]
    }

    // MARK: HTTP

    /// Appends the answer to the whole request in `bytes`. Returns true when the connection ends behind it.
    mutating func answerHTTP(_ bytes: RawSpan, _ head: HTTPHead, _ framing: HTTPFraming, into output: inout [UInt8])
        -> Bool
    {
        let path = AnswerBook.path(bytes, head.uri.range)
        let get: [UInt8] = [0x47, 0x45, 0x54]
        var method = bytes.extracting(head.methodRange.range)
        var operation = book.operation(method: method, path: bytes.extracting(path))
        if operation == nil && head.method == .head {
            method = get.rawSpan
            operation = book.operation(method: method, path: bytes.extracting(path))
        }
        let reading = HTTPReading(
            bytes, head, framing, method: method, operation.map { book.operations[$0] }, probe,
            seed: UInt64(operation ?? 0))
        counts.note(operation: operation, tags: probe.tags(bytes, head) | reading.tags)
        let ends = !head.keepsAlive
        guard let operation else {
            counts.unknownOperation += 1
            Self.append(.notFound, isHead: head.method == .head, closes: ends, to: &output)
            return ends
        }
        guard let answer = choose(operation, reading.fingerprint) else {
            counts.withoutAnswer += 1
            Self.append(.noAnswer, isHead: head.method == .head, closes: ends, to: &output)
            return ends
        }
        counts.answered += 1
        switch answer.content {
        case .http(let headLength, let closes):
            let end = head.method == .head ? answer.range.lowerBound + headLength : answer.range.upperBound
            append(answer.range.lowerBound..<end, to: &output)
            return ends || closes
        case .json(let echoAt):
            appendJSON(answer.range, echoAt, reading.echo, isHead: head.method == .head, to: &output)
            return ends
        case .thrift: return ends
        }
    }

    private func append(_ range: Range<Int>, to output: inout [UInt8]) {
        output.append(contentsOf: book.bytes[range])
    }

    private func appendJSON(
        _ range: Range<Int>, _ echoAt: Int?, _ echo: [UInt8], isHead: Bool, to output: inout [UInt8]
    ) {
        // What is given back is a text; where the request has none, so has the answer.
        let given = echoAt == nil ? [] : echo.isEmpty ? [0x22, 0x22] : echo
        output.append(contentsOf: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ".utf8)
        output.append(contentsOf: String(range.count + given.count).utf8)
        output.append(contentsOf: "\r\n\r\n".utf8)
        if isHead { return }
        let at = range.lowerBound + (echoAt ?? 0)
        append(range.lowerBound..<at, to: &output)
        output.append(contentsOf: given)
        append(at..<range.upperBound, to: &output)
    }

    enum Refusal {
        case badRequest, notFound, tooLarge, noAnswer

        var status: StaticString {
            switch self {
            case .badRequest: "400 Bad Request"
            case .notFound: "404 Not Found"
            case .tooLarge: "413 Content Too Large"
            case .noAnswer: "502 Bad Gateway"
            }
        }

        var text: StaticString {
            switch self {
            case .badRequest: "this is no HTTP/1.1 request\n"
            case .notFound: "no operation of the tape has this method and path\n"
            case .tooLarge: "the request is larger than the stub takes\n"
            case .noAnswer: "the tape holds no response of this operation\n"
            }
        }
    }

    static func append(_ refusal: Refusal, isHead: Bool, closes: Bool, to output: inout [UInt8]) {
        let connection = closes ? "Connection: close\r\n" : ""
        let length = refusal.text.utf8CodeUnitCount
        output.append(
            contentsOf:
                "HTTP/1.1 \(refusal.status)\r\nContent-Type: text/plain\r\nContent-Length: \(length)\r\n\(connection)\r\n"
                .utf8)
        if !isHead { output.append(contentsOf: "\(refusal.text)".utf8) }
    }

    // MARK: Thrift

    /// Numbers of `TApplicationException` (Apache Thrift, `TApplicationException.h`).
    enum ApplicationException: Int32 {
        case unknownMethod = 1
        case missingResult = 5
        case protocolError = 7

        var text: StaticString {
            switch self {
            case .unknownMethod: "no operation of the tape has this method"
            case .missingResult: "the tape holds no response of this method"
            case .protocolError: "the arguments cannot be read"
            }
        }
    }

    /// Appends the reply to the call at the beginning of `bytes`; nothing for a oneway.
    mutating func answerThrift(
        _ bytes: RawSpan, _ found: MessageScanner.Found, _ framing: ThriftFraming, _ encoding: ThriftEncoding,
        into output: inout [UInt8]
    ) {
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
            return
        }
        counts.note(operation: operation, tags: reading.tags)
        guard let operation else {
            counts.unknownOperation += 1
            if !isOneway {
                refuse(
                    .unknownMethod, name.extracting(Self.bareName(name)), header.seqid, framing, encoding, to: &output)
            }
            return
        }
        if isOneway {
            counts.oneway += 1
            return
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
                refuse(
                    .missingResult, name.extracting(Self.bareName(name)), header.seqid, framing, encoding, to: &output)
            }
            return
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

extension Array where Element == UInt8 {
    /// Appends the bytes of a span.
    @inline(__always)
    mutating func append(copying span: RawSpan) {
        unsafe span.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}
