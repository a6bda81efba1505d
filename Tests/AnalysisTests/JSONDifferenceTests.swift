import Expression
import JSON
import Testing

@testable import Analysis

@Suite struct JSONDifferences {
    private func fields(_ before: String, _ after: String, ignoring: [String] = []) throws -> [String] {
        try JSONDifference.between(
            JSONValue(parsing: before), JSONValue(parsing: after), ignoring: ignoring.map { try PathPattern($0) }
        ).map { "\($0.kind) \($0.field)" }
    }

    @Test func areFoundByPathWithAStarForIndices() throws {
        let before = #"{"a": 1, "b": {"c": [1, {"d": 2}, 3]}, "gone": null, "7": "id"}"#
        let after = #"{"7": "other", "b": {"c": [1, {"d": 4}]}, "a": 1, "new.key": []}"#
        #expect(
            try fields(before, after) == [
                "changed b.c.*.d", "removed b.c.*", "removed gone", "changed 7", "added \"new.key\"",
            ])
    }

    @Test(arguments: [
        (#"{"a": 1.0, "b": 2e3}"#, #"{"b": 2000, "a": 1}"#), (#"[]"#, #"[]"#),
        (#"{"a": {"x": 1}}"#, #"{"a": {"x": 1}}"#),
    ])
    func doNotDependOnOrderOrNotation(before: String, after: String) throws {
        #expect(try fields(before, after).isEmpty)
    }

    @Test func kindsOfValuesAreToldApart() throws {
        #expect(try fields("1", "\"1\"") == ["changed "])
        #expect(try fields(#"{"a": {}}"#, #"{"a": []}"#) == ["changed a"])
        #expect(try fields(#"{"a": null}"#, #"{}"#) == ["removed a"])
        #expect(try fields("9007199254740993", "9007199254740992") == ["changed "])
    }

    @Test func ignoredPathsAreLeftOutWithOrWithoutTheLeadingResponse() throws {
        let before = #"{"traceId": 1, "a": {"at": 1, "b": 2}, "list": [{"at": 1}]}"#
        let after = #"{"traceId": 2, "a": {"at": 2, "b": 3}, "list": [{"at": 2}], "more": 1}"#
        #expect(try fields(before, after, ignoring: ["response.traceId", "**.at", "more"]) == ["changed a.b"])
        #expect(try fields(before, after, ignoring: ["a", "list", "traceId", "response.more"]).isEmpty)
    }

    @Test func theirNumberIsLimited() throws {
        let before = JSONValue((0..<5000).map { JSONValue($0) })
        let after = JSONValue((0..<5000).map { JSONValue($0 + 1) })
        #expect(JSONDifference.between(before, after).count == JSONDifference.limit)
    }
}
