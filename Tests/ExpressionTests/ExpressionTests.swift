import Testing

@testable import Expression

/// What the resolver of these tests knows.
private let values: [String: ExpressionValue] = [
    "status": .number(200),
    "response.decision": .string("approve"),
    "response.amount": .number(ExactNumber("0.1000000000000000055") ?? 0),
    "response.ok": .bool(true),
    "response.nothing": .null,
    "response": .object,
    "response.reasons": .list([.string("velocity"), .number(3)]),
    "response.reasons.0": .string("velocity"),
    "headers.x-id": .string("7"),
    "headers.\"a b\"": .string("spaced"),
    "latencyNanos": .number(200_000_001),
]

private func resolve(_ path: ExpressionPath) -> ExpressionValue { values[path.description] ?? .missing }

@Suite struct ExpressionEvaluation {
    @Test(arguments: [
        "status == 200", "status != 201", "status >= 200 and status < 300", "status == 200.00", "status == 2e2",
        "response.decision == \"approve\"", "response.decision == 'approve'",
        "response.decision in [\"decline\", 'approve']", "response.decision not in ['review']",
        "'velocity' in response.reasons", "3.0 in response.reasons", "not ('x' in response.reasons)",
        "response.reasons.0 matches 'velo*'", "status matches '2??'", "response.decision matches '[a-c]pprov[!x]'",
        "exists(response.nothing)", "not exists(response.absent)", "response.absent == null",
        "response.nothing == null",
        "response.absent != 'x'", "response.ok", "response.ok == true", "not not response.ok",
        "false or true and true", "not false and true", "(false or true) and not (false)",
        "headers.x-id == '7'", "headers.\"a b\" == 'spaced'", "latencyNanos > 200ms", "latencyNanos < 0.3s",
        "0.1% == 0.001", "1h == 60m", "response.amount > 0.1", "'a' < 'b'", "'B' < 'a'", "-1 < 0", "-0 == 0",
        "status in [200, 201]", "exists(status) and exists(response)",
    ])
    func holds(_ text: String) throws {
        #expect(try Expression(text).isTrue(resolve))
    }

    @Test(arguments: [
        "status == '200'", "status < '300'", "status", "response.decision", "response.absent", "response.absent < 1",
        "response.absent == ''", "response == response", "response.nothing <= null", "response.absent in ['a']",
        "'velo' in response.reasons", "'x' in status", "exists(response.absent)", "response.absent matches '*'",
        "response.reasons matches '*'", "not response.ok", "true and status", "'\u{e9}' == 'e\u{301}'",
    ])
    func doesNotHold(_ text: String) throws {
        #expect(try !Expression(text).isTrue(resolve))
    }

    @Test func numbersCompareByTheirDigitsAndNotAsBinaryFractions() throws {
        // Both sides are the same Double.
        #expect(try Expression("9007199254740993 > 9007199254740992").isTrue(resolve))
        #expect(try Expression("0.1 < 0.10000000000000000001").isTrue(resolve))
        #expect(try Expression("1e400 > 1e399 and -1e400 < -1e399").isTrue(resolve))
    }

    @Test func aBarePathYieldsItsValue() throws {
        #expect(try Expression("response.decision").evaluate(resolve) == .string("approve"))
        #expect(try Expression("response.absent").evaluate(resolve) == .missing)
    }

    @Test func everyPathIsListedOnceWithItsIndex() throws {
        let expression = try Expression("a.b == 1 or exists(c) and a.b < c or exists == 1 or exists(exists)")
        #expect(expression.paths.map(\.description) == ["a.b", "c", "exists"])
        var seen: Set<String> = []
        _ = expression.evaluate { path in
            seen.insert("\(path) \(path.index)")
            return .missing
        }
        #expect(seen == ["a.b 0", "c 1", "exists 2"])
    }

    @Test func longChainsDoNotNest() throws {
        let text = (0..<20_000).map { "status == \($0)" }.joined(separator: " or ")
        #expect(try Expression(text).isTrue(resolve))
    }
}

@Suite struct ExpressionErrors {
    private func failure(_ text: String) -> ExpressionError? {
        do throws(ExpressionError) {
            _ = try Expression(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("", 1, "end of text", ""), ("status ==", 10, "end of text", ""), ("status = 200", 8, "'='", "=="),
        ("a == 1 && b", 8, "'&&'", "and"), ("a || b", 3, "'||'", "or"), ("!a", 1, "'!'", "not"),
        ("(a == 1", 8, "end of text", ""), ("a == 1)", 7, "')'", ""), ("a == \"x", 6, "end of text", "close"),
        ("reasons[0] == 1", 8, "'['", "reasons.0"), ("a.", 3, "end of text", "path"), ("a..b", 3, "'.'", "path"),
        ("len(a) > 1", 4, "'('", "exists"), ("a < b < c", 7, "'<'", "and"), ("a matches b", 11, "'b'", "card-*"),
        ("a in 5", 6, "the number 5", "[\"approve\""), ("a in [b]", 7, "'b'", ""),
        ("a in [1 2]", 9, "the number 2", ""),
        ("1xyz == 2", 2, "'xyz'", ""), ("a AND b", 3, "'AND'", "and"), ("a not b", 7, "'b'", ""),
        ("exists(1)", 8, "the number 1", ""), ("and", 1, "'and'", ""), ("1e9999999 > 1", 1, "'1e9999999'", ""),
    ])
    func pointAtTheColumnAndHelp(text: String, column: Int, found: String, suggestion: String) throws {
        let error = try #require(failure(text))
        #expect(error.column == column)
        #expect(error.found == found)
        #expect(error.suggestion.contains(suggestion))
        #expect(error.description.hasPrefix("column \(column): expected "))
    }

    @Test func nestingIsLimited() throws {
        let deep = String(repeating: "(", count: 65) + "true" + String(repeating: ")", count: 65)
        #expect(failure(deep)?.expected.contains("64") == true)
        #expect(failure(String(repeating: "not ", count: 65) + "true")?.expected.contains("64") == true)
        #expect(failure(String(repeating: "(", count: 60) + "true" + String(repeating: ")", count: 60)) == nil)
    }

    @Test func everyCutAndEveryChangedByteIsEitherReadOrRefused() {
        let text = #"a.b."c d" == "x\"y" and (n >= -10.5e3% or not exists(q.0)) or z not in [1, 'b', null]"#
        let characters = Array(text)
        for end in characters.indices { _ = failure(String(characters[..<end])) }
        for at in characters.indices {
            for replacement in "([\"'.=1x\\%é" {
                var changed = characters
                changed[at] = replacement
                _ = failure(String(changed))
            }
        }
        #expect(failure(text) == nil)
    }
}
