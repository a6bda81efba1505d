package import EventLoop

/// What a connection to a target must know to speak TLS.
package struct TLSEndpoint: Sendable {
    package var context: TLSContext
    /// The name or numeric address that the certificate must be for.
    package var host: String
    /// For ALPN.
    package var protocols: [UInt8]

    /// Nil for a target without TLS.
    package init?(_ target: Target, _ context: TLSContext?) {
        guard target.isTLS, let context else { return nil }
        self.context = context
        host = target.host
        protocols = target.scheme == .http ? TLSStream.http1 : []
    }
}
