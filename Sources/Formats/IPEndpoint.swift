import Bytes

/// `10.0.0.1:80` or `[2001:db8::1]:80`, as bytes.
struct IPEndpoint {
    var address: [UInt8]
    var port: UInt16

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        self.port = port
        let host = text[..<colon]
        if host.hasPrefix("[") != host.hasSuffix("]") { return nil }
        guard let address = host.hasPrefix("[") ? Self.six(host.dropFirst().dropLast()) : Self.four(host) else {
            return nil
        }
        self.address = address
    }

    private static func four(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts.allSatisfy { $0 != nil } ? parts.compactMap { $0 } : nil
    }

    /// RFC 4291 §2.2, an IPv4 tail included.
    private static func six(_ text: Substring) -> [UInt8]? {
        func groups(_ text: Substring) -> [UInt8]? {
            if text.isEmpty { return [] }
            var bytes: [UInt8] = []
            for group in text.split(separator: ":", omittingEmptySubsequences: false) {
                if group.contains(".") {
                    guard let tail = four(group) else { return nil }
                    bytes += tail
                } else {
                    guard group.count <= 4, let value = UInt16(group, radix: 16) else { return nil }
                    bytes.append(bigEndian: value)
                }
            }
            return bytes
        }
        guard let gap = text.range(of: "::") else {
            let bytes = groups(text)
            return bytes?.count == 16 ? bytes : nil
        }
        guard let head = groups(text[..<gap.lowerBound]), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }
}

extension Substring {
    /// Where `mark` stands first.
    fileprivate func range(of mark: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(mark) { return at..<index(at, offsetBy: mark.count) }
            at = index(after: at)
        }
        return nil
    }
}
