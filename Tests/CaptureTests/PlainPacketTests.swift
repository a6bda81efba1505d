import Bytes
import Capture
import TestSupport
import Testing

/// The short cuts that nearly all packets take, against the ways that every packet can take.
@Suite struct PlainPacketTests {
    private let build = PacketBuilder()

    @Test func theShortCutSaysWhatTheDecoderSays() {
        var random = SplitMix(seed: 11)
        let plain = build.frame(sequence: 7, acknowledgement: 9, payload: Array("hello".utf8), padding: 3)
        var taken = 0
        for round in 0..<20_000 {
            var bytes = plain
            for _ in 0..<round % 4 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let wire = bytes.count
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 0..<10, using: &random)) }
            var segment = Segment()
            guard PacketDecoder.decodePlain(bytes.rawSpan, .ethernet, &segment) else { continue }
            taken += 1
            guard case .segment(let expected) = PacketDecoder.decode(bytes.rawSpan, .ethernet, wireLength: wire) else {
                Issue.record("round \(round): the decoder refuses it")
                continue
            }
            #expect("\(segment)" == "\(expected)", "round \(round)")
        }
        #expect(taken > 5000)
        var segment = Segment()
        #expect(!PacketDecoder.decodePlain(plain.rawSpan, LinkType(113), &segment))
    }

    @Test(arguments: [64, 100, 1000, 1 << 18])
    func packetsInBulkAreThoseOneByOne(window: Int) throws {
        let frames = (0..<100).map { number in
            build.frame(sequence: UInt32(number), payload: [UInt8](repeating: UInt8(number), count: number * 7 % 90))
        }
        // Also a file that ends inside a packet.
        for cut in [0, 5] {
            let file = [UInt8](PacketBuilder.pcap(frames, snapLength: 120).dropLast(cut))
            func read(inBulk: Bool) throws -> (packets: [String], ending: PacketReader.Ending) {
                var reader = try PacketReader(ArrayInput(file), window: window)
                var seen: [String] = []
                func note(_ packet: CapturedPacket, _ bytes: RawSpan) {
                    seen.append(
                        "\(packet.timeNanos) \(packet.wireLength) \(packet.count) \([UInt8](copying: bytes))")
                }
                while let packet = try reader.next() {
                    reader.withBytes(of: packet) { note(packet, $0) }
                    if !inBulk { continue }
                    var left = 3
                    let count = reader.forEachBuffered { packet, bytes in
                        note(packet, bytes)
                        left -= 1
                        return left > 0
                    }
                    #expect((0...3).contains(count))
                }
                return (seen, reader.ending)
            }
            let (one, bulk) = (try read(inBulk: false), try read(inBulk: true))
            #expect(one.packets == bulk.packets && one.packets.count == (cut == 0 ? 100 : 99))
            #expect(one.ending == bulk.ending)
        }
    }
}
