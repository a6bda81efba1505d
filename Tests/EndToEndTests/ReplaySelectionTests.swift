import Foundation
import Tape
import TestSupport
import Testing

/// Which requests of which tapes `replay` sends, told from the run tape.
struct ReplaySelectionTests {
    private func write(_ count: Int, user: String, to path: String) throws {
        let writer = try TapeWriter(path: path)
        for index in 0..<count {
            var exchange = Exchange()
            exchange.id = UInt64(index)
            exchange.flow = UInt64(index % 7)
            exchange.client = "10.0.0.1:\(index % 7)"
            exchange.format = .http1
            exchange.operation = index % 5 == 0 ? "POST /b" : "POST /a"
            let body = #"{"user":"\#(user)\#(index % 10)","n":\#(index)}"#
            exchange.request = Message(
                wire: Array(
                    "POST /\(user) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8),
                startNanos: 1_000_000_000 * UInt64(1 + index))
            exchange.response = Message(
                wire: Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".utf8),
                startNanos: 1_000_000_000 * UInt64(1 + index) + 1)
            try writer.append(exchange)
        }
        try writer.finish()
    }

    /// Replays against a stub and returns what was sent, in the order of sending.
    private func replay(_ tapes: [String], _ flags: String..., folder: TemporaryDirectory) throws -> [RunRecord] {
        let stub = try StubProcess(Array(tapes.prefix(1)))
        defer { _ = stub.process.stop() }
        let output = folder.file("run.mcap")
        let result = try run(
            Repository.binary,
            [
                "replay", "--to", "http://127.0.0.1:\(stub.port)", "--rate", "max", "--connections", "1", "--threads",
                "1",
            ]
                + ["-o", output] + flags)
        #expect(result.status == 0, "\(result.errors)")
        let reader = try TapeReader(path: output)
        var runs: [RunRecord] = []
        while let exchange = try reader.next() { if let run = exchange.run { runs.append(run) } }
        return runs.sorted { $0.sentNanos < $1.sentNanos }
    }

    @Test("Positions, operations, times, conditions and samples choose what is sent")
    func selection() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("a.mcap")
        try write(100, user: "u", to: tape)
        func ids(_ flags: String...) throws -> [UInt64] {
            let stub = try StubProcess([tape])
            defer { _ = stub.process.stop() }
            let output = folder.file("run.mcap")
            let result = try run(
                Repository.binary,
                ["replay", tape, "--to", "http://127.0.0.1:\(stub.port)", "--rate", "max", "-o", output] + flags)
            #expect(result.status == 0, "\(flags): \(result.errors)")
            let reader = try TapeReader(path: output)
            var ids: [UInt64] = []
            while let exchange = try reader.next() { ids.append(exchange.run?.sourceID ?? .max) }
            return ids.sorted()
        }
        #expect(try ids("--only", "17") == [17])
        #expect(try ids("--only", "99,3", "--only", "50") == [3, 50, 99])
        #expect(try ids("--operation", "POST /b") == (0..<100).filter { $0 % 5 == 0 }.map { UInt64($0) })
        #expect(try ids("--since", "+10s", "--until", "+20s") == Array(10..<20))
        #expect(try ids("--where", "request.n >= 95") == Array(95..<100))
        let sampled = try ids("--sample", "3/10", "--sample-key", "request.user")
        #expect(!sampled.isEmpty && sampled.count < 100 && Set(sampled.map { $0 % 10 }).count == sampled.count / 10)
        let none = try tinct("replay", tape, "--to", "http://127.0.0.1:1", "--only", "100")
        #expect(none.status == 2 && none.errors.contains("nothing"))
    }

    @Test("A mix takes its tapes by weight, evenly, and ends with the first that has no more")
    func mix() throws {
        let folder = try TemporaryDirectory()
        let (a, b) = (folder.file("a.mcap"), folder.file("b.mcap"))
        try write(300, user: "u", to: a)
        try write(300, user: "v", to: b)
        let runs = try replay([a, b], "--mix", "\(a)=3", "--mix", "\(b)=1", folder: folder)
        #expect(runs.count == 400)
        for start in stride(from: 0, to: 400, by: 4) {
            #expect(runs[start..<start + 4].count { $0.sourceTape == "a.mcap" } == 3)
        }
        for tape in ["a.mcap", "b.mcap"] {
            let ids = runs.filter { $0.sourceTape == tape }.map(\.sourceID)
            #expect(ids == Array(0..<UInt64(ids.count)))
        }
        let timed = try tinct("replay", "--mix", "\(a)=1", "--mix", "\(b)=1", "--to", "http://127.0.0.1:1")
        #expect(timed.status == 2 && timed.errors.contains("--rate"))
    }

    @Test("What names nothing on the tape is refused with its name, before anything is sent")
    func namesNothing() throws {
        let folder = try TemporaryDirectory()
        let (tape, empty) = (folder.file("a.mcap"), folder.file("empty.mcap"))
        try write(20, user: "u", to: tape)
        try write(0, user: "u", to: empty)
        for (arguments, words) in [
            ([tape, "--only", "3,20"], "no exchange at position 20"),
            (
                [tape, "--only", "77", "--only", "78,79"],
                "no exchange at position 77 (nor at 2 others that --only names)"
            ),
            ([tape, "--id", "user", "--id", "nowhere"], "the field nowhere that --id names"),
            ([tape, "--event-time", "shift", "--time", "nowhere"], "the field nowhere that --time names"),
            ([tape, "--key", "nowhere"], "has the key nowhere"), ([empty], "there is nothing to send"),
            ([tape, "--where", "request.n > 1000"], "there is nothing to send"),
        ] {
            let result = try run(
                Repository.binary, ["replay", "--to", "http://127.0.0.1:1", "--rate", "10"] + arguments)
            #expect(result.status == 2, "\(arguments): \(result.errors)")
            #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
        }
        let spoken = try tinct("replay", tape, "--to", "thrift://127.0.0.1:1", "--rate", "10")
        #expect(spoken.status == 2)
        #expect(spoken.errors.contains("none of the 20 exchanges on the tape speaks the protocol of a target"))
    }
}

/// `tinct stub` on a free port.
struct StubProcess {
    let process: ChildProcess
    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }

    init(_ arguments: [String]) throws {
        process = try ChildProcess(Repository.binary, ["stub", "--listen", "127.0.0.1:0"] + arguments)
        for _ in 0..<500 {
            let said = String(decoding: process.errorsSoFar, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("listening on 127.0.0.1:") }),
                let found = line.split(separator: ":").last.flatMap({ Int($0) })
            {
                port = found
                return
            }
            if !process.isRunning { break }
            usleep(20_000)
        }
        throw TestSupportError("the stub did not listen: \(String(decoding: process.errorsSoFar, as: UTF8.self))")
    }
}
