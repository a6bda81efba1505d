import Foundation
import JSON
import TestSupport
import Testing

/// `export`, and `record` of what other tools wrote.
struct ExportTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func record(_ fixtures: String..., flags: [String] = []) throws -> String {
        let tape = folder.file("a.mcap")
        let result = try run(
            Repository.binary,
            ["record"] + fixtures.map { Repository.path("fixtures/\($0)") } + ["-o", tape] + flags
                + ["--idl", Repository.path("schemas/risk_decision.thrift")])
        try #require(result.status == 0, "\(result.errors)")
        return tape
    }

    private func show(_ tape: String) throws -> [JSONValue] {
        let result = try tinct("show", tape, "--json", "--payload", "--unmasked")
        try #require(result.status == 0, "\(result.errors)")
        return try result.lines.map { try JSONValue(parsing: $0) }
    }

    private func export(_ tape: String, to name: String, _ flags: String...) throws -> String {
        let file = folder.file(name)
        let result = try run(Repository.binary, ["export", tape, "-o", file, "--unmasked"] + flags)
        try #require(result.status == 0, "\(result.errors)")
        return file
    }

    @Test("Python's csv reader finds the values that show prints", .requires(.python))
    func csv() throws {
        let tape = try record("thrift-binary.pcap")
        let columns = "id,request.requestId,request.user.userId,response.decision,latencyMicros,request.1.1"
        let file = try export(tape, to: "a.csv", "--columns", columns)
        let read = try python(
            "import csv, json, sys\nfor row in csv.DictReader(open(sys.argv[1], newline='')): print(json.dumps(row))",
            [file])
        #expect(read.status == 0, "\(read.errors)")
        let rows = try read.lines.map { try JSONValue(parsing: $0) }
        let shown = try show(tape)
        try #require(rows.count == shown.count)
        var named = 0
        for (row, exchange) in zip(rows, shown) {
            #expect(row["id"]?.string == exchange["id"]?.text)
            let request = exchange["request"]?["args"]?["req"]
            if let id = request?["requestId"]?.string {
                named += 1
                #expect(row["request.requestId"]?.string == id && row["request.1.1"]?.string == id)
            }
            let decision = exchange["response"]?["result"]?["success"]?["decision"]?.string ?? ""
            #expect(row["response.decision"]?.string == decision)
        }
        #expect(named > 10)
    }

    @Test("An independent model of HAR 1.2 accepts the archive and sees the same exchanges", .requires(.python))
    func har() throws {
        let tape = try record("http-nginx.pcap")
        let file = try export(tape, to: "a.har")
        let read = try python(
            """
            import base64, hashlib, json, sys
            from hario_core.models import HarLog
            log = HarLog.model_validate(json.load(open(sys.argv[1]))["log"])
            for e in log.entries:
                text = e.response.content.text or ""
                body = base64.b64decode(text) if e.response.content.encoding == "base64" else text.encode()
                print(json.dumps([e.request.method, e.request.url, e.response.status, len(body),
                    e.response.content.size, e.startedDateTime.timestamp(), len(e.request.headers)]))
            """, [file])
        #expect(read.status == 0, "\(read.errors)")
        let entries = try read.lines.map { try JSONValue(parsing: $0) }
        let shown = try show(tape).filter { $0["request"] != .null }
            .sorted { ($0["requestStartNanos"]?.number?.uint64 ?? 0) < ($1["requestStartNanos"]?.number?.uint64 ?? 0) }
        #expect(entries.count == shown.count && entries.count > 50)
        for (entry, exchange) in zip(entries, shown) {
            #expect(entry[0] == exchange["request"]?["method"])
            let uri = try #require(exchange["request"]?["uri"]?.string)
            #expect(entry[1]?.string?.hasPrefix("http://") == true && entry[1]?.string?.hasSuffix(uri) == true)
            #expect(entry[2] == exchange["response"]?["status"] ?? 0)
            #expect(entry[3] == entry[4])
            #expect(entry[6]?.int == exchange["request"]?["headers"]?.array?.count)
        }
    }

    @Test("What is exported as .gor or HAR can be recorded again", arguments: ["gor", "gor.gz", "har"])
    func roundTrip(format: String) throws {
        let tape = try record("http-nginx.pcap")
        var file = try export(tape, to: format == "har" ? "b.har" : "b.gor")
        if format == "gor.gz" {
            #expect(try run("gzip", [file]).status == 0)
            file += ".gz"
        }
        let again = folder.file("again.mcap")
        // What is masked already would be masked once more.
        let result = try tinct("record", file, "-o", again, "--json", "--raw")
        #expect(result.status == 0, "\(result.errors)")
        let report = try JSONValue(parsing: result.stdout)
        #expect(report["closes"] == true && report["records"]?["refused"] == 0)
        let before = try show(tape)
        let after = try show(again)
        try #require(before.count == after.count)
        let key = { (exchange: JSONValue) -> String in
            let sides = ["request", "response"].map { side -> String in
                let message = exchange[side]
                // A HAR has the content, a .gor the bytes.
                let content = format == "har" ? message?["body"] : message?["sha256"]
                return [message?["method"], message?["uri"], message?["status"], content].map { $0?.text ?? "-" }
                    .joined(separator: " ")
            }
            return sides.joined(separator: " ")
        }
        #expect(before.map(key).sorted() == after.map(key).sorted())
        if format != "har" {
            let times = { (exchanges: [JSONValue]) in exchanges.compactMap { $0["latencyNanos"]?.text }.sorted() }
            #expect(times(before) == times(after))
        }
        #expect(try tinct("check", again).status == 0)
    }

    @Test(
        "tshark dissects the exported capture to the same messages, without complaint",
        arguments: ["http-nginx.pcap", "thrift-binary.pcap", "thrift-compact.pcapng"])
    func pcap(fixture: String) throws {
        let tape = try record(fixture, flags: ["--raw"])
        let file = try export(tape, to: "a.pcap")
        // tshark 4.0 calls Thrift's Compact protocol malformed in the original capture too.
        let malformed = fixture.contains("compact") ? "" : " or _ws.malformed"
        let filter =
            "tcp.checksum.status == \"Bad\" or ip.checksum.status == \"Bad\" or tcp.analysis.flags" + malformed
        let complaints = try run(
            "tshark", ["-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y", filter])
        #expect(complaints.status == 0, "\(complaints.errors)")
        #expect(complaints.lines.isEmpty, "\(complaints.lines.prefix(5))")
        // Recording it again must give the same exchanges, byte by byte and in the same flows.
        let again = folder.file("again.mcap")
        let result = try tinct(
            "record", file, "-o", again, "--raw", "--idl", Repository.path("schemas/risk_decision.thrift"),
            "--expect", "lost=0")
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let key = { (exchange: JSONValue) -> String in
            [
                exchange["client"], exchange["ordinal"], exchange["operation"], exchange["request"]?["sha256"],
                exchange["response"]?["sha256"],
                exchange["requestStartNanos"],
            ].map { $0?.text ?? "-" }.joined(separator: " ")
        }
        #expect(try show(tape).map(key).sorted() == show(again).map(key).sorted())
        if fixture.hasPrefix("http") {
            // Pipelined requests share a packet in one capture and not in the other.
            let list = { (path: String) in
                let fields = ["http.request.method", "http.request.uri", "http.file_data"].flatMap { ["-e", $0] }
                let words = ["-r", path, "-d", "tcp.port==1-65535,http", "-Y", "http.request", "-T", "fields"]
                let lines = try run("tshark", words + ["-E", "aggregator=;"] + fields).lines
                return lines.flatMap { line in
                    line.split(separator: "\t").flatMap { $0.split(separator: ";").map { String($0) } }
                }.sorted()
            }
            let wanted = try list(Repository.path("fixtures/\(fixture)"))
            #expect(!wanted.isEmpty)
            #expect(try list(file) == wanted)
        }
    }

    @Test("Every capture of the folder, exported as pcap, records to the same exchanges again", .requires(.captures))
    func everyCapture() throws {
        let captures = try TestEnvironment.captures.path()
        let names = try FileManager.default.contentsOfDirectory(atPath: captures)
            .filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.sorted()
        let key = { (exchange: JSONValue) -> String in
            [
                exchange["client"], exchange["server"], exchange["request"]?["sha256"], exchange["response"]?["sha256"],
            ].map { $0?.text ?? "-" }.joined(separator: " ")
        }
        var compared = 0
        for name in names {
            let path = "\(captures)/\(name)"
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
            if size > 2_000_000 { continue }
            let tape = folder.file("r1.mcap")
            _ = try tinct("record", path, "--raw", "-o", tape)
            let before = try? show(tape)
            guard let before, !before.isEmpty else { continue }
            let file = try export(tape, to: "r1.pcap")
            let again = folder.file("r2.mcap")
            _ = try tinct("record", file, "--raw", "-o", again)
            #expect(try before.map(key).sorted() == show(again).map(key).sorted(), "\(name)")
            compared += before.count
            // What was not captured is missing here too, and tshark says so.
            if before.contains(where: {
                $0["lost"]?.array?.contains { $0["reason"] == "gap" || $0["reason"] == "cut" } == true
            }) {
                continue
            }
            let filter = "tcp.checksum.status == \"Bad\" or ip.checksum.status == \"Bad\" or tcp.analysis.flags"
            let complaints = try run(
                "tshark", ["-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y", filter])
            #expect(complaints.status == 0 && complaints.lines.isEmpty, "\(name): \(complaints.lines.prefix(3))")
        }
        #expect(compared > 300)
    }

    @Test("A shell runs the curl command and sends what was recorded, whatever the bytes")
    func curl() throws {
        let body: [UInt8] = Array("it's $HOME `x` \"q\" \\\\ \n end".utf8)
        let binary: [UInt8] = [0, 1, 2, 39, 255, 10, 0]
        for (index, content) in [body, binary, []].enumerated() {
            var gor = Array(
                "1 a 1700000000000000000 0\nPOST /p'a?q=$(id)&[1] HTTP/1.1\r\nHost: h\r\nX-E:\r\nX-Q: a'b\r\nContent-Length: \(content.count)\r\n\r\n"
                    .utf8)
            gor += content + Array("\n🐵🙈🙉\n".utf8)
            let tape = folder.file("c\(index).mcap")
            let file = try folder.write("c\(index).gor", gor)
            #expect(try tinct("record", file, "-o", tape).status == 0)
            let script = try export(tape, to: "c\(index).sh")
            let text = String(decoding: try fileBytes(script), as: UTF8.self)
            // In place of curl: its arguments, each ended by a zero, and what it would read.
            let fake = "curl() { printf '%s\\0' \"$@\" > \(folder.file("args")); cat > \(folder.file("input")); }\n"
            let result = try run("sh", ["-c", fake + text])
            #expect(result.status == 0, "\(result.errors)")
            let arguments = try fileBytes(folder.file("args")).split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }.dropLast()
            #expect(arguments.last == "http://h/p'a?q=$(id)&[1]")
            #expect(arguments.contains("X-Q: a'b") && arguments.contains("X-E;"))
            if content == binary {
                #expect(arguments.contains("--data-binary") && arguments.contains("@-"))
                #expect(try fileBytes(folder.file("input")) == binary)
            } else if content == body {
                #expect(arguments.contains(String(decoding: body, as: UTF8.self)))
            } else {
                #expect(!arguments.contains("--data-raw"))
            }
        }
    }

    @Test("What was masked on the tape is masked in every format, and a raw export is its owner's alone")
    func masking() throws {
        let masked = try record("http-nginx.pcap")
        let raw = folder.file("raw.mcap")
        #expect(try tinct("record", Repository.path("fixtures/http-nginx.pcap"), "-o", raw, "--raw").status == 0)
        let secrets = try show(raw).flatMap { $0["request"]?["headers"]?.array ?? [] }
            .filter { ["authorization", "cookie"].contains($0[0]?.string?.lowercased()) }
            .compactMap { $0[1]?.string?.split(separator: " ").last.map { String($0) } }
        try #require(!secrets.isEmpty)
        for format in ["jsonl", "har", "gor", "vegeta", "curl", "pcap"] {
            let quiet = folder.file("quiet.\(format)")
            #expect(try tinct("export", masked, "-o", quiet, "--format", format).status == 0)
            let text = String(decoding: try fileBytes(quiet), as: UTF8.self)
            for secret in secrets { #expect(!text.contains(secret), "\(format)") }
            let loud = folder.file("loud.\(format)")
            let result = try tinct("export", raw, "-o", loud, "--format", format)
            #expect(result.status == 0 && result.errors.contains("raw"))
            #expect(try FileManager.default.attributesOfItem(atPath: loud)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("What a format cannot say is counted on standard error; flags that do not fit are refused")
    func leavesOut() throws {
        let tape = try record("thrift-binary.pcap", "http-nginx.pcap")
        let mixed = try tinct("export", tape, "-o", folder.file("m.gor"))
        #expect(mixed.status == 0 && mixed.errors.contains("not HTTP"))
        for (flags, text) in [
            (["-o", folder.file("x.txt")], "--format"), (["--format", "xml"], "jsonl"),
            (["--format", "har", "--columns", "id"], "--columns"), (["--format", "har", "--spreadsheet"], "csv"),
            (["--format", "csv", "-o", tape], "overwrite"),
        ] {
            let result = try run(Repository.binary, ["export", tape] + flags)
            #expect(result.status == 2 && result.errors.contains(text), "\(flags): \(result.errors)")
        }
    }
}
