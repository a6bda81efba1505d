import Foundation
import Glibc
import JSON
import Tape
import TestSupport
import Testing

/// Recordings whose end nobody knows, and sets of tapes.
struct StreamingTests {
    private let folder: TemporaryDirectory
    private let fixtures = ["http-nginx.pcap", "thrift-binary.pcap", "thrift-compact.pcapng"].map {
        Repository.path("fixtures/\($0)")
    }

    init() throws { folder = try TemporaryDirectory() }

    private func exchanges(_ path: String) throws -> [Exchange] {
        let reader = try TapeReader(path: path)
        var all: [Exchange] = []
        while let exchange = try reader.next() { all.append(exchange) }
        return all
    }

    @Test("A set of tapes holds what one tape would, with nothing lost at the seams", arguments: ["16KiB", "10ms"])
    func rotates(rotation: String) throws {
        let whole = folder.file("whole.mcap")
        // What is masked depends on what the schema says of fields.
        let idl = Repository.path("schemas/risk_decision.thrift")
        #expect(try run(Repository.binary, ["record"] + fixtures + ["-o", whole, "--idl", idl]).status == 0)
        let result = try run(
            Repository.binary,
            ["record"] + fixtures + ["-o", folder.file("set.mcap"), "--rotate", rotation, "--idl", idl])
        #expect(result.status == 0, "\(result.errors)")
        let tapes = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("set-") }.sorted()
        #expect(tapes.count > 1)
        #expect(tapes.first == "set-000001.mcap")
        var joined: [Exchange] = []
        for tape in tapes {
            let reader = try TapeReader(path: folder.file(tape))
            #expect(reader.isComplete)
            #expect(reader.attachments.map(\.name) == ["risk_decision.thrift"])
            let part = try exchanges(folder.file(tape))
            #expect(part.map(\.id) == part.indices.map { UInt64($0) }, "ids count from 0 on each tape")
            joined += part
        }
        let expected = try exchanges(whole)
        #expect(joined.count == expected.count)
        for (ours, theirs) in zip(joined, expected) {
            #expect(ours.flow == theirs.flow && ours.ordinal == theirs.ordinal)
            #expect(ours.request?.wire == theirs.request?.wire && ours.response?.wire == theirs.response?.wire)
        }
        // Another run goes on behind the last number.
        #expect(
            try run(
                Repository.binary, ["record", fixtures[0], "-o", folder.file("set.mcap"), "--rotate", "1GiB"]
            ).status == 0)
        let next = "set-" + String(format: "%06d", tapes.count + 1) + ".mcap"
        #expect(FileManager.default.fileExists(atPath: folder.file(next)))
    }

    @Test("What came through a pipe can be read while the pipe is quiet, and Ctrl-C closes the tape")
    func pipes() throws {
        let tape = folder.file("piped.mcap")
        let pipe = folder.file("pipe")
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        let recording = try ChildProcess(Repository.binary, ["record", pipe, "-o", tape])
        let writer = try #require(FileHandle(forWritingAtPath: pipe))
        try writer.write(contentsOf: Data(try Repository.bytes("fixtures/http-nginx.pcap")))
        let deadline = Date(timeIntervalSinceNow: 15)
        var seen = 0
        while seen == 0 && Date() < deadline {
            usleep(100_000)
            seen = (try? exchanges(tape).count) ?? 0
        }
        #expect(seen > 50)
        #expect(recording.isRunning)
        let result = recording.stop(SIGINT)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("balance     closes"))
        #expect(try TapeReader(path: tape).isComplete)
        try writer.close()
    }

    @Test("A disk that is full ends with 5 and says how far the tape is good", .withoutSanitizer)
    func fullDisk() throws {
        // A limit on the size of files stands for the full disk; --rotate makes the chunks small.
        let command =
            "'\(Repository.binary)' record \(fixtures.joined(separator: " ")) -o '\(folder.file("full.mcap"))'"
        let result = try run("bash", ["-c", "trap '' XFSZ; ulimit -f 32; exec \(command) --rotate 512KiB"])
        #expect(result.status == 5, "\(result.errors)")
        let text = try #require(result.errors.split(separator: "\n").first { $0.contains("is good up to byte") })
        let words = text.split(separator: " ")
        let count = words.firstIndex(of: "with").flatMap { Int(words[$0 + 1]) }
        #expect(try #require(count) > 0)
        #expect(try exchanges(folder.file("full-000001.mcap")).count == count)
    }

    @Test("Limits on memory are flags, and what they drop is counted")
    func limits() throws {
        func record(_ flags: String...) throws -> JSONValue {
            let result = try run(Repository.binary, ["record", "--dry-run", "--json", fixtures[0]] + flags)
            #expect(result.status == 0, "\(result.errors)")
            return try JSONValue(parsing: result.output)
        }
        let free = try record()
        #expect(free["flows"]?["evicted"]?.text == "0")
        #expect(free["bytes"]?["clientToServer"]?["dropped"]?.text == "0")
        let few = try record("--max-flows", "1")
        #expect(few["closes"] == .bool(true))
        #expect(few["flows"]?["evicted"]?.text != "0")
        let small = try record("--max-flow-bytes", "4KiB")
        #expect(small["closes"] == .bool(true))
        #expect(small["bytes"]?["clientToServer"]?["dropped"]?.text != "0")
        #expect(try tinct("record", "--dry-run", fixtures[0], "--max-bytes", "1").status == 2)
    }
}
