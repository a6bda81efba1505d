import Bytes
import Capture
import HTTP1
import Tagging
import Tape
import Thrift

/// Stream events in, exchanges out.
struct StreamDecoder: ~Copyable {
    var balance = Balance()
    /// Complete exchanges that nobody has taken yet.
    var finished: [ExchangeSlot] = []
    /// Bytes of messages that were made since exchanges were last taken.
    var copiedBytes = 0
    /// Slots to be used again.
    private var spare: [ExchangeSlot] = []
    /// Messages whose memory is used again.
    private var messages: [Message] = []
    var flows: [FlowDecoder?] = []
    let options: RecordingOptions
    var namer: OperationNamer
    /// Nil when nothing is masked.
    var redactor: Redactor?
    let tags = TagReader()
    /// Requests of one flow that may wait for their response.
    let maximumOutstanding = 4096

    init(_ options: RecordingOptions) {
        self.options = options
        namer = OperationNamer(schema: options.schema)
        redactor = options.isRaw || !options.keepsBytes ? nil : Redactor(options.maskingPlan)
    }

    deinit {
        for case let flow? in flows { flow.destroyAll() }
        for exchange in finished { exchange.destroy() }
        for exchange in spare { exchange.destroy() }
    }

    /// Handles one event of a flow; `bytes` are the stream's unread bytes. Returns how many of them are done with.
    mutating func handle(_ event: StreamEvent, _ flow: Flow, _ bytes: RawSpan) -> Int {
        while flows.count <= event.flow { flows.append(nil) }
        let box: FlowDecoder
        if let known = flows[event.flow] {
            box = known
        } else {
            box = FlowDecoder(FlowDecoderStorage())
            flows[event.flow] = box
        }
        let done = handle(event, flow, bytes, box)
        if case .closed = event.kind {
            flows[event.flow] = nil
            box.destroyAll()
        }
        return done
    }

    @inline(__always)
    private mutating func handle(
        _ event: StreamEvent, _ flow: Flow, _ bytes: RawSpan, _ state: FlowDecoder
    ) -> Int {
        switch event.kind {
        case .data: return read(bytes, event, flow, state)
        case .gap: return passHole(event.length, "gap", bytes, event.direction, flow, state)
        case .cut: return passHole(event.length, "cut", bytes, event.direction, flow, state)
        case .limit: return passHole(event.length, "limit", bytes, event.direction, flow, state)
        case .end: return endStream(bytes, isClean: true, event.direction, flow, state)
        case .stop: return endStream(bytes, isClean: false, event.direction, flow, state)
        case .closed:
            close(flow, state)
            return 0
        }
    }

    /// Reads whatever is whole.
    private mutating func read(
        _ bytes: RawSpan, _ event: StreamEvent, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        let direction = event.direction
        let reader = state[direction]
        var at = 0
        // Where this event's bytes begin: a place where a message may.
        let fresh = bytes.byteCount - Int(clamping: event.length)
        while at < bytes.byteCount {
            let rest = bytes.extracting(at..<bytes.byteCount)
            let mode = reader.value.mode
            if mode != .opaque { reader.value.touch(event.timeNanos) }
            let step: Int?
            switch mode {
            case .start: step = recognise(rest, direction, flow, state)
            case .http: step = readHTTP(rest, direction, flow, state)
            case .thrift: step = readThrift(rest, direction, flow, state)
            case .searching: step = search(rest, segmentStart: max(0, fresh - at), direction, flow, state)
            case .skipping(let count):
                let taken = Int(min(count, UInt64(rest.byteCount)))
                reader.value.use.lost += UInt64(taken)
                reader.value.reset()
                reader.value.mode = UInt64(taken) == count ? .thrift : .skipping(count - UInt64(taken))
                step = taken
            case .opaque:
                reader.value.use.opaque += UInt64(rest.byteCount)
                step = rest.byteCount
            }
            guard let step else { break }
            at += step
        }
        return at
    }

    /// A stream has ended; what is left of it becomes a message or is counted.
    private mutating func endStream(
        _ bytes: RawSpan, isClean: Bool, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int {
        let reader = state[direction]
        switch reader.value.mode {
        case .http: endHTTP(bytes, isClean: isClean, direction, flow, state)
        case .thrift:
            if bytes.byteCount > 0 { loseThrift(bytes, reason: "ended", direction, flow, state) }
            reader.value.use.lost += UInt64(bytes.byteCount)
        case .start, .opaque: reader.value.use.opaque += UInt64(bytes.byteCount)
        case .searching where state.value.speech == .unknown: reader.value.use.opaque += UInt64(bytes.byteCount)
        case .searching, .skipping: reader.value.use.lost += UInt64(bytes.byteCount)
        }
        reader.value.reset()
        reader.value.mode = .opaque
        return bytes.byteCount
    }

    /// Closes the flow's books.
    private mutating func close(_ flow: Flow, _ state: FlowDecoder) {
        let first = flow.account(0)
        let second = flow.account(1)
        let isOneSided =
            (first.captured > 0 && second.captured == 0 && flow.lacks(1))
            || (second.captured > 0 && first.captured == 0 && flow.lacks(0))
        if isOneSided { balance.oneDirectionFlows += 1 }
        while let exchange = state.popOutstanding() {
            noteNoResponse(exchange, isOneSided ? "oneDirection" : "noResponse")
            finish(exchange)
        }
        balance.flows += 1
        if first.captured == 0 && second.captured == 0 {
            balance.emptyFlows += 1
        } else {
            switch state.value.speech {
            case .http: balance.httpFlows += 1
            case .thrift: balance.thriftFlows += 1
            case .unknown:
                balance.otherFlows[
                    state.value.opaqueReason.isEmpty ? "unknown" : state.value.opaqueReason, default: 0] += 1
            }
        }
        for direction in 0...1 {
            let account = direction == 0 ? first : second
            let use = state[direction].value.use
            if !account.closes || account.delivered != use.total { balance.openStreams += 1 }
            if direction == (state.value.requestDirection ?? 0) {
                balance.streams.0 += account
                balance.bytes.0 += use
            } else {
                balance.streams.1 += account
                balance.bytes.1 += use
            }
        }
    }

    /// Hands an exchange over.
    mutating func finish(_ exchange: ExchangeSlot) {
        let (hasRequest, hasResponse) = (exchange.hasRequest, exchange.hasResponse)
        if !hasRequest && !hasResponse {
            // Both sides lost: what there was of it stands in the balance.
            recycle(exchange)
            return
        }
        exchange.value.id = balance.exchanges
        balance.exchanges += 1
        if hasRequest && hasResponse { balance.pairedExchanges += 1 }
        finished.append(exchange)
    }

    /// To be called before anybody sees ``finished``.
    @inline(__always) mutating func settle() { redactor?.settle() }

    mutating func recycleFinished() {
        // What waits in them must not come to others that have their memory.
        settle()
        for exchange in finished { recycle(exchange) }
        finished.removeAll(keepingCapacity: true)
        copiedBytes = 0
    }

    mutating func takeFinished(into batch: ExchangeBatch) {
        settle()
        swap(&batch.exchanges, &finished)
        recycleFinished()
    }

    /// Keeps the memory of an exchange that was handed over.
    private mutating func recycle(_ exchange: ExchangeSlot) {
        keep(&exchange.value.request)
        keep(&exchange.value.response)
        if spare.count < 1024 {
            // Whoever uses it again sets the rest.
            exchange.value.operation = ""
            exchange.value.removeRest()
            spare.append(exchange)
        } else {
            exchange.destroy()
        }
    }

    /// Keeps the memory of a message that was handed over. In place: a second reference would make it a copy.
    private mutating func keep(_ message: inout Message?) {
        guard let capacity = message?.wire.capacity, capacity > 0, capacity <= 1 << 16, messages.count < 2048 else {
            message = nil
            return
        }
        message?.recycle()
        if let kept = message.take() { messages.append(kept) }
    }

    /// A message with these bytes, in memory that another one had if there is any.
    mutating func message(_ bytes: RawSpan, _ startNanos: UInt64, _ endNanos: UInt64) -> Message {
        var message = messages.popLast() ?? Message(wire: [])
        if options.keepsBytes {
            copiedBytes += bytes.byteCount
            unsafe bytes.withUnsafeBytes { unsafe message.wire.append(contentsOf: $0) }
        }
        message.startNanos = startNanos
        message.endNanos = endNanos
        message.wireLength = UInt64(bytes.byteCount)
        return message
    }

    /// Notes that the response is missing, unless something worse is known of it.
    func noteNoResponse(_ exchange: ExchangeSlot, _ reason: String) {
        if exchange.value.losses.contains(where: { $0.side == "response" }) { return }
        exchange.value.losses.append(Loss(reason: reason, side: "response"))
    }

    /// Puts a new exchange of this flow behind those that wait for their response.
    mutating func begin(
        _ format: WireFormat, _ key: WaitingKey, _ flow: Flow, _ state: FlowDecoder
    ) -> ExchangeSlot {
        if state.value.client.isEmpty {
            let isForward = (state.value.requestDirection ?? 0) == 0
            state.value.client = (isForward ? flow.value.first : flow.value.second).description
            if let masked = redactor?.redactAddress(state.value.client, &balance) { state.value.client = masked }
            state.value.server = (isForward ? flow.value.second : flow.value.first).description
        }
        let exchange = spare.popLast() ?? ExchangeSlot(Exchange())
        state.value.outstanding.append(WaitingExchange(exchange: exchange, key: key))
        exchange.value.flow = flow.value.number
        exchange.value.ordinal = state.value.nextOrdinal
        exchange.value.format = format
        exchange.value.client = state.value.client
        exchange.value.server = state.value.server
        state.value.nextOrdinal &+= 1
        return exchange
    }

    /// The same for a response whose request was never seen.
    mutating func beginOrphan(
        _ format: WireFormat, _ operation: String, _ flow: Flow, _ state: FlowDecoder
    ) -> ExchangeSlot {
        let exchange = begin(format, WaitingKey(), flow, state)
        exchange.value.operation = operation
        exchange.value.losses.append(Loss(reason: "noRequest", side: "request"))
        return exchange
    }

    /// Lets the oldest waiting exchange go when too many wait.
    mutating func limitOutstanding(_ state: FlowDecoder) {
        if state.value.outstanding.count > maximumOutstanding { loseOldestResponse("noResponse", state) }
    }

    /// Hands over the exchange that came last, which waits for nothing.
    mutating func finishLast(_ state: FlowDecoder) {
        if let waiting = state.value.outstanding.popLast() { finish(waiting.exchange) }
    }

    /// The oldest waiting exchange loses its response to a hole.
    mutating func loseOldestResponse(_ reason: String, _ state: FlowDecoder) {
        guard let exchange = state.popOutstanding() else { return }
        exchange.value.losses.append(Loss(reason: reason, side: "response"))
        finish(exchange)
    }

    /// Counts a message that goes on the tape.
    mutating func count(_ kind: HTTPKind, lossReason: String?) {
        switch (kind, lossReason) {
        case (.request, nil): balance.requests.whole += 1
        case (.response, nil): balance.responses.whole += 1
        case (.request, let reason?):
            balance.requests.partial += 1
            balance.requests.partialReasons[reason, default: 0] += 1
        case (.response, let reason?):
            balance.responses.partial += 1
            balance.responses.partialReasons[reason, default: 0] += 1
        }
    }
}
