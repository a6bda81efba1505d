import Expression
import Metrics
import Replay
import Synchronization
import Testing

@Suite(.serialized, .overBothTransfers) struct OutcomeTests {
    private func outcomes(
        _ count: Int, rate: String = "500", connections: Int = 2, judge: Judge? = nil,
        _ answer: @escaping @Sendable (Int, [UInt8]) -> MisbehavingServer.Answer
    ) throws -> RunResult {
        let server = try MisbehavingServer(answer)
        defer { server.stop() }
        let result = try Sample.run(
            Sample.http(count), port: server.port, Sample.options(rate, connections: connections), judge: judge)
        #expect(result.totals.due == UInt64(count))
        #expect(result.outcomes.reduce(0, +) == UInt64(count))
        return result
    }

    @Test(arguments: ["500", "recorded", "4x", "max"])
    func everythingIsAnsweredTaggedAndTimed(rate: String) throws {
        let result = try outcomes(50, rate: rate) { _, _ in .bytes(Sample.ok) }
        #expect(result[.ok] == 50)
        #expect(result.totals.sent == 50 && result.totals.tagged == 50 && result.totals.answered == 50)
        #expect(result.latency.raw.count == 50 && result.latency.corrected.count == 50)
        #expect(result.run.loop == (rate == "max" ? .closed : .open))
        #expect(result.series.reduce(0) { $0 + $1.sent } == 50)
        #expect(result.operations.map(\.name) == ["POST /v1/{}"])
    }

    @Test func requestsAreMadeFitForTheTarget() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        _ = try Sample.run(Sample.http(1), port: server.port, Sample.options("100"))
        let request = try #require(server.seen.first)
        #expect(
            String(decoding: request, as: UTF8.self)
                == "POST /v1/0 HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nContent-Length: 33\r\n"
                + "x-stress-test: test-run\r\nbaggage: stress-test=test-run\r\n\r\n"
                + #"{"id":"a1b2-1000","flow":0,"n":0}"#)
    }

    @Test func aRefusingTargetIsRefused() throws {
        let port = try MisbehavingServer.closedPort()
        let result = try Sample.run(Sample.http(20), port: port, Sample.options("200"))
        #expect(result[.refused] == 20 && result.totals.sent == 0)
    }

    @Test func resetsAreCountedAndNothingIsSentTwice() throws {
        let server = try MisbehavingServer { number, _ in number % 2 == 0 ? .reset : .bytes(Sample.ok) }
        defer { server.stop() }
        let result = try Sample.run(Sample.http(20), port: server.port, Sample.options("200", connections: 1))
        #expect(result[.reset] == 10 && result[.ok] == 10)
        #expect(server.seen.count == 20)
    }

    @Test func aStallEndsInNoReplyAndTheRestGoesOn() throws {
        let result = try outcomes(10, rate: "100") { number, _ in number == 3 ? .nothing : .bytes(Sample.ok) }
        #expect(result[.noReply] == 1 && result[.ok] == 9)
    }

    @Test func halfAReplyIsAResetWhenClosedAndNoReplyWhenStalled() throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
        let closed = try outcomes(1) { _, _ in .bytesThenClose(half) }
        #expect(closed[.reset] == 1)
        let stalled = try outcomes(1) { _, _ in .bytes(half) }
        #expect(stalled[.noReply] == 1)
    }

    @Test(arguments: [
        "garbage that is no reply\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func garbageIsAProtocolError(text: String) throws {
        let result = try outcomes(1) { _, _ in .bytes(text) }
        #expect(result[.protocolError] == 1)
    }

    @Test func statusesAreJudged() throws {
        let statuses = [200, 204, 302, 404, 429, 500, 503, 304]
        let result = try outcomes(8, connections: 1) { number, _ in
            let body = [204, 304].contains(statuses[number]) ? "" : "Content-Length: 0\r\n"
            return .bytes("HTTP/1.1 \(statuses[number]) X\r\n\(body)\r\n")
        }
        #expect(result[.ok] == 4 && result[.httpError] == 3 && result[.throttled] == 1)
    }

    @Test func everyFramingOfARepliesBodyIsFollowed() throws {
        let replies = [
            "HTTP/1.1 100 Continue\r\n\r\n" + Sample.ok,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.0 200 OK\r\n\r\nuntil the end",
            "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + String(repeating: "y", count: 200_000),
            "http".uppercased() + "/1.1 200 OK\ncontent-length:2\n\nok",
        ]
        let result = try outcomes(6, connections: 1) { number, _ in
            number == 3 || number == 2 ? .bytesThenClose(replies[number]) : .bytes(replies[number])
        }
        #expect(result[.ok] == 6)
    }

    @Test func aFailingBodyCodeIsABusinessErrorThoughTheStatusIs200() throws {
        let judge = Judge(
            success: try Expression("status == 200 and body.code == 0"), decision: try ExpressionPath("decision"))
        let result = try outcomes(6, connections: 1, judge: judge) { number, _ in
            let body = #"{"code":\#(number % 3),"decision":"\#(number % 2 == 0 ? "approve" : "decline")"}"#
            return .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        #expect(result[.businessError] == 4 && result[.ok] == 2)
        #expect(result.operations.first?.decisions.map(\.count) == [3, 3])
    }

    @Test func whatCannotBeSentInTimeIsUnsent() throws {
        let result = try outcomes(30, rate: "1000", connections: 1) { _, _ in .nothing }
        #expect(result[.unsent] > 0)
        #expect(result[.unsent] + result[.noReply] == 30)
    }

    @Test func aFlowKeepsItsConnectionAndItsOrder() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        for rate in ["5000", "max"] {
            server.forget()
            let result = try Sample.run(
                Sample.http(400, flows: 7), port: server.port, Sample.options(rate, connections: 5, threads: 2))
            #expect(result[.ok] == 400)
            var last: [String: Int] = [:]
            for request in server.seen {
                let text = String(decoding: request, as: UTF8.self)
                let flow = String(text.split(separator: #""flow":"#).last?.prefix { $0.isNumber } ?? "")
                let number = Int(text.split(separator: #""n":"#).last?.prefix { $0.isNumber } ?? "") ?? -1
                #expect(number > last[flow] ?? -1)
                last[flow] = number
            }
            #expect(last.count == 7)
        }
    }

    @Test func aStopEndsSendingAndClosesTheBooks() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        let options = try Sample.options("100")
        let run = Run(
            options: options, gatekeeper: try Sample.gatekeeper(server.port, options),
            source: ListSource(Sample.http(5000)), identities: DeclaredIdentities())
        let result = try run.run(signals: nil) { if $0.elapsedNanos > 300_000_000 { run.stop() } }
        #expect(result.totals.sent > 10 && result.totals.sent < 100)
        #expect(result.totals.due == result.totals.sent + result.totals.unsent)
    }
}
