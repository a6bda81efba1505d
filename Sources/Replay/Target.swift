package import EventLoop

/// Where requests of one protocol are sent: `http://host:port` or `thrift://host:port`.
package struct Target: Sendable, Hashable, CustomStringConvertible {
    package enum Scheme: String, Sendable { case http, thrift }

    package let scheme: Scheme
    package let host: String
    package let port: UInt16

    /// Reads a URL. A port must be given for Thrift; HTTP's is 80 unless stated.
    package init(parsing url: String) throws(ReplayError) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = Scheme(rawValue: parts[0].lowercased()) else {
            throw ReplayError(
                "'\(url)' is no target", remedy: "Give http://HOST:PORT or thrift://HOST:PORT.")
        }
        var rest = parts[1]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let (host, port) = Target.hostPort(rest, defaultPort: scheme == .http ? 80 : nil) else {
            throw ReplayError(
                "'\(url)' names no host and port",
                remedy: "Give http://HOST:PORT or thrift://HOST:PORT, without a path.")
        }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// `host:port`, `[v6]:port`.
    package static func hostPort(_ text: Substring, defaultPort: UInt16? = nil) -> (host: String, port: UInt16)? {
        var host = text
        var port = defaultPort
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            if tail.hasPrefix(":") {
                guard let number = UInt16(tail.dropFirst()) else { return nil }
                port = number
            } else if !tail.isEmpty {
                return nil
            }
        } else if let colon = text.lastIndex(of: ":") {
            guard let number = UInt16(text[text.index(after: colon)...]) else { return nil }
            port = number
            host = text[..<colon]
        }
        let allowed = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A, 0x25: true
            default: false
            }
        }
        guard let port, port > 0, !host.isEmpty, allowed else { return nil }
        return (String(host), port)
    }

    /// Its address, asked of the system's resolver.
    package func resolved() throws(ReplayError) -> SocketAddress {
        do throws(SystemError) { return try SocketAddress(resolving: host, port: port) } catch {
            throw ReplayError("\(self) has no address (\(error))", remedy: "Check the host's name.")
        }
    }

    /// As a Host header holds it, and as results name it after the scheme.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    package var description: String { "\(scheme.rawValue)://\(authority)" }
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
