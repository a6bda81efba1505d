import Bytes
import HTTP1
import JSON
import Tagging
import Tape
import Thrift

/// A request whose fields get values from earlier replies.
enum BoundRequest {
    /// The request with each value in its field's place and every length that follows from it; nil when a value cannot
    /// stand there (letters in a number, a line end in a header).
    static func filled(
        _ request: [UInt8], _ values: [(span: FieldSpan, value: [UInt8])], _ format: WireFormat
    ) -> [UInt8]? {
        var result = request
        for (span, value) in values.sorted(by: { $0.span.range.lowerBound > $1.span.range.lowerBound }) {
            guard let bytes = encoded(value, span) else { return nil }
            if span.encoding == .counted {
                guard let prefix = countPrefix(span.range, in: result, format) else { return nil }
                result.replaceSubrange(span.range, with: bytes)
                result.replaceSubrange(prefix, with: count(bytes.count, format))
            } else {
                result.replaceSubrange(span.range, with: bytes)
            }
        }
        if format.protocol == .http1 { return repairedHTTP(result) }
        return repairedThrift(result, grownBy: result.count - request.count, request, format)
    }

    private static func encoded(_ value: [UInt8], _ span: FieldSpan) -> [UInt8]? {
        switch span.encoding {
        case .counted: return value
        // RFC 9110 section 5.5.
        case .text: return value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 } ? value : nil
        case .json:
            guard let text = String(validating: value, as: UTF8.self) else { return nil }
            return Array(JSONValue(text).encoded().dropFirst().dropLast())
        case .number:
            guard case .number? = try? JSONValue(parsing: value) else { return nil }
            return value
        case .url: return PercentEncoding.encoded(value)
        case .integer:
            guard let number = Int64(String(decoding: value, as: UTF8.self)) else { return nil }
            let width = span.range.count
            if width < 8, number >> Int64(width * 8 - 1) != number >> 63 { return nil }
            return (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> Int64(8 * $0)) }
        case .zigzag:
            guard let number = Int64(String(decoding: value, as: UTF8.self)) else { return nil }
            var bytes: [UInt8] = []
            bytes.append(varint: ZigZag.encode(number))
            return bytes
        case .double, .doubleLittleEndian:
            guard let number = Double(String(decoding: value, as: UTF8.self)) else { return nil }
            let bytes = (0..<8).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt64(8 * $0)) }
            return span.encoding == .double ? bytes.reversed() : bytes
        }
    }

    private static func count(_ count: Int, _ format: WireFormat) -> [UInt8] {
        var bytes: [UInt8] = []
        if format.encoding == .compact {
            bytes.append(varint: UInt64(count))
        } else {
            bytes.append(bigEndian: UInt32(truncatingIfNeeded: count))
        }
        return bytes
    }

    /// Where the length before a text stands; nil when it is written in an unusual way.
    private static func countPrefix(_ range: Range<Int>, in request: [UInt8], _ format: WireFormat) -> Range<Int>? {
        let expected = count(range.count, format)
        let prefix = range.lowerBound - expected.count..<range.lowerBound
        guard prefix.lowerBound >= 0, request[prefix].elementsEqual(expected) else { return nil }
        return prefix
    }

    private static func repairedHTTP(_ request: [UInt8]) -> [UInt8]? {
        guard let head = try? HeaderEditing.head(of: request) else { return nil }
        guard head.contentLength != nil else { return request }
        var result = request
        guard (try? HeaderEditing.set("content-length", to: String(request.count - head.length), in: &result)) != nil
        else { return nil }
        return result
    }

    private static func repairedThrift(
        _ request: [UInt8], grownBy growth: Int, _ original: [UInt8], _ format: WireFormat
    ) -> [UInt8]? {
        guard growth != 0 else { return request }
        guard let payload = ThriftPayload(original, format) else { return nil }
        var result = request
        for offset in payload.lengthOffsets {
            let length = request[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } + growth
            guard length >= 0, length <= ThriftType.Limit.frameLength else { return nil }
            for index in 0..<4 { result[offset + index] = UInt8(truncatingIfNeeded: length >> (8 * (3 - index))) }
        }
        return result
    }
}
