import Bytes

/// A request and its response: the unit of everything that Tinct reads and writes.
///
/// A recorded exchange holds the bytes as they were on the wire (after masking). A synthesized one has a request and an
/// ``expected`` decision and no response. An exchange on a run tape has ``run`` and keeps the position of what it sent.
package struct Exchange: Sendable, Equatable {
    /// Position on its tape, from 0.
    package var id: UInt64 = 0
    /// The connection it came from, numbered from 0 in order of appearance on the capture.
    package var flow: UInt64 = 0
    /// Position among the exchanges of its flow, from 0.
    package var ordinal: UInt32 = 0
    package var format = WireFormat()
    /// What is called: `RiskDecision.evaluate` (service known), `evaluate` (not known), or `POST /v1/users/{}`.
    package var operation = ""
    /// `address:port`, IPv6 in brackets; empty when synthesized.
    package var client = ""
    package var server = ""
    package var request: Message?
    package var response: Message?
    private var rest = Rare<Rest>()

    /// What few exchanges have.
    private struct Rest: RareParts {
        var interim: [Message] = []
        var losses: [Loss] = []
        var tags: [TagSighting] = []
        var labels: [Label] = []
        var expected = ""
        var run: RunRecord?
    }

    package init() {}

    /// Responses with status 1xx that came before ``response``, in order.
    package var interim: [Message] {
        get { rest.parts?.interim ?? [] }
        _modify { yield &rest.value.interim }
    }

    /// What is missing, and why. An exchange with losses was still seen: it is counted as lost in part.
    package var losses: [Loss] {
        get { rest.parts?.losses ?? [] }
        _modify { yield &rest.value.losses }
    }

    /// The stress-test tag as seen in the request, one entry for each carrier that held it.
    package var tags: [TagSighting] {
        get { rest.parts?.tags ?? [] }
        _modify { yield &rest.value.tags }
    }

    package var labels: [Label] {
        get { rest.parts?.labels ?? [] }
        _modify { yield &rest.value.labels }
    }

    /// The decision that the scenario expects of the engine (`approve`, `decline`, …); empty when unknown.
    package var expected: String {
        get { rest.parts?.expected ?? "" }
        _modify { yield &rest.value.expected }
    }

    package var run: RunRecord? {
        get { rest.parts?.run }
        _modify { yield &rest.value.run }
    }

    /// Empties them all.
    package mutating func removeRest() { rest.removeAll() }

    /// False when ``interim``, ``losses``, ``tags``, ``labels``, ``expected`` and ``run`` are all empty.
    var hasRest: Bool { !rest.isEmpty }

    /// The first byte seen of either side, ns since 1970 UTC: the tape's `log_time`.
    package var startNanos: UInt64 {
        switch (request?.startNanos, response?.startNanos) {
        case (let a?, let b?): min(a, b)
        case (let a?, nil): a
        case (nil, let b?): b
        case (nil, nil): 0
        }
    }

    /// Request first byte → response last byte; nil when a side is missing or the clock ran backwards.
    package var latencyNanos: UInt64? {
        guard let request, let response, response.endNanos >= request.startNanos else { return nil }
        return response.endNanos - request.startNanos
    }
}

/// How the bytes of an exchange are laid out.
package struct WireFormat: Sendable, Hashable {
    package enum WireProtocol: UInt8, Sendable, CaseIterable { case unknown, http1, thrift }
    package enum Transport: UInt8, Sendable, CaseIterable {
        case none, framed, unframed, theader, ttheader, finagle, http
    }
    package enum Encoding: UInt8, Sendable, CaseIterable { case none, binary, binaryOld, compact, json }

    package var `protocol`: WireProtocol
    package var transport: Transport
    package var encoding: Encoding

    package init(_ protocol: WireProtocol = .unknown, _ transport: Transport = .none, _ encoding: Encoding = .none) {
        self.protocol = `protocol`
        self.transport = transport
        self.encoding = encoding
    }

    package static let http1 = WireFormat(.http1)

    /// A header of its own stands between a frame's length and its message.
    package var hasHeader: Bool { transport == .theader || transport == .ttheader }
    /// Its first four bytes say how many follow.
    package var statesLength: Bool { transport == .framed || hasHeader }
}

/// One direction of an exchange.
package struct Message: Sendable, Equatable {
    /// As on the wire: HTTP head and body with its chunking, Thrift with its frame length. Holes are left out of it.
    package var wire: [UInt8]
    /// First and last byte, ns since 1970 UTC.
    package var startNanos: UInt64
    package var endNanos: UInt64
    /// Length on the wire before anything was cut or left out; equals `wire.count` for a whole message.
    package var wireLength: UInt64
    /// Spans of ``wire`` whose bytes were replaced before the tape was written.
    package var redactions = Redactions()
    private var rest = Rare<Rest>()

    /// What few messages have.
    private struct Rest: RareParts {
        var holes: [Extent] = []
        var digest: [UInt8] = []
        var omitted = ""
    }

    package init(wire: [UInt8], startNanos: UInt64 = 0, endNanos: UInt64 = 0) {
        self.wire = wire
        self.startNanos = startNanos
        self.endNanos = endNanos
        wireLength = UInt64(wire.count)
    }

    /// Bytes that were on the wire and not captured: offset in the original message, length.
    package var holes: [Extent] {
        get { rest.parts?.holes ?? [] }
        _modify { yield &rest.value.holes }
    }

    /// SHA-256 of the original message, only when ``omitted`` says why the bytes are not here.
    package var digest: [UInt8] {
        get { rest.parts?.digest ?? [] }
        _modify { yield &rest.value.digest }
    }

    /// Why bytes beyond a limit were left out (`bodyLimit`); empty when nothing was.
    package var omitted: String {
        get { rest.parts?.omitted ?? "" }
        _modify { yield &rest.value.omitted }
    }

    /// Empties them all, and ``redactions``.
    mutating func removeRest() {
        redactions.empty()
        if !rest.isEmpty { rest.removeAll() }
    }

    /// False when none of ``holes``, ``digest`` and ``omitted`` was ever set.
    var hasRest: Bool { !rest.isEmpty }

    /// Empties the message and keeps its memory, for another one.
    package mutating func recycle() {
        wire.removeAll(keepingCapacity: true)
        removeRest()
    }

    /// True when every byte that was on the wire stands in ``wire`` (redacted or not).
    package var isWhole: Bool {
        wireLength == UInt64(wire.count) && (!hasRest || (holes.isEmpty && omitted.isEmpty))
    }
}

package struct Extent: Sendable, Hashable {
    package var offset: UInt64
    package var length: UInt64

    package init(offset: UInt64, length: UInt64) {
        self.offset = offset
        self.length = length
    }
}

/// Something that is missing from an exchange.
package struct Loss: Sendable, Hashable {
    /// `gap`, `cut` (snap length), `noRequest`, `noResponse`, `ended` (capture or connection ended inside the message),
    /// `malformed`, `limit`, …
    package var reason: String
    /// `request`, `response`.
    package var side: String
    /// How many bytes, when known.
    package var bytes: UInt64

    package init(reason: String, side: String, bytes: UInt64 = 0) {
        self.reason = reason
        self.side = side
        self.bytes = bytes
    }
}

/// The stress-test tag as it was found in one place.
package struct TagSighting: Sendable, Hashable {
    /// `http:x-stress-test`, `baggage:stress-test`, `theader:x-stress-test`, `thrift:1.20.5`, …
    package var carrier: String
    package var value: String

    package init(carrier: String, value: String) {
        self.carrier = carrier
        self.value = value
    }
}

/// What is wrong (or looks wrong and is not) with a synthesized exchange. An exchange may carry several.
package struct Label: Sendable, Equatable {
    package var type = ""
    /// `L0` … `L5`.
    package var layer = ""
    /// The fraud it belongs to; empty for a single exchange.
    package var campaign = ""
    package var role = ""
    package var stage = ""
    /// Position within the campaign from 1, and the campaign's size; 0 and 0 outside one.
    package var k: UInt32 = 0
    package var n: UInt32 = 0
    /// `user:17`, `card:4`, …
    package var entities: [String] = []
    /// As drawn, in the order in which the injector names them.
    package var parameters: [Parameter] = []
    /// Index of the clean counterpart in the twin output; nil when there is none.
    package var twin: UInt64?
    /// `wire`, `schema`, `record`, `window:3600s`, `graph`.
    package var detectableAt = ""
    /// How many earlier records the engine must have seen to be able to notice.
    package var minHistory: UInt32 = 0
    /// `reject`, `4xx`, `decline`, `stepUp`, `review`, `freeze`, `pass`.
    package var expected = ""
    /// `easy`, `medium`, `hard`.
    package var difficulty = ""
    /// When it happened, and when an institution would have known; ns since 1970 UTC.
    package var eventNanos: UInt64 = 0
    package var labelNanos: UInt64 = 0

    package struct Parameter: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init() {}
}

/// What happened to an exchange that was sent again.
package struct RunRecord: Sendable, Equatable {
    /// Position on the tape that was replayed.
    package var sourceID: UInt64 = 0
    /// The name of that tape where several were mixed; empty when there was one.
    package var sourceTape = ""
    /// Round of that tape, from 0.
    package var round: UInt32 = 0
    /// ns since 1970 UTC; the response's times stand in its message.
    package var dueNanos: UInt64 = 0
    package var sentNanos: UInt64 = 0
    /// `ok`, `noReply`, `refused`, … (design: every due request ends in exactly one).
    package var outcome = ""
    package var target = ""
    /// When its outcome was decided; 0 on tapes of before.
    package var endNanos: UInt64 = 0
    /// It went to a mirror beside the target.
    package var isMirror = false

    package init() {}
}
