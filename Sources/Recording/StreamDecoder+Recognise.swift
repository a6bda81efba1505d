import Bytes
import Capture
import HTTP1
import Thrift

extension StreamDecoder {
    /// At the first captured byte of a direction. Returns 0 when the mode was settled, nil to wait for more.
    mutating func recognise(
        _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
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
        case needMore, http, thrift(ThriftFraming, ThriftEncoding), named(String), nothing
    }

    private mutating func settle(
        _ identity: Identity, _ rest: RawSpan, _ direction: Int, _ flow: Flow, _ state: FlowDecoder
    ) -> Int? {
        let reader = state[direction]
        switch identity {
        case .needMore: return nil
        case .http:
            reader.value.mode = .http
            reader.value.position = 0
            return 0
        case .thrift(let framing, let encoding):
            reader.value.scanner = MessageScanner(framing, encoding)
            reader.value.hasSpokenThrift = true
            reader.value.mode = .thrift
            state.value.speech = .thrift
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
        switch ThriftDetector.detect(rest) {
        case .thrift(let framing, let encoding):
            var scanner = MessageScanner(framing, encoding)
            switch scanner.scan(rest) {
            case .message: return .thrift(framing, encoding)
            case .needMore: return scanner.header == nil ? .needMore : .thrift(framing, encoding)
            case .invalid: return .nothing
            }
        case .needMore: return .needMore
        case .oldBinary(.framed): return .named("thriftOldBinary")
        case .oldBinary(.unframed): return isOldUnframed(rest) ? .named("thriftOldBinary") : .nothing
        case .json: return .named("thriftJSON")
        case .theader: return .named("theader")
        case .ttheader: return .named("ttheader")
        case .mesh: return .named("meshHeader")
        case .finagle: return isFinagle ? .named("finagle") : .nothing
        case .notThrift: return .nothing
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
        var scanner = reader.value.scanner
        if !reader.value.hasSpokenThrift {
            // This direction has not spoken yet: it will speak as the other one does.
            let other = state[1 - direction].value.scanner
            scanner = MessageScanner(other.framing, other.encoding)
            reader.value.scanner = scanner
        }
        scanner.reset()
        switch ThriftDetector.detect(candidate) {
        case .thrift(scanner.framing, scanner.encoding): break
        case .needMore: return isAligned ? .maybe : .no
        default: return .no
        }
        switch scanner.scan(candidate) {
        case .message: return .yes(.request)
        case .needMore: return isAligned ? (scanner.header == nil ? .maybe : .yes(.request)) : .no
        case .invalid: return .no
        }
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
