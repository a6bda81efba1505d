import Bytes
import Capture

let captureTargets = [
    FuzzTarget(name: "packets", maximumLength: 8192) { bytes in
        // Whole files, pcap and pcapng alike: the magic decides.
        guard var reader = try? PacketReader(ArrayInput([UInt8](copying: bytes)), window: 4096) else { return }
        while let packet = try? reader.next() {
            reader.withBytes(of: packet) { _ = PacketDecoder.decode($0, packet.link, wireLength: packet.wireLength) }
        }
    },
    FuzzTarget(name: "links", maximumLength: 4096, run: fuzzLinks),
    FuzzTarget(name: "reassembly", maximumLength: 4096, run: fuzzReassembly),
]

/// A link type, then packets behind their lengths, all of 16 bits: each packet is used, waits, or is refused.
private func fuzzLinks(_ bytes: RawSpan) {
    var reader = ByteReader(bytes)
    guard let link = try? reader.bigEndianUInt16() else { return }
    var limits = FragmentAssembler.Limits()
    limits.bytes = 4000
    limits.packets = 8
    var assembler = FragmentAssembler(limits: limits)
    var pieces: UInt64 = 0
    var used: UInt64 = 0
    while let length = try? reader.bigEndianUInt16(), let packet = try? reader.array(min(Int(length), reader.remaining))
    {
        let result = PacketDecoder.decode(packet.rawSpan, LinkType(link % 300), wireLength: Int(length))
        if case .segment(let segment) = result { check(segment, packet.count) }
        guard case .fragment(let fragment) = result else { continue }
        pieces += 1
        guard let whole = assembler.add(fragment, packet.rawSpan, pieces << 30) else { continue }
        used += whole.pieces
        let inner = PacketDecoder.decode(whole.bytes.rawSpan, whole.link, wireLength: whole.wireLength)
        if case .segment(let segment) = inner { check(segment, whole.bytes.count) }
        precondition(assembler.heldBytes <= limits.bytes)
    }
    assembler.finish()
    precondition(assembler.heldBytes == 0)
    precondition(pieces == used + assembler.settled.refusals.reduce(0, +))
}

private func check(_ segment: Segment, _ count: Int) {
    precondition(segment.payloadOffset >= 0 && segment.payloadCount >= 0)
    precondition(segment.payloadCount <= segment.payloadWireCount)
    precondition(segment.payloadOffset + segment.payloadCount <= count)
}

/// Segments of a few flows, nine bytes each and their payload: every byte is accounted for, within the limits.
private func fuzzReassembly(_ bytes: RawSpan) {
    var limits = Reassembler.Limits()
    limits.flows = 3
    limits.totalBytes = 2000
    limits.unreadBytes = 700
    limits.pendingBytes = 500
    limits.pendingSegments = 10
    limits.patiencePackets = 6
    var reassembler = Reassembler(limits: limits)
    var captured: UInt64 = 0
    var account = StreamAccount()
    func drain(_ reassembler: inout Reassembler) {
        for event in reassembler.events {
            reassembler.read(event) { flow, unread in
                if event.kind == .closed {
                    for direction in 0...1 {
                        precondition(flow.account(direction).closes)
                        account += flow.account(direction)
                    }
                }
                // A reader that takes half, so that something stays.
                return unread.byteCount / 2
            }
            if event.kind == .closed { reassembler.release(event.flow) }
        }
        reassembler.clearEvents()
    }
    var reader = ByteReader(bytes)
    while let what = try? reader.uint8(), let place = try? reader.bigEndianUInt32(),
        let acknowledged = try? reader.bigEndianUInt16(), let cut = try? reader.uint8(),
        let length = try? reader.uint8(),
        let payload = try? reader.array(min(Int(length), reader.remaining))
    {
        var segment = Segment()
        segment.source.port = UInt16(what & 3)
        segment.destination.port = 80
        if what & 4 != 0 { swap(&segment.source, &segment.destination) }
        segment.flags = Segment.Flags(rawValue: what >> 3)
        // Mostly near each other; now and then half a world away.
        segment.sequence = place & 0xFF == 0xFF ? place : (place >> 20) &- 2048
        segment.acknowledgement = UInt32(acknowledged >> 4) &- 2048
        segment.payloadCount = payload.count
        segment.payloadWireCount = payload.count + Int(cut & 15)
        captured += UInt64(payload.count)
        reassembler.add(segment, payload.rawSpan)
        drain(&reassembler)
        precondition(reassembler.heldBytes <= limits.totalBytes + 1000)
    }
    reassembler.finish()
    drain(&reassembler)
    precondition(account.captured == captured)
    precondition(reassembler.heldBytes == 0)
}
