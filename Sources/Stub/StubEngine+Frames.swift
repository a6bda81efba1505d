import Bytes
import Thrift

extension StubEngine {
    /// Appends the reply to the THeader or TTHeader frame in `bytes`: in the protocol of its payload, with its sequence number,
    /// without transforms. A frame without a message gets none. Nil when it cannot be read.
    mutating func answerFrame(_ bytes: RawSpan, nowNanos: UInt64, into output: inout [UInt8]) -> AnswerEffects? {
        guard let header = try? HeaderTransport(decoding: bytes), let payload = try? header.payload(of: bytes),
            let encoding = try? header.protocol.encoding
        else { return nil }
        if payload.isEmpty { return AnswerEffects() }
        let start = FramePayload.messageStart(payload)
        guard let call = try? MessageHeader.parse(payload.rawSpan.extracting(start..<payload.count), encoding) else {
            return nil
        }
        var reply: [UInt8] = []
        let effects = answerThrift(
            payload.rawSpan.extracting(start..<payload.count),
            MessageScanner.Found(header: call, length: payload.count - start), start > 0 ? .framed : .unframed,
            encoding,
            tags: probe.tags(header), nowNanos: nowNanos, into: &reply)
        if reply.isEmpty { return effects }
        var answer = HeaderTransport(header.kind)
        answer.sequence = header.sequence
        answer.protocolID = header.protocolID
        output.append(contentsOf: answer.encoded(payload: reply))
        return effects
    }
}

/// What stands in a THeader or TTHeader frame.
enum FramePayload {
    /// The message alone.
    static func message(_ frame: [UInt8]) throws(ParsingError) -> [UInt8] {
        let payload = try HeaderTransport(decoding: frame.rawSpan).payload(of: frame.rawSpan)
        return Array(payload[messageStart(payload)...])
    }

    /// TTHeader's payload may be framed once more.
    static func messageStart(_ payload: [UInt8]) -> Int {
        guard payload.count >= 4, payload[0] <= 0x3F else { return 0 }
        return payload[..<4].reduce(0) { $0 << 8 | Int($1) } == payload.count - 4 ? 4 : 0
    }
}
