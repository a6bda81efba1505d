import JSON
import Testing

@testable import Expression

@Suite struct ExpressionsOverJSON {
    private let root: JSONValue = [
        "status": 200,
        "response": [
            "decision": "review", "score": 0.1, "reasons": [["code": "velocity"], "second"], "a.b": true, "none": nil,
        ],
    ]

    @Test(arguments: [
        "status == 200 and response.decision == 'review'", "response.reasons.0.code == 'velocity'",
        "'second' in response.reasons", "response.score == 0.1", "response.\"a.b\"", "exists(response.none)",
        "response.none == null", "not exists(response.reasons.2)", "exists(response.reasons)",
        "not exists(nothing.at.all)",
    ])
    func reachWhatStandsInTheTree(_ text: String) throws {
        #expect(try Expression(text).isTrue(over: root))
    }

    @Test func numbersBeyondADoubleStayExact() throws {
        let root = try JSONValue(parsing: #"{"n": 9007199254740993, "m": 1e400}"#)
        #expect(try Expression("n == 9007199254740993 and n != 9007199254740992 and m > 1e399").isTrue(over: root))
    }
}
