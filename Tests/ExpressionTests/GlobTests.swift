import Glibc
import TestSupport
import Testing

@testable import Expression

@Suite struct Globs {
    @Test func matchLikeFnmatchOfTheCLibrary() {
        var random = SplitMix(seed: 0x61_0B)
        let pieces = ["*", "?", "a", "b", "c", "[ab]", "[!a]", "[a-b]", "\\*", "\\a"]
        for _ in 0..<20_000 {
            let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let text = String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in "abc*".randomElement(using: &random) ?? "a" })
            let expected = unsafe fnmatch(pattern, text, 0) == 0
            #expect(Glob(pattern).matches(text) == expected, "\(pattern) over \(text)")
        }
    }

    @Test func manyStarsTakeNoExponentialTime() {
        let pattern = String(repeating: "a*", count: 40) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 2000)))
    }

    @Test func aBracketWithoutItsEndStandsForItself() {
        #expect(Glob("a[b").matches("a[b"))
        #expect(Glob("[]]").matches("]"))
    }

    @Test func aPatternWithoutWildcardsIsLiteral() {
        #expect(Glob("a\\*b").isLiteral)
        #expect(!Glob("a*").isLiteral)
    }
}

@Suite struct PathPatterns {
    @Test(arguments: [
        ("response.traceId", ["response", "traceId"], true), ("response", ["response", "traceId"], true),
        ("response.traceId", ["response"], false), ("*.traceId", ["response", "traceId"], true),
        ("*.traceId", ["response", "a", "traceId"], false), ("**.traceId", ["response", "a", "traceId"], true),
        ("**.traceId", ["traceId"], true), ("reasons.*", ["reasons", "0"], true), ("reasons.*", ["reasons"], false),
        ("headers.x-*", ["headers", "x-id"], true), ("a.**.b", ["a", "x", "y", "b", "z"], true), ("**", ["a"], true),
        ("\"a.b\".c", ["a.b", "c"], true), ("1.20.5", ["1", "20", "5"], true),
    ])
    func coverWhatTheyNameAndEverythingBelow(pattern: String, path: [String], covers: Bool) throws {
        #expect(try PathPattern(pattern).covers(path) == covers)
    }

    @Test func pathsKeepTheirNotation() throws {
        #expect(try ExpressionPath("1.20.5").segments == ["1", "20", "5"])
        #expect(try ExpressionPath(#"headers."x y".0"#).description == #"headers."x y".0"#)
        #expect(throws: ExpressionError.self) { try ExpressionPath("a.*") }
        #expect(throws: ExpressionError.self) { try ExpressionPath("") }
    }
}
