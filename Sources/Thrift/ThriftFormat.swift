/// How a message and its values are written.
package enum ThriftProtocol: UInt8, Sendable, Hashable, CaseIterable {
    case binary
    /// Binary as it was before its messages had a version; only their headers differ.
    case oldBinary
    case compact
    /// `TJSONProtocol`.
    case json

    package init(_ encoding: ThriftEncoding) { self = encoding == .compact ? .compact : .binary }

    /// The protocol of an unframed message whose first bytes are given; nil when it is none, or when they are too few.
    package init?(beginning bytes: RawSpan) {
        switch ThriftDetector.detect(bytes) {
        case .thrift(.unframed, let encoding): self = ThriftProtocol(encoding)
        case .json(.unframed): self = .json
        case .oldBinary(.unframed): self = .oldBinary
        default: return nil
        }
    }

    /// How values are laid out; nil for text.
    package var encoding: ThriftEncoding? {
        switch self {
        case .binary, .oldBinary: .binary
        case .compact: .compact
        case .json: nil
        }
    }
}

/// What stands around each message.
package enum ThriftTransport: UInt8, Sendable, Hashable, CaseIterable {
    case framed
    case unframed
    /// A frame with `THeader`'s infos and transforms before the message.
    case theader
    /// A frame with ByteDance's `TTHeader` before the message, which may be framed once more.
    case ttheader
    /// A frame with Finagle's `RequestHeader` or `ResponseHeader` struct before the message.
    case finagle

    package init(_ framing: ThriftFraming) { self = framing == .framed ? .framed : .unframed }
}

/// What a connection speaks. In THeader and TTHeader each frame names its protocol, so that the one here is only what to
/// expect.
package struct ThriftFormat: Sendable, Hashable {
    package var transport: ThriftTransport
    package var `protocol`: ThriftProtocol

    package init(_ transport: ThriftTransport, _ protocol: ThriftProtocol) {
        self.transport = transport
        self.protocol = `protocol`
    }

    package init(framing: ThriftFraming, encoding: ThriftEncoding) {
        self.init(ThriftTransport(framing), ThriftProtocol(encoding))
    }
}
