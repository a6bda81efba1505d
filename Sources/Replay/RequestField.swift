import Bytes

/// Names a value in a request of either protocol.
///
/// | text | is |
/// |---|---|
/// | `user.id`, `body.user.id` | a member of the JSON body or of a form, an argument or field of the Thrift call by its name |
/// | `1.20.5` | a field of the Thrift call by ids |
/// | `header.x-request-id` | an HTTP header |
/// | `query.user` | a parameter of the query |
/// | `path.2`, `path.userId` | a segment of the path, counted from 0 or named as the OpenAPI template names it |
///
/// A leading `request.` may stand before all of them. `body.` goes before a member that is called `header`, `query` or
/// `path`.
package struct RequestField: Sendable, Hashable, CustomStringConvertible {
    enum Place: Sendable, Hashable {
        /// In lower case.
        case header(String)
        case query(String)
        case segment(String)
        /// A path into what the request carries.
        case content(String)
    }

    let place: Place
    /// As it was given.
    package let description: String

    init(_ place: Place) {
        self.place = place
        description = "\(place)"
    }

    /// Nil when the text is empty, has an empty step, or names a place without saying which.
    package init?(_ text: String) {
        description = text
        var rest = Substring(text)
        if rest.hasPrefix("request.") { rest = rest.dropFirst("request.".count) }
        let steps = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = steps.first, steps.allSatisfy({ !$0.isEmpty }) else { return nil }
        let inner = String(rest.dropFirst(first.count + 1))
        switch first {
        case "header" where !inner.isEmpty: place = .header(inner.lowercased())
        case "query" where !inner.isEmpty: place = .query(inner)
        case "path" where steps.count == 2: place = .segment(inner)
        case "body" where !inner.isEmpty: place = .content(inner)
        case "header", "query", "path": return nil
        default: place = .content(String(rest))
        }
    }
}

/// Where a value stands in the bytes of a request, and how it is written there.
package struct FieldSpan: Sendable, Equatable {
    package enum Encoding: UInt8, Sendable, Equatable {
        /// A header's value.
        case text
        /// A text in Thrift, behind its length.
        case counted
        /// A text in JSON, between its quotes.
        case json
        /// A number in JSON.
        case number
        /// A text in a path, a query or a form, percent-encoded.
        case url
        /// Big-endian, of the span's width.
        case integer
        /// An integer of Compact, or a single byte of it.
        case zigzag
        /// IEEE 754 of eight bytes, big-endian.
        case double
        case doubleLittleEndian
    }

    package var range: Range<Int>
    package var encoding: Encoding

    package init(_ range: Range<Int>, _ encoding: Encoding) {
        self.range = range
        self.encoding = encoding
    }

    /// The value as decimal digits or as it stands there: equal for equal values however they are encoded.
    package func text(in request: [UInt8]) -> [UInt8] {
        switch encoding {
        case .text, .counted, .json, .number: return Array(request[range])
        case .url: return PercentEncoding.decoded(request[range])
        case .integer, .zigzag: return integer(in: request).map { Array(String($0).utf8) } ?? []
        case .double, .doubleLittleEndian: return Array("\(Double(bitPattern: doubleBits(in: request)))".utf8)
        }
    }

    /// The integer that stands there in binary; nil for text.
    func integer(in request: [UInt8]) -> Int64? {
        switch encoding {
        case .integer:
            var value = range.first.map { request[$0] >= 0x80 ? Int64(-1) : 0 } ?? 0
            for byte in request[range] { value = value << 8 | Int64(byte) }
            return value
        case .zigzag:
            var value: UInt64 = 0
            var shift: UInt64 = 0
            for byte in request[range].prefix(10) {
                value |= UInt64(byte & 0x7F) << shift
                shift += 7
            }
            return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
        default: return nil
        }
    }

    func doubleBits(in request: [UInt8]) -> UInt64 {
        let bits = request[range].prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return encoding == .doubleLittleEndian ? bits.byteSwapped : bits
    }
}
