import Bytes
import Files
import Foundation
import TestSupport
import Testing

@testable import Tape

/// What the public Python libraries `mcap` and `mcap-protobuf-support` see on our tapes.
@Suite(.requires(.python)) struct TapeOracleTests {
    /// Decodes with the schema from the tape and prints each exchange's fields in a fixed form.
    private static let script = """
        import sys, json
        from mcap.reader import make_reader, NonSeekingReader
        from mcap.stream_reader import StreamReader
        from mcap.records import Chunk, Message
        from mcap.exceptions import McapError
        from mcap_protobuf.decoder import DecoderFactory
        from google.protobuf.json_format import MessageToDict
        mode, path = sys.argv[1:3]
        out = []
        def note(schema, channel, message, decoded):
            assert schema.name == "tinct.Exchange" and channel.message_encoding == "protobuf"
            out.append([channel.topic, message.sequence, message.log_time, message.publish_time,
                        MessageToDict(decoded, preserving_proto_field_name=True)])
        if mode == "whole":
            with open(path, "rb") as file:
                reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
                for entry in reader.iter_decoded_messages(log_time_order=False): note(*entry)
                summary = reader.get_summary()
                extra = {"messages": summary.statistics.message_count, "chunks": len(summary.chunk_indexes),
                         "channels": len(summary.channels),
                         "attachments": [[a.name, a.media_type, a.data.decode()] for a in reader.iter_attachments()],
                         "metadata": {m.name: m.metadata for m in reader.iter_metadata()}}
                times = [m.log_time for _, _, m in reader.iter_messages()]
                extra["sorted"] = times == sorted(times) and len(times) == len(out)
            # The plain stream checks every checksum, that of the data section too.
            kinds = [type(r).__name__ for r in StreamReader(path, emit_chunks=False, validate_crcs=True).records]
            extra["dataEnd"] = kinds.count("DataEnd")
        else:
            extra = {}
            with open(path, "rb") as file:
                reader = NonSeekingReader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
                try:
                    for entry in reader.iter_decoded_messages(log_time_order=False): note(*entry)
                except Exception as error:
                    extra["stopped"] = type(error).__name__
        json.dump([out, extra], sys.stdout)
        """

    private func inspect(_ mode: String, _ path: String) throws -> (messages: [[Any]], extra: [String: Any]) {
        let result = try python(TapeOracleTests.script, [mode, path])
        try #require(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.stdout))
        let parts = try #require(json as? [Any])
        return (try #require(parts[0] as? [[Any]]), try #require(parts[1] as? [String: Any]))
    }

    @Test func pythonReadsAFinishedTapeAndSeesTheSameExchanges() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try writeTape(path, count: 300)
        let (messages, extra) = try inspect("whole", path)
        #expect(messages.count == 300)
        for (index, message) in messages.enumerated() {
            let exchange = sampleExchange(index)
            #expect(message[0] as? String == "\(exchange.format.protocol)/\(exchange.operation)")
            #expect(message[1] as? UInt64 == exchange.id & 0xFFFF_FFFF)
            #expect(message[2] as? UInt64 == exchange.startNanos && message[3] as? UInt64 == exchange.startNanos)
            let fields = try #require(message[4] as? [String: Any])
            #expect(NSDictionary(dictionary: fields) == NSDictionary(dictionary: dictionary(exchange)))
        }
        let reader = try TapeReader(path: path)
        #expect(extra["messages"] as? Int == 300 && extra["dataEnd"] as? Int == 1 && extra["sorted"] as? Bool == true)
        #expect(extra["chunks"] as? Int == reader.chunkCount && extra["channels"] as? Int == 15)
        #expect(extra["attachments"] as? [[String]] == [["risk.thrift", "text/x-thrift", "service X {}"]])
        let metadata = extra["metadata"] as? [String: [String: String]]
        #expect(
            metadata?["tinct"] == ["library": "tinct test", "raw": "false", "source": "sample", "scenario": "none"])
    }

    @Test func pythonReadsAnEmptyTape() throws {
        let path = temporaryTape()
        defer { unsafe unlink(path) }
        try TapeWriter(path: path).finish()
        #expect(try inspect("whole", path).messages.isEmpty)
    }

    @Test func pythonStreamsACutTapeUpToTheSameChunk() throws {
        let path = temporaryTape()
        let cutPath = temporaryTape()
        defer {
            unsafe unlink(path)
            unsafe unlink(cutPath)
        }
        try writeTape(path, count: 100, chunkBytes: 9000)
        let bytes = try readFile(path)
        for cut in [
            300, 5000, bytes.count / 3, bytes.count / 2, bytes.count - 3000, bytes.count - 400, bytes.count - 8,
        ] {
            try writeFile(cutPath, bytes: Array(bytes[..<cut]))
            let ours = try readAll(try TapeReader(path: cutPath))
            let theirs = try inspect("stream", cutPath)
            #expect(theirs.messages.map { $0[1] as? UInt64 } == ours.map { $0.id & 0xFFFF_FFFF }, "cut at \(cut)")
        }
    }

    /// The exchange in protobuf's own JSON mapping: 64-bit numbers are text, bytes are base64, defaults are left out.
    private func dictionary(_ exchange: Exchange) -> [String: Any] {
        var fields: [String: Any] = [:]
        func put(_ name: String, _ value: UInt64) { if value != 0 { fields[name] = String(value) } }
        func put(_ name: String, _ value: UInt32) { if value != 0 { fields[name] = value } }
        func put(_ name: String, _ value: String) { if !value.isEmpty { fields[name] = value } }
        put("id", exchange.id)
        put("flow", exchange.flow)
        put("ordinal", exchange.ordinal)
        if exchange.format.protocol != .unknown {
            fields["protocol"] = "PROTOCOL_\(exchange.format.protocol)".uppercased()
        }
        if exchange.format.transport != .none {
            fields["transport"] = "TRANSPORT_\(exchange.format.transport)".uppercased()
        }
        if exchange.format.encoding != .none {
            fields["encoding"] = "ENCODING_\(exchange.format.encoding)".uppercased()
        }
        put("operation", exchange.operation)
        put("client", exchange.client)
        put("server", exchange.server)
        if let request = exchange.request { fields["request"] = dictionary(request) }
        if let response = exchange.response { fields["response"] = dictionary(response) }
        if !exchange.interim.isEmpty { fields["interim"] = exchange.interim.map(dictionary) }
        if !exchange.losses.isEmpty {
            fields["losses"] = exchange.losses.map { loss in
                plain(["reason": loss.reason, "side": loss.side, "bytes": loss.bytes == 0 ? "" : String(loss.bytes)])
            }
        }
        if !exchange.tags.isEmpty {
            fields["tags"] = exchange.tags.map { plain(["carrier": $0.carrier, "value": $0.value]) }
        }
        if !exchange.labels.isEmpty { fields["labels"] = exchange.labels.map(dictionary) }
        put("expected", exchange.expected)
        if let run = exchange.run {
            var inner: [String: Any] = plain([
                "source_id": String(run.sourceID), "due_nanos": String(run.dueNanos),
                "sent_nanos": String(run.sentNanos),
                "outcome": run.outcome, "target": run.target, "source_tape": run.sourceTape,
            ])
            inner["round"] = run.round
            if run.endNanos > 0 { inner["end_nanos"] = String(run.endNanos) }
            if run.isMirror { inner["mirror"] = true }
            fields["run"] = inner
        }
        return fields
    }

    private func plain(_ values: [String: String]) -> [String: Any] { values.filter { !$0.value.isEmpty } }

    private func dictionary(_ message: Message) -> [String: Any] {
        var fields = plain([
            "wire": Data(message.wire).base64EncodedString(),
            "start_nanos": message.startNanos == 0 ? "" : String(message.startNanos),
            "end_nanos": message.endNanos == 0 ? "" : String(message.endNanos),
            "wire_length": message.wireLength == 0 ? "" : String(message.wireLength),
            "digest": Data(message.digest).base64EncodedString(), "omitted": message.omitted,
        ])
        if !message.redactions.isEmpty {
            fields["redactions"] = message.redactions.map {
                plain(["offset": $0.offset == 0 ? "" : String($0.offset), "length": String($0.length), "kind": $0.kind])
            }
        }
        if !message.holes.isEmpty {
            fields["holes"] = message.holes.map { ["offset": String($0.offset), "length": String($0.length)] }
        }
        return fields
    }

    private func dictionary(_ label: Label) -> [String: Any] {
        if label == Label() { return [:] }
        var fields = plain([
            "type": label.type, "layer": label.layer, "campaign": label.campaign, "role": label.role,
            "stage": label.stage, "detectable_at": label.detectableAt, "expected": label.expected,
            "difficulty": label.difficulty, "event_nanos": String(label.eventNanos),
            "label_nanos": String(label.labelNanos), "twin": label.twin.map { String($0) } ?? "",
        ])
        fields["k"] = label.k
        fields["n"] = label.n
        fields["min_history"] = label.minHistory
        fields["entities"] = label.entities
        fields["parameters"] = label.parameters.map { plain(["name": $0.name, "value": $0.value]) }
        return fields
    }
}
