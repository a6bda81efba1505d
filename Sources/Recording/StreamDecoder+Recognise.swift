import Bytes
import Capture
import HTTP1
import Thrift

extension StreamDecoder {
    /// At the first captured byte of a direction. Returns 0 when the mode was settled, nil to wait for more.
    mutating func recognise(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        if !options.decodeAs.isEmpty, let choice = decodeAs(flow) { return follow(choice, direction, flow, state) }
        if state.value.isFinagle {
            // Nothing marks a reply of Finagle's; that the upgrade was agreed on is enough.
            speak(ThriftFormat(.finagle, .binary), direction, state)
            return 0
        }
        switch state.value.speech {
        case .http:
            // Even when the other side speaks HTTP, a capture that begins in the middle may begin inside a message.
            if flow.startsAtSYN(direction) {
                state[direction].value.mode = .http
                return 0
            }
            return settle(identify(rest, direction, state), rest, direction, flow, state)
        case .thrift, .unknown:
            return settle(identify(rest, direction, state), rest, direction, flow, state)
        }
    }

    private enum Identity {
        case needMore, http, thrift(ThriftFormat), named(String), nothing
    }

    /// What the user says is spoken on one of the flow's ports.
    private func decodeAs(_ flow: Flow) -> DecodeAs? {
        options.decodeAs.first { $0.port == flow.value.second.port || $0.port == flow.value.first.port }
    }

    /// Begins to read as the user says, whatever the bytes look like.
    private mutating func follow(_ choice: DecodeAs, _ direction: Int, _ flow: Flow, _ state: FlowDecoder) -> Int {
        switch choice.speech {
        case .http:
            state.value.speech = .http
            state.value.requestDirection = choice.port == flow.value.second.port ? 0 : 1
            state[direction].value.mode = .http
            state[direction].value.position = 0
        case .thrift(let format): speak(format, direction, state)
        case .opaque: state.makeOpaque("asked")
        }
        return 0
    }

    private mutating func speak(_ format: ThriftFormat, _ direction: Int, _ state: FlowDecoder) {
        let reader = state[direction]
        reader.value.scanner = ThriftScanner(format)
        reader.value.hasSpokenThrift = true
        reader.value.mode = .thrift
        state.value.speech = .thrift
    }

    private mutating func settle(
        _ identity: Identity, _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        let reader = state[direction]
        var identity = identity
        // Too weak to give up a flow for whose beginning was not seen: it may be the inside of something else.
        if case .named("thriftOldBinary") = identity, !flow.startsAtSYN(direction) { identity = .nothing }
        switch identity {
        case .needMore: return nil
        case .http:
            reader.value.mode = .http
            reader.value.position = 0
            return 0
        case .thrift(let format):
            speak(format, direction, state)
            return 0
        case .named(let reason):
            state.makeOpaque(reason)
            return 0
        case .nothing:
            if flow.startsAtSYN(direction) && reader.value.mode == .start {
                reader.value.mode = .opaque
                return 0
            }
            reader.value.mode = .searching
            if state.value.speech == .unknown {
                reader.value.use.opaque += UInt64(rest.byteCount)
            } else {
                reader.value.use.lost += UInt64(rest.byteCount)
            }
            reader.value.reset()
            return rest.byteCount
        }
    }

    /// What `rest` begins with. HTTP settles which way requests go.
    private func identify(_ rest: RawSpan, _ direction: Int, _ state: FlowDecoder) -> Identity {
        if state.value.speech != .thrift {
            var likeness = Self.looksLikeHTTP(rest, kind: nil)
            if case .yes(.request) = likeness, state[direction].value.mode == .searching,
                !Self.beginsWithKnownMethod(rest)
            {
                likeness = .no
            }
            switch likeness {
            case .yes(let kind):
                if state.value.speech == .http {
                    let expected: HTTPKind = direction == state.value.requestDirection ? .request : .response
                    return kind == expected ? .http : .nothing
                }
                state.value.speech = .http
                state.value.requestDirection = kind == .request ? direction : 1 - direction
                return .http
            case .maybe: return .needMore
            case .no: break
            }
            if state.value.speech == .http { return .nothing }
            if let name = Self.otherProtocol(rest) { return .named(name) }
        }
        return Self.identifyThrift(rest, isFinagle: state.value.isFinagle)
    }

    private static func identifyThrift(_ rest: RawSpan, isFinagle: Bool) -> Identity {
        let format: ThriftFormat
        switch ThriftDetector.detect(rest) {
        case .thrift(let framing, let encoding): format = ThriftFormat(framing: framing, encoding: encoding)
        case .needMore: return .needMore
        case .oldBinary(.framed): format = ThriftFormat(.framed, .oldBinary)
        // Nothing marks it but sane lengths, which is too little to believe it unasked.
        case .oldBinary(.unframed): return isOldUnframed(rest) ? .named("thriftOldBinary") : .nothing
        case .json(let framing): format = ThriftFormat(ThriftTransport(framing), .json)
        case .theader: format = ThriftFormat(.theader, .binary)
        case .ttheader: format = ThriftFormat(.ttheader, .binary)
        case .mesh: return .named("meshHeader")
        case .finagle:
            if !isFinagle { return .nothing }
            format = ThriftFormat(.finagle, .binary)
        case .notThrift: return .nothing
        }
        var scanner = ThriftScanner(format)
        switch scanner.scan(rest) {
        case .message, .empty: return .thrift(format)
        case .needMore: return scanner.isRecognised ? .thrift(format) : .needMore
        case .invalid(let error):
            return error.status == .unsupported ? .named("\(format.transport)") : .nothing
        }
    }

    /// i32 name length, name, type: only believed when all three are sane, since nothing marks it.
    private static func isOldUnframed(_ rest: RawSpan) -> Bool {
        guard rest.byteCount >= 5 else { return false }
        let length = Int(rest[byte: 3])
        guard rest[byte: 0] == 0, rest[byte: 1] == 0, rest[byte: 2] == 0, rest.byteCount >= 4 + length + 5 else {
            return false
        }
        for i in 4..<4 + length where !HTTPHead.isToken(rest[byte: i]) && rest[byte: i] != 0x3A { return false }
        return (1...4).contains(rest[byte: 4 + length])
    }

    /// Protocols that are named but not decoded.
    private static func otherProtocol(_ rest: RawSpan) -> String? {
        guard rest.byteCount >= 3 else { return nil }
        let first = rest[byte: 0]
        if (0x14...0x17).contains(first) && rest[byte: 1] == 3 && rest[byte: 2] <= 4 { return "tls" }
        if rest.byteCount >= 14 && rest.starts(with: "PRI * HTTP/2.0") { return "http2" }
        return nil
    }

    enum Likeness: Equatable { case yes(HTTPKind), maybe, no }

    /// Whether `rest` begins with a valid start line; with `kind` only one of the two counts.
    static func looksLikeHTTP(_ rest: RawSpan, kind: HTTPKind?) -> Likeness {
        var at = 0
        while at < min(rest.byteCount, 8), rest[byte: at] == 13 || rest[byte: at] == 10 { at += 1 }
        let text = rest.extracting(at..<rest.byteCount)
        if text.byteCount == 0 { return .maybe }
        if kind != .request {
            switch text.compareIgnoringCase("http/1.") {
            case .equal: return startLine(text, .response)
            case .prefix: return .maybe
            case .different: break
            }
        }
        if kind == .response { return .no }
        let first = text[byte: 0]
        guard first &- 0x41 < 26 || first &- 0x61 < 26 else { return .no }
        var end = 0
        while end < text.byteCount, end < 33, HTTPHead.isToken(text[byte: end]) { end += 1 }
        if end == text.byteCount { return end < 24 ? .maybe : .no }
        guard end <= 24, text[byte: end] == 32 else { return .no }
        return startLine(text, .request)
    }

    private static func startLine(_ text: RawSpan, _ kind: HTTPKind) -> Likeness {
        var scanned = 0
        do {
            if try HTTPHead.parse(text, kind: kind, scanned: &scanned) != nil { return .yes(kind) }
        } catch { return .no }
        if text.firstIndex(of: 10) != nil { return .yes(kind) }
        return text.byteCount < 1 << 16 ? .maybe : .no
    }

    /// Looks for the next beginning of a message. Returns the bytes passed over, 0 when it stands at the beginning.
    ///
    /// - Parameter segmentStart: where in `rest` the bytes of the latest segment begin; messages often begin there.
    mutating func search(
        _ rest: RawSpan, segmentStart: Int, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        let reader = state[direction]
        if state.value.speech == .unknown {
            if segmentStart > 0 {
                let segment = rest.extracting(segmentStart..<rest.byteCount)
                switch identify(segment, direction, state) {
                case .http, .thrift, .named:
                    reader.value.use.opaque += UInt64(segmentStart)
                    reader.value.isBegun = false
                    return segmentStart
                case .needMore, .nothing: break
                }
            }
            return settle(identify(rest, direction, state), rest, direction, flow, state)
        }
        for at in 0..<rest.byteCount {
            let candidate = rest.extracting(at..<rest.byteCount)
            let isAligned = at == 0 || at == segmentStart
            let likeness: Likeness =
                state.value.speech == .http
                ? httpBoundary(candidate, before: isAligned ? nil : rest[byte: at - 1], direction, state)
                : thriftBoundary(candidate, isAligned: isAligned, direction, state)
            if likeness == .no { continue }
            reader.value.use.lost += UInt64(at)
            if likeness == .maybe {
                if at == 0 { return nil }
                reader.value.isBegun = false
                return at
            }
            if at > 0 { reader.value.isBegun = false }
            reader.value.holes = []
            reader.value.position = 0
            reader.value.needed = 0
            reader.value.mode = state.value.speech == .http ? .http : .thrift
            return at
        }
        reader.value.use.lost += UInt64(rest.byteCount)
        reader.value.reset()
        return rest.byteCount
    }

    /// Where it is not certain that a message begins, only registered methods are believed (RFC 9110, 5789, 4918, 3253).
    private static func beginsWithKnownMethod(_ text: RawSpan) -> Bool {
        var end = 0
        while end < text.byteCount, end < 18, text[byte: end] != 32 { end += 1 }
        if end == text.byteCount { return true }
        return knownMethods.contains(HTTPHead.string(text, HTTPRange(0, end)))
    }

    private static let knownMethods: Set<String> = [
        "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND", "PROPPATCH",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "CHECKOUT", "CHECKIN", "MERGE", "BIND",
        "VERSION-CONTROL", "MKACTIVITY", "PURGE", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "M-SEARCH",
    ]

    private func httpBoundary(
        _ candidate: RawSpan, before: UInt8?, _ direction: Int, _ state: FlowDecoder
    ) -> Likeness {
        let kind: HTTPKind = direction == state.value.requestDirection ? .request : .response
        let first = candidate[byte: 0]
        if kind == .response {
            if first | 32 != 0x68 { return .no }
        } else {
            // A method stands at the beginning of a segment, or behind something that is no part of a word.
            guard first &- 0x41 < 26 else { return .no }
            if let before, HTTPHead.isToken(before) { return .no }
        }
        if kind == .request && !Self.beginsWithKnownMethod(candidate) { return .no }
        let likeness = Self.looksLikeHTTP(candidate, kind: kind)
        guard before != nil, case .yes = likeness else { return likeness }
        // Inside a segment it takes a whole, clean head to be believed.
        var scanned = 0
        guard let parsed = try? HTTPHead.parse(candidate, kind: kind, scanned: &scanned) else { return .maybe }
        return parsed.notes.contains(.badField) || parsed.length - parsed.fieldsStart <= 2 ? .no : likeness
    }

    private func thriftBoundary(
        _ candidate: RawSpan, isAligned: Bool, _ direction: Int, _ state: FlowDecoder
    ) -> Likeness {
        let reader = state[direction]
        if !reader.value.hasSpokenThrift {
            // This direction has not spoken yet: it will speak as the other one does.
            let other = state[1 - direction].value.scanner.format
            if reader.value.scanner.format != other { reader.value.scanner = ThriftScanner(other) }
        }
        let format = reader.value.scanner.format
        switch Self.fits(candidate, format) {
        case nil: return isAligned ? .maybe : .no
        case false?: return .no
        case true?: break
        }
        var scanner = ThriftScanner(format)
        switch scanner.scan(candidate) {
        case .message(let found):
            if isAligned || Self.isMarked(format) { return .yes(.request) }
            // Nothing marks the beginning, so all of it must make sense.
            let wire = candidate.extracting(0..<found.length)
            return (try? ThriftFrame(decoding: wire, format)) == nil ? .no : .yes(.request)
        case .empty: return isAligned ? .yes(.request) : .no
        case .needMore: return isAligned ? (scanner.isRecognised ? .yes(.request) : .maybe) : .no
        case .invalid: return .no
        }
    }

    /// Whether a message of this format may begin here; nil when there are too few bytes to say.
    private static func fits(_ candidate: RawSpan, _ format: ThriftFormat) -> Bool? {
        if format.transport == .finagle {
            guard candidate.byteCount > 4 else { return candidate[byte: 0] <= 0x3F ? nil : false }
            // A header struct begins with a field of one of the types that Finagle's have, or ends at once.
            return candidate[byte: 0] <= 0x3F && [0x00, 0x02, 0x0A, 0x0B, 0x0C, 0x0F].contains(candidate[byte: 4])
        }
        return switch (ThriftDetector.detect(candidate), format.transport, format.protocol) {
        case (.needMore, _, _): nil
        case (.thrift(let framing, let encoding), _, _):
            ThriftFormat(framing: framing, encoding: encoding) == format
        case (.oldBinary(let framing), let transport, .oldBinary): transport == ThriftTransport(framing)
        case (.json(let framing), let transport, .json): transport == ThriftTransport(framing)
        case (.theader, .theader, _), (.ttheader, .ttheader, _): true
        default: false
        }
    }

    private static func isMarked(_ format: ThriftFormat) -> Bool {
        (format.transport == .framed || format.transport == .unframed)
            && (format.protocol == .binary || format.protocol == .compact)
    }
}

extension RawSpan {
    enum PrefixMatch { case equal, prefix, different }

    /// Compares the beginning with `text` (in lower case), ignoring case; `prefix` when the bytes end too early.
    func compareIgnoringCase(_ text: StaticString) -> PrefixMatch {
        let count = Swift.min(byteCount, text.utf8CodeUnitCount)
        let start = unsafe text.utf8Start
        for i in 0..<count {
            // `i` stays below the static string's length.
            let expected = unsafe start[i]
            let byte = self[byte: i]
            if (byte &- 0x41 < 26 ? byte | 32 : byte) != expected { return .different }
        }
        return byteCount >= text.utf8CodeUnitCount ? .equal : .prefix
    }

    func starts(with text: StaticString) -> Bool {
        guard byteCount >= text.utf8CodeUnitCount else { return false }
        let start = unsafe text.utf8Start
        for i in 0..<text.utf8CodeUnitCount {
            let expected = unsafe start[i]
            if self[byte: i] != expected { return false }
        }
        return true
    }
}
