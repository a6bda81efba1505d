import Bytes
import HTTP1
import JSON
import Signing
import Tagging
import Tape
import Thrift

/// A request whose fields get values from earlier replies.
enum BoundRequest {
    /// A request with its values, and how its places have moved.
    struct Filled {
        var bytes: [UInt8]
        /// What was replaced in the request as it was, from its start on, and by how many bytes; then, in what that gave,
        /// the Content-Length.
        fileprivate var edits: [(range: Range<Int>, count: Int)]
        fileprivate var lengthEdit: (range: Range<Int>, count: Int)?
        /// What was done to the bytes once they stood.
        var steps: [FinishingStep] = []

        /// A step of the request as it was, for this one.
        func moved(_ step: FinishingStep) -> FinishingStep {
            var step = step
            if step.op != .literal && step.op != .sign && step.op != .token {
                let range = moved(Int(step.from)..<Int(step.from) + Int(step.count))
                step.from = Int32(clamping: range.lowerBound)
                step.count = Int32(clamping: range.count)
            }
            if step.width > 0 { step.writes(moved(step.target)) }
            return step
        }

        private func moved(_ range: Range<Int>) -> Range<Int> {
            var ends = (range.lowerBound, range.upperBound)
            for group in [edits, lengthEdit.map { [$0] } ?? []] {
                ends = (Filled.moved(ends.0, group), Filled.moved(ends.1, group))
            }
            return ends.0..<max(ends.0, ends.1)
        }

        private static func moved(_ place: Int, _ edits: [(range: Range<Int>, count: Int)]) -> Int {
            edits.reduce(place) { $1.range.upperBound <= place ? $0 + $1.count - $1.range.count : $0 }
        }
    }

    /// The request with each value in its field's place and every length that follows from it; nil when a value cannot
    /// stand there (letters in a number, a line end in a header).
    static func filled(
        _ request: [UInt8], _ values: [(span: FieldSpan, value: [UInt8])], _ format: WireFormat
    ) -> Filled? {
        var result = request
        var edits: [(range: Range<Int>, count: Int)] = []
        for (span, value) in values.sorted(by: { $0.span.range.lowerBound > $1.span.range.lowerBound }) {
            guard let bytes = encoded(value, span) else { return nil }
            if span.encoding == .counted {
                guard let prefix = countPrefix(span.range, in: result, format) else { return nil }
                let length = count(bytes.count, format)
                result.replaceSubrange(span.range, with: bytes)
                result.replaceSubrange(prefix, with: length)
                edits.append((prefix, length.count))
            } else {
                result.replaceSubrange(span.range, with: bytes)
            }
            edits.append((span.range, bytes.count))
        }
        if format.protocol == .http1 { return repairedHTTP(result, edits) }
        return repairedThrift(result, grownBy: result.count - request.count, request, format).map {
            Filled(bytes: $0, edits: edits)
        }
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

    private static func repairedHTTP(_ request: [UInt8], _ edits: [(range: Range<Int>, count: Int)]) -> Filled? {
        guard let head = try? HeaderEditing.head(of: request) else { return nil }
        var filled = Filled(bytes: request, edits: edits)
        guard head.contentLength != nil else { return filled }
        let length = String(request.count - head.length)
        if let field = HeaderEditing.fields("content-length", in: request, head).first {
            filled.lengthEdit = (field.value.range, length.utf8.count)
        }
        guard (try? HeaderEditing.set("content-length", to: length, in: &filled.bytes)) != nil else { return nil }
        return filled
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
