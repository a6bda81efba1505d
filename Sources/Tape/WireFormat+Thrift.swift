package import Thrift

extension WireFormat {
    package init(_ format: ThriftFormat) {
        let transport: Transport =
            switch format.transport {
            case .framed: .framed
            case .unframed: .unframed
            case .theader: .theader
            case .ttheader: .ttheader
            case .finagle: .finagle
            }
        self.init(.thrift, transport, Encoding(format.protocol))
    }

    /// How the Thrift messages of this format are read; nil when there are none. Those in HTTP stand unframed in the body.
    package var thrift: ThriftFormat? {
        guard let form = encoding.thrift else { return nil }
        return switch (`protocol`, transport) {
        case (.thrift, .framed): ThriftFormat(.framed, form)
        case (.thrift, .unframed): ThriftFormat(.unframed, form)
        case (.thrift, .theader): ThriftFormat(.theader, form)
        case (.thrift, .ttheader): ThriftFormat(.ttheader, form)
        case (.thrift, .finagle): ThriftFormat(.finagle, form)
        case (.http1, .http): ThriftFormat(.unframed, form)
        default: nil
        }
    }
}

extension WireFormat.Encoding {
    package init(_ protocol: ThriftProtocol) {
        self =
            switch `protocol` {
            case .binary: .binary
            case .oldBinary: .binaryOld
            case .compact: .compact
            case .json: .json
            }
    }

    package var thrift: ThriftProtocol? {
        switch self {
        case .none: nil
        case .binary: .binary
        case .binaryOld: .oldBinary
        case .compact: .compact
        case .json: .json
        }
    }
}
