import Bytes
package import HTTP1

/// Edits to the head of an HTTP request. Every byte that is not edited stays.
package enum HeaderEditing {
    /// The parsed head of a whole request.
    package static func head(of message: [UInt8]) throws(TagError) -> HTTPHead {
        var scanned = 0
        do throws(ParsingError) {
            if let head = try unsafe HTTPHead.parse(message.span.bytes, kind: .request, scanned: &scanned) {
                return head
            }
        } catch {
            throw TagError(.malformed, "the request's HTTP head cannot be read (\(error))")
        }
        throw TagError(.malformed, "the request's HTTP head does not end")
    }

    /// Every field called `name` (in lower case), in order.
    package static func fields(_ name: String, in message: [UInt8], _ head: HTTPHead) -> [HTTPField] {
        var found: [HTTPField] = []
        let wanted = Array(name.utf8)
        let bytes = unsafe message.span.bytes
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            if isNamed(wanted, field, bytes) { found.append(field) }
        }
        return found
    }

    /// Whether a field has this name, given in lower case.
    static func isNamed(_ name: [UInt8], _ field: HTTPField, _ message: RawSpan) -> Bool {
        let range = field.name.range
        guard range.count == name.count, range.upperBound <= message.byteCount else { return false }
        for index in 0..<name.count {
            let byte = message[byte: range.lowerBound + index]
            if (byte &- 0x41 < 26 ? byte | 32 : byte) != name[index] { return false }
        }
        return true
    }

    package static func text(_ range: HTTPRange, _ message: [UInt8]) -> String {
        unsafe HTTPHead.string(message.span.bytes, range)
    }

    /// Gives every field called `name` the value, or adds one as the last of the head.
    package static func set(_ name: String, to value: String, in message: inout [UInt8]) throws(TagError) {
        let head = try head(of: message)
        let present = fields(name, in: message, head)
        if present.isEmpty {
            insert(name, value, in: &message, head)
            return
        }
        for field in present.reversed() { message.replaceSubrange(field.value.range, with: value.utf8) }
    }

    /// Adds a field as the last of the head.
    package static func insert(_ name: String, _ value: String, in message: inout [UInt8], _ head: HTTPHead) {
        message.insert(contentsOf: "\(name): \(value)\r\n".utf8, at: end(of: head, message))
    }

    /// Where a field can be added behind the last one. The blank line is CRLF, or a bare LF after a head that uses those.
    static func end(of head: HTTPHead, _ message: [UInt8]) -> Int {
        let at = max(0, head.length - 1)
        return at > 0 && message[at - 1] == 13 ? at - 1 : at
    }

    /// Takes out every field called `name` with its line.
    package static func remove(_ name: String, from message: inout [UInt8]) throws(TagError) {
        let head = try head(of: message)
        for field in fields(name, in: message, head).reversed() {
            let start = field.name.lower
            var end = field.value.upper
            while end < message.count && message[end] != 10 { end += 1 }
            message.removeSubrange(start..<min(end + 1, message.count))
        }
    }
}

/// The W3C `baggage` header: members with a value and properties, separated by commas.
enum Baggage {
    /// The value of `key` in a header value, decoded and without its properties; nil when it is not a member.
    static func value(of key: String, in header: String) -> String? {
        for member in header.utf8.split(separator: UInt8(ascii: ",")) {
            let pair = member.split(separator: UInt8(ascii: ";"), maxSplits: 1).first ?? member
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, trimmed(sides[0]) == key else { continue }
            let value = Array(trimmed(sides[1]).utf8)
            return String(decoding: PercentEncoding.decoded(value[...]), as: UTF8.self)
        }
        return nil
    }

    /// The header with our member in front and any earlier one of the same key taken out: what a platform cuts for
    /// length is cut from the end.
    static func setting(_ key: String, to value: String, in header: String) -> String {
        var others = header.split(separator: ",", omittingEmptySubsequences: true)
        others.removeAll { Baggage.value(of: key, in: String($0)) != nil }
        let rest = others.joined(separator: ",")
        let ours = "\(key)=\(encoded(value))"
        return others.isEmpty ? ours : "\(ours),\(rest)"
    }

    /// Percent-encodes what may not stand in a baggage value (W3C baggage, section 3.3.1.3).
    static func encoded(_ value: String) -> String {
        var result = ""
        for byte in value.utf8 {
            switch byte {
            case 0x21, 0x23, 0x24, 0x26...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E:
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default: result += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return result
    }

    private static func trimmed(_ text: Substring.UTF8View) -> String {
        var text = text
        while let first = text.first, first == 32 || first == 9 { text = text.dropFirst() }
        while let last = text.last, last == 32 || last == 9 { text = text.dropLast() }
        return String(Substring(text))
    }
}
