import Bytes
import HTTP1

/// Where in a message the content of its body stands.
struct BodyPieces {
    private(set) var ranges: [Range<Int>] = []
    /// Behind the last chunk: field lines and the blank line.
    private(set) var trailer = 0..<0
    private(set) var isChunked = false
    /// Everything up to the body's end is there.
    private(set) var isComplete = false

    mutating func read(_ wire: RawSpan, _ start: Int, _ framing: HTTPFraming) {
        isChunked = framing == .chunked
        if framing == .none || framing == .tunnel {
            // What stands behind the head of such a message belongs to no body that can be told.
            if start < wire.byteCount { ranges = [start..<wire.byteCount] }
            return
        }
        var body = HTTPBody(framing)
        var at = start
        do throws(ParsingError) {
            while let range = try body.next(wire, &at) { ranges.append(range) }
        } catch {
            // What cannot be told apart is looked at as it is.
            let end = ranges.last?.upperBound ?? start
            if end < wire.byteCount { ranges.append(end..<wire.byteCount) }
            return
        }
        isComplete = body.isComplete || body.endsWithConnection
        guard isChunked, isComplete else { return }
        // A line end, the line of the last chunk's size, then the trailer.
        var line = ranges.last?.upperBound ?? start
        if !ranges.isEmpty { line = Self.lineEnd(wire, line) }
        trailer = min(Self.lineEnd(wire, line), at)..<at
    }

    private static func lineEnd(_ wire: RawSpan, _ start: Int) -> Int {
        var at = start
        while at < wire.byteCount && wire[byte: at] != 10 { at += 1 }
        return at + 1
    }

    func content(_ wire: RawSpan) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(ranges.reduce(0) { $0 + $1.count })
        for range in ranges { unsafe wire.extracting(range).withUnsafeBytes { unsafe content.append(contentsOf: $0) } }
        return content
    }

    /// Writes content of the same length back, and says of the spans from `mark` on where they stand in the message: one
    /// that goes over several chunks becomes several.
    func scatter(_ content: [UInt8], _ wire: inout [UInt8], _ spans: inout [MaskedSpan], _ mark: Int) {
        var taken = 0
        var placed: [MaskedSpan] = []
        let inner = spans[mark...]
        for range in ranges {
            wire.replaceSubrange(range, with: content[taken..<taken + range.count])
            for span in inner where span.range.lowerBound < taken + range.count && span.range.upperBound > taken {
                let lower = max(span.range.lowerBound, taken) - taken + range.lowerBound
                let upper = min(span.range.upperBound, taken + range.count) - taken + range.lowerBound
                placed.append(MaskedSpan(range: lower..<upper, personal: span.personal))
            }
            taken += range.count
        }
        spans.replaceSubrange(mark..., with: placed)
    }
}

/// How a body is read.
enum MediaKind {
    case json, form, multipart, thrift, text, opaque

    init(_ bytes: RawSpan, _ type: Range<Int>, hasThrift: Bool) {
        if hasThrift {
            self = .thrift
            return
        }
        var start = type.lowerBound
        while start < type.upperBound && bytes[byte: start] == 0x20 { start += 1 }
        func begins(_ text: StaticString) -> Bool {
            let end = start + text.utf8CodeUnitCount
            return end <= type.upperBound && HTTPHead.matches(bytes, HTTPRange(start, end), text)
        }
        if begins("application/json") {
            self = .json
        } else if begins("application/x-www-form") {
            self = .form
        } else if begins("multipart/") {
            self = .multipart
        } else if begins("image/svg") {
            self = .text
        } else if begins("image/") || begins("video/") || begins("audio/") || begins("font/") {
            self = .opaque
        } else {
            self = .text
        }
    }
}

/// The little of MIME that multipart bodies need.
enum Multipart {
    static func find(_ needle: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        guard let first = needle.first, range.count >= needle.count else { return nil }
        var at = range.lowerBound
        let last = range.upperBound - needle.count
        while at <= last {
            if bytes[at] == first, bytes[at..<at + needle.count].elementsEqual(needle) { return at }
            at += 1
        }
        return nil
    }

    /// The value of `name=value` or `name="value"`.
    static func range(of name: String, _ bytes: [UInt8], _ field: Range<Int>) -> Range<Int>? {
        var from = field.lowerBound
        let wanted = Array("\(name)=".utf8)
        while let at = find(wanted, bytes, from..<field.upperBound) {
            from = at + 1
            // filename= has name= in it.
            guard at == field.lowerBound || [0x20, 0x3B].contains(bytes[at - 1]) else { continue }
            var start = at + wanted.count
            let isQuoted = start < field.upperBound && bytes[start] == 0x22
            if isQuoted { start += 1 }
            var end = start
            while end < field.upperBound, isQuoted ? bytes[end] != 0x22 : bytes[end] != 0x3B && bytes[end] > 0x20 {
                end += 1
            }
            return start..<end
        }
        return nil
    }

    static func parameter(_ name: String, _ bytes: [UInt8], _ field: Range<Int>) -> [UInt8]? {
        guard let range = range(of: name, bytes, field), !range.isEmpty else { return nil }
        return Array(bytes[range])
    }
}
