import Bytes
import Capture

let captureTargets = [
    FuzzTarget(name: "packets", maximumLength: 8192) { bytes in
        // Whole files, pcap and pcapng alike: the magic decides.
        guard var reader = try? PacketReader(ArrayInput([UInt8](copying: bytes))) else { return }
        while let packet = try? reader.next() {
            reader.withBytes(of: packet) { _ = PacketDecoder.decode($0, packet.link, wireLength: packet.wireLength) }
        }
    }
]
