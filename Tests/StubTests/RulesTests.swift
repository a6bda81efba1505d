import Bytes
import Foundation
import JSON
import Schema
import TestSupport
import Testing
import Thrift

@testable import Stub

private func parse(_ text: String) throws -> StubRules {
    try StubRules.parse(
        Array(text.utf8), file: "rules.yaml", duration: duration,
        share: { text in
            let isPercent = text.hasSuffix("%")
            return Double(isPercent ? String(text.dropLast()) : text).flatMap { value in
                let share = isPercent ? value / 100 : value
                return share <= 1 ? UInt64((share * 1e9).rounded()) : nil
            }
        }, size: { $0.hasSuffix("KiB") ? UInt64($0.dropLast(3)).map { $0 << 10 } : UInt64($0) })
}

private func duration(_ text: String) -> UInt64? {
    if text.hasSuffix("ms") { return UInt64(text.dropLast(2)).map { $0 * 1_000_000 } }
    return text.hasSuffix("s") ? UInt64(text.dropLast()).map { $0 * 1_000_000_000 } : nil
}

/// A rules file with these rules; each is one line of YAML.
private func file(_ rules: String...) -> String {
    "version: 1\nseed: 5\nrules:\n" + rules.map { "  - \($0)\n" }.joined()
}

private func engine(
    _ text: String, _ schemas: SchemaSet = SchemaSet(),
    _ exchanges: [(String, String)] = [("/a", "first"), ("/b", "other")]
) throws -> StubEngine {
    let rules = try parse(text)
    var builder = AnswerBook.Builder(source: SchemaAnswers(schemas))
    for (path, body) in exchanges { try builder.add(Samples.get(path, body)) }
    try builder.addOperations(of: schemas, rules: rules.rules)
    var engine = StubEngine(book: builder.finish())
    try engine.use(rules, schemas)
    return engine
}

private func thriftSchemas() throws -> SchemaSet {
    var set = SchemaSet()
    try set.load(
        SchemaSource(name: "risk_decision.thrift", bytes: Repository.bytes("schemas/risk_decision.thrift")))
    return set
}

@Suite struct RulesTests {
    private let get = "GET /a HTTP/1.1\r\nHost: h\r\nX-Kind: loud\r\n\r\n"

    private func post(_ path: String, _ body: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func answer(_ engine: inout StubEngine, _ request: String, at nanos: UInt64 = 0) -> String {
        var session = StubSession()
        session.receive(Array(request.utf8).rawSpan, nowNanos: nanos, engine: &engine)
        return String(decoding: session.output, as: UTF8.self)
    }

    @Test("Answers are chosen by operation and fields, the first rule first, the tape's last")
    func choice() throws {
        var engine = try engine(
            file(
                #"{operation: POST /pay, where: request.amount > 10 and query.dry != "1", answer: {status: 201, headers: {X-Id: "i-${request.id}"}, body: {id: "${request.id}", all: "${request}", text: "n ${number} of ${request.id}$${", none: "${request.gone}"}}}"#,
                #"{operation: "POST *", answer: {text: "small ${method} ${uri}"}}"#,
                #"{where: header.x-kind == "loud", answer: {text: "HEARD"}}"#))
        let large = answer(&engine, post("/pay", #"{"id": 7, "amount": 11}"#))
        #expect(large.hasPrefix("HTTP/1.1 201 Created\r\nX-Id: i-7\r\n"))
        #expect(large.hasSuffix(#"{"id":7,"all":{"id":7,"amount":11},"text":"n 1 of 7${","none":null}"#))
        #expect(answer(&engine, post("/pay", #"{"amount": 10}"#)).hasSuffix("\r\n\r\nsmall POST /pay"))
        #expect(answer(&engine, get).hasSuffix("HEARD"))
        #expect(answer(&engine, "GET /b HTTP/1.1\r\n\r\n").hasSuffix("other"))
        #expect(engine.counts.rules.map(\.answered) == [1, 1, 1])
        #expect(engine.counts.answered == 4)
    }

    @Test("A header that is filled from a request cannot end its line")
    func headers() throws {
        var engine = try engine(file(#"{operation: POST /x, answer: {headers: {X: "${request.a}"}}}"#))
        let text = answer(&engine, post("/x", #"{"a": "b\r\nSet-Cookie: c"}"#))
        #expect(text.contains("X: bSet-Cookie: c\r\n"))
    }

    @Test("Thrift answers are composed through the IDL, in the encoding and framing of the call")
    func thrift() throws {
        let schemas = try thriftSchemas()
        let rules = file(
            #"{operation: RiskDecision.evaluate, where: request.country == "XX", answer: {throws: {err: {code: notFound, message: "${request.country}"}}}}"#,
            #"{operation: RiskDecision.*, where: request.1.3 == 3 and request.payment.amountMinor > 5, answer: {body: {requestId: "${request.requestId}", decision: review, score: 7, reasons: []}}}"#
        )
        var engine = try engine(rules, schemas)
        let evaluate = try #require(schemas.operation(named: "evaluate"))
        func call(_ amount: Int, _ country: String, _ framing: ThriftFraming, _ encoding: ThriftEncoding) throws
            -> JSONValue
        {
            let json = try JSONValue(
                parsing:
                    #"{"requestId":"r","eventTimeMillis":1,"scene":"payment","country":"\#(country)","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"},"payment":{"method":"pix","amountMinor":\#(amount),"currency":"BRL"}}"#
            )
            let message = ThriftMessage(
                name: "evaluate", type: .call, seqid: 9, body: try schemas.compose(arguments: json, of: evaluate))
            var session = StubSession()
            let reply = session.answer(message.encoded(framing, encoding), &engine)
            let decoded = try ThriftMessage(decoding: reply.rawSpan, framing, encoding)
            #expect(decoded.seqid == 9)
            return schemas.render(decoded)
        }
        for framing in ThriftFraming.allCases {
            for encoding in ThriftEncoding.allCases {
                #expect(try call(6, "BR", framing, encoding)["success"]?["decision"] == "review")
                // What no rule answers gets the least answer of its schema.
                #expect(try call(5, "BR", framing, encoding)["success"]?["decision"] == "approve")
                #expect(try call(6, "XX", framing, encoding)["err"] == ["code": "notFound", "message": "XX"])
            }
        }
        #expect(engine.counts.rules.map(\.answered) == [4, 4])
    }

    @Test("A fixed answer that does not fit the schema is refused before the stub listens")
    func unfit() throws {
        let schemas = try thriftSchemas()
        for (answer, message) in [
            ("{body: {decision: review}}", "rule 1.requestId"),
            ("{body: {decisio: review}}", "Did you mean 'decision'?"),
            ("{throws: {nothing: {}}}", "rule 1.nothing"),
        ] {
            do {
                _ = try engine(file("{operation: RiskDecision.evaluate, answer: \(answer)}"), schemas)
                Issue.record("\(message) was expected")
            } catch let error as ComposingError {
                #expect(error.description.contains(message), "\(error)")
            }
        }
        #expect(throws: ComposingError.self) { try engine(file("{operation: Risk.check, answer: {body: 1}}")) }
    }

    @Test("Schedules count from the start and repeat")
    func schedules() throws {
        var engine = try engine(
            file("{from: 2s, until: 3s, every: 10s, answer: {text: LATE}}", "{from: 25s, answer: {text: END}}"))
        engine.startNanos = 1_000_000_000
        let times: [(UInt64, String)] = [
            (0, "first"), (1, "first"), (2, "LATE"), (3, "first"), (12, "LATE"), (13, "first"), (22, "LATE"),
            (25, "END"),
            (32, "LATE"),
        ]
        for (second, end) in times {
            #expect(answer(&engine, get, at: (second + 1) * 1_000_000_000).hasSuffix(end), "\(second)")
        }
    }

    @Test("Under one seed the same requests meet the same fate, in the shares asked for")
    func shares() throws {
        func fates(_ seed: Int) throws -> [String] {
            let text = file("{share: 30%, answer: {text: X}}", "{faults: {error: 20%, reset: 10%}}")
            var engine = try engine(text.replacingOccurrences(of: "seed: 5", with: "seed: \(seed)"))
            return (0..<4000).map { _ in answer(&engine, get) }
        }
        let first = try fates(1)
        #expect(try fates(1) == first)
        #expect(try fates(2) != first)
        let (errors, resets) = (first.count { $0.contains("503") }, first.count { $0.isEmpty })
        let marked = first.count { $0.hasSuffix("X") }
        // Within five standard deviations.
        #expect(abs(errors - 800) < 127)
        #expect(abs(resets - 400) < 95)
        #expect(abs(Double(marked) - 4000 * 0.3 * 0.7) < 130)
    }
}

@Suite struct FaultTests {
    private let get = Array("GET /a HTTP/1.1\r\n\r\n".utf8)

    private func session(_ fault: String, _ more: String = "") throws -> (StubSession, StubEngine) {
        var engine = try engine(file("{faults: {\(fault)}\(more)}"))
        var session = StubSession()
        session.receive(get.rawSpan, nowNanos: 0, engine: &engine)
        return (session, engine)
    }

    @Test("Resets, closes and half-closes come instead of an answer, and nothing behind them is answered")
    func endings() throws {
        var (session, engine) = try session("reset: 100%")
        #expect(session.output.isEmpty && session.isFinished && session.resets)
        session.receive(get.rawSpan, nowNanos: 1, engine: &engine)
        #expect(engine.counts.requests == 1)
        (session, engine) = try self.session("close: 100%")
        #expect(session.output.isEmpty && session.isFinished && !session.resets)
        #expect(engine.counts.faults == [0, 1, 0, 0, 0, 0, 0])
        (session, engine) = try self.session("halfClose: 100%")
        #expect(!session.isFinished && session.wantsInput)
        let turns = [session.takesHalfClose(), session.takesHalfClose()]
        #expect(turns == [true, false])
        session.receive(get.rawSpan, nowNanos: 1, engine: &engine)
        #expect(session.output.isEmpty)
        session.peerEnded()
        #expect(session.isFinished)
    }

    @Test("A stall holds the answer and those behind it, or never ends")
    func stalls() throws {
        var (session, engine) = try session("stall: {share: 100%, for: 2s}")
        #expect(session.nextDueNanos == 2_000_000_000)
        session.release(nowNanos: 2_000_000_000)
        #expect(String(decoding: session.output, as: UTF8.self).hasSuffix("first"))
        (session, engine) = try self.session("stall: 100%")
        #expect(session.nextDueNanos == nil && session.output.isEmpty && !session.isFinished)
        session.receive(get.rawSpan, nowNanos: 1, engine: &engine)
        session.release(nowNanos: .max)
        #expect(session.output.isEmpty && !session.isFinished && session.wantsInput)
        session.peerEnded()
        #expect(session.isFinished)
    }

    @Test("Half an answer is a part of it and never all", arguments: ["close", "reset", "stall"])
    func halves(_ then: String) throws {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst".utf8.count
        for (share, count) in [("50%", whole / 2), ("0%", 1), ("100%", whole - 1)] {
            var (session, _) = try session("half: {share: 100%, of: \(share), then: \(then)}")
            #expect(session.output.count == count)
            #expect(session.resets == (then == "reset"))
            session.output = []
            #expect(session.isFinished == (then != "stall"))
        }
    }

    @Test("Garbage begins as no reply does; errors keep the connection")
    func garbage() throws {
        var (session, engine) = try session("garbage: {share: 100%, bytes: 9}")
        #expect(session.output.count == 9 && session.output.first == 0xFF && !session.isFinished)
        (session, engine) = try self.session("error: {share: 100%, status: 429}")
        #expect(String(decoding: session.output, as: UTF8.self).hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(!session.isFinished)
        #expect(engine.counts.faults == [0, 0, 0, 0, 0, 0, 1])
        #expect(engine.counts.rules[0].faults == engine.counts.faults)
    }

    @Test("A bandwidth spreads each answer over its time, one behind the other")
    func bandwidth() throws {
        var engine = try engine(
            file("{bandwidth: 1000, delay: 5ms}"), SchemaSet(), [("/a", String(repeating: "x", count: 462))])
        var session = StubSession()
        // Two answers of 502 bytes at 1000 bytes a second: half a second each.
        session.receive((get + get).rawSpan, nowNanos: 0, engine: &engine)
        var sent: [(UInt64, Int)] = []
        while let due = session.nextDueNanos {
            session.release(nowNanos: due)
            sent.append((due, session.output.count))
        }
        #expect(sent.last?.1 == 1004)
        #expect(abs(Double(sent.last?.0 ?? 0) - 1.005e9) < 0.03e9)
        for (nanos, count) in sent { #expect(Double(count) <= Double(nanos - 5_000_000) / 1e6 + 11) }
    }
}
