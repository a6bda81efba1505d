import JSON
import Testing

@testable import Schema

@Suite struct IDLParsingTests {
    @Test func defaultsAreConstantsWithNamesResolved() throws {
        let sink = try #require(try Samples.sinkSet().structure(named: "Sink"))
        #expect(sink.field(named: "text")?.defaultValue == "a \"quoted\" one")
        #expect(sink.field(named: "colour")?.defaultValue == "BLUE")
        #expect(sink.field(named: "names")?.defaultValue == ["a", "b"])
        #expect(sink.field(named: "limit")?.defaultValue == 5)
        #expect(sink.field(named: "number")?.defaultValue == 0)
        #expect(sink.field(named: "id")?.annotations["js.type"] == "Long")
        #expect(sink.field(named: "index")?.annotations["tinct.note"] == "of a typedef")
        let inner = try #require(try Samples.sinkSet().structure(named: "sink.Inner"))
        #expect(inner.field(named: "flag")?.defaultValue == true)
        #expect(inner.field(named: "ratio")?.defaultValue == 1.5)
    }

    @Test(arguments: [
        ("struct A {\n  1: i32 a\n  1: i32 b\n}", 3, 3, "field id 1 is used twice"),
        ("struct A { 1 i32 a }", 1, 14, "expected ':' after the field id, found 'i32'"),
        ("struct A {\n\t1: Nope a\n}", 2, 5, "expected a declared type, Nope is none"),
        ("struct A { 1: i32 }", 1, 19, "expected the field's name, found '}'"),
        ("struct A {", 1, 11, "expected a field or '}', found the end of the file"),
        ("structure A {}", 1, 1, "expected a definition such as 'struct' or 'service', found 'structure'"),
        ("enum E { A = x }", 1, 14, "expected a whole number, found 'x'"),
        ("enum E { A = 3000000000 }", 1, 10, "expected a case value of 32 bits"),
        ("/* open", 1, 1, "expected '*/' to end this comment"),
        ("const string S = \"open", 1, 18, "expected a quote to end this string"),
        ("include \"gone.thrift\"", 1, 9, "expected an include that can be found: gone.thrift is not there"),
        ("typedef A B typedef B A", 1, 9, "typedef A leads back to itself"),
        ("const i32 A = B const i32 B = A", 1, 15, "constant B leads back to itself"),
        ("service A extends B {}", 1, 19, "expected a declared service, B is none"),
        ("service A extends B {} service B extends A {}", 1, 9, "service A extends itself"),
        ("struct A {} struct A {}", 1, 20, "A is declared twice"),
        ("struct é {}", 1, 8, "a character that has no meaning in a Thrift IDL"),
        ("struct A { 40000: i32 a }", 1, 12, "expected a field id of 16 bits, found '40000'"),
        ("struct A { 1: i32 a, 2: i32 a }", 1, 29, "field a is declared twice"),
        ("const i64 A = 99999999999999999999", 1, 15, "expected a number"),
        ("struct A { 1: i32 a = Gone }", 1, 23, "expected a declared constant, Gone is none"),
    ])
    func errorsSayWhereAndWhatWasExpected(text: String, line: Int, column: Int, message: String) throws {
        var set = SchemaSet()
        let error = #expect(throws: SchemaError.self) { try set.load(SchemaSource(name: "a.thrift", text: text)) }
        #expect(error?.headline == "a.thrift:\(line):\(column): \(message)")
        #expect(error?.remedy.isEmpty == false)
        // Nothing of a document that failed stays behind.
        #expect(set.isEmpty && set.structures.isEmpty && set.scopes.isEmpty && set.loading.isEmpty)
    }

    @Test func nestingIsLimited() {
        var set = SchemaSet()
        let deep = String(repeating: "list<", count: 100_000) + "i32" + String(repeating: ">", count: 100_000)
        #expect(throws: SchemaError.self) {
            try set.load(SchemaSource(name: "a.thrift", text: "struct A { 1: \(deep) a }"))
        }
        let value = String(repeating: "[", count: 100_000)
        #expect(throws: SchemaError.self) {
            try set.load(SchemaSource(name: "a.thrift", text: "const i32 A = \(value)"))
        }
    }

    @Test func includesInACircleAreRefused() {
        var set = SchemaSet()
        let error = #expect(throws: SchemaError.self) {
            try set.load(SchemaSource(name: "a.thrift", text: "include \"b.thrift\"")) {
                SchemaSource(name: $0, text: "include \"\($0 == "a.thrift" ? "b" : "a").thrift\"")
            }
        }
        #expect(error?.headline == "b.thrift:1:9: a.thrift is included in a circle")
    }

    @Test func documentsOfATapeLoadInAnyOrder() throws {
        var set = SchemaSet()
        let sources = [
            SchemaSource(name: "sink.thrift", text: Samples.sink),
            SchemaSource(name: "idl/sink_base.thrift", text: Samples.base),
        ]
        try set.load(sources)
        #expect(set.operation(named: "Later.one") != nil)
        #expect(set.sources.count == 2)
        try set.load(sources)
        #expect(set.sources.count == 2)
        #expect(throws: SchemaError.self) { try set.load(SchemaSource(name: "sink.thrift", text: "")) }
    }

    @Test func everyTruncationIsAnErrorOrAShorterDocumentAndNeverATrap() throws {
        let bytes = Array(Samples.sink.utf8)
        for count in stride(from: 0, to: bytes.count, by: 5) {
            var set = SchemaSet()
            try? set.load(SchemaSource(name: "sink.thrift", bytes: Array(bytes[0..<count]))) { path in
                SchemaSource(name: path, text: Samples.base)
            }
        }
        for at in stride(from: 0, to: bytes.count, by: 7) {
            for byte: UInt8 in [0, 0x22, 0x28, 0x7B, 0x7D, 0x2E, 0x3C, 0xFF] {
                var changed = bytes
                changed[at] = byte
                var set = SchemaSet()
                try? set.load(SchemaSource(name: "sink.thrift", bytes: changed)) { path in
                    SchemaSource(name: path, text: Samples.base)
                }
            }
        }
    }
}
