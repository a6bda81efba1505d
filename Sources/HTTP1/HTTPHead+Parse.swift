package import Bytes
import Glibc

extension HTTPHead {
    /// Reads a head from the first byte of `bytes`.
    ///
    /// - Parameter scanned: how far earlier calls looked for the blank line; give the same variable again when more
    ///   bytes have come, so that nothing is read twice. Begin with 0.
    /// - Returns: nil when the head is not complete yet.
    /// - Throws: `invalid` when this is no HTTP/1.x start line, `limit` when the head has no end.
    package static func parse(
        _ bytes: RawSpan, kind: HTTPKind, scanned: inout Int
    ) throws(ParsingError) -> HTTPHead? {
        if scanned == 0 {
            // Nearly always the whole head is here, and need not be walked twice.
            var head = HTTPHead()
            head.length = min(bytes.byteCount, HTTPLimits.headBytes)
            if let end = try head.parseLines(bytes, kind: kind) {
                head.length = end
                return head
            }
        }
        let end = try headEnd(bytes, scanned: &scanned)
        guard end > 0 else {
            // A start line that is already whole can be refused without waiting for the rest.
            let start = blankPrefix(bytes)
            if let line = bytes.firstIndex(of: 10, from: start) {
                var head = HTTPHead()
                try head.parseStartLine(bytes, from: start, to: line, kind: kind)
            }
            return nil
        }
        var head = HTTPHead()
        head.length = end
        _ = try head.parseLines(bytes, kind: kind)
        return head
    }

    /// Reads a head whose end was never seen: its start line, and the fields that are there. Nil when not even the start
    /// line is whole.
    package static func parseCut(_ bytes: RawSpan, kind: HTTPKind) -> HTTPHead? {
        var head = HTTPHead()
        head.length = bytes.byteCount
        do { _ = try head.parseLines(bytes, kind: kind) } catch { return nil }
        return head.fieldsStart > 0 ? head : nil
    }

    /// Offset just behind the blank line, or 0 when it has not come yet.
    private static func headEnd(_ bytes: RawSpan, scanned: inout Int) throws(ParsingError) -> Int {
        let count = bytes.byteCount
        var at = max(scanned, blankPrefix(bytes))
        let found: Int = unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            while at < count {
                // memchr reads at most `count - at` bytes from `at`, all inside the span.
                guard let hit = unsafe memchr(base + at, 10, count - at) else {
                    at = count
                    return 0
                }
                let newline = unsafe UnsafeRawPointer(hit) - base
                let next = newline + 1
                if next < count {
                    let byte = unsafe base.load(fromByteOffset: next, as: UInt8.self)
                    if byte == 10 { return next + 1 }
                    if byte == 13 {
                        if next + 1 >= count {
                            at = newline
                            return 0
                        }
                        if unsafe base.load(fromByteOffset: next + 1, as: UInt8.self) == 10 { return next + 2 }
                    }
                    at = next
                } else {
                    at = newline
                    return 0
                }
            }
            return 0
        }
        scanned = at
        if (found == 0 ? count : found) > HTTPLimits.headBytes {
            throw ParsingError(.limit, at: HTTPLimits.headBytes, "HTTP head")
        }
        return found
    }

    /// Blank lines in front of a start line are skipped (RFC 9112 section 2.2).
    private static func blankPrefix(_ bytes: RawSpan) -> Int {
        var at = 0
        while at < bytes.byteCount && at < 8 {
            let byte = bytes[byte: at]
            if byte != 13 && byte != 10 { break }
            at += 1
        }
        return at
    }

    /// Reads the start line and the fields as far as they go. Returns the offset behind the blank line, or nil when it has
    /// not come.
    private mutating func parseLines(_ bytes: RawSpan, kind: HTTPKind) throws(ParsingError) -> Int? {
        let start = HTTPHead.blankPrefix(bytes)
        guard let line = bytes.firstIndex(of: 10, from: start) else { return nil }
        try parseStartLine(bytes, from: start, to: line, kind: kind)
        fieldsStart = line + 1
        var count = 0
        var at = fieldsStart
        if let end = readPlainFields(bytes, &at, &count) { return end }
        var fields = HTTPFieldIterator(from: at, to: length)
        while let field = fields.next(bytes) {
            count += 1
            if count > HTTPLimits.fields { throw ParsingError(.limit, at: field.name.lower, "HTTP fields") }
            read(field, bytes)
        }
        notes.formUnion(fields.oddities)
        if hasTransferEncoding && contentLength != nil { notes.insert(.bothLengths) }
        return fields.blankLineEnd
    }

    /// Reads fields as nearly all are, with a name, a colon and a value on one line that ends with CR LF, and returns the
    /// offset behind the blank line. Stops at the first line that is anything else, at `at`, and returns nil.
    private mutating func readPlainFields(_ bytes: RawSpan, _ at: inout Int, _ count: inout Int) -> Int? {
        let limit = min(length, bytes.byteCount)
        // Every offset below lies between 0 and `limit`, which is inside the span; a word ends before it too.
        func byte(_ offset: Int) -> UInt8 { unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) }
        while at >= 0, at < limit, let newline = HTTPHead.newline(bytes, at, limit) {
            let stop = newline - 1
            guard stop >= at, byte(stop) == 13 else { return nil }
            if stop == at {
                if hasTransferEncoding && contentLength != nil { notes.insert(.bothLengths) }
                return newline + 1
            }
            guard newline + 1 < limit, !HTTPHead.isBlank(byte(newline + 1)), count < HTTPLimits.fields else {
                return nil
            }
            var colon = at
            while colon + 8 <= stop {
                let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: colon, as: UInt64.self)
                let zero = word.littleEndian ^ 0x3A3A_3A3A_3A3A_3A3A
                // The lowest bit that is set marks the first byte that is zero now.
                let marks = (zero &- 0x0101_0101_0101_0101) & ~zero & 0x8080_8080_8080_8080
                colon += marks == 0 ? 8 : marks.trailingZeroBitCount >> 3
                if marks != 0 { break }
            }
            while colon < stop && byte(colon) != 0x3A { colon += 1 }
            guard colon < stop, colon > at, !HTTPHead.isBlank(byte(at)), !HTTPHead.isBlank(byte(colon - 1)) else {
                return nil
            }
            var from = colon + 1
            var to = stop
            while from < to && HTTPHead.isSpace(byte(from)) { from += 1 }
            while to > from && HTTPHead.isSpace(byte(to - 1)) { to -= 1 }
            count += 1
            read(HTTPField(name: HTTPRange(inHead: at, colon), value: HTTPRange(inHead: from, to)), bytes)
            at = newline + 1
        }
        return nil
    }

    @inline(__always)
    private static func newline(_ bytes: RawSpan, _ start: Int, _ end: Int) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            // `start` and `end` lie inside the span.
            guard let base = buffer.baseAddress, let hit = unsafe memchr(base + start, 10, end - start) else {
                return nil
            }
            return unsafe UnsafeRawPointer(hit) - base
        }
    }

    /// `METHOD SP target SP HTTP/1.x` or `HTTP/1.x SP status [SP reason]`.
    private mutating func parseStartLine(
        _ bytes: RawSpan, from start: Int, to newline: Int, kind: HTTPKind
    ) throws(ParsingError) {
        var end = newline
        if end > start && bytes[byte: end - 1] == 13 { end -= 1 }
        self.kind = kind
        switch kind {
        case .response:
            guard end - start >= 12, HTTPHead.isVersion(bytes, at: start), HTTPHead.isBlank(bytes[byte: start + 8])
            else {
                throw ParsingError(.invalid, at: start, "HTTP status line")
            }
            minorVersion = bytes[byte: start + 7] &- 48
            var at = start + 9
            while at < end && HTTPHead.isBlank(bytes[byte: at]) { at += 1 }
            guard end - at >= 3 else { throw ParsingError(.invalid, at: at, "HTTP status code") }
            var value: UInt16 = 0
            for i in at..<at + 3 {
                let digit = bytes[byte: i] &- 48
                if digit > 9 { throw ParsingError(.invalid, at: i, "HTTP status code") }
                value = value * 10 + UInt16(digit)
            }
            if value < 100 || (end - at > 3 && !HTTPHead.isBlank(bytes[byte: at + 3])) {
                throw ParsingError(.invalid, at: at, "HTTP status code")
            }
            status = value
        case .request:
            var space = start
            while space < end && HTTPHead.isToken(bytes[byte: space]) { space += 1 }
            guard space > start, space < end, bytes[byte: space] == 32, space - start <= 32 else {
                throw ParsingError(.invalid, at: start, "HTTP method")
            }
            // The version is sought from the end: targets with spaces in them exist.
            var last = end
            while last > space && HTTPHead.isBlank(bytes[byte: last - 1]) { last -= 1 }
            guard last - space > 10, HTTPHead.isVersion(bytes, at: last - 8), HTTPHead.isBlank(bytes[byte: last - 9])
            else {
                throw ParsingError(.invalid, at: space, "HTTP version")
            }
            minorVersion = bytes[byte: last - 1] &- 48
            var from = space + 1
            var to = last - 9
            while from < to && HTTPHead.isBlank(bytes[byte: from]) { from += 1 }
            while to > from && HTTPHead.isBlank(bytes[byte: to - 1]) { to -= 1 }
            guard to > from else { throw ParsingError(.invalid, at: from, "HTTP target") }
            methodRange = HTTPRange(start, space)
            uri = HTTPRange(from, to)
            method = HTTPHead.method(bytes, methodRange)
        }
    }

    /// `HTTP/1.` and a digit, in any case.
    static func isVersion(_ bytes: RawSpan, at start: Int) -> Bool {
        guard start >= 0, bytes.byteCount - start >= 8 else { return false }
        return bytes[byte: start] | 32 == 0x68 && bytes[byte: start + 1] | 32 == 0x74
            && bytes[byte: start + 2] | 32 == 0x74 && bytes[byte: start + 3] | 32 == 0x70
            && bytes[byte: start + 4] == 0x2F && bytes[byte: start + 5] == 0x31 && bytes[byte: start + 6] == 0x2E
            && bytes[byte: start + 7] &- 48 <= 9
    }

    private static func method(_ bytes: RawSpan, _ range: HTTPRange) -> HTTPMethod {
        switch range.count {
        case 3: matches(bytes, range, "get") ? .get : .other
        case 4: matches(bytes, range, "post") ? .post : matches(bytes, range, "head") ? .head : .other
        case 7: matches(bytes, range, "connect") ? .connect : .other
        default: .other
        }
    }

    /// Takes what matters for framing, keep-alive and masking from one field.
    private mutating func read(_ field: HTTPField, _ bytes: RawSpan) {
        let name = field.name
        // Length and first letter tell nearly all other fields apart, before any name is compared.
        let initial = bytes[byte: name.lower] | 32
        switch initial {
        case 0x62: if name.count == 7 { notes.insert(.tagCandidate) }  // baggage
        case 0x64, 0x70, 0x72, 0x78: if name.count > 10 { notes.insert(.tagCandidate) }  // didi-, p-, r…, x-
        default: break
        }
        func isNamed(_ text: StaticString) -> Bool { HTTPHead.matches(bytes, name, text) }
        switch (name.count, initial) {
        case (6, 0x63): if isNamed("cookie") { notes.insert(.credentials) }
        case (6, 0x65): if isNamed("expect") { notes.insert(.expectContinue) }
        case (7, 0x75): if isNamed("upgrade") { notes.insert(.upgrade) }
        case (10, 0x63):
            if isNamed("connection") {
                if HTTPHead.matches(bytes, field.value, "keep-alive") {
                    notes.insert(.connectionKeepAlive)
                } else {
                    if HTTPHead.hasToken(bytes, field.value, "close") { notes.insert(.connectionClose) }
                    if HTTPHead.hasToken(bytes, field.value, "keep-alive") { notes.insert(.connectionKeepAlive) }
                }
            }
        case (10, 0x73): if isNamed("set-cookie") { notes.insert(.credentials) }
        case (12, 0x63):
            if isNamed("content-type"), HTTPHead.namesThrift(bytes, field.value) { notes.insert(.thriftContent) }
        case (13, 0x61): if isNamed("authorization") { notes.insert(.credentials) }
        case (14, 0x63): if isNamed("content-length") { readContentLength(bytes, field.value) }
        case (17, 0x74): if isNamed("transfer-encoding") { readTransferEncoding(bytes, field.value) }
        case (19, 0x70): if isNamed("proxy-authorization") { notes.insert(.credentials) }
        default: break
        }
    }

    /// A list of codings, of which `chunked` should be the last (RFC 9112 section 6.1). Where it is not, it is followed
    /// all the same, and noted.
    private mutating func readTransferEncoding(_ bytes: RawSpan, _ value: HTTPRange) {
        hasTransferEncoding = true
        if minorVersion == 0 || value.isEmpty || isChunked { notes.insert(.badTransferEncoding) }
        var at = value.lower
        while at < value.upper {
            var end = at
            while end < value.upper && bytes[byte: end] != 0x2C { end += 1 }
            var start = at
            while start < end && HTTPHead.isSpace(bytes[byte: start]) { start += 1 }
            var stop = end
            while stop > start && HTTPHead.isSpace(bytes[byte: stop - 1]) { stop -= 1 }
            at = end + 1
            if start == stop { continue }
            if isChunked { notes.insert(.badTransferEncoding) }
            let token = HTTPRange(start, stop)
            if HTTPHead.matches(bytes, token, "chunked") {
                isChunked = true
            } else if !HTTPHead.isCompression(bytes, token) {
                notes.insert(.badTransferEncoding)
            }
        }
    }

    private static func isCompression(_ bytes: RawSpan, _ token: HTTPRange) -> Bool {
        matches(bytes, token, "gzip") || matches(bytes, token, "deflate") || matches(bytes, token, "x-gzip")
            || matches(bytes, token, "compress") || matches(bytes, token, "x-compress")
    }

    private static func namesThrift(_ bytes: RawSpan, _ value: HTTPRange) -> Bool {
        // `thrift` stands behind `application/` and something more.
        guard value.count >= 18, value.upper <= bytes.byteCount else { return false }
        for at in value.lower + 12...value.upper - 6 where bytes[byte: at] | 32 == 0x74 {
            if matches(bytes, HTTPRange(at, at + 6), "thrift") { return true }
        }
        return false
    }

    /// One value, or the same value several times over with commas (RFC 9110 section 8.6).
    private mutating func readContentLength(_ bytes: RawSpan, _ value: HTTPRange) {
        if notes.contains(.badContentLength) { return }
        var at = value.lower
        while at <= value.upper {
            var number: UInt64 = 0
            var digits = 0
            while at < value.upper && HTTPHead.isSpace(bytes[byte: at]) { at += 1 }
            while at < value.upper, case let digit = bytes[byte: at] &- 48, digit <= 9 {
                digits += 1
                if digits > 18 { break }
                number = number * 10 + UInt64(digit)
                at += 1
            }
            while at < value.upper && HTTPHead.isSpace(bytes[byte: at]) { at += 1 }
            let isEnded = at == value.upper || (at < value.upper && bytes[byte: at] == 0x2C)
            if digits == 0 || digits > 18 || !isEnded || (contentLength != nil && contentLength != number) {
                notes.insert(.badContentLength)
                contentLength = nil
                return
            }
            contentLength = number
            at += 1
        }
    }
}
