import Foundation
import JSON
import Schema
import Tape
import Testing

@testable import Stub

@Suite struct AnswersFromOpenAPI {
    private func schemas() throws -> SchemaSet {
        var schemas = SchemaSet()
        let text = try Data(contentsOf: Peer.root.appendingPathComponent("schemas/risk_decision.openapi.yaml"))
        try schemas.load(SchemaSource(name: "risk_decision.openapi.yaml", bytes: [UInt8](text)))
        return schemas
    }

    private func request(_ id: String, amount: Int) -> String {
        let body = #"{"requestId": "\#(id)", "payment": {"amountMinor": \#(amount)}, "idempotencyKey": "k\#(id)"}"#
        return "POST /v1/risk/decisions HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test func giveTheExpectedDecisionAndTheRequestsOwnId() throws {
        var builder = AnswerBook.Builder(source: SchemaAnswers(try schemas()))
        for (index, decision) in ["approve", "decline", "review", "stepUp", "reject"].enumerated() {
            try builder.add(
                Samples.http("POST /v1/risk/decisions", request("r\(index)", amount: index), nil, expected: decision))
        }
        var engine = StubEngine(book: builder.finish())
        var session = StubSession()
        for (index, decision) in ["approve", "decline", "review", "stepUp"].enumerated() {
            // Another identity, as a later round of a replay has it, and still the same request.
            let answer = session.answer(request("fresh-\(index)", amount: index), &engine)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            let body = answer.components(behind: "\r\n\r\n")
            #expect(answer.contains("Content-Length: \(body.utf8.count)\r\n"))
            let value = try JSONValue(parsing: body)
            #expect(value["requestId" as JSONPath]?.string == "fresh-\(index)")
            #expect(value["decision" as JSONPath]?.string == decision)
            #expect(((value["score" as JSONPath]?.int ?? 0) < 500) == (decision == "approve"))
            #expect(value["reasons" as JSONPath]?.array?.isEmpty == (decision == "approve"))
        }
        #expect(session.answer(request("x", amount: 4), &engine).hasPrefix("HTTP/1.1 400 "))
        #expect(engine.counts.matched == 5)
    }
}
