import Bytes
import Tape

/// GoReplay's file format, as its documentation has it: a line `TYPE ID TIME LATENCY`, the message as it was on the wire,
/// and a separator of its own. Type 1 is a request, 2 its response, with the same id; times are ns since 1970.
///
/// ```
/// 1 0000000000000000000000c1 1767225600000000000 21000⏎
/// POST /v1/decisions HTTP/1.1⏎ …
/// ⏎🐵🙈🙉⏎
/// ```
enum Gor {
    static let separator = Array("\n🐵🙈🙉\n".utf8)
}

/// Both versions, 1 and 2, read what this writes.
struct GorExporter: Exporter {
    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        guard exchange.format.protocol == .http1 else { return .notHTTP }
        guard let request = exchange.request else { return .noRequest }
        guard request.isWhole, exchange.response.map(\.isWhole) ?? true else { return .incomplete }
        if Self.holdsSeparator(request.wire) || exchange.response.map({ Self.holdsSeparator($0.wire) }) ?? false {
            return .separator
        }
        let id = Hex.encode(
            (0..<12).map { UInt8(truncatingIfNeeded: $0 < 4 ? 0 : exchange.id >> UInt64(8 * (11 - $0))) })
        Self.append("1", id, request, to: &out)
        if let response = exchange.response { Self.append("2", id, response, to: &out) }
        return nil
    }

    private static func append(_ type: String, _ id: String, _ message: Message, to out: inout [UInt8]) {
        let latency = message.endNanos > message.startNanos ? message.endNanos - message.startNanos : 0
        out += "\(type) \(id) \(message.startNanos) \(latency)\n".utf8
        out += message.wire
        out += Gor.separator
    }

    /// The separator's first and last line breaks may be the message's own.
    private static func holdsSeparator(_ wire: [UInt8]) -> Bool {
        let mark = Gor.separator[1]
        var at = wire.startIndex
        while let next = wire[at...].firstIndex(of: mark) {
            if wire[next...].starts(with: Gor.separator.dropFirst().dropLast()) { return true }
            at = next + 1
        }
        return false
    }
}
