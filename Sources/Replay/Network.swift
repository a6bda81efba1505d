import Glibc

/// A block of addresses in CIDR notation: `10.20.0.0/16`, `2001:db8::/32`. An address alone stands for itself.
package struct Network: Sendable, Equatable, CustomStringConvertible {
    private let prefix: [UInt8]
    private let length: Int
    package let description: String

    /// Nil when the text is no such block, or when bits are set behind its prefix, which would say that something else
    /// was meant.
    package init?(parsing text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = Network.address(of: String(first)) else { return nil }
        prefix = address
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
                bits <= address.count * 8
            else { return nil }
            length = bits
        } else {
            length = address.count * 8
        }
        description = text
        for bit in length..<address.count * 8 where address[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 { return nil }
    }

    /// Whether an address of four or sixteen bytes lies in it.
    package func contains(_ address: [UInt8]) -> Bool {
        guard address.count == prefix.count else { return false }
        for bit in 0..<length {
            let mask: UInt8 = 0x80 >> UInt8(bit % 8)
            if address[bit / 8] & mask != prefix[bit / 8] & mask { return false }
        }
        return true
    }

    /// The bytes of a numeric address, IPv6 without brackets; nil for a name. A mapped address of IPv4 has four bytes.
    package static func address(of text: String) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 { return Array(bytes.prefix(4)) }
        let unscoped = String(text.prefix { $0 != "%" })
        guard unsafe inet_pton(AF_INET6, unscoped, &bytes) == 1 else { return nil }
        let isMapped = bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
        return isMapped ? Array(bytes[12...]) : bytes
    }
}
