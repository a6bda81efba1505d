import Bytes
import Capture
import TestSupport
import Testing

@Suite struct PacketReaderTests {
    private let build = PacketBuilder()

    private func packets(_ bytes: [UInt8]) throws -> (packets: [CapturedPacket], ending: PacketReader.Ending) {
        var reader = try PacketReader(ArrayInput(bytes))
        var result: [CapturedPacket] = []
        while let packet = try reader.next() { result.append(packet) }
        return (result, reader.ending)
    }

    /// A pcapng block: type, length, body padded to four, length.
    private func block(_ type: UInt32, _ body: [UInt8], isBig: Bool) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        func word(_ value: UInt32) -> [UInt8] {
            var bytes: [UInt8] = []
            if isBig { bytes.append(bigEndian: value) } else { bytes.append(littleEndian: value) }
            return bytes
        }
        let total = UInt32(padded.count + 12)
        return word(type) + word(total) + padded + word(total)
    }

    private func words(_ values: [UInt32], isBig: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { if isBig { bytes.append(bigEndian: value) } else { bytes.append(littleEndian: value) } }
        return bytes
    }

    @Test func pcapInBothOrdersAndResolutions() throws {
        for (magic, isBig, nanos) in [
            (UInt32(0xA1B2_C3D4), true, 1000), (0xA1B2_C3D4, false, 1000), (0xA1B2_3C4D, true, 1),
            (0xA1B2_3C4D, false, 1),
        ] {
            let bytes =
                words([magic, 0x0002_0004, 0, 0, 65535, 101], isBig: isBig) + words([7, 5, 3, 9], isBig: isBig) + [
                    1, 2, 3,
                ]
            let (packets, ending) = try packets(bytes)
            #expect(packets.count == 1 && ending == .whole)
            #expect(packets.first?.timeNanos == UInt64(7_000_000_000 + 5 * nanos))
            #expect(packets.first?.wireLength == 9 && packets.first?.count == 3)
            #expect(packets.first?.link == LinkType(101))
        }
    }

    @Test(arguments: [true, false])
    func pcapngWithItsBlocks(isBig: Bool) throws {
        let section = block(
            0x0A0D_0D0A, words([0x1A2B_3C4D, 0x0001_0000, 0xFFFF_FFFF, 0xFFFF_FFFF], isBig: isBig), isBig: isBig)
        // Two interfaces: nanoseconds, and units of 2^-10 s.
        func interface(_ link: UInt16, _ resolution: UInt8) -> [UInt8] {
            var head: [UInt8] = []
            if isBig { head.append(bigEndian: link) } else { head.append(littleEndian: link) }
            let option: [UInt8] = isBig ? [0, 9, 0, 1] : [9, 0, 1, 0]
            return block(1, head + [0, 0] + words([0], isBig: isBig) + option + [resolution, 0, 0, 0], isBig: isBig)
        }
        let enhanced = block(6, words([0, 1, 2, 4, 4], isBig: isBig) + [1, 2, 3, 4], isBig: isBig)
        let second = block(6, words([1, 0, 1536, 2, 60], isBig: isBig) + [1, 2], isBig: isBig)
        let simple = block(3, words([3], isBig: isBig) + [9, 9, 9], isBig: isBig)
        let unknown = block(0x0BAD, [1, 2, 3, 4, 5], isBig: isBig)
        let stray = block(6, words([7, 0, 0, 1, 1], isBig: isBig) + [1], isBig: isBig)
        let file = section + interface(1, 9) + interface(0, 0x8A) + unknown + enhanced + second + simple + stray
        let (packets, ending) = try packets(file)
        #expect(ending == .whole)
        #expect(packets.map(\.timeNanos) == [1 << 32 + 2, 1_500_000_000, 1_500_000_000, 1_500_000_000])
        #expect(packets.map(\.count) == [4, 2, 3, 1])
        #expect(packets.map(\.wireLength) == [4, 60, 3, 1])
        #expect(packets.map(\.link) == [.ethernet, .null, .ethernet, .noInterface])
        for cut in 0..<file.count {
            guard let partial = try? self.packets(Array(file[..<cut])) else { continue }
            #expect(partial.packets.count <= 4)
        }
    }

    @Test func aFileThatIsCutAnywhereIsReadUpToThere() throws {
        let frames = build.conversation([(true, Array(repeating: 65, count: 3000))])
        let file = PacketBuilder.pcap(frames)
        for cut in 24...file.count {
            let (packets, ending) = try packets(Array(file[..<cut]))
            #expect(packets.count <= frames.count)
            if cut == file.count { #expect(ending == .whole && packets.count == frames.count) }
            if case .damaged = ending { Issue.record("a cut file is not damaged") }
        }
        #expect(throws: CaptureError.self) { try packets(Array(file[..<10])) }
        #expect(throws: CaptureError.self) { try packets(Array("no capture at all".utf8)) }
    }
}

@Suite struct PacketDecoderTests {
    private let frame = PacketBuilder().frame(sequence: 1, payload: [1, 2, 3], padding: 9)

    private func decode(_ bytes: [UInt8], _ link: UInt16, wireLength: Int? = nil) -> PacketDecoder.Result {
        PacketDecoder.decode(bytes.rawSpan, LinkType(link), wireLength: wireLength ?? bytes.count)
    }

    private func payload(_ result: PacketDecoder.Result) -> Int? {
        if case .segment(let segment) = result { segment.payloadWireCount } else { nil }
    }

    private func refusal(_ result: PacketDecoder.Result) -> Refusal? {
        if case .refused(let reason) = result { reason } else { nil }
    }

    @Test func everyLinkLayerLeadsToTheSameSegment() {
        let ip = Array(frame[14...])
        #expect(payload(decode(frame, 1)) == 3)
        #expect(payload(decode([2, 0, 0, 0] + ip, 0)) == 3)
        #expect(payload(decode([0, 0, 0, 2] + ip, 0)) == 3)
        #expect(payload(decode([0, 0, 0, 2] + ip, 108)) == 3)
        for raw: UInt16 in [12, 14, 101, 228] { #expect(payload(decode(ip, raw)) == 3) }
        #expect(payload(decode([UInt8](repeating: 0, count: 14) + [8, 0] + ip, 113)) == 3)
        #expect(payload(decode([8, 0] + [UInt8](repeating: 0, count: 18) + ip, 276)) == 3)
        let tags: [UInt8] = [0x88, 0xA8, 0, 5, 0x81, 0, 0, 7, 0x08, 0]
        #expect(payload(decode(Array(frame[..<12]) + tags + ip, 1)) == 3)
    }

    @Test func whatIsNotReadIsRefusedByName() {
        func ether(_ type: [UInt8]) -> [UInt8] { Array(frame[..<12]) + type + Array(frame[14...]) }
        #expect(refusal(decode(frame, 147)) == .linkType)
        #expect(refusal(decode(ether([8, 6]), 1)) == .arp)
        #expect(refusal(decode(ether([0x88, 0x63]), 1)) == .linkControl)
        #expect(refusal(decode(ether([0, 46]), 1)) == .notIP)
        func proto(_ number: UInt8) -> [UInt8] {
            var bytes = frame
            bytes[23] = number
            return bytes
        }
        for (number, reason) in [
            (UInt8(17), Refusal.udp), (1, .icmp), (50, .ipsec), (132, .sctp),
            (89, .otherTransport),
        ] {
            #expect(refusal(decode(proto(number), 1)) == reason)
        }
        var fragment = frame
        fragment[21] = 1
        if case .fragment = decode(fragment, 1) {} else { Issue.record("not a fragment") }
        #expect(refusal(decode(Array(frame[..<40]), 1)) == .cutHeader)
    }

    @Test func offloadAndSnapLengthAreUnderstood() {
        var offloaded = PacketBuilder().frame(sequence: 1, payload: [1, 2, 3, 4])
        offloaded[16] = 0
        offloaded[17] = 0
        #expect(payload(decode(offloaded, 1)) == 4)
        let cut = decode(Array(frame[..<55]), 1, wireLength: 66)
        if case .segment(let segment) = cut {
            #expect(segment.payloadCount == 1 && segment.payloadWireCount == 3)
        } else {
            Issue.record("not a segment")
        }
    }

    @Test func noTruncationOrBitFlipTraps() {
        for count in 0...frame.count {
            for link: UInt16 in 0...280 { _ = decode(Array(frame[..<count]), link) }
        }
        var generator = SplitMix(seed: 7)
        for _ in 0..<20_000 {
            var bytes = frame
            for _ in 0..<3 {
                bytes[Int.random(in: 12..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = decode(bytes, 1, wireLength: Int.random(in: 0...70, using: &generator))
        }
    }

    @Test func addressesAreWrittenAsPeopleWriteThem() {
        var endpoint = Endpoint()
        endpoint.low = 0x7F00_0001
        endpoint.port = 80
        #expect(endpoint.description == "127.0.0.1:80")
        endpoint.isV6 = true
        endpoint.low = 1
        #expect(endpoint.description == "[::1]:80")
        endpoint.high = 0x2001_0DB8_0000_0001
        endpoint.low = 0x0000_0000_0000_00FF
        #expect(endpoint.description == "[2001:db8:0:1::ff]:80")
    }
}
