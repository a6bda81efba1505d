import Bytes
import Tape
import Thrift

@testable import Stub

/// Exchanges written by hand.
enum Samples {
    static func http(_ operation: String, _ request: String, _ response: String?, expected: String = "") -> Exchange {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = operation
        exchange.request = Message(wire: Array(request.utf8))
        exchange.response = response.map { Message(wire: Array($0.utf8)) }
        exchange.expected = expected
        return exchange
    }

    static func get(_ path: String, _ body: String, operation: String? = nil) -> Exchange {
        http(
            operation ?? "GET \(path)", "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// A message with the struct that `body` holds, its stop byte included.
    static func message(
        _ type: MessageType, _ name: String, seqid: Int32, _ body: [UInt8], _ framing: ThriftFraming = .framed,
        _ encoding: ThriftEncoding = .binary
    ) -> [UInt8] {
        var writer = ByteWriter()
        switch encoding {
        case .binary:
            writer.bigEndian(0x8001_0000 | UInt32(type.rawValue))
            writer.bigEndian(UInt32(name.utf8.count))
            writer.append(utf8: name)
            writer.bigEndian(seqid)
        case .compact:
            writer.uint8(0x82)
            writer.uint8(type.rawValue << 5 | 1)
            writer.varint(UInt64(UInt32(bitPattern: seqid)))
            writer.varint(UInt64(name.utf8.count))
            writer.append(utf8: name)
        }
        writer.append(body)
        var result: [UInt8] = []
        if framing == .framed { result.append(bigEndian: UInt32(writer.count)) }
        return result + writer.bytes
    }

    /// Binary: `1: struct { 1: string text }`.
    static func arguments(_ text: String, extra: [UInt8] = []) -> [UInt8] {
        [12, 0, 1, 11, 0, 1, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8) + extra + [0, 0]
    }

    /// Binary: `0: string text`.
    static func result(_ text: String) -> [UInt8] {
        [11, 0, 0, 0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8) + [0]
    }

    static func thrift(
        _ method: String, _ arguments: [UInt8], _ result: [UInt8]?, type: MessageType = .call,
        _ framing: ThriftFraming = .framed, _ encoding: ThriftEncoding = .binary
    ) -> Exchange {
        var exchange = Exchange()
        exchange.format = WireFormat(
            .thrift, framing == .framed ? .framed : .unframed, encoding == .binary ? .binary : .compact)
        exchange.operation = "Risk.\(method)"
        exchange.request = Message(wire: message(type, method, seqid: 7, arguments, framing, encoding))
        exchange.response = result.map { Message(wire: message(.reply, method, seqid: 7, $0, framing, encoding)) }
        return exchange
    }

    static func engine(_ exchanges: [Exchange], probe: TagProbe = TagProbe(), delay: Delay = .none) throws -> StubEngine
    {
        var builder = AnswerBook.Builder(probe: probe)
        for exchange in exchanges { try builder.add(exchange) }
        return StubEngine(book: builder.finish(), probe: probe, delay: delay)
    }
}

extension StubSession {
    /// What the session answers to `bytes` given at once.
    mutating func answer(_ bytes: [UInt8], _ engine: inout StubEngine) -> [UInt8] {
        receive(bytes.rawSpan, nowNanos: 0, engine: &engine)
        defer { output = [] }
        return output
    }

    mutating func answer(_ text: String, _ engine: inout StubEngine) -> String {
        String(decoding: answer(Array(text.utf8), &engine), as: UTF8.self)
    }
}
