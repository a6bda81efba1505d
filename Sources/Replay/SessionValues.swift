import Bytes

/// Identities that the requests of a flow had so far, so that a later request in which one of them stands again, declared or
/// not, stays consistent. Bounded: flows that were quiet longest are forgotten, and each keeps its latest values.
struct SessionValues {
    private var values: [UInt64: [[UInt8]]] = [:]
    private var order: [UInt64] = []
    private var oldest = 0

    static let flowLimit = 1 << 16
    static let valueLimit = 16
    /// Shorter values stand in too many places by chance.
    static let shortest = 8

    /// Adds the places of earlier values to those of the request's own, and remembers these.
    mutating func withEarlier(_ spans: [FieldSpan], in request: [UInt8], flow: UInt64) -> [FieldSpan] {
        var all = spans
        if let known = values[flow] {
            for value in known { all += SessionValues.places(of: value, in: request, beside: all) }
        }
        for span in spans {
            let value = span.text(in: request)
            if value.count >= SessionValues.shortest { remember(value, flow) }
        }
        return all
    }

    /// Where `value` stands with nothing on either side that could belong to it.
    private static func places(of value: [UInt8], in request: [UInt8], beside known: [FieldSpan]) -> [FieldSpan] {
        var found: [FieldSpan] = []
        guard let first = value.first, request.count >= value.count else { return [] }
        var at = 0
        while at <= request.count - value.count {
            guard request[at] == first, request[at..<at + value.count].elementsEqual(value) else {
                at += 1
                continue
            }
            let range = at..<at + value.count
            let isWhole =
                !(at > 0 && isPart(request[at - 1]) && isPart(first))
                && !(range.upperBound < request.count && isPart(request[range.upperBound]))
            if isWhole && !(known + found).contains(where: { $0.range.overlaps(range) }) {
                found.append(FieldSpan(range, .text))
            }
            at = range.upperBound
        }
        return found
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26
    }

    private mutating func remember(_ value: [UInt8], _ flow: UInt64) {
        guard var known = values[flow] else {
            if values.count >= SessionValues.flowLimit { forgetOldest() }
            values[flow] = [value]
            order.append(flow)
            return
        }
        if known.contains(value) { return }
        if known.count >= SessionValues.valueLimit { known.removeFirst() }
        known.append(value)
        values[flow] = known
    }

    private mutating func forgetOldest() {
        values[order[oldest]] = nil
        oldest += 1
        if oldest * 2 > order.count {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
