import Bytes
import HTTP1
import Tagging
import Tape
import Thrift

/// How long the caller of a recorded request was ready to wait for its answer: what comes later is of no use to it.
package struct CallerBudget: Sendable {
    /// For requests that state none; nil: none.
    package var nanos: UInt64?
    /// A header of HTTP requests that states it in ms, in lower case; empty: none is looked for.
    package var header: [UInt8] = []
    /// IntKV of TTHeader: the time-out of the call, in ms as decimal text.
    private static let ttheaderKey: UInt16 = 12

    package init() {}

    /// From the request's TTHeader or header, else what holds for all; `.max` without any.
    func nanos(of wire: [UInt8], _ format: WireFormat) -> UInt64 {
        let stated: ArraySlice<UInt8>? =
            if format.protocol == .http1 {
                header.isEmpty ? nil : Self.value(of: header, in: wire)
            } else if format.transport == .ttheader {
                Self.timeout(in: wire)
            } else {
                nil
            }
        if let stated, let millis = Self.decimal(stated) { return millis &* 1_000_000 }
        return nanos ?? .max
    }

    private static func timeout(in wire: [UInt8]) -> ArraySlice<UInt8>? {
        guard let head = try? HeaderTransport(decoding: wire.rawSpan) else { return nil }
        for case .numbered(let pairs) in head.infos {
            if let pair = pairs.first(where: { $0.key == ttheaderKey }) { return pair.value[...] }
        }
        return nil
    }

    private static func value(of name: [UInt8], in wire: [UInt8]) -> ArraySlice<UInt8>? {
        guard let head = try? HeaderEditing.head(of: wire) else { return nil }
        let bytes = wire.rawSpan
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            let written = wire[field.name.range]
            if written.count == name.count, zip(written, name).allSatisfy({ $0 | ($0 &- 65 < 26 ? 0x20 : 0) == $1 }) {
                return wire[field.value.range]
            }
        }
        return nil
    }

    /// Up to eleven digits.
    private static func decimal(_ text: ArraySlice<UInt8>) -> UInt64? {
        guard !text.isEmpty, text.count <= 11 else { return nil }
        var value: UInt64 = 0
        for byte in text {
            guard byte &- 48 <= 9 else { return nil }
            value = value * 10 + UInt64(byte - 48)
        }
        return value
    }
}
