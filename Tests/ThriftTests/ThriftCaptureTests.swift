import Bytes
import JSON
import TestSupport
import Testing

@testable import Thrift

/// Real traffic, reassembled by tshark, against what Apache's Python library read from it.
@Suite(.needsCaptures) struct ThriftCaptureTests {
    @Test(
        .needsProgram("/usr/bin/tshark"),
        arguments: [
            ("arkime-thrift.pcap", 3), ("pb-thrift_tutorial.pcap", 32), ("pb-ipv6_thrift.pcap", 32),
            ("tt-calc-service-binary.pcap", 10), ("tt-calc-service-compact.pcap", 10),
        ])
    func decodesEveryMessageAsApacheDoes(name: String, count: Int) throws {
        let oracle = try JSONValue(parsing: try Captures.bytes(name + ".oracle.json"))
        let streams = try #require(oracle["thrift.apache_lib.streams" as JSONPath]?.array)
        var seen = 0
        for stream in streams {
            let number = try #require(stream["stream"]?.int)
            let directions = try follow(try Captures.path(name), number)
            for (direction, bytes) in zip(["c2s", "s2c"], directions) {
                let expected = try #require(stream[direction]?.array)
                seen += expected.count
                try check(bytes, expected)
            }
        }
        #expect(seen == count)
    }

    private func check(_ bytes: [UInt8], _ expected: [JSONValue]) throws {
        guard !expected.isEmpty else { return }
        guard case .thrift(let framing, let encoding) = ThriftDetector.detect(bytes.rawSpan) else {
            Issue.record("not recognised")
            return
        }
        var offset = 0
        var scanner = MessageScanner(framing, encoding)
        for message in expected {
            let rest = bytes[offset...]
            scanner.reset()
            guard case .message(let found) = scanner.scan(Array(rest).rawSpan) else {
                Issue.record("no message at \(offset)")
                return
            }
            #expect(message["offset"]?.int == offset)
            #expect(message["size"]?.int == found.length)
            #expect(message["transport"]?.string == "\(framing)")
            #expect(message["protocol"]?.string == "\(encoding)")
            let wire = Array(rest.prefix(found.length))
            let decoded = try ThriftMessage(decoding: wire.rawSpan, framing, encoding)
            #expect(decoded.encoded(framing, encoding) == wire)
            #expect(message["method"]?.string == decoded.name)
            #expect(message["mtype"]?.string == "\(decoded.type)".uppercased())
            #expect(message["seq_id"]?.int == Int(decoded.seqid))
            let body = try #require(message["body"])
            #expect(matches(.structure(decoded.body), body), "\(body.text)")
            offset += found.length
        }
        #expect(offset == bytes.count)
    }

    /// Both directions of a TCP stream, client to server first.
    private func follow(_ path: String, _ stream: Int) throws -> [[UInt8]] {
        let result = try run("/usr/bin/tshark", ["-r", path, "-q", "-z", "follow,tcp,raw,\(stream)"])
        try #require(result.status == 0)
        var directions: [[UInt8]] = [[], []]
        for line in result.output.split(separator: "\n") {
            let fromServer = line.hasPrefix("\t")
            if let bytes = Hex.decode(String(line.drop { $0 == "\t" })) { directions[fromServer ? 1 : 0] += bytes }
        }
        return directions
    }

    /// The oracle writes fields as [id, type, value], maps as pairs and bytes that are no text as length and digest.
    private func matches(_ value: ThriftValue, _ expected: JSONValue) -> Bool {
        switch value {
        case .bool(let value): return expected.bool == value
        case .double(let value): return expected.double == value
        case .binary(let bytes):
            if let text = expected.string { return text == String(decoding: bytes, as: UTF8.self) }
            return expected["len"]?.int == bytes.count && expected["sha256"]?.string == SHA256.hex(bytes)
        case .structure(let fields):
            guard let list = expected.array, list.count == fields.count else { return false }
            return zip(fields, list).allSatisfy { field, one in
                guard let value = one[2] else { return false }
                return one[0]?.int == Int(field.id) && one[1]?.int == Int(field.value.type.rawValue)
                    && matches(field.value, value)
            }
        case .list(_, let values), .set(_, let values):
            guard let list = expected.array, list.count == values.count else { return false }
            return zip(values, list).allSatisfy { matches($0, $1) }
        case .map(_, _, let pairs):
            guard let list = expected.array, list.count == pairs.count else { return false }
            return zip(pairs, list).allSatisfy { pair, one in
                guard let key = one[0], let value = one[1] else { return false }
                return matches(pair.key, key) && matches(pair.value, value)
            }
        default: return value.integer.map { Int($0) } == expected.int
        }
    }

    @Test func goldenVectorsDecodeAndEncodeToThemselves() throws {
        let golden = try JSONValue(parsing: try Captures.bytes("golden_thrift_bytes.json"))
        let vectors = try #require(golden["packetbeat_vectors.vectors" as JSONPath]?.array)
        var whole = 0
        for vector in vectors {
            guard let message = vector["apache_lib_message"]?.array?.first, let hex = vector["hex"]?.string else {
                continue
            }
            let bytes = try #require(Hex.decode(hex))
            let framing: ThriftFraming = message["transport"]?.string == "framed" ? .framed : .unframed
            let decoded = try ThriftMessage(decoding: bytes.rawSpan, framing, .binary)
            #expect(decoded.encoded(framing, .binary) == bytes)
            let body = try #require(message["body"])
            #expect(matches(.structure(decoded.body), body))
            whole += 1
        }
        #expect(whole >= 16)
    }
}
