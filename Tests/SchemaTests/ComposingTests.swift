import JSON
import Testing
import Thrift

@testable import Schema

@Suite struct ComposingTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text) }

    private func sink(_ text: String) throws -> [ThriftField] {
        let set = try Samples.sinkSet()
        let operation = try #require(set.operation(named: "Sinks.forget"))
        return try set.compose(arguments: json(text), of: operation)
    }

    private func message(_ text: String) -> String {
        do {
            _ = try sink(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func whatIsRenderedComposesToTheSameFields() throws {
        let set = try Samples.sinkSet()
        let operation = try #require(set.operation(named: "Sinks.forget"))
        let inner: ThriftValue = .structure([
            ThriftField(1, .bool(false)), ThriftField(2, .i8(-7)), ThriftField(3, .i8(8)), ThriftField(4, .i16(-300)),
            ThriftField(5, .double(.infinity)), ThriftField(6, .binary([0xFF, 0, 1])),
            ThriftField(7, .structure([ThriftField(1, .bool(true)), ThriftField(5, .double(0.1))])),
        ])
        let body: [ThriftField] = [
            ThriftField(
                1,
                .structure([
                    ThriftField(1, .i64(.min)), ThriftField(2, ThriftValue("ü\n")),
                    ThriftField(
                        3, .map(.binary, .list, [ThriftPair(ThriftValue("a"), .list(.i64, [.i64(1), .i64(.max)]))])),
                    ThriftField(16, .set(.i32, [.i32(1), .i32(-5), .i32(77)])),
                    ThriftField(-1, .list(.map, [.map(.i32, .set, [ThriftPair(.i32(-1), .set(.structure, [inner]))])])),
                    ThriftField(100, .i32(17)), ThriftField(101, .structure([ThriftField(2, .i64(5))])),
                    ThriftField(102, .map(.i32, .structure, [ThriftPair(.i32(2), inner)])),
                    ThriftField(103, .list(.binary, [])), ThriftField(104, .i32(1)), ThriftField(105, .i32(0)),
                ]))
        ]
        let rendered = set.render(ThriftMessage(name: "forget", type: .oneway, seqid: 1, body: body), operation)
        #expect(try set.compose(arguments: rendered, of: operation) == body)
    }

    @Test func fieldsGoByIDTooAndDefaultsAreWrittenForThoseThatAreNotOptional() throws {
        let given = try sink(#"{"sink":{"1":5}}"#)
        let fields = [
            ThriftField(1, .i64(5)), ThriftField(100, .i32(17)),
            ThriftField(103, .list(.binary, [ThriftValue("a"), ThriftValue("b")])), ThriftField(104, .i32(5)),
        ]
        guard case .structure(let found)? = given.first?.value else { throw TestFailure() }
        for field in fields { #expect(found.contains(field), "\(field.id)") }
        #expect(!found.contains { $0.id == 2 })
        // The one struct that the method takes need not be named.
        #expect(try sink(#"{"id":5}"#).first?.id == 1)
    }

    private struct TestFailure: Error {}

    @Test(arguments: [
        (#"{"sink":{}}"#, "sink.id: Sink requires this field. Give it a whole number of 64 bits."),
        (#"{"id":null}"#, "sink.id: Sink requires this field. Give it a whole number of 64 bits."),
        (#"{"id":1.5}"#, "sink.id: expected a whole number of 64 bits"),
        (#"{"id":"1"}"#, "sink.id: expected a whole number of 64 bits"),
        (#"{"id":9223372036854775808}"#, "sink.id: expected a whole number of 64 bits"),
        (#"{"sink":{"id":1,"1":2}}"#, "sink.1: this field is given twice"),
        (#"{"id":1,"either":{}}"#, "sink.either: expected exactly one field of the union Either"),
        (#"{"id":1,"index":{"a":[1,"x"]}}"#, "sink.index.a.1: expected a whole number of 64 bits"),
        (#"{"id":1,"byMark":{"A":{"tiny":128}}}"#, "sink.byMark.A.tiny: expected a whole number from -128 to 127"),
        (#"{"id":1,"byMark":{"Z":{}}}"#, "sink.byMark.Z: this is no case of Marked. Expected one of: A, B, C."),
        (#"[]"#, "expected an object"),
    ])
    func errorsNameTheFieldAndTheRemedy(_ text: String, _ expected: String) { #expect(message(text) == expected) }

    @Test func anUnknownFieldIsSuggestedItsNeighbour() {
        #expect(
            message(#"{"id":1,"limt":2}"#).hasPrefix(
                "sink.limt: Sink has no such field. Did you mean 'limit'? It has id, "))
    }

    @Test func resultsAreComposedAsWhatIsReturnedOrThrown() throws {
        let set = try Samples.set("risk_decision.thrift")
        let operation = try #require(set.operation(named: "evaluate"))
        let success = try set.compose(
            success: json(#"{"requestId":"r","decision":"review","score":5,"reasons":[{"code":"c"}]}"#), of: operation)
        let reply = ThriftMessage(name: "evaluate", type: .reply, seqid: 1, body: success)
        #expect(set.render(reply)["success"]?["decision"] == "review")
        let thrown = try set.compose(thrown: json(#"{"throttled":{"retryAfterMillis":5}}"#), of: operation)
        #expect(thrown == [ThriftField(2, .structure([ThriftField(1, .i32(5))]))])
        #expect(throws: ComposingError.self) { try set.compose(thrown: json("{}"), of: operation) }
    }

    @Test func bodiesAreHeldAgainstTheOpenAPIDocument() throws {
        let set = try Samples.set("risk_decision.openapi.yaml")
        let body = try #require(set.route(named: "evaluate")?.requestBody)
        let good =
            #"{"requestId":"r","eventTimeMillis":1,"scene":"payment","country":"BR","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"}}"#
        try set.check(json(good), as: body)
        let cases = [
            (#""r""#, #"5"#, "requestId: expected a text"), ("payment", "paiment", "scene: this is no case of"),
            ("userId", "userID", "user.userID: User has no such field. Did you mean 'userId'?"),
            (#","country":"BR""#, "", "country: RiskRequest requires this field. Give it a text."),
        ]
        for (old, new, message) in cases {
            let text = good.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false).joined(separator: new)
            do {
                try set.check(json(text), as: body)
                Issue.record("\(message) was expected")
            } catch let error as ComposingError {
                #expect(error.description.hasPrefix(message), "\(error)")
            }
        }
    }

    @Test func cellsBecomeWhatTheirTypeSays() throws {
        let set = try Samples.sinkSet()
        let sink = try #require(set.structure(named: "Sink"))
        func cell(_ path: String, _ text: String) throws -> JSONValue {
            let type = try set.type(at: path.split(separator: ".").map(String.init), in: sink)
            return try set.value(ofCell: text, as: try #require(type))
        }
        #expect(try cell("id", "12") == 12)
        #expect(try cell("text", "12") == "12")
        #expect(try cell("text", "") == "")
        #expect(try cell("index.any.0", "-3") == -3)
        #expect(try cell("index", #"{"a":[1]}"#) == ["a": [1]])
        #expect(try cell("byMark.A.flag", "TRUE") == true)
        #expect(try cell("colour", "RED") == "RED")
        #expect(try cell("byMark.A.ratio", "1e3") == JSONValue(parsing: "1e3"))
        for (path, text) in [("id", "1.5"), ("id", ""), ("byMark.A.flag", "maybe"), ("colour", "PINK"), ("index", "{")]
        {
            #expect(throws: ComposingError.self, "\(path)") { try cell(path, text) }
        }
        for path in ["idd", "id.x", "names.x", "byMark.A.flags"] {
            #expect(throws: ComposingError.self, "\(path)") { try cell(path, "1") }
        }
    }
}
