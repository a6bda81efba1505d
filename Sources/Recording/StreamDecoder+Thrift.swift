import Bytes
import Capture
import HTTP1
import Tagging
import Tape
import Thrift

extension StreamDecoder {
    /// Reads on in a Thrift message that begins with `rest`. Returns the bytes that are done with, or nil to wait.
    mutating func readThrift(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        let reader = state[direction]
        if rest.byteCount < reader.value.needed { return nil }
        switch reader.value.scanner.scan(rest) {
        case .needMore(let total):
            if total > options.bodyLimit {
                loseThrift(rest, reason: "limit", direction, flow, state)
                return skipThrift(rest, hole: 0, direction, state)
            }
            reader.value.needed = total
            return nil
        case .invalid(let error):
            if error.status == .unsupported {
                loseThrift(rest, reason: "unsupported", direction, flow, state)
                return skipThrift(rest, hole: 0, direction, state)
            }
            // A call that was captured before the reply to the upgrade.
            if state.value.isUpgradeAsked, reader.value.scanner.format == ThriftFormat(.framed, .binary) {
                var scanner = ThriftScanner(ThriftFormat(.finagle, .binary))
                if case .invalid = scanner.scan(rest) {
                } else {
                    reader.value.scanner = ThriftScanner(ThriftFormat(.finagle, .binary))
                    return 0
                }
            }
            if !flow.startsAtSYN(direction) {
                switch Self.isFramedAfterAll(rest, reader.value.scanner.format) {
                case .yes(let framed):
                    reader.value.scanner = ThriftScanner(framed)
                    return 0
                case .maybe: return nil
                case .no: break
                }
            }
            reader.value.reset()
            reader.value.mode = .searching
            return 0
        case .empty(let length):
            reader.value.use.blank += UInt64(length)
            reader.value.reset()
            return length
        case .message(let found):
            emitThrift(rest, found, direction, flow, state)
            return found.length
        }
    }

    private enum Framing { case yes(ThriftFormat), maybe, no }

    /// A capture that begins between a frame's length and its message looks unframed until the next frame comes.
    private static func isFramedAfterAll(_ rest: RawSpan, _ format: ThriftFormat) -> Framing {
        guard format.transport == .unframed else { return .no }
        let framed = ThriftFormat(.framed, format.protocol)
        var scanner = ThriftScanner(framed)
        switch scanner.scan(rest) {
        case .message: return .yes(framed)
        // The scanner knows after a few bytes that it is no message.
        case .needMore: return scanner.isRecognised ? .yes(framed) : .maybe
        case .empty, .invalid: return .no
        }
    }

    private mutating func emitThrift(
        _ rest: RawSpan, _ found: ThriftScanner.Found, _ direction: Int, _ flow: Flow,
        _ state: FlowDecoder
    ) {
        let reader = state[direction]
        var message = message(rest.extracting(0..<found.length), reader.value.startNanos, reader.value.endNanos)
        let transport = reader.value.scanner.format.transport
        let format = WireFormat(ThriftFormat(transport, found.protocol))
        reader.value.use.inMessages += UInt64(found.length)
        reader.value.reset()
        let name: OperationNamer.ThriftName
        if let payload = found.payload {
            name = namer.thrift(payload.rawSpan.extracting(found.header.nameRange))
        } else {
            name = namer.thrift(rest.extracting(found.header.nameRange))
        }
        var sightings: [TagSighting] = []
        let place: TagFormat? =
            switch transport {
            case .theader: .theader
            case .ttheader: .ttheader
            case .framed, .unframed, .finagle: nil
            }
        if let place, found.header.type.isRequest {
            sightings = tags.sightings(rest.extracting(0..<found.length), place).map {
                TagSighting(carrier: $0.carrier, value: $0.value)
            }
        }
        redactor?.redactThrift(&message, found, hasHeader: place != nil, &balance)

        switch found.header.type {
        case .call, .oneway:
            noteRequests(direction, state)
            balance.requests.seen += 1
            count(.request, lossReason: nil)
            let exchange = begin(format, WaitingKey(name: name.method, seqid: found.header.seqid), flow, state)
            exchange.value.operation = name.operation
            exchange.value.request = message
            redactor?.place(exchange, isRequest: true)
            if !sightings.isEmpty { exchange.value.tags = sightings }
            if name.isFinagleUpgrade { state.value.isUpgradeAsked = true }
            if case .oneway = found.header.type { finishLast(state) } else { limitOutstanding(state) }
        case .reply, .exception:
            noteRequests(1 - direction, state)
            balance.responses.seen += 1
            count(.response, lossReason: nil)
            if name.isFinagleUpgrade, case .reply = found.header.type { upgrade(state) }
            if let exchange = pairThrift(name.method, found.header.seqid, state) {
                exchange.value.response = message
                redactor?.place(exchange, isRequest: false)
                finish(exchange)
            } else {
                let exchange = beginOrphan(format, name.operation, flow, state)
                exchange.value.response = message
                redactor?.place(exchange, isRequest: false)
                finishLast(state)
            }
        }
    }

    private func upgrade(_ state: FlowDecoder) {
        state.value.isFinagle = true
        for direction in 0...1 where state[direction].value.hasSpokenThrift {
            state[direction].value.scanner = ThriftScanner(ThriftFormat(.finagle, .binary))
        }
    }

    private func noteRequests(_ direction: Int, _ state: FlowDecoder) {
        if state.value.requestDirection == nil { state.value.requestDirection = direction }
    }

    /// Takes the call that a reply belongs to from those that wait. Calls with the same seqid that were passed over have no
    /// response.
    private mutating func pairThrift(_ name: String, _ seqid: Int32, _ state: FlowDecoder) -> ExchangeSlot? {
        let outstanding = state.value.outstanding.firstIndex { $0.key.seqid == seqid && $0.key.name == name }
        guard var index = outstanding else { return nil }
        var at = 0
        while at < index {
            guard state.value.outstanding.at(at)?.key.seqid == seqid else {
                at += 1
                continue
            }
            if let passed = state.value.outstanding.remove(at: at)?.exchange {
                noteNoResponse(passed, "noResponse")
                finish(passed)
            }
            index -= 1
        }
        return state.value.outstanding.remove(at: index)?.exchange
    }

    /// Accounts for a message of which `bytes` are all that was captured. It is not put on the tape: what was lost is
    /// noted on its exchange.
    mutating func loseThrift(
        _ bytes: RawSpan, reason: String, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) {
        let scanner = state[direction].value.scanner
        let known = (scanner.knownLength).map { UInt64(max(0, $0 - bytes.byteCount)) } ?? 0
        guard let header = scanner.header, header.nameRange.upperBound <= bytes.byteCount else {
            let isRequest = direction == (state.value.requestDirection ?? direction)
            if isRequest {
                balance.requests.seen += 1
                balance.requests.lost[reason, default: 0] += 1
            } else {
                balance.responses.seen += 1
                balance.responses.lost[reason, default: 0] += 1
                loseOldestResponse(reason, state)
            }
            return
        }
        let name = namer.thrift(bytes.extracting(header.nameRange))
        let format = WireFormat(ThriftFormat(scanner.format.transport, scanner.protocol))
        switch header.type {
        case .call, .oneway:
            noteRequests(direction, state)
            balance.requests.seen += 1
            balance.requests.lost[reason, default: 0] += 1
            let exchange = begin(format, WaitingKey(name: name.method, seqid: header.seqid), flow, state)
            exchange.value.operation = name.operation
            exchange.value.losses.append(Loss(reason: reason, side: "request", bytes: known))
            if header.type == .oneway { finishLast(state) } else { limitOutstanding(state) }
        case .reply, .exception:
            noteRequests(1 - direction, state)
            balance.responses.seen += 1
            balance.responses.lost[reason, default: 0] += 1
            if let exchange = pairThrift(name.method, header.seqid, state) {
                exchange.value.losses.append(Loss(reason: reason, side: "response", bytes: known))
                finish(exchange)
            }
        }
    }

    /// Leaves the present message, of which `bytes` were captured before `hole` missing ones. Its frame length tells
    /// where the next one begins; without one it has to be found.
    private mutating func skipThrift(
        _ bytes: RawSpan, hole: UInt64, _ direction: Int, _ state: FlowDecoder
    ) -> Int {
        let reader = state[direction]
        let length = reader.value.scanner.knownLength.map { UInt64($0) }
        let seen = UInt64(bytes.byteCount) + hole
        reader.value.use.lost += UInt64(bytes.byteCount)
        reader.value.reset()
        if let length, length >= seen {
            reader.value.mode = length == seen ? .thrift : .skipping(length - seen)
        } else {
            reader.value.mode = .searching
        }
        return bytes.byteCount
    }

    /// `count` bytes are missing behind `bytes`. Returns how many of `bytes` are done with.
    mutating func passThriftHole(
        _ count: UInt64, _ reason: String, _ bytes: RawSpan, _ direction: Int, _ flow: Flow,
        _ state: FlowDecoder
    ) -> Int {
        guard bytes.byteCount > 0 else {
            state[direction].value.mode = .searching
            loseAnother(reason, direction, state)
            return 0
        }
        loseThrift(bytes, reason: reason, direction, flow, state)
        return skipThrift(bytes, hole: count, direction, state)
    }

    /// A hole between messages, or in what is searched: at least one message was in it. In the direction of responses it
    /// was the one to the oldest request, unless that request had been there at the last hole already, which may have
    /// been in the same message. Where seqids tell replies apart nothing needs to be guessed.
    mutating func loseAnother(_ reason: String, _ direction: Int, _ state: FlowDecoder) {
        guard let requests = state.value.requestDirection, direction != requests else { return }
        if state.value.speech == .thrift && state.value.outstanding.first?.key.seqid != 0 { return }
        guard let oldest = state.value.outstanding.first?.exchange.value.ordinal else { return }
        let isSearching = state[direction].value.mode == .searching
        if isSearching && oldest < state[direction].value.lostBelow { return }
        state[direction].value.lostBelow = state.value.nextOrdinal
        loseOldestResponse(reason, state)
    }

    /// A hole in any stream.
    mutating func passHole(
        _ count: UInt64, _ reason: String, _ bytes: RawSpan, _ direction: Int, _ flow: Flow,
        _ state: FlowDecoder
    ) -> Int {
        let reader = state[direction]
        switch reader.value.mode {
        case .http: return passHTTPHole(count, reason, bytes, direction, flow, state)
        case .thrift: return passThriftHole(count, reason, bytes, direction, flow, state)
        case .start, .searching:
            if state.value.speech == .unknown {
                reader.value.use.opaque += UInt64(bytes.byteCount)
            } else {
                reader.value.use.lost += UInt64(bytes.byteCount)
                loseAnother(reason, direction, state)
            }
            reader.value.reset()
            reader.value.mode = .searching
            return bytes.byteCount
        case .skipping(let left):
            reader.value.mode = left > count ? .skipping(left - count) : left == count ? .thrift : .searching
            return 0
        case .opaque: return 0
        }
    }
}
