import Bytes
import Capture
import Compression
import HTTP1
import Tagging
import Tape
import Thrift

extension StreamDecoder {
    /// Reads on in an HTTP message that begins with `rest`. Returns the bytes that are done with, or nil to wait.
    mutating func readHTTP(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        let reader = state[direction]
        if reader.value.isOversized { return readOversized(rest, direction, flow, state) }
        let kind: HTTPKind = direction == state.value.requestDirection ? .request : .response
        do {
            if !reader.value.hasHead {
                guard let head = try HTTPHead.parse(rest, kind: kind, scanned: &reader.value.position) else {
                    return nil
                }
                beginHTTP(head, kind, direction, state)
                if head.hasUnknownEnd(reader.value.framing) { return refuseHTTP(rest, kind, direction, flow, state) }
            }
            try reader.value.advanceBody(rest)
        } catch {
            return refuseHTTP(rest, kind, direction, flow, state)
        }
        if reader.value.body.isComplete {
            let length = reader.value.position
            emitHTTP(rest.extracting(0..<length), reason: nil, direction, flow, state)
            return length
        }
        if rest.byteCount > options.bodyLimit { return beginOversized(rest, direction, state) }
        return nil
    }

    private mutating func beginHTTP(_ head: HTTPHead, _ kind: HTTPKind, _ direction: Int, _ state: FlowDecoder) {
        let reader = state[direction]
        var answered = HTTPMethod.get
        if case .response = kind {
            answered = state.value.outstanding.first?.key.method ?? requestInProgress(state)?.value.head.method ?? .get
        }
        reader.value.hasHead = true
        reader.value.head = head
        reader.value.framing = head.framing(responseTo: answered)
        reader.value.body = HTTPBody(reader.value.framing)
        reader.value.position = head.length
        switch kind {
        case .request: balance.requests.seen += 1
        case .response: balance.responses.seen += 1
        }
        if head.notes.isOdd {
            for oddity in head.notes.oddities { balance.oddities[oddity, default: 0] += 1 }
        }
    }

    /// What follows here is no HTTP, or is malformed: from here on nothing on this direction can be trusted.
    private mutating func refuseHTTP(
        _ rest: RawSpan, _ kind: HTTPKind, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        let reader = state[direction]
        var used = 0
        if reader.value.hasHead {
            used = min(reader.value.position, rest.byteCount)
            emitHTTP(rest.extracting(0..<used), reason: "malformed", direction, flow, state)
        }
        reader.value.use.opaque += UInt64(rest.byteCount - used)
        reader.value.reset()
        reader.value.mode = .opaque
        return rest.byteCount
    }

    /// Content beyond the limit is not kept: its digest and length are.
    private mutating func beginOversized(_ rest: RawSpan, _ direction: Int, _ state: FlowDecoder) -> Int {
        let reader = state[direction]
        let digest = reader.value.holes.isEmpty ? SHA256Stream() : nil
        digest?.update(rest)
        reader.value.oversized = StreamReaderStorage.Oversized(
            wire: [UInt8](copying: rest.extracting(0..<min(reader.value.head.length, rest.byteCount))),
            digest: digest, length: UInt64(rest.byteCount) + reader.value.holeBytes)
        reader.value.use.inMessages += UInt64(rest.byteCount)
        return rest.byteCount
    }

    private mutating func readOversized(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        let reader = state[direction]
        var at = 0
        var reason: String?
        do { while try reader.value.body.next(rest, &at) != nil {} } catch { reason = "malformed" }
        reader.value.oversized?.digest?.update(rest.extracting(0..<at))
        reader.value.oversized?.length += UInt64(at)
        reader.value.use.inMessages += UInt64(at)
        if reader.value.body.isComplete || reason != nil {
            emitHTTP(rest.extracting(0..<0), reason: reason, direction, flow, state)
            if reason != nil { reader.value.mode = .opaque }
        }
        return at
    }

    /// Puts a message on the tape. `wire` holds its captured bytes; `reason` says why something is missing, besides
    /// holes.
    mutating func emitHTTP(
        _ wire: RawSpan, reason: String?, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        let reader = state[direction]
        let isRequest = direction == state.value.requestDirection
        var head = reader.value.head
        let framing = reader.value.framing
        let isOversized = reader.value.isOversized
        var message = message(wire, reader.value.startNanos, reader.value.endNanos)
        if isOversized, let oversized = reader.value.oversized {
            message.wire = oversized.wire
            message.wireLength = oversized.length
            message.digest = oversized.digest?.finish() ?? []
            message.omitted = "bodyLimit"
        } else {
            message.wireLength += reader.value.holeBytes
            if reason == "ended" { message.wireLength += reader.value.body.missingBytes ?? 0 }
            if reader.value.holeBytes > 0 { message.holes = reader.value.holes }
            reader.value.use.inMessages += UInt64(wire.byteCount)
        }
        // A body that is written anew has another length.
        let lostBytes = isOversized ? 0 : message.wireLength - UInt64(wire.byteCount)
        if redactor?.redactHTTP(&message, head, framing, &balance) == true {
            var scanned = 0
            let kind: HTTPKind = isRequest ? .request : .response
            if let again = try? HTTPHead.parse(message.wire.rawSpan, kind: kind, scanned: &scanned) { head = again }
        }
        let lossReason = reason ?? (reader.value.holeBytes > 0 ? reader.value.holeReason : nil)
        if reader.value.body.sawBareLineFeed { balance.oddities["chunkLineInvalid", default: 0] += 1 }
        reader.value.reset()
        count(isRequest ? .request : .response, lossReason: lossReason)
        let loss = lossReason.map { reason in
            Loss(reason: reason, side: isRequest ? "request" : "response", bytes: lostBytes)
        }
        if isRequest {
            let asked =
                if options.keepsBytes || isOversized {
                    describe(message.wire.rawSpan, head, isWhole: message.isWhole)
                } else {
                    describe(wire, head, isWhole: loss == nil)
                }
            emitRequest(message, asked, head, loss, flow, state)
        } else {
            emitResponse(message, head, loss, framing, flow, state)
        }
    }

    private mutating func emitResponse(
        _ message: consuming Message, _ head: HTTPHead, _ loss: Loss?, _ framing: HTTPFraming, _ flow: Flow,
        _ state: FlowDecoder
    ) {
        let isInterim = (100..<200).contains(head.status) && head.status != 101
        if state.value.outstanding.isEmpty {
            let isAnswered = state.value.early.last.map { !$0.isInterim } ?? false
            if framing != .tunnel, !isAnswered, requestInProgress(state) != nil {
                state.value.early.append(EarlyResponse(message: message, isInterim: isInterim, loss: loss))
                return
            }
            _ = beginOrphan(.http1, "", flow, state)
        } else if isInterim {
            state.value.outstanding.first?.exchange.value.interim.append(message)
            return
        }
        if let exchange = state.popOutstanding() {
            exchange.value.response = consume message
            if let loss { exchange.value.losses.append(loss) }
            finish(exchange)
        }
        if framing == .tunnel { state.makeOpaque("upgraded") }
    }

    /// What a request asks for, and how it is tagged.
    private struct Asked {
        var format = WireFormat.http1
        var operation = ""
        var sightings: [TagSighting] = []
    }

    private mutating func describe(_ wire: RawSpan, _ head: HTTPHead, isWhole: Bool) -> Asked {
        var asked = Asked()
        if isWhole, head.notes.contains(.thriftContent), let call = thriftCall(wire, head) {
            asked.format = WireFormat(.http1, .http, WireFormat.Encoding(call.protocol))
            asked.operation = call.operation
        } else {
            asked.operation = namer.http(wire, head)
        }
        if head.notes.contains(.tagCandidate) {
            asked.sightings = tags.sightings(wire, head).map { TagSighting(carrier: $0.carrier, value: $0.value) }
        }
        return asked
    }

    private mutating func emitRequest(
        _ message: consuming Message, _ asked: Asked, _ head: HTTPHead, _ loss: Loss?, _ flow: Flow,
        _ state: FlowDecoder
    ) {
        let exchange = begin(asked.format, WaitingKey(method: head.method), flow, state)
        exchange.value.operation = asked.operation
        if !asked.sightings.isEmpty { exchange.value.tags = asked.sightings }
        exchange.value.request = consume message
        if let loss { exchange.value.losses.append(loss) }
        if !state.value.early.isEmpty { takeEarly(state) }
        limitOutstanding(state)
    }

    /// What a request calls that has a Thrift message, perhaps compressed, as its body; nil when the body is none.
    private mutating func thriftCall(
        _ wire: RawSpan, _ head: HTTPHead
    ) -> (operation: String, protocol: ThriftProtocol)? {
        guard let content = try? HTTPScanner.contentArray(wire, head: head, framing: head.framing()),
            let body = ContentCoding.undo(head.codings(wire), content, limit: options.bodyLimit),
            let form = ThriftProtocol(beginning: body.rawSpan),
            let header = try? MessageHeader.parse(body.rawSpan, protocol: form), header.type.isRequest
        else { return nil }
        return (namer.thrift(body.rawSpan.extracting(header.nameRange)).operation, form)
    }

    /// A request is whole: it takes what was answered while it was being sent.
    private mutating func takeEarly(_ state: FlowDecoder) {
        guard let exchange = state.value.outstanding.last?.exchange else { return }
        for early in state.value.early {
            if let loss = early.loss { exchange.value.losses.append(loss) }
            if early.isInterim {
                exchange.value.interim.append(early.message)
            } else {
                exchange.value.response = early.message
            }
        }
        state.value.early = []
        if exchange.hasResponse { finishLast(state) }
    }

    /// The reader of the request direction, when it has the head of a request whose body is still to come.
    private func requestInProgress(_ state: FlowDecoder) -> StreamReader? {
        guard let direction = state.value.requestDirection, state[direction].value.hasHead else { return nil }
        return state[direction]
    }

    /// The stream ended while `bytes` were unread.
    mutating func endHTTP(
        _ bytes: RawSpan, isClean: Bool, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        let reader = state[direction]
        if reader.value.hasHead {
            let isWhole = reader.value.body.endsWithConnection && isClean
            emitHTTP(bytes, reason: isWhole ? nil : "ended", direction, flow, state)
        } else {
            cutHead(bytes, reason: "ended", direction, flow, state)
        }
    }

    /// A head of which the rest will never come: on the tape when its start line is whole, counted otherwise.
    mutating func cutHead(
        _ bytes: RawSpan, reason: String, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        let reader = state[direction]
        var blanks = 0
        while blanks < bytes.byteCount, bytes[byte: blanks] == 13 || bytes[byte: blanks] == 10 { blanks += 1 }
        if blanks == bytes.byteCount {
            reader.value.use.blank += UInt64(blanks)
            return
        }
        let kind: HTTPKind = direction == state.value.requestDirection ? .request : .response
        if let head = HTTPHead.parseCut(bytes, kind: kind) {
            beginHTTP(head, kind, direction, state)
            reader.value.body = HTTPBody(.none)
            emitHTTP(bytes, reason: reason, direction, flow, state)
            return
        }
        reader.value.use.lost += UInt64(bytes.byteCount)
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
        let reader = state[direction]
        guard reader.value.isBegun, reader.value.hasHead || bytes.byteCount > 0 else {
            // At a boundary: whatever stood in the hole is unknown; at least one message did.
            loseAnother(reason, direction, state)
            reader.value.mode = .searching
            return 0
        }
        guard reader.value.hasHead else {
            cutHead(bytes, reason: reason, direction, flow, state)
            reader.value.reset()
            reader.value.mode = .searching
            return bytes.byteCount
        }
        let passed = reader.value.body.skipHole(count)
        if passed > 0 {
            if let length = reader.value.oversized?.length {
                reader.value.oversized?.length = length + passed
                reader.value.oversized?.digest = nil
            } else {
                let offset = UInt64(reader.value.position) + reader.value.holeBytes
                reader.value.holes.append(Extent(offset: offset, length: passed))
            }
            reader.value.holeBytes += passed
            reader.value.holeReason = reason
        }
        let isComplete = reader.value.body.isComplete
        if passed == count && !isComplete { return 0 }
        emitHTTP(bytes, reason: isComplete ? nil : reason, direction, flow, state)
        if passed < count && reader.value.mode == .http { reader.value.mode = .searching }
        return bytes.byteCount
    }
}
