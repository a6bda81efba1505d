package import Bytes
import HTTP1
package import Tape
import Thrift

extension AnswerBook {
    /// Gathers answers exchange by exchange. Equal answers are kept once.
    package struct Builder {
        /// More bytes of answers than this are refused: they are held in memory.
        package static let limitBytes = 4 << 30

        var book = AnswerBook()
        private var operationByName: [String: Int] = [:]
        private var answerByDigest: [UInt64: Int32] = [:]
        /// Answers that the source made, or would not make, for what was asked of it.
        private var madeAnswers: [MadeKey: Int32?] = [:]
        private var unusable: [String: Int] = [:]
        let source: any AnswerSource
        private let probe: TagProbe

        /// - Parameters:
        ///   - source: what the tape does not hold: answers for exchanges without a response, and which fields identify
        ///     a request.
        ///   - probe: where the tag may ride, which is no part of the request.
        package init(source: any AnswerSource = NoAnswers(), probe: TagProbe = TagProbe()) {
            self.source = source
            self.probe = probe
        }

        package func finish() -> AnswerBook {
            var book = book
            book.templates.sort { $0.literalCount > $1.literalCount }
            book.unusable = unusable.sorted { $0.key < $1.key }.map { (reason: $0.key, count: $0.value) }
            return book
        }

        /// Takes the answer of one exchange.
        ///
        /// - Throws: `limit` when the answers need more than ``limitBytes``.
        package mutating func add(_ exchange: Exchange) throws(ParsingError) {
            if book.bytes.count > Self.limitBytes {
                throw ParsingError(.limit, at: Self.limitBytes, "bytes of answers")
            }
            guard let request = exchange.request, request.isWhole else {
                unusable["request is not whole", default: 0] += 1
                return
            }
            do throws(ParsingError) {
                switch (exchange.format.protocol, exchange.format.transport, exchange.format.encoding) {
                case (.http1, .http, _): unusable["Thrift in HTTP is not answered here", default: 0] += 1
                case (.http1, _, _): try addHTTP(exchange, request)
                case (.thrift, .framed, .binary): try addThrift(exchange, request, .framed, .binary)
                case (.thrift, .framed, .compact): try addThrift(exchange, request, .framed, .compact)
                case (.thrift, .unframed, .binary): try addThrift(exchange, request, .unframed, .binary)
                case (.thrift, .unframed, .compact): try addThrift(exchange, request, .unframed, .compact)
                case (.thrift, .theader, .binary), (.thrift, .ttheader, .binary):
                    try addFrames(exchange, request, .binary)
                case (.thrift, .theader, .compact), (.thrift, .ttheader, .compact):
                    try addFrames(exchange, request, .compact)
                default: unusable["format is not answered here", default: 0] += 1
                }
            } catch {
                unusable["message cannot be read", default: 0] += 1
            }
        }

        mutating func operation(_ name: String, thriftMethod: String?) -> Int {
            if let known = operationByName[name] { return known }
            var operation = AnswerBook.Operation(name: name)
            if let thriftMethod {
                for path in source.excludedFields(operation: name, method: thriftMethod) {
                    operation.tree.exclude(path)
                }
                if let path = source.echoField(operation: name, method: thriftMethod) { operation.tree.echo(path) }
                for place in probe.fields { operation.tree.probe(place.path, place.carrier, place.condition) }
            } else {
                operation.excludedPaths = source.excludedPaths(operation: name)
                operation.echoPath = source.echoPath(operation: name)
            }
            book.operations.append(operation)
            operationByName[name] = book.operations.count - 1
            return book.operations.count - 1
        }

        private mutating func addThrift(
            _ exchange: Exchange, _ request: Message, _ framing: ThriftFraming, _ encoding: ThriftEncoding
        ) throws(ParsingError) {
            let call = try Self.header(request.wire.rawSpan, framing, encoding)
            let method = call.name(in: request.wire.rawSpan)
            let index = operation(exchange.operation, thriftMethod: method)
            var name = Fingerprint()
            name.mix(request.wire.rawSpan.extracting(call.nameRange))
            if book.methods[name.value] == nil { book.methods[name.value] = index }
            if call.type == .oneway {
                book.operations[index].isOneway = true
                return
            }
            let answer: Int32?
            if let response = exchange.response {
                guard response.isWhole else {
                    unusable["response is not whole", default: 0] += 1
                    return
                }
                let reply = try Self.header(response.wire.rawSpan, framing, encoding)
                let body = Array(response.wire[reply.bodyOffset...])
                answer = try store(
                    type: reply.type, name: Array(response.wire[reply.nameRange]), body: body, encoding)
            } else {
                let key = MadeKey(operation: exchange.operation, method: method, expected: exchange.expected)
                answer = try made(key) { builder throws(ParsingError) in
                    let reply = builder.source.thriftAnswer(
                        operation: key.operation, method: key.method, expected: key.expected)
                    guard let reply else { return nil }
                    return try builder.store(reply, name: Array(key.method.utf8))
                }
            }
            guard let answer else { return }
            let reading = try ThriftReading(
                request.wire.rawSpan, at: call.bodyOffset, encoding, book.operations[index].tree, seed: UInt64(index)
            )
            give(answer, to: index, reading.fingerprint)
        }

        /// Takes the messages out of their frames.
        private mutating func addFrames(
            _ exchange: Exchange, _ request: Message, _ encoding: ThriftEncoding
        ) throws(ParsingError) {
            var plain = exchange
            let call = Message(wire: try FramePayload.message(request.wire))
            if let response = exchange.response, response.isWhole {
                plain.response = Message(wire: try FramePayload.message(response.wire))
            }
            try addThrift(plain, call, .unframed, encoding)
        }

        /// What an answer that is not on the tape depends on.
        private struct MadeKey: Hashable {
            var operation: String
            var method: String
            var expected: String
        }

        /// The answer for `key`, made at its first use: a synthesized tape asks for the same few a hundred thousand times.
        private mutating func made(
            _ key: MadeKey, _ make: (inout Builder) throws(ParsingError) -> Int32?
        ) throws(ParsingError) -> Int32? {
            let answer: Int32?
            if let known = madeAnswers[key] {
                answer = known
            } else {
                answer = try make(&self)
                if madeAnswers.count < 1 << 16 { madeAnswers[key] = .some(answer) }
            }
            if answer == nil { unusable["no response", default: 0] += 1 }
            return answer
        }

        private static func header(
            _ bytes: RawSpan, _ framing: ThriftFraming, _ encoding: ThriftEncoding
        ) throws(ParsingError) -> MessageHeader {
            try MessageHeader.parse(bytes, at: framing == .framed ? 4 : 0, encoding)
        }

        /// Keeps a result struct in both encodings; an encoding that cannot be had is left out.
        private mutating func store(
            type: MessageType, name: [UInt8], body: [UInt8], _ encoding: ThriftEncoding
        ) throws(ParsingError) -> Int32 {
            var digest = Fingerprint(seed: UInt64(type.rawValue) << 1 | (encoding == .binary ? 1 : 0))
            digest.mix(name.rawSpan)
            digest.mix(body.rawSpan)
            if let known = answerByDigest[digest.value] { return known }
            var other = ThriftWriter(encoding == .binary ? .compact : .binary)
            if let tree = try? ThriftValue(decoding: body.rawSpan, as: .structure, encoding) { other.element(tree) }
            let nameRange = append(name)
            let binary = append(encoding == .binary ? body : other.bytes)
            let compact = append(encoding == .compact ? body : other.bytes)
            let content = Answer.Content.thrift(type: type, name: nameRange, compact: compact, echoAt: nil)
            return keep(Answer(content: content, range: binary), digest.value)
        }

        /// Keeps an answer that was made, not recorded.
        mutating func store(_ made: MadeReply, name: [UInt8]) throws(ParsingError) -> Int32 {
            var digest = Fingerprint(seed: 3)
            digest.mix(name.rawSpan)
            digest.mix(made.binary.rawSpan)
            digest.mix(made.compact.rawSpan)
            digest.mix(UInt64(made.type.rawValue))
            if let known = answerByDigest[digest.value] { return known }
            let nameRange = append(name)
            let binary = append(made.binary)
            let compact = append(made.compact)
            let echo = made.echoAt.map { Answer.Echo(binary: $0.binary, compact: $0.compact) }
            let content = Answer.Content.thrift(type: made.type, name: nameRange, compact: compact, echoAt: echo)
            return keep(Answer(content: content, range: binary), digest.value)
        }

        private mutating func addHTTP(_ exchange: Exchange, _ request: Message) throws(ParsingError) {
            var scanner = HTTPScanner(.request)
            guard case .complete(let length) = try scanner.advance(request.wire.rawSpan, endOfStream: true) else {
                throw ParsingError(.truncated, at: request.wire.count, "HTTP request")
            }
            let bytes = request.wire.rawSpan.extracting(0..<length)
            let index = operation(exchange.operation, thriftMethod: nil)
            addRoute(
                exchange.operation, method: bytes.extracting(scanner.head.methodRange.range),
                path: bytes.extracting(AnswerBook.path(bytes, scanner.head.uri.range)), index)
            let answer: Int32?
            if let response = exchange.response {
                answer = try store(response, answering: scanner.head.method)
            } else {
                let key = MadeKey(operation: exchange.operation, method: "", expected: exchange.expected)
                answer = try made(key) { builder throws(ParsingError) in
                    builder.source.httpAnswer(operation: key.operation, expected: key.expected)
                        .map { builder.store($0) }
                }
            }
            guard let answer else { return }
            let reading = HTTPReading(
                bytes, scanner.head, scanner.framing, method: bytes.extracting(scanner.head.methodRange.range),
                book.operations[index], probe, seed: UInt64(index))
            give(answer, to: index, reading.fingerprint)
        }

        private mutating func store(_ response: Message, answering method: HTTPMethod) throws(ParsingError) -> Int32? {
            guard response.isWhole else {
                unusable["response is not whole", default: 0] += 1
                return nil
            }
            var reply = HTTPScanner(.response, responseTo: method)
            guard case .complete(let end) = try reply.advance(response.wire.rawSpan, endOfStream: true) else {
                return nil
            }
            if reply.framing == .tunnel || reply.head.status < 200 {
                unusable["connection changes its protocol", default: 0] += 1
                return nil
            }
            let closes = reply.framing == .untilClose || !reply.head.keepsAlive
            var digest = Fingerprint(seed: closes ? 7 : 5)
            digest.mix(response.wire.rawSpan.extracting(0..<end))
            if let known = answerByDigest[digest.value] { return known }
            let range = append(Array(response.wire[..<end]))
            return keep(
                Answer(content: .http(headLength: reply.head.length, closes: closes), range: range), digest.value)
        }

        mutating func store(_ made: MadeResponse) -> Int32 {
            var digest = Fingerprint(seed: 9)
            digest.mix(made.bytes.rawSpan)
            if let known = answerByDigest[digest.value] { return known }
            let range = append(made.bytes)
            let content =
                made.isWhole
                ? Answer.Content.http(headLength: made.headLength, closes: false) : .json(echoAt: made.echoAt)
            return keep(Answer(content: content, range: range), digest.value)
        }

        /// A route without `{…}` is found by its digest, others by their segments.
        mutating func addRoute(_ name: String, method: RawSpan, path: RawSpan, _ index: Int) {
            let parts = name.split(separator: " ", maxSplits: 1)
            let isTemplate = parts.count == 2 && parts[1].contains("{")
            if !isTemplate {
                var hash = Fingerprint()
                hash.mix(method)
                hash.mix(path)
                if book.routes[hash.value] == nil { book.routes[hash.value] = index }
                return
            }
            if book.templates.contains(where: { $0.operation == index }) { return }
            let segments = parts[1].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            book.templates.append(
                Template(
                    method: [UInt8](copying: method),
                    segments: segments.map { $0.contains("{") ? nil : Array($0.utf8) }, operation: index))
        }

        private mutating func append(_ bytes: [UInt8]) -> Range<Int> {
            let start = book.bytes.count
            book.bytes += bytes
            return start..<book.bytes.count
        }

        private mutating func keep(_ answer: Answer, _ digest: UInt64) -> Int32 {
            book.answers.append(answer)
            // The limit on bytes keeps the number of different answers below 2³¹.
            let index = Int32(clamping: book.answers.count - 1)
            answerByDigest[digest] = index
            return index
        }

        private mutating func give(_ answer: Int32, to operation: Int, _ fingerprint: UInt64) {
            book.operations[operation].answers.append(answer)
            guard let known = book.matches[fingerprint] else {
                book.matches[fingerprint] = answer
                return
            }
            if known == answer { return }
            if known < 0 {
                book.chains[Int(-1 - known)].append(answer)
            } else {
                book.chains.append([known, answer])
                book.matches[fingerprint] = Int32(clamping: -book.chains.count)
            }
        }
    }
}
