import Bytes
package import Tape

/// A capture in the pcap format with times in ns, link type RAW (IP packets without a link header).
///
/// ```
/// ┌───────────┬───────┬───────┬──────┬──────┬─────────┬──────────┐
/// │ A1B23C4D  │ 2 │ 4 │ zone 0│ sig 0│ snap │ link 101│ packets… │   each: u32 seconds, u32 ns, u32 captured, u32 length
/// └───────────┴───────┴───────┴──────┴──────┴─────────┴──────────┘
/// ```
/// Each flow is a TCP connection with handshake, data in segments, an acknowledgement behind each message, and an end.
/// Sequence numbers and checksums (RFC 9293 §3.1, RFC 1071) are valid; bytes that the tape does not hold are missing in the
/// sequence, as they were in the capture. Exchanges are to come in the order of time; what overlaps is put in order here.
/// Addresses that a tape lacks, since it was synthesized, are made up from 10.0.0.0/8 and 192.0.2.0/24.
package struct PcapExporter: Exporter {
    package init() {}

    static let segmentBytes = 1448

    private var flows: [UInt64: PcapFlow] = [:]
    private var waiting: [PcapMessage] = []
    private var lastNanos: UInt64 = 0
    private var arrival: UInt64 = 0

    package mutating func begin(_ out: inout [UInt8]) {
        out.append(littleEndian: 0xA1B2_3C4D as UInt32)
        out.append(littleEndian: 2 as UInt16)
        out.append(littleEndian: 4 as UInt16)
        for value in [0, 0, 262_144, 101] as [UInt32] { out.append(littleEndian: value) }
    }

    package mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        flush(before: exchange.startNanos, to: &out)
        if flows[exchange.flow] == nil { flows[exchange.flow] = PcapFlow(exchange) }
        var messages: [(Message, Int)] = []
        if let request = exchange.request { messages.append((request, 0)) }
        messages += exchange.interim.map { ($0, 1) }
        if let response = exchange.response { messages.append((response, 1)) }
        var nanos: UInt64 = 0
        for (message, direction) in messages {
            // A direction is one stream: what comes later in it cannot pass what came before. Nor can an answer pass its
            // question, whatever a capture's clock said.
            nanos = max(nanos, flows[exchange.flow]?.dueNanos[direction] ?? 0, message.startNanos)
            flows[exchange.flow]?.dueNanos[direction] = nanos
            push(
                PcapMessage(nanos: nanos, arrival: arrival, flow: exchange.flow, direction: direction, message: message)
            )
            arrival += 1
        }
        return nil
    }

    package mutating func finish(_ out: inout [UInt8]) {
        flush(before: .max, to: &out)
        for flow in flows.keys.sorted() {
            guard var state = flows[flow], state.isOpen else { continue }
            for direction in 0...1 {
                write(&state, direction, flags: PcapFlow.finish | PcapFlow.acknowledge, [], lastNanos, &out)
                state.next[direction] &+= 1
            }
            write(&state, 0, flags: PcapFlow.acknowledge, [], lastNanos, &out)
        }
        flows = [:]
    }

    /// Writes what waits and begins before `nanos`: nothing that is still to come can go before it.
    private mutating func flush(before nanos: UInt64, to out: inout [UInt8]) {
        while let first = waiting.first, first.nanos < nanos || nanos == .max {
            pop()
            write(first, to: &out)
        }
    }

    private mutating func write(_ item: PcapMessage, to out: inout [UInt8]) {
        guard var state = flows[item.flow] else { return }
        defer { flows[item.flow] = state }
        if !state.isOpen {
            state.isOpen = true
            write(&state, 0, flags: PcapFlow.synchronize, [], item.nanos, &out)
            state.next[0] &+= 1
            write(&state, 1, flags: PcapFlow.synchronize | PcapFlow.acknowledge, [], item.nanos, &out)
            state.next[1] &+= 1
            write(&state, 0, flags: PcapFlow.acknowledge, [], item.nanos, &out)
        }
        let message = item.message
        state.next[item.direction] &+= state.skip[item.direction]
        state.skip[item.direction] = 0
        var at = 0
        var passed: UInt64 = 0
        var holes = message.holes.sorted { $0.offset < $1.offset }[...]
        while true {
            // Up to the next hole, in segments; then over it.
            let limit = holes.first.map { Int(clamping: $0.offset &- passed) } ?? message.wire.count
            let end = min(max(at, limit), message.wire.count)
            while at < end {
                let stop = min(at + Self.segmentBytes, end)
                let isLast = stop == message.wire.count && holes.isEmpty
                let flags = PcapFlow.acknowledge | (isLast ? PcapFlow.push : 0)
                write(&state, item.direction, flags: flags, message.wire[at..<stop], item.nanos, &out)
                state.next[item.direction] &+= UInt32(truncatingIfNeeded: stop - at)
                at = stop
            }
            guard let hole = holes.popFirst() else { break }
            state.next[item.direction] &+= UInt32(truncatingIfNeeded: hole.length)
            passed &+= hole.length
        }
        let sent = UInt64(message.wire.count) &+ passed
        if message.wireLength > sent {
            state.skip[item.direction] = UInt32(truncatingIfNeeded: message.wireLength - sent)
        }
        if !message.wire.isEmpty {
            write(&state, 1 - item.direction, flags: PcapFlow.acknowledge, [], item.nanos, &out)
        }
    }

    private mutating func write(
        _ state: inout PcapFlow, _ direction: Int, flags: UInt8, _ payload: ArraySlice<UInt8>, _ nanos: UInt64,
        _ out: inout [UInt8]
    ) {
        lastNanos = max(lastNanos, nanos)
        let packet = state.packet(direction, flags: flags, payload)
        out.append(littleEndian: UInt32(truncatingIfNeeded: nanos / 1_000_000_000))
        out.append(littleEndian: UInt32(nanos % 1_000_000_000))
        out.append(littleEndian: UInt32(packet.count))
        out.append(littleEndian: UInt32(packet.count))
        out += packet
    }

    // MARK: A heap by time and arrival

    private mutating func push(_ item: PcapMessage) {
        waiting.append(item)
        var at = waiting.count - 1
        while at > 0, waiting[at].precedes(waiting[(at - 1) / 2]) {
            waiting.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    private mutating func pop() {
        guard let last = waiting.popLast(), !waiting.isEmpty else { return }
        waiting[0] = last
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < waiting.count && waiting[child].precedes(waiting[least])
            {
                least = child
            }
            if least == at { return }
            waiting.swapAt(at, least)
            at = least
        }
    }
}

private struct PcapMessage {
    var nanos: UInt64
    var arrival: UInt64
    var flow: UInt64
    /// 0 to the server, 1 to the client.
    var direction: Int
    var message: Message

    func precedes(_ other: PcapMessage) -> Bool { (nanos, arrival) < (other.nanos, other.arrival) }
}

/// One TCP connection that is being written.
private struct PcapFlow {
    static let finish: UInt8 = 1
    static let synchronize: UInt8 = 2
    static let push: UInt8 = 8
    static let acknowledge: UInt8 = 16

    var isOpen = false
    /// Next sequence number of each direction.
    var next: [UInt32]
    /// Bytes behind the last message of each direction that the tape lacks: missing only if something follows them.
    var skip: [UInt32] = [0, 0]
    /// When the last message of each direction began.
    var dueNanos: [UInt64] = [0, 0]
    private let addresses: [[UInt8]]
    private let ports: [UInt16]

    init(_ exchange: Exchange) {
        let flow = exchange.flow
        let made = (
            [
                10, UInt8(truncatingIfNeeded: flow >> 32), UInt8(truncatingIfNeeded: flow >> 24),
                UInt8(truncatingIfNeeded: flow >> 16),
            ],
            [192, 0, 2, 1] as [UInt8]
        )
        let client = IPEndpoint(exchange.client)
        let server = IPEndpoint(exchange.server)
        if let client, let server, client.address.count == server.address.count {
            addresses = [client.address, server.address]
        } else {
            addresses = [made.0, made.1]
        }
        let known: UInt16 = exchange.format.protocol == .http1 ? 80 : 9090
        ports = [
            client?.port ?? 1024 &+ UInt16(truncatingIfNeeded: flow % 60_000), server?.port ?? known,
        ]
        // Any start will do; these differ by flow and direction and are the same each time.
        let seed = UInt32(truncatingIfNeeded: (flow &+ 1) &* 0x9E37_79B9_7F4A_7C15 >> 32)
        next = [seed, ~seed]
    }

    /// An IP packet with a TCP segment; RFC 791, RFC 8200, RFC 9293.
    func packet(_ direction: Int, flags: UInt8, _ payload: ArraySlice<UInt8>) -> [UInt8] {
        let isStart = flags & Self.synchronize != 0
        // MSS 65495, and a window that is never full: a scale of 14.
        let options: [UInt8] = isStart ? [2, 4, 0xFF, 0xD7, 3, 3, 14, 1] : []
        var tcp: [UInt8] = []
        tcp.append(bigEndian: ports[direction])
        tcp.append(bigEndian: ports[1 - direction])
        tcp.append(bigEndian: next[direction])
        tcp.append(bigEndian: flags & Self.acknowledge != 0 ? next[1 - direction] : 0)
        tcp.append(UInt8((20 + options.count) / 4) << 4)
        tcp.append(flags)
        tcp.append(bigEndian: 0xFFFF as UInt16)
        tcp += [0, 0, 0, 0] + options
        tcp += payload

        let source = addresses[direction]
        let target = addresses[1 - direction]
        var pseudo = source + target
        if source.count == 4 {
            pseudo += [0, 6]
            pseudo.append(bigEndian: UInt16(truncatingIfNeeded: tcp.count))
        } else {
            pseudo.append(bigEndian: UInt32(truncatingIfNeeded: tcp.count))
            pseudo += [0, 0, 0, 6]
        }
        let sum = Self.checksum(pseudo + tcp)
        tcp[16] = UInt8(sum >> 8)
        tcp[17] = UInt8(sum & 0xFF)

        if source.count == 16 {
            var header: [UInt8] = [0x60, 0, 0, 0]
            header.append(bigEndian: UInt16(truncatingIfNeeded: tcp.count))
            return header + [6, 64] + source + target + tcp
        }
        var header: [UInt8] = [0x45, 0]
        header.append(bigEndian: UInt16(truncatingIfNeeded: 20 + tcp.count))
        header += [0, 0, 0x40, 0, 64, 6, 0, 0] + source + target
        let check = Self.checksum(header)
        header[10] = UInt8(check >> 8)
        header[11] = UInt8(check & 0xFF)
        return header + tcp
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        var at = 0
        while at + 1 < bytes.count {
            sum &+= UInt32(bytes[at]) << 8 | UInt32(bytes[at + 1])
            at += 2
        }
        if at < bytes.count { sum &+= UInt32(bytes[at]) << 8 }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }
}
