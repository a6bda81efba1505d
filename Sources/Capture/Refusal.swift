/// LINKTYPE_ numbers as registered (draft-ietf-opsawg-pcaplinktype).
package struct LinkType: Sendable, Hashable {
    package var number: UInt16
    package init(_ number: UInt16) { self.number = number }

    package static let null = LinkType(0)
    package static let ethernet = LinkType(1)
    package static let loop = LinkType(108)
    package static let cooked = LinkType(113)
    package static let cooked2 = LinkType(276)
    /// A packet block that names an interface which its section has not described.
    package static let noInterface = LinkType(0xFFFF)

    /// For people: `NFLOG (239)`.
    package var name: String {
        let known: [UInt16: String] = [
            0: "NULL", 1: "ETHERNET", 6: "TOKEN RING", 9: "PPP", 10: "FDDI", 12: "RAW", 14: "RAW", 50: "PPP_HDLC",
            51: "PPP_ETHER", 100: "ATM", 101: "RAW", 104: "C_HDLC", 105: "IEEE802_11", 107: "FRELAY", 108: "LOOP",
            109: "ENC", 113: "LINUX_SLL", 117: "PFLOG", 119: "PRISM", 127: "RADIOTAP", 147: "USER0", 187: "BLUETOOTH",
            189: "USB", 192: "PPI", 204: "PPP_WITH_DIR", 220: "USB_LINUX", 228: "IPV4", 229: "IPV6", 239: "NFLOG",
            253: "NETLINK", 276: "LINUX_SLL2",
        ]
        if self == .noInterface { return "undescribed interface" }
        return "\(known[number] ?? "LINKTYPE") (\(number))"
    }
}

/// Why a packet was not used. Each packet of a capture is either used or refused with one of these.
package enum Refusal: UInt8, Sendable, CaseIterable {
    case linkType, notIP, arp, udp, icmp, ipsec, sctp, otherTransport
    /// What links and tunnels say to each other: PPP's negotiations, PPPoE's discovery, Cisco's keep-alives.
    case linkControl
    /// A tunnel in a tunnel in a tunnel, further than ``PacketDecoder/maximumDepth``.
    case tunnelDepth
    case wifiControl, wifiProtected, wifiFragment, wifiAggregate
    /// A piece of an IP packet whose other pieces did not come in time.
    case fragment
    /// A piece of an IP packet in which pieces overlap or contradict each other (RFC 5722).
    case fragmentOverlap
    /// A piece that was there already.
    case fragmentDuplicate
    /// A piece that was dropped because too many waited.
    case fragmentLimit
    case cutHeader, badHeader, badChecksum

    /// The key in reports.
    package var name: String {
        switch self {
        case .linkType: "linkType"
        case .notIP: "notIP"
        case .arp: "arp"
        case .udp: "udp"
        case .icmp: "icmp"
        case .ipsec: "ipsec"
        case .sctp: "sctp"
        case .otherTransport: "otherTransport"
        case .linkControl: "linkControl"
        case .tunnelDepth: "tunnelDepth"
        case .wifiControl: "wifi:control"
        case .wifiProtected: "wifi:protected"
        case .wifiFragment: "wifi:fragment"
        case .wifiAggregate: "wifi:aggregate"
        case .fragment: "ipFragment"
        case .fragmentOverlap: "ipFragment:overlap"
        case .fragmentDuplicate: "ipFragment:duplicate"
        case .fragmentLimit: "ipFragment:limit"
        case .cutHeader: "cutHeader"
        case .badHeader: "badHeader"
        case .badChecksum: "badChecksum"
        }
    }
}
