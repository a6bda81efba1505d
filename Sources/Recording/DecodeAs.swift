package import Thrift

/// What the user says is spoken on a port: `9090=thrift/compact/framed`, `8080=http`, `22=opaque`.
package struct DecodeAs: Sendable, Hashable {
    package enum Speech: Sendable, Hashable {
        case http
        case thrift(ThriftFormat)
        /// Not to be read.
        case opaque
    }

    package var port: UInt16
    package var speech: Speech

    /// Nil when the text is none of these.
    package init?(_ text: String) {
        let halves = text.split(separator: "=", omittingEmptySubsequences: false)
        guard halves.count == 2, let port = UInt16(halves[0]), port > 0 else { return nil }
        self.port = port
        let parts = halves[1].split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        switch parts {
        case ["http"]: speech = .http
        case ["opaque"]: speech = .opaque
        default:
            guard parts.count == 3, parts[0] == "thrift", let form = Self.protocols[parts[1]],
                let transport = Self.transports[parts[2]]
            else { return nil }
            // JSON and old Binary come framed or alone; what a header transport carries stands in its frames.
            if form == .json || form == .oldBinary, transport == .finagle { return nil }
            speech = .thrift(ThriftFormat(transport, form))
        }
    }

    private static let protocols: [String: ThriftProtocol] = [
        "binary": .binary, "binaryOld": .oldBinary, "compact": .compact, "json": .json,
    ]

    private static let transports: [String: ThriftTransport] = [
        "framed": .framed, "unframed": .unframed, "theader": .theader, "ttheader": .ttheader, "finagle": .finagle,
    ]
}
