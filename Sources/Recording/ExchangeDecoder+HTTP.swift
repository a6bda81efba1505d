import Bytes
import Capture
import HTTP1
import Tape

extension ExchangeDecoder {
    /// Reads on in an HTTP message that begins with `rest`. Returns the bytes that are done with, or nil to wait.
    mutating func readHTTP(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        if state[direction].oversized != nil { return readOversized(rest, direction, flow, state) }
        let kind: HTTPKind = direction == state.requestDirection ? .request : .response
        do {
            if !state[direction].hasHead {
                guard let head = try HTTPHead.parse(rest, kind: kind, scanned: &state[direction].position) else {
                    return nil
                }
                beginHTTP(head, kind, direction, state)
            }
            try state[direction].advanceBody(rest)
        } catch {
            return refuseHTTP(rest, kind, direction, flow, state)
        }
        if state[direction].body.isComplete {
            let length = state[direction].position
            emitHTTP(rest.extracting(0..<length), reason: nil, direction, flow, state)
            return length
        }
        if rest.byteCount > options.bodyLimit { return beginOversized(rest, direction, state) }
        return nil
    }

    private mutating func beginHTTP(_ head: HTTPHead, _ kind: HTTPKind, _ direction: Int, _ state: FlowDecoder) {
        var answered = HTTPMethod.get
        if kind == .response { answered = state.outstanding.withFirst { $0.method } ?? .get }
        state[direction].hasHead = true
        state[direction].head = head
        state[direction].framing = head.framing(responseTo: answered)
        state[direction].body = HTTPBody(state[direction].framing)
        state[direction].position = head.length
        if kind == .request { balance.requests.seen += 1 } else { balance.responses.seen += 1 }
    }

    /// What follows here is no HTTP, or is malformed: from here on nothing on this direction can be trusted.
    private mutating func refuseHTTP(
        _ rest: RawSpan, _ kind: HTTPKind, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        var used = 0
        if state[direction].hasHead {
            used = min(state[direction].position, rest.byteCount)
            emitHTTP(rest.extracting(0..<used), reason: "malformed", direction, flow, state)
        }
        state[direction].use.opaque += UInt64(rest.byteCount - used)
        state[direction].reset()
        state[direction].mode = .opaque
        return rest.byteCount
    }

    /// Content beyond the limit is not kept: its digest and length are.
    private mutating func beginOversized(_ rest: RawSpan, _ direction: Int, _ state: FlowDecoder) -> Int {
        let digest = state[direction].holes.isEmpty ? SHA256Stream() : nil
        digest?.update(rest)
        state[direction].oversized = StreamReader.Oversized(
            wire: [UInt8](copying: rest.extracting(0..<min(state[direction].head.length, rest.byteCount))),
            digest: digest, length: UInt64(rest.byteCount) + state[direction].holeBytes)
        state[direction].use.inMessages += UInt64(rest.byteCount)
        return rest.byteCount
    }

    private mutating func readOversized(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        var at = 0
        var reason: String?
        do { while try state[direction].body.next(rest, &at) != nil {} } catch { reason = "malformed" }
        state[direction].oversized?.digest?.update(rest.extracting(0..<at))
        state[direction].oversized?.length += UInt64(at)
        state[direction].use.inMessages += UInt64(at)
        if state[direction].body.isComplete || reason != nil {
            emitHTTP(rest.extracting(0..<0), reason: reason, direction, flow, state)
            if reason != nil { state[direction].mode = .opaque }
        }
        return at
    }

    /// Puts a message on the tape. `wire` holds its captured bytes; `reason` says why something is missing, besides
    /// holes.
    mutating func emitHTTP(
        _ wire: RawSpan, reason: String?, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        let kind: HTTPKind = direction == state.requestDirection ? .request : .response
        let head = state[direction].head
        let framing = state[direction].framing
        var message: Message
        if let oversized = state[direction].oversized {
            message = Message(
                wire: oversized.wire, startNanos: state[direction].startNanos, endNanos: state[direction].endNanos)
            message.wireLength = oversized.length
            message.digest = oversized.digest?.finish() ?? []
            message.omitted = "bodyLimit"
        } else {
            message = Message(
                wire: [UInt8](copying: wire), startNanos: state[direction].startNanos,
                endNanos: state[direction].endNanos)
            message.wireLength += state[direction].holeBytes
            if reason == "ended" { message.wireLength += state[direction].body.missingBytes ?? 0 }
            message.holes = state[direction].holes
            state[direction].use.inMessages += UInt64(wire.byteCount)
        }
        if !options.isRaw { redactor.redactHTTP(&message, head, &balance) }
        let lossReason = reason ?? (state[direction].holeBytes > 0 ? state[direction].holeReason : nil)
        let lostBytes = message.omitted.isEmpty ? message.wireLength - UInt64(message.wire.count) : 0
        state[direction].reset()
        count(kind, lossReason: lossReason)

        if kind == .request {
            var exchange = newExchange(.http1, flow, state)
            exchange.operation = namer.http(message.wire.rawSpan, head)
            exchange.request = message
            if let lossReason { exchange.losses.append(Loss(reason: lossReason, side: "request", bytes: lostBytes)) }
            wait(Waiting(exchange: exchange, method: head.method), state)
            return
        }
        if (100..<200).contains(head.status) && head.status != 101 {
            let isTaken: Void? = state.outstanding.withFirst { $0.exchange.interim.append(message) }
            if isTaken != nil { return }
        }
        var exchange: Exchange
        if let waiting = state.outstanding.popFirst() {
            exchange = waiting.exchange
        } else {
            exchange = newExchange(.http1, flow, state)
            exchange.losses.append(Loss(reason: "noRequest", side: "request"))
        }
        exchange.response = message
        if let lossReason { exchange.losses.append(Loss(reason: lossReason, side: "response", bytes: lostBytes)) }
        finish(exchange)
        if framing == .tunnel { state.makeOpaque("upgraded") }
    }

    /// The stream ended while `bytes` were unread.
    mutating func endHTTP(
        _ bytes: RawSpan, isClean: Bool, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        if state[direction].hasHead {
            let isWhole = state[direction].body.endsWithConnection && isClean
            emitHTTP(bytes, reason: isWhole ? nil : "ended", direction, flow, state)
        } else {
            cutHead(bytes, reason: "ended", direction, flow, state)
        }
    }

    /// A head of which the rest will never come: on the tape when its start line is whole, counted otherwise.
    mutating func cutHead(
        _ bytes: RawSpan, reason: String, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        var blanks = 0
        while blanks < bytes.byteCount, bytes[byte: blanks] == 13 || bytes[byte: blanks] == 10 { blanks += 1 }
        if blanks == bytes.byteCount {
            state[direction].use.blank += UInt64(blanks)
            return
        }
        let kind: HTTPKind = direction == state.requestDirection ? .request : .response
        if let head = HTTPHead.parseCut(bytes, kind: kind) {
            beginHTTP(head, kind, direction, state)
            state[direction].body = HTTPBody(.none)
            emitHTTP(bytes, reason: reason, direction, flow, state)
            return
        }
        state[direction].use.lost += UInt64(bytes.byteCount)
        if kind == .request {
            balance.requests.seen += 1
            balance.requests.lost[reason, default: 0] += 1
        } else {
            balance.responses.seen += 1
            balance.responses.lost[reason, default: 0] += 1
            loseOldestResponse(reason, state)
        }
    }

    /// `count` bytes are missing behind `bytes`. Returns how many of `bytes` are done with.
    mutating func passHTTPHole(
        _ count: UInt64, _ reason: String, _ bytes: RawSpan, _ direction: Int, _ flow: Flow,
        _ state: FlowDecoder
    ) -> Int {
        guard state[direction].isBegun, state[direction].hasHead || bytes.byteCount > 0 else {
            // At a boundary: whatever stood in the hole is unknown; at least one message did.
            state[direction].mode = .searching
            if direction != state.requestDirection { loseOldestResponse(reason, state) }
            return 0
        }
        guard state[direction].hasHead else {
            cutHead(bytes, reason: reason, direction, flow, state)
            state[direction].reset()
            state[direction].mode = .searching
            return bytes.byteCount
        }
        let passed = state[direction].body.skipHole(count)
        if passed > 0 {
            if let length = state[direction].oversized?.length {
                state[direction].oversized?.length = length + passed
                state[direction].oversized?.digest = nil
            } else {
                let offset = UInt64(state[direction].position) + state[direction].holeBytes
                state[direction].holes.append(Extent(offset: offset, length: passed))
            }
            state[direction].holeBytes += passed
            state[direction].holeReason = reason
        }
        let isComplete = state[direction].body.isComplete
        if passed == count && !isComplete { return 0 }
        emitHTTP(bytes, reason: isComplete ? nil : reason, direction, flow, state)
        if passed < count && state[direction].mode == .http { state[direction].mode = .searching }
        return bytes.byteCount
    }
}
