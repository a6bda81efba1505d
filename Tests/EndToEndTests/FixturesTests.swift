import Foundation
import TestSupport
import Testing

/// A capture of fixtures/ with what other people's programs found in it.
struct Fixture: CustomTestStringConvertible, Sendable {
    let capture: String
    let schema: String
    var testDescription: String { capture }

    static let thriftBinary = Fixture(capture: "thrift-binary.pcap", schema: "risk_decision.thrift")
    static let http = Fixture(capture: "http-nginx.pcap", schema: "risk_decision.openapi.yaml")
    static let all = [
        thriftBinary,
        Fixture(capture: "thrift-compact.pcapng", schema: "risk_decision.thrift"),
        Fixture(capture: "thrift-unframed.pcap", schema: "risk_decision.thrift"),
        Fixture(capture: "thrift-transports.pcap", schema: "risk_decision.thrift"),
        http,
    ]

    var path: String { Repository.path("fixtures/" + capture) }
    var schemaPath: String { Repository.path("schemas/" + schema) }

    func expected() throws -> [[String: Any]] {
        let name = capture.prefix { $0 != "." }
        let json = try foundationJSON(try Repository.bytes("fixtures/\(name).expected.json"))
        return json as? [[String: Any]] ?? []
    }

    /// Records it and returns the tape's path.
    func record(into directory: TemporaryDirectory, _ flags: String..., from capture: String? = nil) throws -> String {
        let tape = directory.file("tape-\(UUID().uuidString).mcap")
        let result = try run(
            Repository.binary, ["record", capture ?? path, "-o", tape, "--idl", schemaPath] + flags)
        #expect(result.status == 0, "\(result.errors)")
        return tape
    }
}

func show(_ tape: String, _ flags: String...) throws -> [[String: Any]] {
    let result = try run(Repository.binary, ["show", tape, "--json", "--unmasked"] + flags)
    #expect(result.status == 0, "\(result.errors)")
    return try foundationJSONLines(result.stdout)
}

/// By flow and position in it, since the order between flows is nobody's but Tinct's.
private func ordered(_ exchanges: [[String: Any]]) -> [[String: Any]] {
    func key(_ exchange: [String: Any]) -> Int {
        (exchange["flow"] as? Int ?? -1) * 1_000_000 + (exchange["ordinal"] as? Int ?? -1)
    }
    return exchanges.sorted { key($0) < key($1) }
}

struct FixturesTests {
    @Test(
        "Every exchange is what tshark, Apache Thrift and h11 find, to the byte and the nanosecond",
        arguments: Fixture.all)
    func recordedExchangesAgree(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let actual = ordered(try show(try fixture.record(into: directory, "--raw"), "--payload"))
        let expected = try fixture.expected()
        #expect(actual.count == expected.count)
        #expect(!expected.isEmpty)
        for (expected, actual) in zip(expected, actual) {
            let found = differences(expected, actual)
            #expect(found.isEmpty, "flow \(expected["flow"] ?? ""), ordinal \(expected["ordinal"] ?? "")")
        }
    }

    @Test("zstd and gzip of a capture give the same exchanges, and so does standard input", arguments: Fixture.all)
    func compressedCapturesAgree(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let plain = try show(try fixture.record(into: directory))
        let zstd = directory.file("capture.zst")
        #expect(try run("zstd", ["-q", fixture.path, "-o", zstd]).status == 0)
        let gzip = try directory.write("capture.gz", try run("gzip", ["-c", fixture.path]).stdout)
        for capture in [zstd, gzip] {
            let exchanges = try show(try fixture.record(into: directory, from: capture))
            #expect(exchanges.count == plain.count)
            for (expected, actual) in zip(plain, exchanges) { #expect(differences(expected, actual).isEmpty) }
        }
        let piped = directory.file("piped.mcap")
        let result = try tinct(
            "record", "-", "-o", piped, "--idl", fixture.schemaPath, input: try fileBytes(fixture.path))
        #expect(result.status == 0, "\(result.errors)")
        #expect(try show(piped).count == plain.count)
    }

    @Test("Operations are the service's methods and the description's routes")
    func operationsHaveNames() throws {
        let directory = try TemporaryDirectory()
        var names: Set<String> = []
        for fixture in Fixture.all {
            for exchange in try show(try fixture.record(into: directory)) {
                names.insert(exchange["operation"] as? String ?? "")
            }
        }
        #expect(
            names == [
                "RiskDecision.evaluate", "RiskDecision.report", "ping", "POST /v1/risk/decisions",
                "GET /v1/risk/decisions/{requestId}", "HEAD /v1/risk/decisions/{requestId}", "POST /v1/risk/events",
            ])
    }

    @Test("A tape in Python's mcap library holds the same exchanges", .requires(.python), arguments: Fixture.all)
    func pythonReadsTheSame(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let tape = try fixture.record(into: directory, "--raw")
        let result = try python(
            """
            import hashlib, json, sys
            from mcap.reader import make_reader
            from mcap_protobuf.decoder import DecoderFactory
            with open(sys.argv[1], "rb") as file:
                reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
                for schema, channel, message, exchange in reader.iter_decoded_messages():
                    assert schema.name == "tinct.Exchange"
                    print(json.dumps({
                        "id": exchange.id, "flow": exchange.flow, "ordinal": exchange.ordinal, "operation": channel.topic,
                        "request": hashlib.sha256(exchange.request.wire).hexdigest() if exchange.HasField("request") else None,
                        "response": hashlib.sha256(exchange.response.wire).hexdigest() if exchange.HasField("response") else None}))
            """, [tape])
        #expect(result.status == 0, "\(result.errors)")
        let theirs = ordered(try foundationJSONLines(result.stdout))
        let expected = try fixture.expected()
        #expect(theirs.count == expected.count)
        for (expected, theirs) in zip(expected, theirs) {
            let request = (expected["request"] as? [String: Any])?["sha256"] as? String
            let response = (expected["response"] as? [String: Any])?["sha256"] as? String
            #expect(theirs["request"] as? String == request)
            #expect(theirs["response"] as? String == response)
        }
    }

    @Test("info counts what the tape holds", arguments: Fixture.all)
    func infoCounts(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let tape = try fixture.record(into: directory)
        let result = try tinct("info", tape, "--json")
        #expect(result.status == 0, "\(result.errors)")
        let info = try foundationJSON(result.stdout) as? [String: Any]
        let operations = info?["operations"] as? [[String: Any]] ?? []
        #expect(!operations.isEmpty)
        let counted = operations.compactMap { $0["exchanges"] as? Int }.reduce(0, +)
        #expect(try counted == fixture.expected().count)
    }

    @Test("Recording twice gives the same tape, byte for byte", arguments: Fixture.all)
    func recordingIsDeterministic(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let first = try fileBytes(try fixture.record(into: directory))
        let second = try fileBytes(try fixture.record(into: directory))
        #expect(first == second)
    }

    @Test("The balance closes to the byte, in text and in JSON", arguments: Fixture.all)
    func balanceCloses(_ fixture: Fixture) throws {
        let result = try tinct("record", fixture.path, "--dry-run", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let balance = try foundationJSON(result.stdout) as? [String: Any]
        #expect(balance?["closes"] as? Bool == true)
        #expect(try tinct("record", fixture.path, "--dry-run").output.contains("closes"))
    }
}
