import Bytes
import Capture
import Recording

let recordingTargets = [
    // A conversation: the input is cut into segments of either side, of which some are lost, come late, or come twice.
    // Whatever they hold, the account must close.
    FuzzTarget(name: "recording", maximumLength: 4096) { bytes in
        guard bytes.byteCount > 2 else { return }
        var options = RecordingOptions()
        options.bodyLimit = 2048
        let choices = ["8080=thrift/binary/finagle", "8080=thrift/binaryOld/unframed", "8080=http"]
        if let choice = Int(exactly: bytes[byte: 0]), choice < choices.count, let asked = DecodeAs(choices[choice]) {
            options.decodeAs = [asked]
        }
        var recorder = Recorder(options)
        var conversation = Conversation(startsAtSYN: bytes[byte: 1] & 1 == 0)
        conversation.open(&recorder)
        var at = 2
        while at + 2 <= bytes.byteCount {
            // Two bytes before each segment: what happens to it, and its length.
            let fate = bytes[byte: at]
            let end = min(at + 2 + Int(bytes[byte: at + 1]), bytes.byteCount)
            conversation.send([UInt8](copying: bytes.extracting(at + 2..<end)), fate, &recorder)
            at = end
        }
        conversation.close(&recorder)
        recorder.finish()
        precondition(recorder.balance.closes, "the balance does not close")
    }
]

/// Both ends of a connection, in raw IPv4 packets.
private struct Conversation {
    private let startsAtSYN: Bool
    private var sequences: [UInt32] = [0xFFFF_FF00, 7]
    private var late: (fromClient: Bool, sequence: UInt32, payload: [UInt8])?
    private var time: UInt64 = 1

    init(startsAtSYN: Bool) { self.startsAtSYN = startsAtSYN }

    mutating func open(_ recorder: inout Recorder) {
        if startsAtSYN {
            for side in 0...1 { add(side == 0, sequences[side] &- 1, 2, [], &recorder) }
        }
    }

    mutating func send(_ payload: [UInt8], _ fate: UInt8, _ recorder: inout Recorder) {
        let side = Int(fate & 1)
        let sequence = sequences[side]
        sequences[side] &+= UInt32(payload.count)
        switch fate >> 1 & 15 {
        case 0: break
        case 1: late = late ?? (side == 0, sequence, payload)
        case 2:
            add(side == 0, sequence, 16, payload, &recorder)
            add(side == 0, sequence, 16, payload, &recorder)
        default: add(side == 0, sequence, 16, payload, &recorder)
        }
        if fate >> 5 == 7, let segment = late {
            add(segment.fromClient, segment.sequence, 16, segment.payload, &recorder)
            late = nil
        }
    }

    mutating func close(_ recorder: inout Recorder) {
        for side in 0...1 { add(side == 0, sequences[side], 17, [], &recorder) }
    }

    private mutating func add(
        _ fromClient: Bool, _ sequence: UInt32, _ flags: UInt8, _ payload: [UInt8], _ recorder: inout Recorder
    ) {
        var packet: [UInt8] = [0x45, 0]
        packet.append(bigEndian: UInt16(40 + payload.count))
        packet += [0, 0, 0x40, 0, 64, 6, 0, 0]
        packet += fromClient ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1]
        for port: UInt16 in fromClient ? [40_000, 8080] : [8080, 40_000] { packet.append(bigEndian: port) }
        packet.append(bigEndian: sequence)
        packet += [0, 0, 0, 1, 0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0]
        packet += payload
        time += 1000
        recorder.add(
            CapturedPacket(timeNanos: time, wireLength: packet.count, count: packet.count, link: LinkType(101)),
            packet.rawSpan)
    }
}
