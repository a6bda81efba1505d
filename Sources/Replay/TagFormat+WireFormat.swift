package import Tagging
package import Tape

extension TagFormat {
    /// How a tag is written into messages of this format.
    package init(_ format: WireFormat) {
        switch (format.protocol, format.transport, format.encoding) {
        case (.http1, _, _): self = .http1
        case (.thrift, .framed, .binary): self = .thrift(isFramed: true, isCompact: false)
        case (.thrift, .framed, .compact): self = .thrift(isFramed: true, isCompact: true)
        case (.thrift, .unframed, .binary): self = .thrift(isFramed: false, isCompact: false)
        case (.thrift, .unframed, .compact): self = .thrift(isFramed: false, isCompact: true)
        case (.thrift, .theader, _): self = .theader
        case (.thrift, .ttheader, _): self = .ttheader
        default: self = .other
        }
    }
}
