import Testing

@testable import YAML

private func parse(_ text: String) throws(YAMLError) -> YAMLNode { try YAMLNode.parse(text, file: "f.yaml") }

private func failure(_ text: String) -> YAMLError? {
    do {
        _ = try parse(text)
        return nil
    } catch { return error }
}

@Suite struct YAMLTests {
    @Test(arguments: [
        ("NO", YAMLNode.Value.string("NO")), ("yes", .string("yes")), ("off", .string("off")), ("true", .bool(true)),
        ("True", .bool(true)), ("tRue", .string("tRue")), ("~", .null), ("null", .null), ("012", .int(12)),
        ("0o14", .int(12)), ("0x1F", .int(31)), ("-7", .int(-7)), ("+7", .int(7)), ("1_000", .string("1_000")),
        ("1.50", .decimal("1.50")), (".5", .decimal(".5")), ("5.", .decimal("5.")), ("1e3", .decimal("1e3")),
        ("1e", .string("1e")), (".", .string(".")), ("-", .sequence([])), ("12:30:45", .string("12:30:45")),
        ("2026-01-05", .string("2026-01-05")), ("99999999999999999999", .decimal("99999999999999999999")),
        ("0x-1", .string("0x-1")), ("\"12\"", .string("12")), ("'true'", .string("true")), ("!!str 12", .string("12")),
    ])
    func `scalars mean what the 1.2 core schema says`(text: String, value: YAMLNode.Value) throws {
        let node = try parse(text)
        if case .sequence = value {
            #expect(try node.sequence().count == 1)
        } else {
            #expect(node.value == value)
        }
    }

    @Test func `nodes and keys know line and column`() throws {
        let root = try parse("# top\nrate: 20\nhosts:\n  - a\n  - name: é\n    port: 80\n")
        let map = try root.mapping("the policy", keys: ["rate", "hosts"])
        #expect(map.entries.map(\.keyMark.line) == [2, 3])
        let hosts = try map.required("hosts").sequence()
        #expect(hosts[0].mark == YAMLMark(file: "f.yaml", line: 4, column: 5))
        let port = try hosts[1].entries()[1]
        #expect(port.value.mark == YAMLMark(file: "f.yaml", line: 6, column: 11))
        #expect(port.keyMark.column == 5)
    }

    @Test func `unknown keys and words are refused with a suggestion`() throws {
        let root = try parse("rate: 1\nhosst: x\n")
        #expect {
            try root.mapping("the policy", keys: ["rate", "hosts"])
        } throws: { error in
            "\(error)"
                == "f.yaml:2:1: 'hosst' is not a key of the policy\n  Did you mean 'hosts'? Expected one of: rate, hosts."
        }
        #expect(throws: YAMLError.self) { try parse("trift").choice("protocol", of: ["thrift", "http"]) }
    }

    @Test func `numbers scale without floating point`() throws {
        #expect(try parse("12.5").scaled(2) == 1250)
        #expect(try parse("-0.07").scaled(2) == -7)
        #expect(try parse("3").scaled(4) == 30000)
        #expect(try parse("1.500").scaled(1) == 15)
        for text in ["1.55", "1e3", "1234567890123456789"] {
            #expect(throws: YAMLError.self) { try parse(text).scaled(1) }
        }
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "second time"),
        ("a: &x [1, *x]\n", 1, 11, "inside its own anchor"),
        ("a: *nowhere\n", 1, 4, "no anchor"),
        ("a: !!python/object x\n", 1, 4, "tag"),
        ("a: !!int x\n", 1, 4, "tag"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("? [a]\n: 1\n", 1, 3, "key must be a scalar"),
        ("a: [1\n", 2, 1, "expected"),
        ("a: 'x\n", 2, 1, "end of stream"),
        ("\ta: 1\n", 1, 1, "token"),
    ])
    func `what cannot be used is refused with its place`(text: String, line: Int, column: Int, part: String) {
        let error = failure(text)
        #expect(error?.mark == YAMLMark(file: "f.yaml", line: line, column: column), "\(String(describing: error))")
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
    }

    @Test func `an alias bomb is refused and honest aliases are written out`() throws {
        var bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        for (name, previous) in zip("bcdefghi", "abcdefgh") {
            bomb += "\(name): &\(name) [" + Array(repeating: "*\(previous)", count: 10).joined(separator: ",") + "]\n"
        }
        #expect(failure(bomb)?.message.contains("too big") == true)
        let root = try parse("a: &p {x: 1}\nb: *p\n")
        let entries = try root.entries()
        #expect(entries[0].value.value == entries[1].value.value)
    }

    @Test func `depth is limited`() {
        let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
        #expect(failure(deep)?.message.contains("nested") == true)
        #expect(failure(String(repeating: "[", count: 60) + String(repeating: "]", count: 60)) == nil)
    }

    @Test func `an empty document is null`() throws {
        #expect(try parse("").value == .null)
        #expect(try parse("# only a comment\n").value == .null)
    }

    @Test func `no cut or flipped byte traps`() {
        let text = Array("a: &x {b: [1, 'two', \"thr\\u0065e\"], c: |\n    text\n  }\nd: *x\ne: !!str 5\n".utf8)
        for end in 0...text.count { _ = try? YAMLNode.parse(Array(text[..<end]), file: "f") }
        for at in text.indices {
            for bit in 0..<8 {
                var bytes = text
                bytes[at] ^= 1 << UInt8(bit)
                _ = try? YAMLNode.parse(bytes, file: "f")
            }
        }
    }
}
