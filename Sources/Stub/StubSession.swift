import Bytes
import HTTP1
import Tape
import Thrift

/// One connection without its socket.
package struct StubSession: Sendable {
    private enum Mode: Sendable {
        case undecided
        case http(HTTPScanner)
        case thrift(MessageScanner)
        /// THeader or TTHeader: each frame says how its payload is laid out.
        case frames
        /// Nothing more is read.
        case ended
    }

    /// The longest request that is taken; Apache Thrift's servers refuse longer frames by default.
    package static let requestLimit = 16_384_000
    /// While more than this waits to be sent, nothing is read: a peer that only writes must not fill the memory.
    package static let outputLimit = 4 << 20

    private var mode = Mode.undecided
    private var input: [UInt8] = []
    /// How much of ``input`` has been answered.
    private var consumed = 0
    private var saidContinue = false
    private var held = HeldAnswers()
    /// What may be sent at once; the driver removes what it has sent.
    package var output: [UInt8] = []
    private var isClosing = false
    private var peerHasEnded = false
    /// What still comes is read and dropped, so that the peer's end is seen.
    private var discards = false
    /// The connection is to be reset where it would be closed.
    package private(set) var resets = false
    private var halfCloses = false

    /// Numbers the connection on the stub's tape.
    let number: UInt64

    package init(number: UInt64 = 0) { self.number = number }

    /// When the next answer may go; nil when none waits, or none ever goes.
    package var nextDueNanos: UInt64? { held.nextDueNanos }
    /// True when all was sent and the connection is to be closed.
    package var isFinished: Bool {
        if discards { return peerHasEnded }
        return (isClosing || peerHasEnded && !isStalled) && output.isEmpty && held.isEmpty
    }
    /// False while the peer does not take its answers.
    package var wantsInput: Bool { !peerHasEnded && hasRoom && (!isClosing || discards) }
    /// True when ``resume(nowNanos:engine:)`` has something to do: answers left, and requests wait for their room.
    package var canResume: Bool { isStalled && hasRoom }
    /// True once, when our side of the connection is to end: everything before that has been sent.
    package mutating func takesHalfClose() -> Bool {
        guard halfCloses && output.isEmpty else { return false }
        halfCloses = false
        return true
    }

    private var hasRoom: Bool { output.count + held.waitingCount < Self.outputLimit }
    /// Requests have come that are not handled because of ``outputLimit``.
    private var isStalled = false

    /// Takes bytes from the peer, in whatever pieces.
    package mutating func receive(_ bytes: RawSpan, nowNanos: UInt64, engine: inout StubEngine) {
        if isClosing { return }
        engine.counts.bytesReceived += UInt64(bytes.byteCount)
        input.append(copying: bytes)
        resume(nowNanos: nowNanos, engine: &engine)
    }

    /// Handles the requests that have come, as far as there is room for their answers.
    package mutating func resume(nowNanos: UInt64, engine: inout StubEngine) {
        while hasRoom && step(nowNanos, &engine) {}
        if let due = held.nextDueNanos, due <= nowNanos { release(nowNanos: nowNanos) }
        isStalled = !hasRoom && !isClosing && consumed < input.count
        if consumed == input.count {
            input.removeAll(keepingCapacity: input.capacity <= 1 << 20)
            consumed = 0
        } else if consumed > 0 {
            input.removeFirst(consumed)
            consumed = 0
        }
    }

    /// The peer sends nothing more; what it asked for is still answered.
    package mutating func peerEnded() { peerHasEnded = true }

    /// True when bytes have come that were no whole request, or stand behind the last one that was answered. Blank lines
    /// are nothing (RFC 9112 §2.2).
    var holdsUnhandledInput: Bool { input.contains { $0 != 13 && $0 != 10 } }

    /// Nothing that comes is looked at any more.
    private mutating func endInput() {
        mode = .ended
        isClosing = true
    }

    /// Moves what is due to ``output``.
    package mutating func release(nowNanos: UInt64) {
        switch held.release(nowNanos: nowNanos, into: &output) {
        case .none, .close: break
        case .reset: resets = true
        case .halfClose: halfCloses = true
        }
    }

    /// Handles one request. False when there is none to handle yet.
    private mutating func step(_ now: UInt64, _ engine: inout StubEngine) -> Bool {
        if consumed == input.count { return false }
        switch mode {
        case .ended: return false
        case .undecided: return decide(&engine)
        case .http(var scanner):
            let goesOn = http(&scanner, now, &engine)
            if case .http = mode { mode = .http(scanner) }
            return goesOn
        case .thrift(var scanner):
            let goesOn = thrift(&scanner, now, &engine)
            if case .thrift = mode { mode = .thrift(scanner) }
            return goesOn
        case .frames: return frame(now, &engine)
        }
    }

    /// Tells the protocol from the first bytes.
    private mutating func decide(_ engine: inout StubEngine) -> Bool {
        switch ThriftDetector.detect(input.rawSpan) {
        case .thrift(let framing, let encoding):
            mode = .thrift(MessageScanner(framing, encoding, maximumLength: Self.requestLimit))
            return true
        case .theader, .ttheader:
            mode = .frames
            return true
        case .needMore: return false
        case .notThrift where HTTPHead.isToken(input[0]) || input[0] == 13 || input[0] == 10:
            mode = .http(HTTPScanner(.request))
            return true
        default:
            refuseConnection(&engine)
            return false
        }
    }

    /// What cannot be understood is not answered either: the peer would not understand.
    private mutating func refuseConnection(_ engine: inout StubEngine) {
        engine.counts.malformed += 1
        endInput()
        consumed = input.count
    }

    private mutating func http(_ scanner: inout HTTPScanner, _ now: UInt64, _ engine: inout StubEngine) -> Bool {
        do throws(ParsingError) {
            let progress = try scanner.advance(input.rawSpan.extracting(consumed..<input.count))
            guard case .complete(let length) = progress else { return waitForBody(scanner, now, &engine) }
            if scanner.head.notes.contains(.badContentLength) || scanner.head.notes.contains(.bothLengths)
                || scanner.head.notes.contains(.badField)
            {
                throw ParsingError(.invalid, at: 0, "HTTP request")
            }
            let start = consumed
            consumed += length
            saidContinue = false
            let (head, framing) = (scanner.head, scanner.framing)
            scanner = HTTPScanner(.request)
            let ends = answer(now, &engine, request: start..<start + length, .http1) { (input, engine, output) in
                engine.answerHTTP(
                    input.rawSpan.extracting(start..<start + length), head, framing, nowNanos: now, into: &output)
            }
            if ends { endInput() }
            return !ends
        } catch {
            engine.counts.malformed += 1
            consumed = input.count
            endInput()
            _ = answer(now, &engine) { (_, _, output) in
                StubEngine.append(.badRequest, isHead: false, closes: true, to: &output)
                return AnswerEffects()
            }
            return false
        }
    }

    /// The body has not come yet: says that it may, or that it is too large.
    private mutating func waitForBody(_ scanner: HTTPScanner, _ now: UInt64, _ engine: inout StubEngine) -> Bool {
        let announced = scanner.hasHead ? scanner.head.contentLength ?? 0 : 0
        if announced > UInt64(Self.requestLimit) || input.count - consumed > Self.requestLimit {
            engine.counts.malformed += 1
            endInput()
            consumed = input.count
            _ = answer(now, &engine) { (_, _, output) in
                StubEngine.append(.tooLarge, isHead: false, closes: true, to: &output)
                return AnswerEffects()
            }
        } else if scanner.hasHead, scanner.head.notes.contains(.expectContinue), !saidContinue {
            saidContinue = true
            // Behind the answers that still wait, for the peer reads in order; without a delay of its own.
            let text = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            if held.isEmpty { output += text } else { held.appendToLast(text) }
        }
        return false
    }

    private mutating func thrift(_ scanner: inout MessageScanner, _ now: UInt64, _ engine: inout StubEngine) -> Bool {
        switch scanner.scan(input.rawSpan.extracting(consumed..<input.count)) {
        case .needMore: return false
        case .invalid:
            refuseConnection(&engine)
            return false
        case .message(let found):
            let start = consumed
            consumed += found.length
            let (framing, encoding) = (scanner.framing, scanner.encoding)
            scanner.reset()
            let format = WireFormat(
                .thrift, framing == .framed ? .framed : .unframed, encoding == .compact ? .compact : .binary)
            let ends = answer(now, &engine, request: start..<start + found.length, format) { (input, engine, output) in
                let bytes = input.rawSpan
                return engine.answerThrift(
                    bytes.extracting(start..<bytes.byteCount), found, framing, encoding, nowNanos: now, into: &output)
            }
            return !ends
        }
    }

    private mutating func frame(_ now: UInt64, _ engine: inout StubEngine) -> Bool {
        let waiting = input.count - consumed
        guard waiting >= 4 else { return false }
        let announced = input[consumed..<consumed + 4].reduce(0) { $0 << 8 | Int($1) }
        let length = announced + 4
        if length > Self.requestLimit {
            refuseConnection(&engine)
            return false
        }
        if waiting < length { return false }
        let start = consumed
        consumed += length
        var isReadable = true
        let format = engine.recorder == nil ? WireFormat() : Self.headerFormat(input, start)
        let ends = answer(now, &engine, request: start..<start + length, format) { (input, engine, output) in
            let bytes = input.rawSpan.extracting(start..<start + length)
            guard let effects = engine.answerFrame(bytes, nowNanos: now, into: &output) else {
                isReadable = false
                return AnswerEffects()
            }
            return effects
        }
        if !isReadable { refuseConnection(&engine) }
        return isReadable && !ends
    }

    /// Lets `compose` append an answer where it belongs: to what may go at once, or to what waits. True when nothing that
    /// follows on the connection is to be answered.
    private mutating func answer(
        _ now: UInt64, _ engine: inout StubEngine, request: Range<Int>? = nil, _ format: WireFormat = WireFormat(),
        _ compose: (borrowing [UInt8], inout StubEngine, inout [UInt8]) -> AnswerEffects
    ) -> Bool {
        if held.isEmpty {
            let start = output.count
            let effects = compose(input, &engine, &output)
            if engine.recorder != nil, let request {
                record(request, Array(output[start...]), format, effects, now, engine)
            }
            if effects.isPlain { return effects.ends }
            held.append(output[start...])
            output.removeSubrange(start...)
            return settle(effects, from: 0, now, &engine)
        }
        let start = held.count
        let effects = compose(input, &engine, &held.bytes)
        if engine.recorder != nil, let request {
            record(request, Array(held.bytes[start...]), format, effects, now, engine)
        }
        return settle(effects, from: start, now, &engine)
    }

    /// Writes a request and what was decided about its answer on the stub's tape. A bandwidth limit is not in its times.
    private func record(
        _ request: Range<Int>, _ reply: [UInt8], _ format: WireFormat, _ effects: AnswerEffects, _ now: UInt64,
        _ engine: StubEngine
    ) {
        var due = now &+ effects.delayNanos
        var reply = reply
        switch effects.fault {
        case nil, .error: break
        case .stall(let nanos): due = nanos == .max ? .max : due &+ nanos
        case .reset, .close, .halfClose, .garbage, .half: reply = []
        }
        let operation = engine.counts.lastOperation.map { engine.book.operationNames[$0] } ?? ""
        engine.recorder?.write(
            Array(input[request]), reply, format, operation: operation, connection: number, nowNanos: now,
            dueNanos: due)
    }

    private static func headerFormat(_ input: [UInt8], _ start: Int) -> WireFormat {
        guard let header = try? HeaderTransport(decoding: input.rawSpan.extracting(start..<input.count)),
            let encoding = try? header.protocol.encoding
        else { return WireFormat(.thrift) }
        return WireFormat(
            .thrift, header.kind == .ttheader ? .ttheader : .theader, encoding == .compact ? .compact : .binary)
    }

    /// Says when and how the answer that begins at `start` of what is held goes out. True as in ``answer(_:_:_:)``.
    private mutating func settle(
        _ effects: AnswerEffects, from start: Int, _ now: UInt64, _ engine: inout StubEngine
    ) -> Bool {
        var due = now &+ effects.delayNanos
        var ending = HeldAnswers.Ending.none
        switch effects.fault {
        case nil, .error: break
        case .stall(let nanos): due = nanos == .max ? .max : due &+ nanos
        case .reset:
            held.truncate(to: start)
            ending = .reset
        case .close:
            held.truncate(to: start)
            ending = .close
        case .halfClose:
            held.truncate(to: start)
            ending = .halfClose
        case .garbage(let count):
            held.truncate(to: start)
            engine.appendGarbage(count, to: &held.bytes)
        case .half(let billionths, let then):
            let whole = held.count - start
            let part = UInt64(whole).multipliedFullWidth(by: billionths)
            let share = Int(clamping: UInt64(1_000_000_000).dividingFullWidth((part.high, part.low)).quotient)
            held.truncate(to: start + min(max(1, share), max(whole - 1, 0)))
            held.mark(due, effects.bytesPerSecond, then == .close ? .close : then == .reset ? .reset : .none)
            if then == .stall { held.mark(.max, 0, .none, evenIfEmpty: true) }
            return endBehindFault(discarding: then == .stall)
        }
        held.mark(due, effects.bytesPerSecond, ending)
        if ending != .none { return endBehindFault(discarding: ending == .halfClose) }
        if due == .max { return endBehindFault(discarding: true) }
        return effects.ends
    }

    private mutating func endBehindFault(discarding: Bool) -> Bool {
        discards = discarding
        endInput()
        return true
    }
}
