import JSON
import Testing
import Thrift

@testable import Schema

/// Constraints that annotations of an IDL state, by what values they let pass.
@Suite struct ConstraintTests {
    private func set(_ fields: String) throws -> SchemaSet {
        var set = SchemaSet()
        try set.load(
            SchemaSource(
                name: "a.thrift",
                text:
                    "enum Kind { CARD = 1, BANK = 2 } struct Inner { 1: required i32 n } union Either { 1: i32 a 2: i32 b } "
                    + "struct Root { \(fields) } service S { void f(1: Root root) }"))
        return set
    }

    private func keywords(_ set: SchemaSet, _ fields: [ThriftField]) throws -> [String] {
        let root = try #require(set.structure(named: "Root"))
        return set.violations(of: fields, as: root).map { "\($0.path.joined(separator: ".")) \($0.keyword)" }
    }

    @Test(
        arguments: [
            (
                "1: i32 a (vt.ge = \"1\", vt.lt = \"10\")", [ThriftValue.i32(1), .i32(9)],
                [ThriftValue.i32(0), .i32(10)]
            ),
            ("1: i64 a (vt.in = \"3\", vt.in = \"5\")", [.i64(3), .i64(5)], [.i64(4)]),
            ("1: i16 a (vt.not_in = \"3\")", [.i16(2)], [.i16(3)]),
            (
                "1: double a (vt.gt = \"0.25\", vt.le = \"1e3\")", [.double(0.3), .double(1000)],
                [.double(0.25), .double(1000.1), .double(.nan)]
            ),
            ("1: bool a (vt.const = \"true\")", [.bool(true)], [.bool(false)]),
            ("1: string a (vt.const = \"x\")", [ThriftValue("x")], [ThriftValue("y")]),
            (
                "1: string a (vt.min_size = \"2\", vt.max_size = \"4\")", [ThriftValue("ab"), ThriftValue("é")],
                [ThriftValue("a"), ThriftValue("ééé")]
            ),
            (
                "1: string a (vt.min_rune_size = \"2\", vt.max_rune_size = \"3\")", [ThriftValue("ééé")],
                [ThriftValue("é"), ThriftValue("abcd")]
            ),
            (
                "1: string a (vt.pattern = \"^[A-Z]{3}$\")", [ThriftValue("CNY")],
                [ThriftValue("cny"), ThriftValue("CNYX")]
            ),
            (
                "1: string a (vt.prefix = \"a\", vt.suffix = \"z\", vt.contains = \"m\", vt.not_contains = \"q\")",
                [ThriftValue("amz")], [ThriftValue("mz"), ThriftValue("am"), ThriftValue("az"), ThriftValue("aqmz")]
            ),
            ("1: Kind a (vt.defined_only = \"true\")", [.i32(1)], [.i32(3)]),
            ("1: Kind a (vt.in = \"CARD\")", [.i32(1)], [.i32(2)]),
            ("1: Kind a", [.i32(1), .i32(3)], [.i64(1)]),
            (
                "1: list<i32> a (vt.min_size = \"1\", vt.elem.gt = \"0\")", [.list(.i32, [.i32(1)])],
                [.list(.i32, []), .list(.i32, [.i32(1), .i32(0)])]
            ),
            (
                "1: list<list<string>> a (vt.elem.elem.max_size = \"1\")",
                [.list(.list, [.list(.binary, [ThriftValue("a")])])],
                [.list(.list, [.list(.binary, [ThriftValue("ab")])])]
            ),
            (
                "1: map<string, i32> a (vt.key.prefix = \"k\", vt.value.lt = \"5\")",
                [.map(.binary, .i32, [.init(ThriftValue("k"), .i32(4))])],
                [
                    .map(.binary, .i32, [.init(ThriftValue("x"), .i32(4))]),
                    .map(.binary, .i32, [.init(ThriftValue("k"), .i32(5))]),
                ]
            ),
            (
                "1: string a (validation.email = \"\", validation.length.max = \"9\")", [ThriftValue("a@b.co")],
                [ThriftValue("nobody"), ThriftValue("long@b.com")]
            ),
            ("1: i32 a (validation.positive = \"\")", [.i32(1)], [.i32(0)]),
            ("1: i32 a (validation.negativeOrZero = \"\")", [.i32(0)], [.i32(1)]),
            (
                "1: list<i32> a (validation.notEmpty = \"\", validation.size.max = \"1\")", [.list(.i32, [.i32(1)])],
                [.list(.i32, []), .list(.i32, [.i32(1), .i32(2)])]
            ),
            (
                "1: string a (validation.UUID = \"\")", [ThriftValue("9b2f0d6e-0d53-4f0e-9a3b-1f6f6a6f0c11")],
                [ThriftValue("9b2f0d6e")]
            ),
            ("1: string a (validation.EAN = \"\")", [ThriftValue("4006381333931")], [ThriftValue("4006381333932")]),
            (
                "1: Inner a", [.structure([ThriftField(1, .i32(1))])],
                [.structure([]), .structure([ThriftField(1, .i64(1))])]
            ),
            (
                "1: Either a", [.structure([ThriftField(1, .i32(1))])],
                [.structure([]), .structure([ThriftField(1, .i32(1)), ThriftField(2, .i32(1))])]
            ),
            (
                "1: set<i32> a", [.set(.i32, [.i32(1), .i32(2)])],
                [.set(.i32, [.i32(1), .i32(1)]), .set(.i64, [.i64(1)])]
            ),
            ("1: string a", [ThriftValue("é")], [.binary([0xFF]), .i32(1)]),
        ] as [(String, [ThriftValue], [ThriftValue])])
    func letPassWhatTheySay(fields: String, good: [ThriftValue], bad: [ThriftValue]) throws {
        let set = try set(fields)
        #expect(set.findings.isEmpty)
        for value in good { #expect(try keywords(set, [ThriftField(1, value)]) == [], "\(value)") }
        for value in bad { #expect(try keywords(set, [ThriftField(1, value)]).count == 1, "\(value)") }
    }

    @Test func fieldsThatMustBeThere() throws {
        let set = try set("1: required string a 2: optional i32 b (vt.not_nil = \"true\") 3: i32 c")
        #expect(try keywords(set, []) == ["a required", "b vt.not_nil"])
        #expect(
            try keywords(set, [ThriftField(1, ThriftValue("x")), ThriftField(2, .i32(1)), ThriftField(9, .i32(1))])
                == [])
        let operation = try #require(set.operation(named: "f"))
        let arguments = [ThriftField(1, .structure([ThriftField(2, .i32(1))]))]
        #expect(set.violations(ofArguments: arguments, of: operation).map(\.path) == [["root", "a"]])
    }

    @Test func aGeneratorSeesThemByName() throws {
        let set = try set(
            "1: string a (vt.in = \"x\", vt.in = \"y\", vt.max_rune_size = \"3\", vt.max_size = \"@len($b)\") 2: list<i32> b (vt.elem.ge = \"7\")"
        )
        let root = try #require(set.structure(named: "Root"))
        let a = try #require(root.field(named: "a")).type.constraints
        #expect(a.allowed == ["x", "y"] && a.maximumLength == 3 && !a.isExact)
        #expect(a.unread == ["vt.max_size = \"@len($b)\""])
        guard case .list(let element)? = root.field(named: "b")?.type.kind else {
            Issue.record("no list")
            return
        }
        #expect(element.constraints.minimum?.text == "7" && element.constraints.isExact)
    }
}
