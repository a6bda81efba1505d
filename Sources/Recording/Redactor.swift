import Bytes
import HTTP1
import Tape
import Thrift

/// Masks credentials and card numbers in place; lengths stay, and every span is noted.
struct Redactor {
    private var cards: [Range<Int>] = []

    /// Values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, and card numbers anywhere.
    mutating func redactHTTP(_ message: inout Message, _ head: HTTPHead, _ balance: inout Balance) {
        if head.notes.contains(.credentials) { redactCredentials(&message, head, &balance) }
        redactCards(&message, isCompact: false, &balance)
    }

    /// - Parameter hasHeader: the message stands in a THeader or TTHeader frame, whose header may hold credentials too.
    mutating func redactThrift(
        _ message: inout Message, _ found: ThriftScanner.Found, hasHeader: Bool, _ balance: inout Balance
    ) {
        let isCompact = found.protocol == .compact
        if hasHeader, let header = try? HeaderTransport(decoding: message.wire.rawSpan) {
            for range in header.credentials where !range.isEmpty && range.upperBound <= message.wire.count {
                for at in range { message.wire[at] = 0x78 }
                note(range, "authorization", &message, &balance)
            }
        }
        redactCards(&message, isCompact: isCompact, &balance)
        guard let payload = found.payload else { return }
        cards.removeAll(keepingCapacity: true)
        CardNumbers.find(payload.rawSpan, isCompact: isCompact, into: &cards)
        if cards.isEmpty { return }
        // Compressed bytes cannot be masked in place: only the header of the frame is kept.
        balance.redactions["card", default: 0] += UInt64(cards.count)
        message.digest = SHA256.digest(message.wire)
        message.omitted = "masked"
        message.wire.removeSubrange(min(found.payloadOffset, message.wire.count)...)
    }

    private mutating func redactCards(_ message: inout Message, isCompact: Bool, _ balance: inout Balance) {
        cards.removeAll(keepingCapacity: true)
        CardNumbers.find(message.wire.rawSpan, isCompact: isCompact, into: &cards)
        for range in cards {
            var digits = 0
            for at in range where message.wire[at] &- 48 < 10 {
                digits += 1
                // The first six digits name the issuer, not the customer.
                if digits > 6 { message.wire[at] = 48 }
            }
            note(range, "card", &message, &balance)
        }
    }

    private func redactCredentials(_ message: inout Message, _ head: HTTPHead, _ balance: inout Balance) {
        var spans: [(range: Range<Int>, kind: String)] = []
        var fields = HTTPFieldIterator(head)
        let wire = message.wire
        let bytes = wire.rawSpan
        while let field = fields.next(bytes) {
            let name = field.name
            if HTTPHead.matches(bytes, name, "authorization") || HTTPHead.matches(bytes, name, "proxy-authorization") {
                spans.append((Self.secret(bytes, field.value.range), "authorization"))
            } else if HTTPHead.matches(bytes, name, "cookie") {
                Self.cookies(bytes, field.value.range, isSet: false, &spans)
            } else if HTTPHead.matches(bytes, name, "set-cookie") {
                Self.cookies(bytes, field.value.range, isSet: true, &spans)
            }
        }
        for (range, kind) in spans where !range.isEmpty {
            for at in range where !Self.isFold(bytes, at) { message.wire[at] = 0x78 }
            note(range, kind, &message, &balance)
        }
    }

    /// A line end inside a folded value, and the blank behind it that makes it one.
    private static func isFold(_ bytes: RawSpan, _ at: Int) -> Bool {
        switch bytes[byte: at] {
        case 13, 10: true
        case 32, 9: at > 0 && bytes[byte: at - 1] == 10
        default: false
        }
    }

    /// Everything behind the scheme's word; all of it when there is only one word.
    private static func secret(_ bytes: RawSpan, _ value: Range<Int>) -> Range<Int> {
        var at = value.lowerBound
        while at < value.upperBound && HTTPHead.isToken(bytes[byte: at]) { at += 1 }
        guard at < value.upperBound, bytes[byte: at] == 32 else { return value }
        while at < value.upperBound && bytes[byte: at] == 32 { at += 1 }
        return at..<value.upperBound
    }

    /// The values of `name=value; name=value`; of Set-Cookie only the first pair, since the rest are attributes.
    private static func cookies(
        _ bytes: RawSpan, _ value: Range<Int>, isSet: Bool, _ spans: inout [(range: Range<Int>, kind: String)]
    ) {
        var at = value.lowerBound
        while at < value.upperBound {
            var end = at
            while end < value.upperBound && bytes[byte: end] != 0x3B { end += 1 }
            var start = at
            while start < end && bytes[byte: start] != 0x3D { start += 1 }
            // Without `=` the whole pair is a value.
            spans.append((start < end ? start + 1..<end : at..<end, "cookie"))
            if isSet { return }
            at = end + 1
            while at < value.upperBound && bytes[byte: at] == 32 { at += 1 }
        }
    }

    private func note(_ range: Range<Int>, _ kind: String, _ message: inout Message, _ balance: inout Balance) {
        message.redactions.append(
            Redaction(offset: UInt64(range.lowerBound), length: UInt64(range.count), kind: kind))
        balance.redactions[kind, default: 0] += 1
    }
}
