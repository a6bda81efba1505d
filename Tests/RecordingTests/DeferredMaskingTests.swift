import Bytes
import Capture
import Privacy
import Recording
import Schema
import Tape
import TestSupport
import Testing

/// A recording that is masked while it is made is the same as one that was made raw and masked afterwards, message by
/// message, however many values wait for each other.
@Suite struct DeferredMaskingTests {
    private static let key = MaskingKey(Array("a key for tests of 32 bytes or so".utf8), origin: .file)

    private static func uuid(_ random: inout SplitMix) -> String {
        let digits = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }.joined()
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        let text = groups.map { String(Array(digits)[$0]) }.joined(separator: "-")
        return Bool.random(using: &random) ? text.uppercased() : text
    }

    /// A framed message `name` in Binary with a list of texts as its field 1.
    private static func message(_ type: UInt8, _ seqid: UInt32, _ texts: [String]) -> [UInt8] {
        var bytes: [UInt8] = [0x80, 1, 0, type, 0, 0, 0, 4] + Array("pay1".utf8)
        bytes.append(bigEndian: seqid)
        bytes += [15, 0, 1, 11]
        bytes.append(bigEndian: UInt32(texts.count))
        for text in texts {
            bytes.append(bigEndian: UInt32(text.utf8.count))
            bytes += Array(text.utf8)
        }
        bytes.append(0)
        var framed: [UInt8] = []
        framed.append(bigEndian: UInt32(bytes.count))
        return framed + bytes
    }

    private static func record(_ capture: [UInt8], isRaw: Bool, packetsBetween: Int) throws -> [Exchange] {
        var options = RecordingOptions()
        options.isRaw = isRaw
        options.masking = MaskingPlan(key: key)
        var recorder = Recorder(options)
        var reader = try PacketReader(ArrayInput(capture))
        var exchanges: [Exchange] = []
        var packets = 0
        while let packet = try reader.next() {
            reader.withBytes(of: packet) { recorder.add(packet, $0) }
            packets += 1
            if packets % packetsBetween == 0 { exchanges += recorder.takeFinished() }
        }
        recorder.finish()
        return exchanges + recorder.takeFinished()
    }

    @Test(arguments: [1, 7, 1000]) func isMaskedAsAfterwards(packetsBetween: Int) throws {
        var random = SplitMix(seed: UInt64(packetsBetween))
        let known = (0..<5).map { _ in Self.uuid(&random) }
        var messages: [(Bool, [UInt8])] = []
        for seqid in UInt32(0)..<200 {
            var texts = [
                Self.uuid(&random), known.randomElement(using: &random) ?? "", "maria@example.com",
                #"{"deviceId":"\#(Self.uuid(&random))"}"#,
            ]
            // More than can wait, and the same one twice.
            if seqid % 50 == 0 { texts += (0..<100).map { _ in Self.uuid(&random) } }
            texts.append(texts[0])
            messages.append((true, Self.message(1, seqid, texts)))
            // Every ninth request has no reply.
            if seqid % 9 != 0 { messages.append((false, Self.message(2, seqid, [texts[0], Self.uuid(&random)]))) }
        }
        let capture = PacketBuilder.pcap(PacketBuilder().conversation(messages))
        let masked = try Self.record(capture, isRaw: false, packetsBetween: packetsBetween)
        var raw = try Self.record(capture, isRaw: true, packetsBetween: packetsBetween)
        let source = raw
        var masker = ExchangeMasker(MaskingPlan(key: Self.key), schema: SchemaSet())
        for index in raw.indices { masker.mask(&raw[index]) { _ in } }
        #expect(masked.count == 200 && raw.count == 200)
        for (one, other) in zip(masked, raw) {
            #expect(one.request?.wire == other.request?.wire && one.response?.wire == other.response?.wire)
            #expect(one.request?.redactions == other.request?.redactions)
        }
        for (one, other) in zip(masked, source) { #expect(one.request?.wire != other.request?.wire) }
    }
}
