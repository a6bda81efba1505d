import Bytes
import Compression
import Expression
import JSON
import Tape
import Testing
import Thrift

@testable import Analysis

@Suite struct TapeDiffs {
    private func http(
        _ id: UInt64, _ body: String?, status: String = "200 OK", headers: String = "", expected: String = "",
        outcome: String = "ok"
    ) -> Exchange {
        var exchange = Exchange()
        exchange.id = id
        exchange.format = .http1
        exchange.operation = "POST /decide"
        exchange.request = Message(wire: Array("POST /decide HTTP/1.1\r\nContent-Length: 0\r\n\r\n".utf8))
        exchange.response = body.map {
            Message(wire: Array("HTTP/1.1 \(status)\r\nContent-Length: \($0.utf8.count)\r\n\(headers)\r\n\($0)".utf8))
        }
        exchange.expected = expected
        exchange.run = RunRecord()
        exchange.run?.outcome = outcome
        return exchange
    }

    private func diff(_ options: TapeDiff.Options = .init(), _ pairs: [(Exchange, Exchange)]) -> TapeDiff {
        var diff = TapeDiff(options) { message, _ in
            var object = JSONObject()
            for field in message.body { object.append(String(field.id), Self.json(field.value)) }
            return .object(object)
        }
        for (source, replayed) in pairs { diff.add(source: source, replayed: replayed) }
        return diff
    }

    /// As `show` renders without an IDL.
    private static func json(_ value: ThriftValue) -> JSONValue {
        switch value {
        case .structure(let fields):
            .object(JSONObject(fields.map { .init(String($0.id), json($0.value)) }))
        default: value.string.map { JSONValue($0) } ?? value.integer.map { JSONValue($0) } ?? .null
        }
    }

    @Test func theConfusionMatrixCountsWhatBecameOfEachDecision() {
        let before = ["approve", "approve", "approve", "decline", "review"]
        let after = ["approve", "decline", "decline", "decline", "approve"]
        let pairs = zip(before, after).enumerated().map { index, pair in
            (
                http(UInt64(index), #"{"decision": "\#(pair.0)", "score": 1}"#),
                http(UInt64(index + 100), #"{"score": 1.0, "decision": "\#(pair.1)"}"#)
            )
        }
        let diff = diff(.init(), pairs)
        #expect(diff.decisionPath?.description == "decision")
        #expect(diff.detected != nil)
        #expect((diff.decisionsCompared, diff.decisionsChanged, diff.identical) == (5, 3, 2))
        #expect(
            diff.transitions.map { "\($0.from) \($0.to) \($0.count) \($0.examples)" } == [
                "approve decline 2 [1, 2]", "review approve 1 [4]", "approve approve 1 []", "decline decline 1 []",
            ])
        #expect(diff.fields.map { "\($0.path) \($0.count)" } == ["decision 3"])
        #expect(!diff.isClean)
    }

    @Test func bodiesAreComparedAfterTheirCodings() throws {
        let text = #"{"decision": "approve", "traceId": "1", "reasons": [{"code": "a"}]}"#
        var zipped = http(1, "")
        let body = Deflate.compress(Array(text.utf8).rawSpan, as: .gzip)
        zipped.response = Message(
            wire: Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                + body)
        var chunked = http(1, "")
        let other = text.replacing("\"1\"", with: "\"2\"")
        chunked.response = Message(
            wire: Array(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(other.utf8.count, radix: 16))\r\n\(other)\r\n0\r\n\r\n"
                    .utf8))
        #expect(diff(.init(), [(zipped, chunked)]).fields.map(\.path) == ["traceId"])
        var options = TapeDiff.Options()
        options.ignored = [try PathPattern("response.traceId")]
        #expect(diff(options, [(zipped, chunked)]).isClean)
    }

    @Test func statusesAndMissingRepliesAreReported() throws {
        let diff = diff(
            .init(),
            [
                (http(0, #"{"decision": "approve"}"#), http(0, "gateway", status: "502 Bad Gateway")),
                (http(1, #"{"decision": "approve"}"#), http(1, nil, outcome: "reset")),
                (http(2, #"{"decision": "approve"}"#), http(2, nil, outcome: "noReply")),
                (http(3, nil), http(3, "{}")), (http(4, nil), http(4, nil)),
            ])
        #expect(diff.missing == ["reset": 1, "noReply": 1])
        #expect(diff.withoutReference == 1)
        #expect(diff.transitions.map { "\($0.from) \($0.to)" } == ["approve (status 502)"])
        #expect(Set(diff.fields.map(\.path)) == ["status", "body"])
        let json = diff.json
        #expect(json["missing.count" as JSONPath]?.int == 2)
        #expect(json["decisions.path" as JSONPath]?.string == "decision")
    }

    @Test func synthesizedExchangesAreHeldAgainstTheirExpectation() throws {
        let pairs = [
            (http(0, nil, expected: "approve"), http(0, #"{"result": {"Decision": "APPROVE"}}"#)),
            (http(1, nil, expected: "decline"), http(1, #"{"result": {"Decision": "approve"}}"#)),
            (http(2, nil, expected: "reject"), http(2, "{}", status: "400 Bad Request")),
            (http(3, nil, expected: "reject"), http(3, #"{"result": {"Decision": "approve"}}"#)),
        ]
        let diff = diff(.init(), pairs)
        #expect(diff.againstExpectation == 4)
        #expect(diff.decisionsChanged == 2)
        #expect(diff.decisionPath?.description == "result.Decision")
        #expect(
            diff.transitions.filter { $0.from != $0.to }.map { "\($0.from) \($0.to)" } == [
                "decline approve", "reject approve",
            ])
    }

    @Test(arguments: ThriftEncoding.allCases)
    func thriftResultsAreComparedByFieldIdWithoutAnIDL(_ encoding: ThriftEncoding) throws {
        func exchange(_ id: UInt64, _ decision: Int32, _ type: MessageType = .reply) -> Exchange {
            var exchange = Exchange()
            exchange.id = id
            exchange.operation = "Risk.evaluate"
            exchange.format = WireFormat(.thrift, .framed, encoding == .binary ? .binary : .compact)
            exchange.request = Message(
                wire: ThriftMessage(name: "evaluate", type: .call, seqid: 1).encoded(.framed, encoding))
            let result = ThriftValue.structure([ThriftField(1, ThriftValue("r")), ThriftField(2, .i32(decision))])
            let message =
                type == .reply
                ? ThriftMessage(name: "evaluate", type: .reply, seqid: Int32(id), body: [ThriftField(0, result)])
                : .applicationException(6, "no", name: "evaluate", seqid: 1)
            exchange.response = Message(wire: message.encoded(.framed, encoding))
            return exchange
        }
        var options = TapeDiff.Options()
        options.decision = try ExpressionPath("2")
        options.keepsValues = true
        let diff = diff(
            options,
            [
                (exchange(0, 1), exchange(0, 1)), (exchange(1, 1), exchange(9, 2)),
                (exchange(2, 1), exchange(2, 0, .exception)),
            ])
        #expect(diff.transitions.map { "\($0.from) \($0.to) \($0.count)" } == ["1 (exception) 1", "1 2 1", "1 1 1"])
        let field = try #require(diff.fields.first { $0.path == "2" })
        #expect(field.examples.first == .init(id: 1, before: 1, after: 2))
    }

    @Test func theTextSaysTheSummaryFirstAndKeepsValuesBack() throws {
        let pairs = [
            (http(7, #"{"decision": "approve", "n": "secret"}"#), http(1, #"{"decision": "review", "n": "hidden"}"#))
        ]
        func text(_ diff: TapeDiff) -> String {
            diff.lines(count: { "\($0)" }, share: { "\($0)/\($1)" }) { head, rows, _ in
                ([head] + rows).map { "  " + $0.joined(separator: " ") }
            }.joined(separator: "\n")
        }
        #expect(
            text(diff(.init(), pairs)) == """
                CHANGED  1 of 1 responses compared

                  decision   at decision (found; --decision names another)
                  decisions  1 of 1 changed (1/1)
                  responses  1 of 1 differ (1/1)

                  from to responses share operation examples
                  approve review 1 1/1 POST /decide #7

                  field differs added removed operation examples
                  decision 1 0 0 POST /decide #7
                  n 1 0 0 POST /decide #7
                """)
        var options = TapeDiff.Options()
        options.keepsValues = true
        #expect(text(diff(options, pairs)).contains(#"#7 n: "secret" → "hidden""#))
    }
}
