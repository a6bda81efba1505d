import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// The built command on tapes of our own, with curl as the client.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "/usr/bin/curl is not installed"))
struct StubAndDiffTests {
    private func exchange(
        _ id: UInt64, _ body: String?, expected: String = "",
        run: (source: UInt64, round: UInt32, outcome: String)? = nil
    ) -> Exchange {
        var exchange = Exchange()
        exchange.id = id
        exchange.format = .http1
        exchange.operation = "POST /v1/risk/decisions"
        let request = #"{"requestId": "r\#(run?.source ?? id)", "amount": \#(run?.source ?? id)}"#
        exchange.request = Message(
            wire: Array(
                "POST /v1/risk/decisions HTTP/1.1\r\nHost: a\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)"
                    .utf8))
        exchange.response = body.map {
            Message(wire: Array("HTTP/1.1 200 OK\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)".utf8))
        }
        exchange.expected = expected
        if let run {
            var record = RunRecord()
            record.sourceID = run.source
            record.round = run.round
            record.outcome = run.outcome
            exchange.run = record
        }
        return exchange
    }

    private func write(_ exchanges: [Exchange], to path: String, schema: Bool = false) throws {
        let writer = try TapeWriter(path: path)
        if schema {
            let name = "risk_decision.openapi.yaml"
            try writer.attach(name: name, mediaType: TapeMediaType.openAPI, bytes: Repository.bytes("schemas/\(name)"))
        }
        for exchange in exchanges { try writer.append(exchange) }
        try writer.finish()
    }

    /// Starts a stub and returns it with its port.
    private func stub(_ arguments: [String]) throws -> (ChildProcess, Int) {
        let process = try ChildProcess(Repository.binary, ["stub", "--listen", "127.0.0.1:0"] + arguments)
        for _ in 0..<500 {
            let said = String(decoding: process.errorsSoFar, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("listening on 127.0.0.1:") }),
                let port = line.split(separator: ":").last.flatMap({ Int($0) })
            {
                return (process, port)
            }
            if !process.isRunning { break }
            usleep(20_000)
        }
        throw TestSupportError("the stub did not listen: \(String(decoding: process.errorsSoFar, as: UTF8.self))")
    }

    private func curl(_ port: Int, _ body: String, _ headers: [String] = []) throws -> String {
        let url = "http://127.0.0.1:\(port)/v1/risk/decisions"
        return try run("/usr/bin/curl", ["-sS"] + headers.flatMap { ["-H", $0] } + ["-d", body, url]).output
    }

    @Test("The stub answers from the tape until SIGTERM and then says what was tagged")
    func stubCountsTheTag() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("tape.mcap")
        try write((0..<3).map { exchange($0, #"{"answer": \#($0)}"#) }, to: tape)
        let (process, port) = try stub([tape, "--json"])
        #expect(try curl(port, #"{"requestId": "r2", "amount": 2}"#, ["x-stress-test: run"]) == #"{"answer": 2}"#)
        #expect(try curl(port, #"{"requestId": "r1", "amount": 1}"#) == #"{"answer": 1}"#)
        let result = process.stop()
        #expect(result.status == 0)
        let summary = try JSONValue(parsing: result.stdout)
        #expect(summary["requests" as JSONPath]?.int == 2)
        #expect(summary["tagged" as JSONPath]?.int == 1)
        #expect(summary["untagged" as JSONPath]?.int == 1)
        #expect(summary["matched" as JSONPath]?.int == 2)
        #expect(summary["carriers" as JSONPath]?.object?["http:x-stress-test"]?.int == 1)
        #expect(summary["operations.0.tagged" as JSONPath]?.int == 1)
    }

    @Test("A synthesized tape is answered with the decisions that its scenario expects, whatever the ids")
    func stubAnswersExpectations() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("tape.mcap")
        try write(
            ["approve", "decline"].enumerated().map { exchange(UInt64($0), nil, expected: $1) }, to: tape, schema: true)
        let (process, port) = try stub([tape, "--count", "2"])
        let answer = try JSONValue(
            parsing: try curl(port, #"{"requestId": "new", "amount": 1}"#, ["baggage: stress-test=1"]))
        #expect(answer["decision" as JSONPath]?.string == "decline")
        #expect(answer["requestId" as JSONPath]?.string == "new")
        _ = try curl(port, #"{"requestId": "new", "amount": 0}"#, ["baggage: stress-test=1"])
        let result = process.wait()
        #expect(result.status == 0)
        #expect(result.output.contains("  tagged     2 of 2 (100 %)\n  untagged   0\n"))
        #expect(result.output.contains("baggage:stress-test"))
    }

    @Test("What cannot be served is refused with status 2")
    func stubRefusals() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("tape.mcap")
        try write([exchange(0, nil, expected: "approve")], to: tape)
        for arguments in [
            [tape, "--listen", "127.0.0.1:0"], [folder.file("none.mcap"), "--listen", "127.0.0.1:0"],
            [tape, "--listen", ":80"], [tape, "--listen", "127.0.0.1:0", "--delay", "soon"],
            [tape, "--listen", "127.0.0.1:0", "--carrier", "pigeon"],
        ] {
            let result = try run(Repository.binary, ["stub"] + arguments)
            #expect(result.status == 2, "\(arguments)")
            #expect(result.stdout.isEmpty)
            #expect(result.errors.hasPrefix("tinct: "), "\(result.errors)")
        }
    }

    @Test("The diff joins rounds by source id and ends with 1 when a decision changed, with 0 when none did")
    func diffJoinsRounds() throws {
        let folder = try TemporaryDirectory()
        let (tape, run, same) = (folder.file("tape.mcap"), folder.file("run.mcap"), folder.file("same.mcap"))
        func body(_ decision: String, _ trace: Int) -> String { #"{"decision": "\#(decision)", "traceId": \#(trace)}"# }
        try write((0..<5).map { exchange($0, body("approve", Int($0))) }, to: tape)
        // Answered out of order; the second round is cut short.
        let order: [(UInt64, UInt32)] = [(1, 0), (0, 0), (2, 0), (0, 1), (4, 0), (1, 1)]
        try write(
            order.enumerated().map { index, pair in
                exchange(
                    UInt64(index), body(pair.0 == 2 ? "decline" : "approve", 100 + index),
                    run: (source: pair.0, round: pair.1, outcome: "ok"))
            }, to: run)
        let changed = try tinct("diff", tape, run, "--ignore", "**.traceId", "--json")
        #expect(changed.status == 1)
        let json = try JSONValue(parsing: changed.stdout)
        #expect(json["compared" as JSONPath]?.int == 6)
        #expect(json["identical" as JSONPath]?.int == 5)
        #expect(json["notReplayed" as JSONPath]?.int == 1)
        #expect(json["decisions.changed" as JSONPath]?.int == 1)
        #expect(json["decisions.transitions.0.to" as JSONPath]?.string == "decline")
        #expect(json["responses.fields.0.path" as JSONPath]?.string == "decision")
        try write(
            (0..<5).map { exchange($0, body("approve", 9), run: (source: $0, round: 0, outcome: "ok")) }, to: same)
        let clean = try tinct("diff", tape, same, "--ignore", "response.traceId")
        #expect(clean.status == 0)
        #expect(clean.output.hasPrefix("SAME  5 responses compared, nothing changed\n"))
        #expect(try tinct("diff", tape, tape).status == 2)
    }
}
