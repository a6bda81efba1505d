import Bytes
import HTTP1
package import Privacy
package import Schema
package import Tape
import Thrift

/// Masks, or looks for personal data in, exchanges that were recorded before: those of a tape.
package struct ExchangeMasker: ~Copyable {
    private var masker: Masker
    private var namer: OperationNamer

    /// - Parameter schema: names the operations of requests whose targets are changed.
    package init(_ plan: MaskingPlan, schema: SchemaSet) {
        masker = Masker(plan)
        namer = OperationNamer(schema: schema)
    }

    /// A value that was found, and where; never the value itself.
    package struct Sighting: Sendable, Hashable {
        package var personal: PersonalClass
        /// `request header x-user-phone`, `response body phone`, …
        package var field: String
        /// It had been masked when it was recorded.
        package var isMasked: Bool
    }

    /// Goes through all messages of an exchange, changes them as the plan says, and hands over what it found.
    package mutating func mask(_ exchange: inout Exchange, _ found: (Sighting) -> Void) {
        var method = HTTPMethod.get
        if var message = exchange.request {
            let head = mask(&message, exchange.format, .request, &method, found)
            exchange.request = message
            if let head, masker.plan.mode != .scan, exchange.format.encoding == .none,
                masker.spans.contains(where: { $0.range.lowerBound < head.fieldsStart })
            {
                exchange.operation = namer.http(message.wire.rawSpan, head)
            }
        }
        for index in exchange.interim.indices {
            _ = mask(&exchange.interim[index], exchange.format, .response, &method, found)
        }
        if var message = exchange.response {
            _ = mask(&message, exchange.format, .response, &method, found)
            exchange.response = message
        }
        var client = Array(exchange.client.utf8)
        masker.maskText(&client)
        for span in masker.spans {
            found(Sighting(personal: span.personal, field: "client address", isMasked: false))
        }
        if !masker.spans.isEmpty { exchange.client = String(decoding: client, as: UTF8.self) }
    }

    private mutating func mask(
        _ message: inout Message, _ format: WireFormat, _ kind: HTTPKind, _ method: inout HTTPMethod,
        _ found: (Sighting) -> Void
    ) -> HTTPHead? {
        let isWhole = message.isWhole
        let before = message.wire
        var head: HTTPHead?
        if format.protocol == .http1 {
            var scanned = 0
            guard let read = try? HTTPHead.parse(message.wire.rawSpan, kind: kind, scanned: &scanned) else {
                return nil
            }
            if kind == .request { method = read.method }
            let framing = message.omitted.isEmpty ? read.framing(responseTo: method) : .none
            masker.maskHTTP(&message.wire, read, framing, isWhole: isWhole)
            head = read
        } else {
            guard let thrift = format.thrift else { return nil }
            var scanner = ThriftScanner(thrift)
            guard case .message(let message1) = scanner.scan(message.wire.rawSpan) else { return nil }
            masker.maskThrift(
                &message.wire, message1.protocol, message1.header, payload: message1.payload,
                payloadOffset: message1.payloadOffset,
                hasHeader: format.transport == .theader || format.transport == .ttheader)
        }
        let side = kind == .request ? "request" : "response"
        let old = Array(message.redactions)
        if !masker.outcome.dropped.isEmpty && masker.plan.mode != .scan { message.omitted = "masked" }
        if !masker.outcome.reencoded.isEmpty && isWhole { message.wireLength = UInt64(message.wire.count) }
        for span in masker.spans {
            let isMasked = old.contains {
                Int($0.offset) <= span.range.lowerBound && span.range.upperBound <= Int($0.offset + $0.length)
            }
            let field = FieldPlace.name(of: span.range, in: before.rawSpan, head)
            found(Sighting(personal: span.personal, field: "\(side) \(field)", isMasked: isMasked))
            if masker.plan.mode == .mask && !isMasked {
                message.redactions.append(
                    Redaction(
                        offset: UInt64(span.range.lowerBound), length: UInt64(span.range.count),
                        kind: span.personal.rawValue))
            }
        }
        return head
    }
}

/// Says where in a message something stands, for reports.
enum FieldPlace {
    /// `target`, `header x-phone`, `body phone` by the name that stands before the value, or `body`.
    static func name(of range: Range<Int>, in bytes: RawSpan, _ head: HTTPHead?) -> String {
        guard let head else { return "struct" }
        if range.lowerBound < head.length {
            if range.lowerBound < head.fieldsStart { return "target" }
            var fields = HTTPFieldIterator(head)
            while let field = fields.next(bytes) {
                if field.value.upper >= range.upperBound && field.value.lower <= range.lowerBound {
                    return "header " + HTTPHead.string(bytes, field.name).lowercased()
                }
            }
            return "header"
        }
        guard range.upperBound <= bytes.byteCount else { return "body" }
        let key = key(before: range.lowerBound, in: bytes, from: head.length)
        return key.isEmpty ? "body" : "body " + key
    }

    /// The name in `"name": "value` or `name=value`, when it is a short word: anything else could be a value.
    private static func key(before start: Int, in bytes: RawSpan, from floor: Int) -> String {
        var at = start - 1
        func isWord(_ byte: UInt8) -> Bool { byte &- 48 < 10 || (byte | 32) &- 0x61 < 26 || byte == 0x5F }
        while at > floor, [0x22, 0x20, 0x5B, 0x5C].contains(bytes[byte: at]) { at -= 1 }
        guard at > floor, bytes[byte: at] == 0x3A || bytes[byte: at] == 0x3D else { return "" }
        at -= 1
        while at > floor, bytes[byte: at] == 0x20 || bytes[byte: at] == 0x22 || bytes[byte: at] == 0x5C { at -= 1 }
        let end = at + 1
        while at >= floor, isWord(bytes[byte: at]) { at -= 1 }
        let name = bytes.extracting(at + 1..<end)
        var letters = 0
        var digits = 0
        for at in 0..<name.byteCount {
            if name[byte: at] &- 48 < 10 { digits += 1 } else { letters += 1 }
        }
        guard name.byteCount <= 40, letters > 1, digits < 4 else { return "" }
        return unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
