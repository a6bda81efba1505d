import JSON
import TestSupport
import Testing

/// `record`, `info` and `show` on the fixtures, whose expected lists were made by other programs (fixtures/README.md).
struct RecordAndShowTests {
    static let fixtures = [
        "http-nginx.pcap", "thrift-binary.pcap", "thrift-compact.pcapng", "thrift-unframed.pcap",
        "thrift-transports.pcap",
    ]

    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func record(_ fixture: String, _ flags: String...) throws -> String {
        let tape = folder.file("a.mcap")
        let result = try run(
            Repository.binary, ["record", Repository.path("fixtures/\(fixture)"), "-o", tape] + flags)
        try #require(result.status == 0, "\(result.errors)")
        return tape
    }

    private func show(_ tape: String, _ flags: String...) throws -> [JSONValue] {
        let result = try run(Repository.binary, ["show", tape, "--json", "--unmasked"] + flags)
        try #require(result.status == 0, "\(result.errors)")
        return try result.lines.map { try JSONValue(parsing: $0) }
    }

    @Test("What show says agrees with what other programs read from the same packets", arguments: fixtures)
    func agreesWithTheOracles(fixture: String) throws {
        let expected = try JSONValue(
            parsing: Repository.bytes("fixtures/\(fixture.prefix { $0 != "." }).expected.json"))
        // Hashes of the expected list are of the bytes before masking.
        let idl = Repository.path("schemas/risk_decision.thrift")
        let shown = try show(try record(fixture, "--raw", "--idl", idl), "--payload")
        let wanted = try #require(expected.array)
        #expect(shown.count == wanted.count)
        for exchange in wanted {
            let ours = try #require(
                shown.first { $0["flow"] == exchange["flow"] && $0["ordinal"] == exchange["ordinal"] },
                "flow \(exchange["flow"]?.text ?? ""), \(exchange["ordinal"]?.text ?? "")")
            for member in try #require(exchange.object).members where member.key != "decoded" {
                compare(ours[member.key], member.value, "\(fixture) #\(ours["id"]?.text ?? "") \(member.key)")
            }
            guard let decoded = exchange["decoded"] else { continue }
            // Null where the IDL has no such method.
            guard let arguments = decoded["arguments"], arguments != .null else { continue }
            compare(ours["request"]?["args"], arguments, "\(fixture) #\(ours["id"]?.text ?? "") args")
            if let result = decoded["result"], result != .null {
                compare(ours["response"]?["result"], result, "\(fixture) #\(ours["id"]?.text ?? "") result")
            }
        }
    }

    /// Ours may say more than the expected list, and names enum values that the list numbers, and marks base64.
    private func compare(_ ours: JSONValue?, _ expected: JSONValue?, _ place: String) {
        switch (ours, expected) {
        case (.object(let ours), .object(let expected)):
            for member in expected.members { compare(ours[member.key], member.value, "\(place).\(member.key)") }
        case (.array(let ours), .array(let expected)):
            #expect(ours.count == expected.count, "\(place)")
            for (index, pair) in zip(ours, expected).enumerated() { compare(pair.0, pair.1, "\(place)[\(index)]") }
        case (.object(let ours), .string(let base64)): #expect(ours["base64"]?.string == base64, "\(place)")
        case (.string(let name), .number): #expect(!name.isEmpty, "\(place)")
        case (.number(let ours), .number(let expected)): #expect(ours.double == expected.double, "\(place)")
        default: #expect(ours == expected, "\(place)")
        }
    }

    @Test("Payload is printed only when it is asked for", arguments: fixtures)
    func payloadStaysUnprinted(fixture: String) throws {
        let tape = try record(fixture, "--idl", Repository.path("schemas/risk_decision.thrift"))
        for flags in [[], ["--json"]] {
            let quiet = try run(Repository.binary, ["show", tape] + flags)
            let loud = try run(Repository.binary, ["show", tape, "--payload"] + flags)
            #expect(loud.output.contains("@example.com") && loud.output.contains("nationalId"))
            #expect(!quiet.output.contains("@example.com") && !quiet.output.contains("nationalId"))
        }
    }

    @Test("Without an IDL arguments are shown by field id; --idl names them")
    func namesComeFromTheIDL() throws {
        let tape = try record("thrift-binary.pcap")
        let plain = try show(tape, "--payload", "--limit", "1")
        #expect(plain.count == 1 && plain[0]["request"]?["args"]?["1"]?["1"]?.string?.hasPrefix("rq-") == true)
        let idl = Repository.path("schemas/risk_decision.thrift")
        let named = try show(tape, "--payload", "--limit", "1", "--idl", idl)
        #expect(named[0]["request"]?["args"]?["req"]?["requestId"] == plain[0]["request"]?["args"]?["1"]?["1"])
    }

    @Test("show keeps to the operations and the number that were asked for")
    func filters() throws {
        let tape = try record("http-nginx.pcap")
        let events = try show(tape, "--operation", "POST */events")
        #expect(events.count == 3 && events.allSatisfy { $0["operation"]?.string == "POST /v1/risk/events" })
        #expect(try show(tape, "--limit", "2", "--operation", "POST *").count == 2)
        #expect(try show(tape, "--operation", "nothing").isEmpty)
    }

    @Test("info counts what show lists, in text and in JSON", arguments: fixtures)
    func infoCounts(fixture: String) throws {
        let tape = try record(fixture)
        let shown = try show(tape)
        let result = try tinct("info", tape, "--json")
        let info = try JSONValue(parsing: result.stdout)
        #expect(info["exchanges"]?.int == shown.count && info["complete"]?.bool == true && info["raw"]?.bool == false)
        let bytes = shown.compactMap { $0["request"]?["bytes"]?.int }.reduce(0, +)
        #expect(info["requestBytes"]?.int == bytes)
        for operation in try #require(info["operations"]?.array) {
            let count = shown.count { exchange in
                ["operation", "protocol", "transport", "encoding"].allSatisfy { exchange[$0] == operation[$0] }
            }
            #expect(operation["exchanges"]?.int == count)
        }
        #expect(try tinct("info", tape).output.contains("\(shown.count) exchanges"))
    }

    @Test("A raw tape says so in every banner")
    func rawBanner() throws {
        let tape = try record("http-nginx.pcap", "--raw")
        #expect(try tinct("info", tape).output.hasPrefix("RAW TAPE"))
        #expect(try tinct("show", tape).errors.contains("is raw"))
        let masked = try record("http-nginx.pcap")
        #expect(try !tinct("info", masked).output.contains("RAW"))
    }

    @Test("A cut tape is read up to its last whole chunk and said to be cut")
    func cutTape() throws {
        let bytes = try fileBytes(try record("thrift-binary.pcap"))
        let cut = try folder.write("cut.mcap", Array(bytes[..<(bytes.count - 100)]))
        let result = try tinct("info", cut, "--json")
        let info = try JSONValue(parsing: result.stdout)
        #expect(result.status == 0 && result.errors.contains("is cut"))
        #expect(info["complete"]?.bool == false && info["exchanges"]?.int == 45)
        #expect(try #require(info["bytesBeyond"]?.int) > 0)
        let stump = try folder.write("stump.mcap", Array(bytes[..<20]))
        #expect(try tinct("info", stump).status == 2)
    }

    @Test("A damaged chunk ends show, and info counts it and reads on")
    func damagedTape() throws {
        var bytes = try fileBytes(try record("thrift-binary.pcap"))
        bytes[bytes.count / 2] ^= 0x40
        let damaged = try folder.write("damaged.mcap", bytes)
        let info = try tinct("info", damaged, "--json")
        #expect(info.status == 5)
        #expect(try JSONValue(parsing: info.stdout)["damaged"]?.int == 1)
        #expect(try tinct("info", damaged).output.contains("damaged"))
        let shown = try tinct("show", damaged)
        #expect(shown.status == 5 && shown.errors.contains("damaged"))
    }
}
