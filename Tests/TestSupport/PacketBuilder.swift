import Bytes

/// Makes Ethernet frames with IPv4 and TCP in them, and pcap files of such frames, for tests that need packets nobody
/// ever sent.
package struct PacketBuilder {
    package var client: (address: UInt32, port: UInt16) = (0x0A00_0001, 40_000)
    package var server: (address: UInt32, port: UInt16) = (0x0A00_0002, 8080)

    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let fin = Flags(rawValue: 1)
        package static let syn = Flags(rawValue: 2)
        package static let rst = Flags(rawValue: 4)
        package static let ack = Flags(rawValue: 16)
    }

    package init() {}

    /// One frame. `padding` bytes follow the IP packet, as on short Ethernet frames.
    package func frame(
        fromClient: Bool = true, sequence: UInt32, acknowledgement: UInt32 = 0, flags: Flags = [.ack],
        payload: [UInt8] = [], padding: Int = 0
    ) -> [UInt8] {
        let (source, destination) = fromClient ? (client, server) : (server, client)
        var bytes = [UInt8](repeating: 2, count: 12)
        bytes.append(bigEndian: UInt16(0x0800))
        bytes += [0x45, 0]
        bytes.append(bigEndian: UInt16(40 + payload.count))
        bytes += [0, 0, 0x40, 0, 64, 6, 0, 0]
        bytes.append(bigEndian: source.address)
        bytes.append(bigEndian: destination.address)
        bytes.append(bigEndian: source.port)
        bytes.append(bigEndian: destination.port)
        bytes.append(bigEndian: sequence)
        bytes.append(bigEndian: acknowledgement)
        bytes += [0x50, flags.rawValue, 0xFF, 0xFF, 0, 0, 0, 0]
        return bytes + payload + [UInt8](repeating: 0, count: padding)
    }

    /// A little-endian pcap file of `frames`, one a microsecond, each cut to `snapLength`.
    package static func pcap(_ frames: [[UInt8]], link: UInt32 = 1, snapLength: Int = 65535) -> [UInt8] {
        var bytes: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        bytes.append(littleEndian: UInt32(snapLength))
        bytes.append(littleEndian: link)
        for (index, frame) in frames.enumerated() {
            bytes.append(littleEndian: UInt32(1_700_000_000 + index / 1_000_000))
            bytes.append(littleEndian: UInt32(index % 1_000_000))
            bytes.append(littleEndian: UInt32(min(frame.count, snapLength)))
            bytes.append(littleEndian: UInt32(frame.count))
            bytes += frame.prefix(snapLength)
        }
        return bytes
    }

    /// A whole conversation: handshake, then messages in turn (the client's first), then both FINs.
    package func conversation(_ messages: [(fromClient: Bool, payload: [UInt8])], mss: Int = 1400) -> [[UInt8]] {
        var client: UInt32 = 1000
        var server: UInt32 = 0xFFFF_FF00
        var frames = [
            frame(sequence: client, flags: .syn),
            frame(fromClient: false, sequence: server, acknowledgement: client &+ 1, flags: [.syn, .ack]),
        ]
        client &+= 1
        server &+= 1
        for message in messages {
            var at = 0
            while at < message.payload.count {
                let part = Array(message.payload[at..<min(at + mss, message.payload.count)])
                frames.append(
                    frame(
                        fromClient: message.fromClient, sequence: message.fromClient ? client : server,
                        acknowledgement: message.fromClient ? server : client, payload: part))
                if message.fromClient { client &+= UInt32(part.count) } else { server &+= UInt32(part.count) }
                at += part.count
            }
        }
        frames.append(frame(sequence: client, acknowledgement: server, flags: [.fin, .ack]))
        frames.append(
            frame(fromClient: false, sequence: server, acknowledgement: client &+ 1, flags: [.fin, .ack]))
        return frames
    }
}
