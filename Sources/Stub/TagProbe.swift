import Bytes
import HTTP1
import JSON
package import Tagging
import Thrift

/// Looks for the tag in requests, carrier by carrier, without allocating.
///
/// It shares no code with what writes the tag, so that its count is a second opinion.
package struct TagProbe: Sendable {
    /// When what stands at a place is the tag.
    enum Condition: Sendable, Equatable {
        case present
        case equal([UInt8])
        case bits(Int64)

        func holds(_ value: Int64) -> Bool {
            switch self {
            case .present: true
            case .bits(let mask): value & mask == mask
            case .equal: false
            }
        }

        func holds(_ text: RawSpan) -> Bool {
            switch self {
            case .present: return text.byteCount > 0
            case .equal(let wanted):
                guard wanted.count == text.byteCount else { return false }
                for at in wanted.indices where wanted[at] != text[byte: at] { return false }
                return true
            case .bits(let mask): return Self.decimal(text).map { $0 & mask == mask } ?? false
            }
        }

        /// Nil when it is no decimal number of 64 bits.
        private static func decimal(_ text: RawSpan) -> Int64? {
            let isNegative = text.byteCount > 0 && text[byte: 0] == UInt8(ascii: "-")
            let start = isNegative ? 1 : 0
            guard text.byteCount > start, text.byteCount <= 20 else { return nil }
            var value: Int64 = 0
            for at in start..<text.byteCount {
                let digit = text[byte: at] &- UInt8(ascii: "0")
                if digit > 9 { return nil }
                let (high, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = high.subtractingReportingOverflow(Int64(digit))
                if overflow || carry { return nil }
                value = sum
            }
            if isNegative { return value }
            return value == .min ? nil : -value
        }
    }

    struct Field: Sendable {
        var path: [Int16]
        var carrier: Int
        var condition: Condition
    }

    struct Body: Sendable {
        var path: JSONPath
        var carrier: Int
        var condition: Condition
    }

    private struct Header: Sendable {
        /// In lower case.
        var name: [UInt8]
        var carrier: Int
        var condition: Condition
    }

    private struct Member: Sendable {
        var key: [UInt8]
        var carrier: Int
        var condition: Condition
    }

    /// As reports name them; a bit of a result stands for the carrier with its index.
    package private(set) var names: [String] = []
    private var headers: [Header] = []
    private var members: [Member] = []
    /// Keys of THeader and TTHeader.
    private var keys: [(place: Carrier.Place, carrier: Int, condition: Condition)] = []
    private(set) var fields: [Field] = []
    private(set) var bodies: [Body] = []

    /// At most 64 carriers.
    package init(_ carriers: [Carrier] = Carrier.defaults) {
        for carrier in carriers.prefix(64) {
            let name = carrier.description
            if names.contains(name) { continue }
            let condition: Condition =
                switch carrier.value {
                case .run: .present
                case .fixed(let text): .equal(Array(text.utf8))
                case .mask(let bits): .bits(bits)
                }
            switch carrier.place {
            case .httpHeader(let header):
                headers.append(
                    Header(name: Array(header.lowercased().utf8), carrier: names.count, condition: condition))
            case .baggage(let key):
                members.append(Member(key: Array(key.utf8), carrier: names.count, condition: condition))
            case .thriftField(let place):
                fields.append(Field(path: place.path, carrier: names.count, condition: condition))
            case .jsonBody(let path):
                bodies.append(Body(path: JSONPath(path), carrier: names.count, condition: condition))
            case .theader, .ttheaderString, .ttheaderInteger: keys.append((carrier.place, names.count, condition))
            }
            names.append(name)
        }
    }

    /// A bit for each carrier that holds the tag in a frame's header.
    func tags(_ header: HeaderTransport) -> UInt64 {
        var found: UInt64 = 0
        for (place, carrier, condition) in keys {
            for info in header.infos {
                let values: [[UInt8]] =
                    switch (info, header.kind, place) {
                    case (.pairs(let pairs), .theader, .theader(let key)),
                        (.pairs(let pairs), .ttheader, .ttheaderString(let key)):
                        pairs.filter { $0.key.elementsEqual(key.utf8) }.map(\.value)
                    case (.numbered(let pairs), _, .ttheaderInteger(let key)):
                        pairs.filter { $0.key == key }.map(\.value)
                    default: []
                    }
                if values.contains(where: { condition.holds($0.rawSpan) }) { found |= 1 << UInt64(carrier) }
            }
        }
        return found
    }

    /// A bit for each carrier that holds the tag in the head at the beginning of `bytes`.
    func tags(_ bytes: RawSpan, _ head: HTTPHead) -> UInt64 {
        if headers.isEmpty && members.isEmpty { return 0 }
        var found: UInt64 = 0
        var iterator = HTTPFieldIterator(head)
        while let field = iterator.next(bytes) {
            let name = bytes.extracting(field.name.range)
            for header in headers where Self.isNamed(name, header.name) {
                if header.condition.holds(bytes.extracting(field.value.range)) { found |= 1 << UInt64(header.carrier) }
            }
            if !members.isEmpty, HTTPHead.matches(bytes, field.name, "baggage") {
                found |= baggage(bytes, field.value.range)
            }
        }
        return found
    }

    private static func isNamed(_ name: RawSpan, _ lowered: [UInt8]) -> Bool {
        guard name.byteCount == lowered.count else { return false }
        for at in lowered.indices {
            let byte = name[byte: at]
            if (byte &- 0x41 < 26 ? byte | 32 : byte) != lowered[at] { return false }
        }
        return true
    }

    /// `key=value;property, key=value` with blanks around the separators (W3C baggage §3.3).
    private func baggage(_ bytes: RawSpan, _ range: Range<Int>) -> UInt64 {
        var found: UInt64 = 0
        var at = range.lowerBound
        while at < range.upperBound {
            let end = Self.firstIndex(of: UInt8(ascii: ","), bytes, at..<range.upperBound)
            let stop = Self.firstIndex(of: UInt8(ascii: ";"), bytes, at..<end)
            let equals = Self.firstIndex(of: UInt8(ascii: "="), bytes, at..<stop)
            if equals < stop {
                let key = bytes.extracting(Self.trimmed(bytes, at..<equals))
                let value = bytes.extracting(Self.trimmed(bytes, equals + 1..<stop))
                for member in members where Condition.equal(member.key).holds(key) {
                    if member.condition.holds(value) { found |= 1 << UInt64(member.carrier) }
                }
            }
            at = end + 1
        }
        return found
    }

    private static func firstIndex(of byte: UInt8, _ bytes: RawSpan, _ range: Range<Int>) -> Int {
        for at in range where bytes[byte: at] == byte { return at }
        return range.upperBound
    }

    private static func trimmed(_ bytes: RawSpan, _ range: Range<Int>) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high, bytes[byte: low] == 0x20 || bytes[byte: low] == 0x09 { low += 1 }
        while high > low, bytes[byte: high - 1] == 0x20 || bytes[byte: high - 1] == 0x09 { high -= 1 }
        return low..<high
    }
}
