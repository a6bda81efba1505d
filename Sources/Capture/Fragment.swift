/// A piece of an IP packet, found in a packet.
package struct Fragment: Sendable {
    /// Without ports.
    var source: Endpoint
    var destination: Endpoint
    var identification: UInt32
    /// What the whole packet carries.
    var number: UInt8
    /// Where the piece belongs in the whole packet's payload.
    var place: Int
    var isLast: Bool
    /// Where its bytes stand in the captured packet.
    var payloadOffset: Int
    var payloadCount: Int
    /// Its bytes on the wire; more than ``payloadCount`` when the snap length cut it.
    var payloadWireCount: Int

    /// Payload that leaves room for an IPv4 header in 65,535 bytes.
    static let maximumLength = 65_515

    /// Pieces with the same key belong to the same packet. IPv6 leaves the protocol out (RFC 8200, section 4.5).
    struct Key: Hashable {
        var source: Endpoint
        var destination: Endpoint
        var identification: UInt32
        var number: UInt8
    }

    var key: Key {
        Key(
            source: source, destination: destination, identification: identification,
            number: source.isV6 ? 0 : number)
    }
}
