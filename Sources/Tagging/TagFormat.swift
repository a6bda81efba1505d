/// How the bytes of a request are laid out, as far as tagging must know.
package enum TagFormat: Sendable, Hashable {
    case http1
    case thrift(isFramed: Bool, isCompact: Bool)
    case theader
    case ttheader
    /// Nothing that a tag can be written into.
    case other

    static let all: [TagFormat] = [
        .http1, .theader, .ttheader, .other, .thrift(isFramed: true, isCompact: true),
        .thrift(isFramed: true, isCompact: false), .thrift(isFramed: false, isCompact: true),
        .thrift(isFramed: false, isCompact: false),
    ]

    var isPlainThrift: Bool {
        if case .thrift = self { true } else { false }
    }

    /// Whether a carrier can ride in this format at all.
    package func carries(_ place: Carrier.Place) -> Bool {
        switch (self, place) {
        case (.http1, .httpHeader), (.http1, .baggage), (.http1, .jsonBody): true
        case (.thrift, .thriftField): true
        case (.theader, .theader): true
        case (.ttheader, .ttheaderString), (.ttheader, .ttheaderInteger): true
        default: false
        }
    }

    /// As errors name it.
    package var name: String {
        switch self {
        case .http1: "HTTP/1"
        case .thrift(true, _): "plain framed Thrift"
        case .thrift(false, _): "plain unframed Thrift"
        case .theader: "THeader"
        case .ttheader: "TTHeader"
        case .other: "this format"
        }
    }
}

/// The tag as it was found in one place.
package struct Sighting: Sendable, Hashable {
    /// As ``Carrier/description``.
    package var carrier: String
    package var value: String

    package init(carrier: String, value: String) {
        self.carrier = carrier
        self.value = value
    }
}
