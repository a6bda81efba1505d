extension Target {
    package static let schemes = ["http", "https", "thrift", "thrift+tls", "http+unix", "thrift+unix"]

    /// Reads a target with its options: `http://h:80,weight=3,connections=10,max-rate=500,max-requests=10000`.
    ///
    /// A port must be given for Thrift; that of `http` is 80 and that of `https` 443 unless stated. An IPv6 address stands
    /// in brackets. A Unix socket is named by its whole path, `http+unix:///run/service.sock`.
    package init(parsing text: String) throws(ReplayError) {
        var parts = text.split(separator: ",", omittingEmptySubsequences: false)[...]
        let url = parts.popFirst() ?? ""
        self = try Target.address(url)
        for part in parts { try setOption(part, in: text) }
    }

    private static func address(_ url: Substring) throws(ReplayError) -> Target {
        let remedy =
            "Give http://HOST:PORT, https://HOST:PORT, thrift://HOST:PORT, thrift+tls://HOST:PORT, "
            + "http+unix:///PATH or thrift+unix:///PATH, without a path behind the port."
        guard let separator = url.firstRange(of: "://") else {
            throw ReplayError("'\(url)' is no target", remedy: remedy)
        }
        let name = url[..<separator.lowerBound].lowercased()
        var rest = url[separator.upperBound...]
        let scheme: Scheme = name.hasPrefix("thrift") ? .thrift : .http
        switch name {
        case "http+unix", "thrift+unix":
            guard rest.hasPrefix("/"), rest.utf8.count > 1, rest.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw ReplayError(
                    "'\(url)' names no Unix socket", remedy: "Give its whole path: \(name):///run/s.sock.")
            }
            return Target(scheme: scheme, isTLS: false, host: "", port: 0, socketPath: String(rest))
        case "http", "https", "thrift", "thrift+tls":
            if rest.hasSuffix("/") { rest = rest.dropLast() }
            let usual: UInt16? = name == "http" ? 80 : name == "https" ? 443 : nil
            guard let (host, port) = Target.hostPort(rest, defaultPort: usual) else {
                throw ReplayError("'\(url)' names no host and port", remedy: remedy)
            }
            return Target(scheme: scheme, isTLS: name == "https" || name == "thrift+tls", host: host, port: port)
        default: throw ReplayError("'\(url)' is no target", remedy: remedy)
        }
    }

    private mutating func setOption(_ option: Substring, in text: String) throws(ReplayError) {
        let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = pair.count == 2 ? pair[1] : ""
        var isUnderstood = false
        switch pair.first {
        case "weight":
            if let number = Int(value), (1...1_000_000).contains(number) {
                weight = number
                isUnderstood = true
            }
        case "connections":
            if let number = Int(value), (1...100_000).contains(number) {
                connections = number
                isUnderstood = true
            }
        case "max-rate":
            maxRatePerThousandSeconds = RateCap.thousandSeconds(value)
            isUnderstood = maxRatePerThousandSeconds != nil
        case "max-requests":
            maxRequests = UInt64(value).flatMap { $0 > 0 ? $0 : nil }
            isUnderstood = maxRequests != nil
        default: break
        }
        if !isUnderstood {
            throw ReplayError(
                "'\(option)' in '\(text)' is no option of a target",
                remedy: "Options are weight=N, connections=N, max-rate=N and max-requests=N, with commas between them.")
        }
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
            // An address of IPv6 without brackets cannot be told from its port.
            if host.contains(":") { return nil }
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
}

/// Rates as caps state them.
package enum RateCap {
    /// Requests in 1000 seconds of `2000`, `0.5` or `10k`, above 0; nil when it is no such number.
    package static func thousandSeconds(_ text: some StringProtocol) -> UInt64? {
        let hasSuffix = text.hasSuffix("k")
        let parts = (hasSuffix ? text.dropLast() : text[...]).split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.utf8.count <= 9, let number = UInt64(whole),
            parts.count == 1 || (1...3).contains(parts[1].utf8.count)
        else { return nil }
        var value = number * 1000
        if parts.count == 2 {
            guard let fraction = UInt64(parts[1] + String(repeating: "0", count: 3 - parts[1].utf8.count)) else {
                return nil
            }
            value += fraction
        }
        if hasSuffix { value *= 1000 }
        return value > 0 ? value : nil
    }

    /// As people write it: `500`, `0.5`.
    package static func text(perThousandSeconds rate: UInt64) -> String {
        let fraction = rate % 1000
        if fraction == 0 { return "\(rate / 1000)" }
        var digits = String(fraction + 1000).dropFirst()
        while digits.hasSuffix("0") { digits = digits.dropLast() }
        return "\(rate / 1000).\(digits)"
    }
}
