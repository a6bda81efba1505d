import JSON
import Testing
import Thrift

@testable import Schema

@Suite struct RenderingTests {
    private func sink(_ fields: [ThriftField]) throws -> JSONValue {
        let set = try Samples.sinkSet()
        let message = ThriftMessage(name: "one", type: .reply, seqid: 0, body: [ThriftField(0, .structure(fields))])
        return try #require(set.render(message, set.operation(named: "Sinks.one"))["success"])
    }

    @Test func aCallGoesByTheNamesOfItsArgumentsFieldsAndCases() throws {
        let set = try Samples.set("risk_decision.thrift")
        let message = ThriftMessage(
            name: "RiskDecision:evaluate", type: .call, seqid: 3,
            body: [
                ThriftField(
                    1,
                    .structure([
                        ThriftField(1, ThriftValue("r-1")), ThriftField(3, .i32(3)),
                        ThriftField(18, .map(.binary, .binary, [ThriftPair(ThriftValue("a"), ThriftValue("b"))])),
                        ThriftField(20, .structure([ThriftField(1, ThriftValue("l")), ThriftField(5, .i64(17))])),
                    ]))
            ])
        let expected = """
            {"req":{"requestId":"r-1","scene":"payment","attributes":{"a":"b"},"trace":{"logId":"l","hintCode":17}}}
            """
        #expect(set.render(message).text == expected)
    }

    @Test func aReplyShowsSuccessOrTheNameOfItsException() throws {
        let set = try Samples.set("risk_decision.thrift")
        var reply = ThriftMessage(name: "evaluate", type: .reply, seqid: 3)
        reply.body = [ThriftField(0, .structure([ThriftField(2, .i32(4))]))]
        #expect(set.render(reply).text == #"{"success":{"decision":"stepUp"}}"#)
        reply.body = [ThriftField(2, .structure([ThriftField(1, .i32(50))]))]
        #expect(set.render(reply).text == #"{"throttled":{"retryAfterMillis":50}}"#)
        let unknown = ThriftMessage.applicationException(1, "no such method", name: "x", seqid: 1)
        #expect(set.render(unknown).text == #"{"message":"no such method","type":1}"#)
    }

    @Test func whatTheSchemaDoesNotKnowGoesByFieldID() throws {
        let fields: [ThriftField] = [
            // An unknown id, a known id with another type, a case without a name.
            ThriftField(77, .bool(true)), ThriftField(2, .i32(5)), ThriftField(100, .i32(999)),
        ]
        #expect(try sink(fields).text == #"{"77":true,"2":5,"colour":999}"#)
        let message = ThriftMessage(name: "gone", type: .call, seqid: 0, body: [ThriftField(1, .structure(fields))])
        #expect(SchemaSet().render(message).text == #"{"1":{"77":true,"2":5,"100":999}}"#)
    }

    @Test func valuesThatJSONDoesNotHave() throws {
        let values: [(ThriftValue, String)] = [
            (.double(.nan), #""NaN""#), (.double(-.infinity), #""-Infinity""#), (.double(1.5), "1.5"),
            (.i64(.min), "-9223372036854775808"), (.binary([0xFF, 0xFE]), #"{"base64":"//4="}"#),
            (.binary([0xFF]), #"{"base64":"/w=="}"#), (.binary([0xFF, 0, 1, 2]), #"{"base64":"/wABAg=="}"#),
            (.binary([0xFF, 0, 1]), #"{"base64":"/wAB"}"#), (.binary([]), #""""#),
            (.uuid([UInt8](0..<16)), #""00010203-0405-0607-0809-0a0b0c0d0e0f""#),
            (.map(.i32, .bool, [ThriftPair(.i32(-1), .bool(true))]), #"{"-1":true}"#),
            (.map(.double, .bool, [ThriftPair(.double(0.5), .bool(true))]), "[[0.5,true]]"),
            (.map(.structure, .i8, [ThriftPair(.structure([]), .i8(1))]), "[[{},1]]"),
            (.set(.i8, [.i8(1), .i8(2)]), "[1,2]"),
        ]
        for (value, text) in values { #expect(SchemaSet().render(value, as: nil).text == text) }
    }

    @Test func keysAndElementsGoByTheirTypes() throws {
        let fields = [
            ThriftField(16, .set(.i32, [.i32(1), .i32(-5), .i32(0)])),
            ThriftField(
                102, .map(.i32, .structure, [ThriftPair(.i32(2), .structure([ThriftField(1, .bool(false))]))])),
        ]
        #expect(try sink(fields).text == #"{"marks":["A","C",0],"byMark":{"B":{"flag":false}}}"#)
    }
}
