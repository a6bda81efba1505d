import Bytes
import Capture
import HTTP1
import Privacy
import Tape
import Thrift

/// Masks messages before anything else sees their bytes, and notes every span on them and in the balance.
///
/// Some values of Thrift messages wait for others to be masked together with them: ``place(_:isRequest:)`` says where the
/// message went, and ``settle()`` has to run before anybody sees its bytes.
struct Redactor: ~Copyable {
    private var masker: Masker
    private var owed: [Owed] = []
    /// What waits in the last message of Thrift.
    private var unplaced: [DeferredPlace] = []
    /// By class.
    private let kinds = PersonalClass.allCases.map { Redactions.Kind($0.rawValue) }

    private struct Owed {
        var place: DeferredPlace
        var exchange: ExchangeSlot
        var isRequest: Bool
    }

    init(_ plan: MaskingPlan) { masker = Masker(plan) }

    /// The last message became the request of an exchange, or its response.
    @inline(__always)
    mutating func place(_ exchange: ExchangeSlot, isRequest: Bool) {
        if unplaced.isEmpty { return }
        for index in unplaced.indices {
            owed.append(Owed(place: unplaced[index], exchange: exchange, isRequest: isRequest))
        }
        unplaced.empty()
        if owed.count >= Self.limit { settle() }
    }

    /// Fewer than could wait in all messages of one call.
    private static let limit = 48

    /// Masks what waits.
    mutating func settle() {
        if owed.isEmpty { return }
        masker.settle()
        for one in owed {
            masker.showPseudonym(of: one.place) { pseudonym in
                if one.isRequest {
                    one.exchange.value.request?.wire.write(pseudonym, at: one.place.offset)
                } else {
                    one.exchange.value.response?.wire.write(pseudonym, at: one.place.offset)
                }
            }
        }
        owed.removeAll(keepingCapacity: true)
    }

    /// Target, header fields, body and trailers. The message's length changes only where a compressed body was written anew:
    /// then its head has to be read again, and this returns true.
    mutating func redactHTTP(
        _ message: inout Message, _ head: HTTPHead, _ framing: HTTPFraming, _ balance: inout Balance
    ) -> Bool {
        let isWhole = message.isWhole
        let count = message.wire.count
        masker.maskHTTP(&message.wire, head, framing, isWhole: isWhole)
        note(&message, isWhole: isWhole, wireCount: count, &balance)
        return !masker.outcome.reencoded.isEmpty
    }

    /// - Parameter hasHeader: the message stands in a THeader or TTHeader frame, whose header may hold values too.
    mutating func redactThrift(
        _ message: inout Message, _ found: ThriftScanner.Found, hasHeader: Bool, _ balance: inout Balance
    ) {
        let count = message.wire.count
        masker.maskThrift(
            &message.wire, found.protocol, found.header, payload: found.payload, payloadOffset: found.payloadOffset,
            hasHeader: hasHeader, defers: true)
        masker.takeDeferred(&unplaced)
        note(&message, isWhole: true, wireCount: count, &balance)
    }

    /// The address of a client, and its port.
    mutating func redactAddress(_ address: String, _ balance: inout Balance) -> String {
        var text = Array(address.utf8)
        masker.maskText(&text)
        if masker.spans.isEmpty { return address }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func note(_ message: inout Message, isWhole: Bool, wireCount: Int, _ balance: inout Balance) {
        if !masker.outcome.dropped.isEmpty {
            message.omitted = "masked"
            balance.unmaskable[masker.outcome.dropped, default: 0] += 1
        }
        if masker.spans.isEmpty { return }
        if !masker.outcome.reencoded.isEmpty {
            if isWhole { message.wireLength = UInt64(message.wire.count) }
            balance.reencoded[masker.outcome.reencoded, default: 0] += 1
        }
        for index in masker.spans.indices {
            let span = masker.spans[index]
            guard span.range.upperBound <= message.wire.count, !span.range.isEmpty else { continue }
            message.redactions.append(
                offset: UInt64(span.range.lowerBound), length: UInt64(span.range.count), kinds[span.personal.index])
            balance.redactions.add(span.personal)
        }
    }
}
