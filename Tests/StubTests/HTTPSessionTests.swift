import Bytes
import Tape
import Testing

@testable import Stub
@testable import Tagging

@Suite struct HTTPSessions {
    private let exchanges = [
        Samples.get("/a", "first"), Samples.get("/a", "second"), Samples.get("/b", "other"),
        Samples.get("/users/7", "seven", operation: "GET /users/{}"),
        Samples.http(
            "POST /pay", "POST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\none",
            "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n1"),
        Samples.http(
            "POST /pay", "POST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\ntwo",
            "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\n2"),
        Samples.http(
            "GET /chunked", "GET /chunked HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        Samples.http("GET /old", "GET /old HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nuntil the end"),
    ]

    private func body(_ response: String) -> String {
        response.components(behind: "\r\n\r\n")
    }

    @Test func equalRequestsGetTheirAnswersInTheOrderOfTheTape() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        let answers = (0..<3).map { _ in body(session.answer("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", &engine)) }
        #expect(answers == ["first", "second", "first"])
        #expect(engine.counts.matched == 3)
    }

    @Test func aMatchingBodyGetsItsOwnAnswerAndAnUnknownOneTheNextInTurn() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(body(session.answer("POST /pay HTTP/1.1\r\nContent-Length: 3\r\nX-A: 1\r\n\r\ntwo", &engine)) == "2")
        #expect(
            body(
                session.answer(
                    "POST /pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n2\r\nne\r\n0\r\n\r\n", &engine))
                == "1")
        #expect(engine.counts.matched == 2)
        #expect(body(session.answer("POST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\nxxx", &engine)) == "1")
        #expect(body(session.answer("POST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\nxxx", &engine)) == "2")
        #expect(engine.counts.matched == 2)
    }

    @Test func templatesTakeAnySegmentAndUnknownRoutesGet404() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(body(session.answer("GET /users/99?x=1 HTTP/1.1\r\n\r\n", &engine)) == "seven")
        #expect(body(session.answer("GET http://host/b#f HTTP/1.1\r\n\r\n", &engine)) == "other")
        for path in ["/users", "/users/", "/users/1/2", "/nothing", "/"] {
            #expect(session.answer("GET \(path) HTTP/1.1\r\n\r\n", &engine).hasPrefix("HTTP/1.1 404 "), "\(path)")
        }
        #expect(session.answer("DELETE /a HTTP/1.1\r\n\r\n", &engine).hasPrefix("HTTP/1.1 404 "))
        #expect(engine.counts.unknownOperation == 6)
        #expect(session.wantsInput)
    }

    @Test func requestsWaitWhileThePeerDoesNotTakeItsAnswers() throws {
        let long = String(repeating: "x", count: 1 << 20)
        var engine = try Samples.engine([Samples.get("/long", long)])
        var session = StubSession()
        let requests = Array(String(repeating: "GET /long HTTP/1.1\r\n\r\n", count: 20).utf8)
        session.receive(requests.rawSpan, nowNanos: 0, engine: &engine)
        session.peerEnded()
        #expect(session.output.count < StubSession.outputLimit + long.utf8.count + 100)
        #expect(!session.wantsInput && !session.canResume && !session.isFinished)
        var rounds = 0
        while !session.isFinished && rounds < 100 {
            rounds += 1
            session.output = []
            if session.canResume { session.resume(nowNanos: 0, engine: &engine) }
        }
        #expect(engine.counts.answered == 20)
        #expect(rounds > 3)
        #expect(!session.holdsUnhandledInput)
    }

    @Test func whatIsNoWholeRequestIsHeldAndBlankLinesAreNothing() throws {
        var engine = try Samples.engine(exchanges)
        for (text, isHeld) in [
            ("GET /a HTTP/1.1\r\n", true), ("POST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\non", true),
            ("GET /a HTTP/1.1\r\n\r\n", false), ("GET /a HTTP/1.1\r\n\r\n\r\n", false), ("", false),
            ("GET /a HTTP/1.1\r\nConnection: close\r\n\r\nGET /a HTTP/1.1\r\n\r\n", true),
        ] {
            var session = StubSession()
            _ = session.answer(text, &engine)
            session.peerEnded()
            #expect(session.isFinished)
            #expect(session.holdsUnhandledInput == isHeld, "\(text)")
        }
    }

    @Test func headGetsTheHeadOfGet() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(session.answer("HEAD /b HTTP/1.1\r\n\r\n", &engine) == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        #expect(session.answer("HEAD /none HTTP/1.1\r\n\r\n", &engine).hasSuffix("\r\n\r\n"))
    }

    @Test func pipelinedRequestsAreAnsweredInOrderWhateverThePieces() throws {
        let requests =
            "GET /b HTTP/1.1\r\n\r\nPOST /pay HTTP/1.1\r\nContent-Length: 3\r\n\r\ntwoGET /chunked HTTP/1.1\r\n\r\n"
            + "GET /nope HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nConnection: close\r\n\r\n"
        var engine = try Samples.engine(exchanges)
        var whole = StubSession()
        let expected = whole.answer(requests, &engine)
        #expect(expected.contains("3\r\nabc\r\n0\r\n\r\n"))
        #expect(expected.hasSuffix("first"))
        #expect(whole.isFinished)
        var bytewise = try Samples.engine(exchanges)
        var session = StubSession()
        var answers: [UInt8] = []
        for byte in requests.utf8 { answers += session.answer([byte], &bytewise) }
        #expect(String(decoding: answers, as: UTF8.self) == expected)
        #expect(bytewise.counts == engine.counts)
    }

    @Test func aBodyThatEndsWithTheConnectionEndsTheConnection() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(session.answer("GET /old HTTP/1.1\r\n\r\n", &engine).hasSuffix("until the end"))
        #expect(session.isFinished)
        var old = StubSession()
        _ = old.answer("GET /a HTTP/1.0\r\n\r\n", &engine)
        #expect(old.isFinished)
    }

    @Test(arguments: [
        "GET /a\r\n\r\n", "GET /a HTTP/2.0\r\n\r\n and more to read", "POST /pay HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST /pay HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /pay HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "hello, is there anybody there\r\n",
        "GET /a HTTP/1.1\r\nno colon here\r\n\r\n",
    ])
    func malformedRequestsGet400AndTheEnd(_ request: String) throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(session.answer(request, &engine).hasPrefix("HTTP/1.1 400 "))
        #expect(session.isFinished)
        #expect(engine.counts.malformed == 1)
        #expect(engine.counts.requests == 0)
    }

    @Test func whatIsTooLargeGets413AndWhatWaitsForLeaveGets100() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(
            session.answer("POST /pay HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n", &engine)
                == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(session.answer("tw", &engine).isEmpty)
        #expect(session.answer("o", &engine).hasPrefix("HTTP/1.1 201"))
        #expect(
            session.answer("POST /pay HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", &engine).hasPrefix(
                "HTTP/1.1 413"))
        #expect(session.isFinished)
    }

    @Test func theTagIsCountedByCarrierAndOperation() throws {
        var engine = try Samples.engine(
            exchanges, probe: TagProbe(Carrier.defaults + [Carrier(.httpHeader("didi-header-hint-code"), .mask(1))]))
        var session = StubSession()
        for headers in [
            "X-Stress-Test: run1\r\n", "x-stress-test:\r\n", "Baggage: a=1, stress-test = run1 ;p=2\r\n",
            "baggage: stress-testing=1\r\nbaggage: stress-test=\r\n", "didi-header-hint-code: 17\r\n",
            "didi-header-hint-code: 16\r\n", "didi-header-hint-code: x1\r\n",
            "X-Stress-Test: r\r\nbaggage: stress-test=r\r\n", "",
        ] {
            _ = session.answer("GET /b HTTP/1.1\r\n\(headers)\r\n", &engine)
        }
        _ = session.answer("GET /unknown HTTP/1.1\r\nX-Stress-Test: r\r\n\r\n", &engine)
        let counts = engine.counts
        #expect(counts.requests == 10)
        #expect(counts.tagged == 5)
        #expect(counts.untagged == 5)
        let byName = Dictionary(uniqueKeysWithValues: zip(counts.carriers, counts.byCarrier))
        #expect(byName["http:x-stress-test"] == 3)
        #expect(byName["baggage:stress-test"] == 2)
        #expect(byName["http:didi-header-hint-code"] == 1)
        let operation = try #require(counts.operations.first { $0.name == "GET /b" })
        #expect(operation.requests == 9)
        #expect(operation.tagged == 4)
    }

    @Test func answersWaitForTheirTimeAndKeepTheirOrder() throws {
        var engine = try Samples.engine(exchanges, delay: Delay(.constant(nanos: 100)))
        var session = StubSession()
        session.receive(Array("GET /a HTTP/1.1\r\n\r\n".utf8).rawSpan, nowNanos: 1000, engine: &engine)
        session.receive(
            Array("GET /b HTTP/1.1\r\nConnection: close\r\n\r\n".utf8).rawSpan, nowNanos: 1050, engine: &engine)
        #expect(session.output.isEmpty)
        #expect(session.nextDueNanos == 1100)
        session.release(nowNanos: 1099)
        #expect(session.output.isEmpty)
        session.release(nowNanos: 1100)
        #expect(String(decoding: session.output, as: UTF8.self).hasSuffix("first"))
        #expect(session.nextDueNanos == 1150)
        #expect(!session.isFinished)
        session.output = []
        session.release(nowNanos: 2000)
        #expect(String(decoding: session.output, as: UTF8.self).hasSuffix("other"))
        session.output = []
        #expect(session.isFinished)
    }
}

extension String {
    /// What follows the first `separator`.
    func components(behind separator: String) -> String {
        let bytes = Array(utf8)
        let wanted = Array(separator.utf8)
        for at in bytes.indices where bytes[at...].starts(with: wanted) {
            return String(decoding: bytes[(at + wanted.count)...], as: UTF8.self)
        }
        return ""
    }
}
