import Bytes
package import HTTP1

extension Masker {
    /// Masks a message: its target, header fields, body and trailers.
    ///
    /// - Parameters:
    ///   - wire: head and body as they were on the wire, without what was not captured.
    ///   - isWhole: nothing of the body is missing.
    /// - Postcondition: the length is what it was, unless ``outcome`` says that the body was left out or written anew; then
    ///   `Content-Length` says what it is now.
    package mutating func maskHTTP(_ wire: inout [UInt8], _ head: HTTPHead, _ framing: HTTPFraming, isWhole: Bool) {
        begin()
        if !head.uri.isEmpty, head.uri.upper <= wire.count { maskURL(&wire, head.uri.range) }
        let body = maskFields(&wire, head)
        if wire.count > head.length { maskBody(&wire, head, framing, body, isWhole: isWhole) }
    }

    /// What the header says of the body.
    struct BodyKind {
        var mediaType = 0..<0
        /// In the order in which they were applied.
        var codings: [Range<Int>] = []
    }

    private mutating func maskFields(_ wire: inout [UInt8], _ head: HTTPHead) -> BodyKind {
        var body = BodyKind()
        var fields = HTTPFieldIterator(head)
        var place = HeaderLines.firstPlace(head.kind)
        while true {
            let known = headerLines.known(from: place, wire.rawSpan, fields.at, head.length)
            if known.count > 0 {
                fields.skip(to: known.end)
                if !known.mediaType.isEmpty { body.mediaType = known.mediaType }
                place += known.count
            }
            let start = fields.at
            guard let field = fields.next(wire.rawSpan) else { return body }
            switch HeaderKind(wire.rawSpan, field.name.range) {
            case .ordinary: headerLines.note(place, wire.rawSpan, start..<fields.at)
            case .mediaType:
                body.mediaType = field.value.range
                // One that says nothing undoes what another one said.
                if !field.value.isEmpty {
                    headerLines.note(place, wire.rawSpan, start..<fields.at, mediaType: field.value.range)
                }
            case .coding: addCodings(wire.rawSpan, field.value.range, &body)
            case .url: maskURL(&wire, field.value.range)
            case .other: maskField(&wire, field.name.range, field.value.range)
            }
            place += 1
        }
    }

    private func addCodings(_ bytes: RawSpan, _ value: Range<Int>, _ body: inout BodyKind) {
        var at = value.lowerBound
        while at < value.upperBound {
            var end = at
            while end < value.upperBound && bytes[byte: end] != 0x2C { end += 1 }
            var from = at
            var stop = end
            while from < stop && bytes[byte: from] <= 0x20 { from += 1 }
            while stop > from && bytes[byte: stop - 1] <= 0x20 { stop -= 1 }
            let isPlain =
                HTTPHead.matches(bytes, HTTPRange(from, stop), "identity")
                || HTTPHead.matches(bytes, HTTPRange(from, stop), "chunked")
            if from < stop && !isPlain { body.codings.append(from..<stop) }
            at = end + 1
        }
    }

    /// A header field that is not known to be harmless.
    mutating func maskField(_ wire: inout [UInt8], _ name: Range<Int>, _ value: Range<Int>) {
        if value.isEmpty { return }
        var meaning = plan.policy.headers.meaning(wire.rawSpan, name)
        if meaning == .none { meaning = plan.fields.meaning(wire.rawSpan, name) }
        switch meaning.personal {
        case .authorization: _ = change(&wire, Self.secret(wire.rawSpan, value), .authorization)
        case .cookie: maskCookies(&wire, name, value)
        case .ip: maskAddresses(&wire, value)
        case .some: maskEncoded(&wire, value, meaning)
        case nil: maskEncoded(&wire, value, .none)
        }
    }

    private mutating func maskEncoded(_ wire: inout [UInt8], _ value: Range<Int>, _ meaning: FieldNames.Meaning) {
        if wire[value].contains(0x25) {
            maskEscaped(&wire, value, meaning, .percent)
        } else if let first = wire[value].first, first == 0x7B || first == 0x5B {
            maskContent(&wire, value)
        } else {
            maskNamed(&wire, value, meaning)
        }
    }

    /// `for=1.2.3.4;proto=https, 2001:db8::1`
    private mutating func maskAddresses(_ wire: inout [UInt8], _ value: Range<Int>) {
        var at = value.lowerBound
        while at < value.upperBound {
            var end = at
            while end < value.upperBound, ![0x20, 0x2C, 0x3B, 0x3D, 0x22].contains(wire[end]) { end += 1 }
            if end - at > 2 { _ = change(&wire, at..<end, .ip) }
            at = end + 1
        }
    }

    /// Everything behind the scheme's word; all of it when there is only one word.
    private static func secret(_ bytes: RawSpan, _ value: Range<Int>) -> Range<Int> {
        var at = value.lowerBound
        while at < value.upperBound && HTTPHead.isToken(bytes[byte: at]) { at += 1 }
        guard at < value.upperBound, bytes[byte: at] == 0x20 else { return value }
        while at < value.upperBound && bytes[byte: at] == 0x20 { at += 1 }
        return at..<value.upperBound
    }

    /// The values of `name=value; name=value`; of Set-Cookie only the first pair, since the rest are attributes.
    private mutating func maskCookies(_ wire: inout [UInt8], _ name: Range<Int>, _ value: Range<Int>) {
        let isSet = wire[name.lowerBound] | 32 == 0x73
        var at = value.lowerBound
        while at < value.upperBound {
            var end = at
            while end < value.upperBound && wire[end] != 0x3B { end += 1 }
            var start = at
            while start < end && wire[start] != 0x3D { start += 1 }
            // Without `=` the whole pair is a value.
            _ = change(&wire, start < end ? start + 1..<end : at..<end, .cookie)
            if isSet { return }
            at = end + 1
            while at < value.upperBound && wire[at] == 0x20 { at += 1 }
        }
    }

    // MARK: URLs and forms

    /// A target or URL: path, query, fragment. The authority stays, but for a password in it.
    mutating func maskURL(_ wire: inout [UInt8], _ range: Range<Int>) {
        var path = range.lowerBound
        if wire[path] != 0x2F, let scheme = Self.authority(wire, range) {
            var end = scheme
            while end < range.upperBound, wire[end] != 0x2F && wire[end] != 0x3F { end += 1 }
            if let at = wire[scheme..<end].lastIndex(of: 0x40) { _ = change(&wire, scheme..<at, .authorization) }
            path = end
        }
        let query = wire[path..<range.upperBound].firstIndex(of: 0x3F) ?? range.upperBound
        let steps = path..<query
        var at = steps.lowerBound
        while at < query {
            var end = at
            var isEncoded = false
            while end < query && wire[end] != 0x2F {
                if wire[end] == 0x25 { isEncoded = true }
                end += 1
            }
            if isEncoded {
                maskEscaped(&wire, at..<end, .none, .percent)
            } else {
                maskValue(&wire, at..<end)
            }
            at = end + 1
        }
        if query < range.upperBound { maskForm(&wire, query + 1..<range.upperBound) }
    }

    private static func authority(_ wire: [UInt8], _ range: Range<Int>) -> Int? {
        var at = range.lowerBound
        while at < range.upperBound, at - range.lowerBound < 12, wire[at] != 0x3A { at += 1 }
        guard at + 2 < range.upperBound, wire[at] == 0x3A, wire[at + 1] == 0x2F, wire[at + 2] == 0x2F else {
            return nil
        }
        return at + 3
    }

    /// `name=value&name=value`, percent-encoded.
    mutating func maskForm(_ wire: inout [UInt8], _ range: Range<Int>) {
        var at = range.lowerBound
        while at < range.upperBound {
            var equals = -1
            var end = at
            var isEncoded = false
            while end < range.upperBound {
                let byte = wire[end]
                if byte == 0x26 { break }
                if byte == 0x3D && equals < 0 { equals = end }
                if byte == 0x25 || byte == 0x2B { isEncoded = true }
                end += 1
            }
            let value = (equals < 0 ? at : equals + 1)..<end
            if !value.isEmpty {
                let meaning = equals < 0 ? .none : plan.fields.meaning(wire.rawSpan, at..<equals)
                if isEncoded {
                    maskEscaped(&wire, value, meaning, .form)
                } else {
                    maskNamed(&wire, value, meaning)
                }
            }
            at = end + 1
        }
    }
}

/// What to do with a header field, by its name alone.
private enum HeaderKind {
    case ordinary, mediaType, coding, url, other

    init(_ bytes: RawSpan, _ name: Range<Int>) {
        let range = HTTPRange(name.lowerBound, name.upperBound)
        func isNamed(_ text: StaticString) -> Bool { HTTPHead.matches(bytes, range, text) }
        func isAny(_ a: StaticString, _ b: StaticString = "", _ c: StaticString = "", _ d: StaticString = "")
            -> HeaderKind
        {
            isNamed(a) || isNamed(b) || isNamed(c) || isNamed(d) ? .ordinary : .other
        }
        switch name.count {
        case 3: self = isAny("age", "via")
        case 4: self = isAny("host", "date", "etag", "vary")
        case 5: self = isAny("allow", "range")
        case 6: self = isNamed("origin") ? .url : isAny("accept", "server", "expect", "pragma")
        case 7: self = isNamed("referer") ? .url : isAny("expires", "upgrade", "trailer", "alt-svc")
        case 8: self = isNamed("location") ? .url : isAny("if-match", "if-range")
        case 10: self = isAny("connection", "user-agent", "keep-alive", "set-cookie2")
        case 12: self = isNamed("content-type") ? .mediaType : .other
        case 13: self = isAny("cache-control", "last-modified", "accept-ranges", "if-none-match")
        case 14: self = isAny("content-length", "accept-charset", "sec-fetch-site", "sec-fetch-mode")
        case 15: self = isAny("accept-language", "accept-encoding", "x-frame-options")
        case 16: self = isNamed("content-encoding") ? .coding : isAny("content-language", "x-xss-protection")
        case 17: self = isNamed("transfer-encoding") ? .coding : isAny("if-modified-since", "x-forwarded-proto")
        case 18: self = isAny("proxy-authenticate")
        case 19: self = isAny("content-disposition", "if-unmodified-since")
        default: self = .other
        }
    }
}
