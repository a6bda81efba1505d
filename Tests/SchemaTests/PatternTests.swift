import TestSupport
import Testing

@testable import Schema

@Suite struct PatternTests {
    @Test(
        arguments: [
            ("^[a-z]{2,3}$", ["ab", "abc"], ["a", "abcd", "AB"]),
            ("^(\\+\\d{1,3})?\\d{10,11}$", ["+8613800000000", "13800000000"], ["+", "123"]),
            ("a|^b$|c+d", ["xax", "b", "ccd"], ["bb", "c", ""]),
            ("^(?!000)\\d{3}$", ["001", "123"], ["000", "12"]),
            ("^(?=.*\\d)(?=.*[a-z]).{4,}$", ["a1bc"], ["abcd", "1234", "a1"]),
            ("\\bcat\\b", ["a cat", "cat"], ["concat", "cats"]),
            ("^\\p{L}+$", ["日本", "Ünder"], ["a1", ""]),
            ("^[^\\W\\d_]+$", ["abc"], ["a_", "1"]),
            ("^\\u00e9\\x41\\u{1F600}$", ["éA😀"], ["eA😀"]),
            ("^(?:a(?<n>b)?)*?$", ["", "aabab"], ["b"]),
            ("^[\\w.-]+@[\\w-]+\\.[a-z]+$", ["a.b@c-d.com"], ["a@b", "@c.de"]),
            ("^.$", ["😀", "x"], ["\n", "ab"]),
            ("^(a+)+$", ["aaaa"], [String(repeating: "a", count: 400) + "b"]),
            (
                "^(a|a)*(a|a)*(a|a)*$", [String(repeating: "a", count: 200)],
                [String(repeating: "a", count: 200) + "b"]
            ),
        ] as [(String, [String], [String])])
    func findsWhatECMAScriptFinds(text: String, matching: [String], other: [String]) throws {
        let pattern = try Pattern(text)
        for text in matching { #expect(pattern.matches(text), "\(text)") }
        for text in other { #expect(!pattern.matches(text), "\(text)") }
    }

    @Test(arguments: [
        ("(a", 0, "a '(' that is not closed"), ("a)", 1, "a ')' that closes nothing"),
        ("[a", 0, "a '[' that is not closed"),
        ("[z-a]", 1, "a range whose ends are reversed"), ("*a", 0, "a quantifier without anything before it"),
        ("a{5,2}", 1, "a count whose bounds are reversed"), ("(a)\\1", 3, "backreferences are not supported"),
        ("(?<=a)b", 0, "lookbehind is not supported"), ("(?i)a", 0, "a group of an unknown kind"),
        ("a\\", 1, "a '\\' with nothing after it"), ("\\y", 0, "'\\y' has no meaning"),
        ("\\p{Nope}", 0, "a property that is not known"),
        ("[[:alpha:]]", 1, "classes like [:alpha:] are not part of ECMA 262"),
        ("a{100000}", 1, "a count beyond 1000"), ("((((a{900}){900}){900}){900})", 0, "the pattern is too large"),
        ("a**", 2, "a quantifier after another"), ("^*", 0, "nothing that can be repeated"),
        ("{", 0, "a '{' that stands alone"),
    ])
    func saysWhatItDoesNotTake(text: String, offset: Int, message: String) {
        let error = #expect(throws: PatternError.self) { try Pattern(text) }
        #expect(error?.offset == offset)
        #expect(error?.message.hasPrefix(message) == true, "\(String(describing: error))")
        #expect(error?.remedy.isEmpty == false)
    }

    /// Against Python's `re`, with patterns and texts made of the same few parts.
    @Test(.requires(.python)) func agreesWithPython() throws {
        var random = SplitMix(seed: 20_251_128)
        func pick(_ list: [String]) -> String { list[Int(random.next() % UInt64(list.count))] }
        func expression(_ depth: Int) -> String {
            switch random.next() % (depth > 0 ? 8 : 3) {
            case 0, 1: return pick(["a", "b", "1", "[ab]", "[^a]", "\\d", "\\w", ".", "\\s", "-"])
            case 2: return pick(["a", "b1", "\\b", "(?!a)", "(?=b)"])
            case 3: return "(?:" + expression(depth - 1) + ")" + pick(["*", "+", "?", "{2}", "{1,2}", "{0,}"])
            case 4: return "(" + expression(depth - 1) + "|" + expression(depth - 1) + ")"
            case 5: return "^" + expression(depth - 1)
            case 6: return expression(depth - 1) + "\\Z"
            default: return expression(depth - 1) + expression(depth - 1)
            }
        }
        var cases: [(String, String, Bool)] = []
        for _ in 0..<2000 {
            let text = expression(4)
            let sample = (0..<(random.next() % 7)).map { _ in pick(["a", "b", "1", "-", " ", "A"]) }.joined()
            cases.append((text, sample, try Pattern(text).matches(sample)))
        }
        let script = """
            import re, sys
            for line in sys.stdin.read().split("\\n"):
                if not line: continue
                pattern, text = line.split("\\t")
                print(1 if re.search(pattern, text, re.ASCII) else 0)
            """
        let input = cases.map { "\($0.0)\t\($0.1)" }.joined(separator: "\n")
        let answers = try python(script, input: Array(input.utf8)).output.split(separator: "\n").map { $0 == "1" }
        try #require(answers.count == cases.count)
        for (one, answer) in zip(cases, answers) where one.2 != answer {
            Issue.record("\(one.0) on '\(one.1)': \(one.2), Python says \(answer)")
        }
        #expect(answers.contains(true) && answers.contains(false))
    }
}
