import Bytes
import Testing

@testable import JSON

@Suite struct JSONScannerTests {
    static let body = #" {"a" : {"b":[ 10 ,{"c":"x,]}"}, [] ]}, "d.e":1, "f\u0067":null, "0":true, "":{"a":-1.5}} "#

    @Test(arguments: [
        ("a.b.0", "10"), ("a.b.1.c", #""x,]}""#), ("a.b.1", #"{"c":"x,]}"}"#), ("a.b.2", "[]"), (#"d\.e"#, "1"),
        ("fg", "null"), ("0", "true"), (".a", "-1.5"),
    ])
    func findsTheBytesOfAValue(path: JSONPath, expected: String) throws {
        let bytes = Array(Self.body.utf8)
        let range = try #require(try JSONScanner.find(path, in: bytes.rawSpan))
        #expect(String(decoding: bytes[range], as: UTF8.self) == expected)
        // The tree agrees.
        #expect(try JSONValue(parsing: bytes)[path] == JSONValue(parsing: expected))
        #expect(JSONPath(path.description) == path)
    }

    @Test(arguments: ["a.c", "a.b.3", "a.b.01", "a.b.-1", "a.b.0.x", "x", "d.e", "a.b.c"])
    func aPathThatLeadsNowhereIsNil(path: JSONPath) throws {
        let bytes = Array(Self.body.utf8)
        #expect(try JSONScanner.find(path, in: bytes.rawSpan) == nil)
        #expect(try JSONValue(parsing: bytes)[path] == nil)
    }

    @Test func replacesAndUndoesExactly() throws {
        let original = Array(Self.body.utf8)
        var body = original
        var journal = EditJournal()
        #expect(try JSONEditing.set("a.b.1.c", to: "yy", in: &body, journal: &journal) == .replaced)
        #expect(try JSONEditing.set("a.b.0", to: 123456, in: &body, journal: &journal) == .replaced)
        #expect(try JSONEditing.set("a.new\"key", to: [1], in: &body, creating: true, journal: &journal) == .inserted)
        #expect(try JSONEditing.set("x.y", to: 1, in: &body, creating: true, journal: &journal) == .noPlace)
        #expect(try JSONEditing.set("a.c", to: 1, in: &body, journal: &journal) == .noPlace)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #" {"a" : {"new\"key":[1],"b":[ 123456 ,{"c":"yy"}, [] ]}, "d.e":1, "f\u0067":null, "0":true, "":{"a":-1.5}} "#
        )
        try journal.undo(in: &body)
        #expect(body == original)
    }

    @Test func insertsIntoAnEmptyObject() throws {
        var body = Array("{ }".utf8)
        var journal = EditJournal()
        #expect(try JSONEditing.set("tag", to: "r1", in: &body, creating: true, journal: &journal) == .inserted)
        #expect(String(decoding: body, as: UTF8.self) == #"{"tag":"r1" }"#)
    }

    @Test func undoRefusesABufferThatWasChangedSince() throws {
        var body = Array("[1,2]".utf8)
        var journal = EditJournal()
        _ = try JSONEditing.set("0", to: 77, in: &body, journal: &journal)
        body[1] = 0x30
        let changed = body
        #expect(throws: ParsingError(.invalid, at: 1, "")) { try journal.undo(in: &body) }
        #expect(body == changed)
    }
}
