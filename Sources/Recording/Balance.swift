package import Capture
package import Privacy

/// Where everything in a capture went. The two sides of each account must be equal: ``closes``.
package struct Balance: Sendable, Equatable {
    // Packets
    package var packets: UInt64 = 0
    package var usedPackets: UInt64 = 0
    package var refusals = [UInt64](repeating: 0, count: Refusal.allCases.count)
    /// Link types that are not read, with how many packets each had.
    package var refusedLinks: [LinkType: UInt64] = [:]
    package var cutPackets: UInt64 = 0
    /// Of a live recording.
    package var kernel: KernelCount?

    // Flows, each in exactly one of these
    package var flows: UInt64 = 0
    package var httpFlows: UInt64 = 0
    package var thriftFlows: UInt64 = 0
    /// No payload in either direction.
    package var emptyFlows: UInt64 = 0
    /// Payload that is not decoded, by what it is: `tls`, `http2`, `theader`, `unknown`, …
    package var otherFlows: [String: UInt64] = [:]
    /// Flows of which only one direction was captured.
    package var oneDirectionFlows: UInt64 = 0
    package var evictedFlows: UInt64 = 0
    package var idleFlows: UInt64 = 0
    /// Gaps that were declared early because too much waited for what was missing.
    package var hurriedGaps: UInt64 = 0

    // Payload bytes, client to server (or first to second endpoint) and back
    package var streams = (StreamAccount(), StreamAccount())
    package var bytes = (StreamUse(), StreamUse())
    /// Streams whose own account did not close.
    package var openStreams: UInt64 = 0

    // Messages
    package var requests = MessageCount()
    package var responses = MessageCount()
    package var exchanges: UInt64 = 0
    package var pairedExchanges: UInt64 = 0
    /// HTTP messages with something in them over which readers disagree, as request smuggling needs it, by what it is.
    package var oddities: [String: UInt64] = [:]
    /// Spans that were masked.
    package var redactions = PersonalCounts()
    /// Bodies that had to be written anew to mask what was compressed in them, by their codings.
    package var reencoded: [String: UInt64] = [:]
    /// Bodies that could not be decoded to be masked, and were left out: `coding`, `incomplete`.
    package var unmaskable: [String: UInt64] = [:]

    package init() {}

    /// What became of the packets that passed the filter in the kernel.
    package struct KernelCount: Sendable, Equatable {
        package var received: UInt64
        /// Those that found the ring full. What they held shows as gaps in the flows.
        package var dropped: UInt64
        /// Those that the interface lost before the kernel saw them, as far as its driver says; not of ``received``.
        package var interfaceDropped: UInt64
        package var read: UInt64

        package init(received: UInt64, dropped: UInt64, interfaceDropped: UInt64, read: UInt64) {
            self.received = received
            self.dropped = dropped
            self.interfaceDropped = interfaceDropped
            self.read = read
        }

        /// Those that libpcap left out because the kernel could not: second copies, or what a filter too long for the
        /// kernel refuses.
        package var leftOut: UInt64 { received > read + dropped ? received - read - dropped : 0 }

        var closes: Bool { received >= read + dropped }
    }

    /// What the readers made of the bytes that were delivered to them.
    package struct StreamUse: Sendable, Equatable {
        /// In messages on the tape.
        package var inMessages: UInt64 = 0
        /// In messages that were cut and are not on the tape, or between boundaries after a hole.
        package var lost: UInt64 = 0
        /// Behind a protocol switch, or of a protocol that is not decoded.
        package var opaque: UInt64 = 0
        /// Blank lines between messages.
        package var blank: UInt64 = 0

        package var total: UInt64 { inMessages + lost + opaque + blank }

        static func += (a: inout StreamUse, b: StreamUse) {
            a.inMessages += b.inMessages
            a.lost += b.lost
            a.opaque += b.opaque
            a.blank += b.blank
        }
    }

    /// Messages of which at least a beginning was seen.
    package struct MessageCount: Sendable, Equatable {
        package var seen: UInt64 = 0
        /// On the tape with every byte (or, beyond the body limit, with digest and length).
        package var whole: UInt64 = 0
        /// On the tape with something missing.
        package var partial: UInt64 = 0
        /// Not on the tape, by reason.
        package var lost: [String: UInt64] = [:]
        /// Of those on the tape in part, by reason.
        package var partialReasons: [String: UInt64] = [:]

        package var lostTotal: UInt64 { lost.values.reduce(0, +) }
    }

    package var refusedPackets: UInt64 { refusals.reduce(0, +) }
    package var messagesSeen: UInt64 { requests.seen + responses.seen }
    /// Messages that are not whole on the tape.
    package var messagesLost: UInt64 {
        requests.lostTotal + responses.lostTotal + requests.partial + responses.partial
    }

    package var closes: Bool {
        packets == usedPackets + refusedPackets
            && kernel.map { $0.closes && $0.read == packets } ?? true
            && openStreams == 0
            && streams.0.closes && streams.1.closes
            && streams.0.delivered == bytes.0.total && streams.1.delivered == bytes.1.total
            && requests.seen == requests.whole + requests.partial + requests.lostTotal
            && responses.seen == responses.whole + responses.partial + responses.lostTotal
            && flows == httpFlows + thriftFlows + emptyFlows + otherFlows.values.reduce(0, +)
    }

    package static func == (a: Balance, b: Balance) -> Bool {
        a.packets == b.packets && a.kernel == b.kernel && a.usedPackets == b.usedPackets && a.refusals == b.refusals
            && a.flows == b.flows
            && a.streams == b.streams && a.bytes == b.bytes && a.requests == b.requests && a.responses == b.responses
            && a.exchanges == b.exchanges
    }
}
