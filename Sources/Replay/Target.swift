package import EventLoop

/// Where requests of one protocol are sent. Several targets may share a protocol: they get its requests by weight.
package struct Target: Sendable, Hashable, CustomStringConvertible {
    /// The protocol that is spoken; a tape's requests go to the targets of their own.
    package enum Scheme: String, Sendable { case http, thrift }

    package let scheme: Scheme
    /// TLS comes between the protocol and the connection.
    package let isTLS: Bool
    /// Empty for a Unix socket.
    package let host: String
    /// 0 for a Unix socket.
    package let port: UInt16
    /// The path of a Unix socket; else nil.
    package let socketPath: String?
    /// Its part of the requests of its protocol, among the weights of the other targets.
    package var weight = 1
    /// Connections to it, of all loops together; nil: what the run says.
    package var connections: Int?
    /// Requests in 1000 seconds that it gets at most.
    package var maxRatePerThousandSeconds: UInt64?
    /// Requests of one run that it gets at most.
    package var maxRequests: UInt64?

    init(scheme: Scheme, isTLS: Bool, host: String, port: UInt16, socketPath: String? = nil) {
        self.scheme = scheme
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.socketPath = socketPath
    }

    /// Its address, asked of the system's resolver.
    package func resolved() throws(ReplayError) -> SocketAddress {
        do throws(SystemError) {
            if let socketPath { return try SocketAddress(unixPath: socketPath) }
            return try SocketAddress(resolving: host, port: port)
        } catch {
            throw ReplayError(
                "\(self) has no address (\(error))",
                remedy: socketPath == nil
                    ? "Check the host's name." : "The path of a Unix socket has at most 107 bytes.")
        }
    }

    /// As a Host header holds it, and as results name it after the scheme. A Unix socket has no host: `localhost`.
    package var authority: String {
        if socketPath != nil { return "localhost" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// `http://h:80`, `https://h:443`, `thrift+tls://h:9090`, `http+unix:///run/s.sock`.
    package var description: String {
        if let socketPath { return "\(scheme.rawValue)+unix://\(socketPath)" }
        return "\(schemeText)://\(authority)"
    }

    private var schemeText: String {
        switch (scheme, isTLS) {
        case (.http, false): "http"
        case (.http, true): "https"
        case (.thrift, false): "thrift"
        case (.thrift, true): "thrift+tls"
        }
    }
}

/// What keeps a replay from beginning: what happened, and what to do. Never holds payload.
package struct ReplayError: Error, Equatable, Sendable, CustomStringConvertible {
    package var message: String
    package var remedy: String
    /// The input is fine and nothing is wrong with the request: the machine failed (disk, descriptors, tape).
    package var isFailure: Bool

    package init(_ message: String, remedy: String = "", isFailure: Bool = false) {
        self.message = message
        self.remedy = remedy
        self.isFailure = isFailure
    }

    package var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}
