import Bytes
import TestSupport

@testable import Capture

/// A TCP connection with known content, and the packets of it that a capture has: shuffled, doubled, overlapping,
/// contradicting each other, lost. It knows what can be known of its content from those packets alone.
struct PathologicalFlow {
    struct Packet {
        var segment: Segment
        var payload: [UInt8]
        var direction: Int
        /// Where the payload stands in its direction's content.
        var offset: Int
        /// Neither lost nor moved: SYN and FIN tell where a stream begins and ends.
        var isFixed = false
    }

    /// What a reassembler must make of one direction.
    struct Stream: Equatable {
        var bytes: [UInt8] = []
        /// Position among ``bytes`` and length, in turn.
        var holes: [Int] = []

        mutating func addHole(_ length: Int) {
            if holes.count >= 2, holes[holes.count - 2] == bytes.count {
                holes[holes.count - 1] += length
            } else {
                holes += [bytes.count, length]
            }
        }
    }

    private(set) var packets: [Packet] = []
    private(set) var client = Endpoint()
    private(set) var server = Endpoint()
    private var content: [[UInt8]] = [[], []]
    /// Sequence numbers of the first content bytes.
    private let first: [UInt32]
    let isMidStream: Bool

    /// - Parameter port: client port of connections that begin with a SYN, which may use a pair again.
    init(number: Int, port: UInt16, _ generator: inout SplitMix) {
        // A third begins right before the sequence numbers wrap.
        first = (0..<2).map { _ in
            Bool.random(using: &generator) || Bool.random(using: &generator)
                ? UInt32.random(in: 0...UInt32.max, using: &generator)
                : UInt32.max - UInt32.random(in: 0..<3000, using: &generator)
        }
        isMidStream = Int.random(in: 0..<4, using: &generator) == 0
        // The start of one that is picked up in the middle says nothing, so its pair is its own.
        client.low = isMidStream ? 0x0B00_0000 + UInt64(number) : 0x0A00_0001
        client.port = port
        server.low = 0x0A00_0002
        server.port = 8080
        speak(&generator)
        damage(&generator)
    }

    private mutating func add(
        _ direction: Int, _ flags: Segment.Flags, _ payload: [UInt8] = [], offset: Int, ack: Int, isFixed: Bool = false
    ) {
        var segment = Segment()
        segment.source = direction == 0 ? client : server
        segment.destination = direction == 0 ? server : client
        segment.sequence = first[direction] &+ UInt32(truncatingIfNeeded: offset)
        segment.acknowledgement = first[1 - direction] &+ UInt32(truncatingIfNeeded: ack)
        segment.flags = flags
        segment.payloadCount = payload.count
        segment.payloadWireCount = payload.count
        packets.append(
            Packet(segment: segment, payload: payload, direction: direction, offset: offset, isFixed: isFixed))
    }

    /// What client and server really sent.
    private mutating func speak(_ generator: inout SplitMix) {
        let isSimultaneous = Int.random(in: 0..<8, using: &generator) == 0
        add(0, .syn, offset: -1, ack: 0, isFixed: true)
        if isSimultaneous { add(1, .syn, offset: -1, ack: 0, isFixed: true) }
        add(1, [.syn, .ack], offset: -1, ack: 0, isFixed: true)
        add(0, isSimultaneous ? [.syn, .ack] : .ack, offset: isSimultaneous ? -1 : 0, ack: 0, isFixed: true)
        for turn in 0..<Int.random(in: 1...6, using: &generator) {
            let direction = turn & 1
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let payload = (0..<Int.random(in: 2...500, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                add(direction, .ack, payload, offset: content[direction].count, ack: content[1 - direction].count)
                content[direction] += payload
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    // The other side acknowledges without anything to say; the window may be zero for all we know.
                    add(1 - direction, .ack, offset: content[1 - direction].count, ack: content[direction].count)
                }
                if !isMidStream && Int.random(in: 0..<20, using: &generator) == 0 {
                    add(direction, .ack, [0], offset: content[direction].count - 1, ack: content[1 - direction].count)
                }
            }
        }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: break
        case 1: add(0, [.rst, .ack], offset: content[0].count, ack: content[1].count, isFixed: true)
        default:
            add(0, [.fin, .ack], offset: content[0].count, ack: content[1].count, isFixed: true)
            add(1, [.fin, .ack], offset: content[1].count, ack: content[0].count + 1, isFixed: true)
        }
    }

    /// What the capture has of it.
    private mutating func damage(_ generator: inout SplitMix) {
        if isMidStream {
            packets.removeFirst(
                min(packets.count - 1, Int.random(in: 4..<max(5, packets.count / 2), using: &generator)))
        }
        // Lost.
        let lossOf = Int.random(in: 5..<60, using: &generator)
        let begin = isMidStream ? 3 : 0
        packets = packets.enumerated().filter { index, packet in
            packet.isFixed || index < begin || Int.random(in: 0..<lossOf, using: &generator) > 0
        }.map(\.element)
        // What is sent again begins no earlier than what was captured first, which is not waited for long.
        let start = (0..<2).map { direction in
            packets.filter { $0.direction == direction }.map(\.offset).min() ?? 0
        }
        // Captured twice, sent again in other pieces, and forged: the same place with other bytes.
        for index in packets.indices {
            let packet = packets[index]
            switch Int.random(in: 0..<12, using: &generator) {
            case 0 where !packet.segment.flags.contains(.rst) && (index > 6 || !isMidStream):
                packets.append(packet)
                move(to: min(packets.count, index + 1 + Int.random(in: 0..<8, using: &generator)))
            case 1, 2:
                let direction = packet.direction
                let from = max(start[direction], packet.offset - Int.random(in: 0..<600, using: &generator), 0)
                var to = min(content[direction].count, from + Int.random(in: 2..<900, using: &generator))
                // One last byte that is acknowledged and not there could as well be a FIN: nobody can know.
                if to == content[direction].count - 1 { to += 1 }
                guard index > 6, from < to, !packet.isFixed else { continue }
                let isForged = Int.random(in: 0..<3, using: &generator) == 0
                let bytes = content[direction][from..<to].map { isForged ? $0 &+ 1 : $0 }
                add(direction, [], bytes, offset: from, ack: 0)
                move(to: min(packets.count, index + 1 + Int.random(in: 0..<8, using: &generator)))
            default: break
            }
        }
        // Out of order: far within a connection that began with a SYN; else by one place, and no packet twice, since a
        // stream that is picked up in the middle begins with what comes first.
        let reach = isMidStream ? 1 : 10
        var index = 0
        while index < packets.count {
            defer { index += 1 }
            if Int.random(in: 0..<3, using: &generator) > 0 { continue }
            let other = min(packets.count - 1, index + Int.random(in: 0...reach, using: &generator))
            if packets[min(index, other)...max(index, other)].contains(where: \.isFixed) { continue }
            packets.swapAt(index, other)
            if isMidStream { index += 1 }
        }
    }

    /// Moves the last packet, before any FIN that follows `index` now.
    private mutating func move(to index: Int) {
        guard let packet = packets.popLast() else { return }
        packets.insert(packet, at: min(index, packets.count))
    }

    /// What can be known of a direction: the first copy of each byte, and where there is none.
    func expected(_ direction: Int) -> Stream {
        let own = packets.filter { $0.direction == direction }
        var known: [Int: UInt8] = [:]
        for packet in own {
            for (index, byte) in packet.payload.enumerated() where known[packet.offset + index] == nil {
                known[packet.offset + index] = byte
            }
        }
        let begin = isMidStream ? own.map(\.offset).min() ?? 0 : 0
        var end = (known.keys.max() ?? -1) + 1
        if let fin = own.first(where: { $0.segment.flags.contains(.fin) }) {
            end = max(end, fin.offset)
        } else if !own.isEmpty || !isMidStream {
            let acknowledged =
                packets.filter { $0.direction != direction && $0.segment.flags.contains(.ack) }
                .map { Int(Int32(bitPattern: $0.segment.acknowledgement &- first[direction])) }.max() ?? 0
            if acknowledged > max(end, begin) + 1 { end = acknowledged }
        }
        var stream = Stream()
        var hole = 0
        for offset in min(begin, end)..<end {
            if let byte = known[offset] {
                if hole > 0 { stream.addHole(hole) }
                hole = 0
                stream.bytes.append(byte)
            } else {
                hole += 1
            }
        }
        if hole > 0 { stream.addHole(hole) }
        return stream
    }
}
