import Bytes
import HTTP1

extension StubEngine {
    /// Appends the answer to the whole request in `bytes`.
    mutating func answerHTTP(
        _ bytes: RawSpan, _ head: HTTPHead, _ framing: HTTPFraming, nowNanos: UInt64, into output: inout [UInt8]
    ) -> AnswerEffects {
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
        let isHead = head.method == .head
        let told = consult(bytes, .http(head, framing), operation, isThrift: false, nowNanos)
        var effects = told.effects
        effects.ends = !head.keepsAlive
        if case .error(let status)? = effects.fault {
            Self.append(status, isHead: isHead, to: &output)
            return effects
        }
        if case .http(let message, let headLength)? = told.answer {
            counts.answered += 1
            output.append(contentsOf: isHead ? message[..<headLength] : message[...])
            return effects
        }
        guard let operation else {
            counts.unknownOperation += 1
            Self.append(.notFound, isHead: isHead, closes: effects.ends, to: &output)
            return effects
        }
        guard let answer = choose(operation, reading.fingerprint) else {
            counts.withoutAnswer += 1
            Self.append(.noAnswer, isHead: isHead, closes: effects.ends, to: &output)
            return effects
        }
        counts.answered += 1
        switch answer.content {
        case .http(let headLength, let closes):
            let end = isHead ? answer.range.lowerBound + headLength : answer.range.upperBound
            append(answer.range.lowerBound..<end, to: &output)
            effects.ends = effects.ends || closes
        case .json(let echoAt): appendJSON(answer.range, echoAt, reading.echo, isHead: isHead, to: &output)
        case .thrift: break
        }
        return effects
    }

    func append(_ range: Range<Int>, to output: inout [UInt8]) {
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

    /// An error that a rule asked for.
    static func append(_ status: Int, isHead: Bool, to output: inout [UInt8]) {
        let text = "the stub was told to fail\n"
        let head = "HTTP/1.1 \(status) \(ComposedAnswer.reason(status))\r\nContent-Type: text/plain\r\n"
        output.append(contentsOf: "\(head)Content-Length: \(text.utf8.count)\r\n\r\n".utf8)
        if !isHead { output.append(contentsOf: text.utf8) }
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
}
