import Bytes
package import HTTP1
package import Privacy
package import Schema
import Tagging
package import Tape

/// Where the records of an imported file went. The two sides must be equal: ``closes``.
package struct ImportBalance: Sendable, Equatable {
    /// Records or entries of the file.
    package var records: UInt64 = 0
    /// Messages that the used records held.
    package var requests: UInt64 = 0
    package var responses: UInt64 = 0
    /// Records of which nothing is on the tape, by reason.
    package var refused: [String: UInt64] = [:]
    /// Records that were used; a HAR entry holds up to two messages, a `.gor` record one.
    package var used: UInt64 = 0
    package var exchanges: UInt64 = 0
    package var paired: UInt64 = 0
    /// Messages on the tape with something missing, by reason.
    package var partial: [String: UInt64] = [:]
    package var redactions = PersonalCounts()
    package var reencoded: [String: UInt64] = [:]
    package var unmaskable: [String: UInt64] = [:]

    package init() {}

    package var refusedTotal: UInt64 { refused.values.reduce(0, +) }
    package var closes: Bool {
        records == used + refusedTotal && requests + responses == exchanges + paired
    }
}

/// HTTP messages of other tools' files in, exchanges out: named, masked and tagged as a recording's are.
package struct ImportRecorder: ~Copyable {
    /// What an imported exchange is made from.
    package struct Source: Sendable {
        package var request: Message?
        package var response: Message?
        package var flow: UInt64 = 0
        /// Position in its flow.
        package var ordinal: UInt32 = 0
        package var client = ""
        /// `host:port`; empty to take it from the request's Host field.
        package var server = ""

        package init() {}
    }

    package var balance = ImportBalance()
    private var namer: OperationNamer
    /// Nil when nothing is masked.
    private var redactor: Redactor?
    private var masked = Balance()
    private let tags = TagReader()

    /// - Parameter masking: nil when nothing is to be masked.
    package init(schema: SchemaSet, masking: MaskingPlan?) {
        namer = OperationNamer(schema: schema)
        redactor = masking.map { Redactor($0) }
    }

    /// The exchange; nil when neither side can be read. What is wrong with a message stands in the exchange's losses.
    package mutating func exchange(_ source: Source) -> Exchange? {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.flow = source.flow
        exchange.client = redactor?.redactAddress(source.client, &masked) ?? source.client
        exchange.server = source.server
        var method = HTTPMethod.get
        if let message = source.request {
            if case (var whole, var head, let loss)? = read(message, .request, .other) {
                mask(&whole, &head, head.framing(), .request)
                method = head.method
                exchange.request = whole
                exchange.operation = namer.http(whole.wire.rawSpan, head)
                exchange.tags = tags.sightings(whole.wire.rawSpan, head).map {
                    TagSighting(carrier: $0.carrier, value: $0.value)
                }
                if exchange.server.isEmpty, let host = head.firstValue("host", whole.wire.rawSpan) {
                    let text = HTTPHead.string(whole.wire.rawSpan, host)
                    exchange.server = text.contains(":") ? text : "\(text):80"
                }
                if let loss { exchange.losses.append(loss) }
            }
        }
        if exchange.request == nil { exchange.losses.append(Loss(reason: "noRequest", side: "request")) }
        if let message = source.response, case (var whole, var head, let loss)? = read(message, .response, method) {
            mask(&whole, &head, head.framing(responseTo: method), .response)
            exchange.response = whole
            if let loss { exchange.losses.append(loss) }
        }
        if exchange.response == nil { exchange.losses.append(Loss(reason: "noResponse", side: "response")) }
        if exchange.request == nil && exchange.response == nil { return nil }
        exchange.id = balance.exchanges
        exchange.ordinal = source.ordinal
        balance.exchanges += 1
        if exchange.request != nil { balance.requests += 1 }
        if exchange.response != nil { balance.responses += 1 }
        if exchange.request != nil && exchange.response != nil { balance.paired += 1 }
        balance.redactions = masked.redactions
        balance.reencoded = masked.reencoded
        balance.unmaskable = masked.unmaskable
        return exchange
    }

    /// Before anything is taken from the message: its target names the operation.
    private mutating func mask(
        _ message: inout Message, _ head: inout HTTPHead, _ framing: HTTPFraming, _ kind: HTTPKind
    ) {
        guard redactor?.redactHTTP(&message, head, framing, &masked) == true else { return }
        var scanned = 0
        if let again = try? HTTPHead.parse(message.wire.rawSpan, kind: kind, scanned: &scanned) { head = again }
    }

    /// Why a message cannot be used; nil when it can.
    package static func isReadable(_ message: Message, _ kind: HTTPKind) -> Bool {
        var scanned = 0
        return ((try? HTTPHead.parse(message.wire.rawSpan, kind: kind, scanned: &scanned)) ?? nil) != nil
    }

    private mutating func read(
        _ message: Message, _ kind: HTTPKind, _ method: HTTPMethod
    ) -> (Message, HTTPHead, Loss?)? {
        var scanned = 0
        guard let head = try? HTTPHead.parse(message.wire.rawSpan, kind: kind, scanned: &scanned) else { return nil }
        var message = message
        var body = HTTPBody(head.framing(responseTo: method))
        var at = head.length
        var reason: String?
        do throws(ParsingError) {
            while try body.next(message.wire.rawSpan, &at) != nil {}
        } catch {
            reason = "malformed"
        }
        if reason == nil && !body.isComplete && !body.endsWithConnection {
            reason = "ended"
            message.wireLength += body.missingBytes ?? 0
        } else if reason == nil && at < message.wire.count {
            // Bytes behind the end of the message belong to no message.
            reason = "malformed"
            message.wire.removeLast(message.wire.count - at)
            message.wireLength = UInt64(at)
        }
        let side = kind == .request ? "request" : "response"
        if let reason { balance.partial[reason, default: 0] += 1 }
        return (
            message, head,
            reason.map { Loss(reason: $0, side: side, bytes: message.wireLength - UInt64(message.wire.count)) }
        )
    }
}
