import Bytes
import Testing

@testable import JSON

@Suite struct JSONParsingTests {
    /// Texts that every RFC 8259 parser must accept; the names of most stand in Nicolas Seriot's JSONTestSuite (`y_…`).
    static let accepted = [
        "[]", "{}", " [] ", "[[]   ]", "[1]", "[1 ]", "[ 1]", "[true,false,null]", "null", "\"\"", "\"asd\"", "42",
        "-0.1",
        "[-0]", "[-1]", "[0]", "[1e2]", "[1E+2]", "[0e1]", "[0e+1]", "[123.456e78]", "[1.5e-3]", "[123e65]", "[-123]",
        "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]",
        "[\"\\u0000\"]", "[\"\\uDBFF\\uDFFE\"]", "[\"a/*b*/c\"]", "[\"€𝄞\"]", "[\"\\uFFFF\"]", "[\"\u{7F}\"]",
        "[\" \"]",
        "{\"a\":\"b\",\"a\":\"c\"}", "{\"\":0}", "{\"foo\\u0000bar\":42}", "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
        "{\"a\":[]}", "{\n\"a\": \"b\"\r\n\t}", "[1,null,null,null,2]", "[12345678901234567890123]",
    ]

    /// Texts that no RFC 8259 parser may accept (`n_…`), with the offset at which they stop making sense.
    static let refused: [(String, Int, ParsingError.Status)] = [
        ("", 0, .truncated), (" ", 1, .truncated), ("[", 1, .truncated), ("[1", 2, .truncated), ("[1,", 3, .truncated),
        ("[1,]", 3, .invalid), ("[,1]", 1, .invalid), ("[1 true]", 3, .invalid), ("[1,,2]", 3, .invalid),
        ("[\"\": 1]", 3, .invalid), ("[]]", 2, .invalid), ("[1}", 2, .invalid), ("{\"a\":1,}", 7, .invalid),
        ("{a:1}", 1, .invalid), ("{'a':1}", 1, .invalid), ("{\"a\" 1}", 5, .invalid), ("{\"a\":}", 5, .invalid),
        ("{\"a\":1", 6, .truncated), ("{1:1}", 1, .invalid), ("[01]", 2, .invalid), ("[-01]", 3, .invalid),
        ("[1.]", 3, .invalid), ("[.5]", 1, .invalid), ("[1e]", 3, .invalid), ("[1e+]", 4, .invalid),
        ("[+1]", 1, .invalid),
        ("[-]", 2, .invalid), ("[0x1]", 2, .invalid), ("[NaN]", 1, .invalid), ("[Infinity]", 1, .invalid),
        ("[tru]", 4, .invalid), ("[True]", 1, .invalid), ("nul", 3, .truncated), ("[\"a]", 4, .truncated),
        ("[\"\\x00\"]", 3, .invalid), ("[\"\\u00G0\"]", 6, .invalid), ("[\"\\\"]", 5, .truncated),
        ("[\"\u{1}\"]", 2, .invalid), ("[\"\n\"]", 2, .invalid), ("[\"\\uD800\"]", 2, .invalid),
        ("[\"\\uDC00\"]", 2, .invalid), ("[\"\\uD800\\u0041\"]", 2, .invalid), ("[\"\\uD800\\n\"]", 2, .invalid),
        ("\u{FEFF}[]", 0, .invalid), ("[1]x", 3, .invalid), ("1 2", 2, .invalid), ("// c\n[]", 0, .invalid),
        ("[1]/**/", 3, .invalid), ("{\"a\":1 \"b\":2}", 7, .invalid), ("\u{C}[]", 0, .invalid),
    ]

    @Test(arguments: accepted) func acceptsWhatTheStandardAccepts(text: String) throws {
        let value = try JSONValue(parsing: text)
        // What is written again reads as the same tree, compact and pretty.
        #expect(try JSONValue(parsing: value.encoded()) == value)
        #expect(try JSONValue(parsing: value.encoded(pretty: true)) == value)
        let bytes = Array(text.utf8)
        #expect(try JSONScanner.find("", in: bytes.rawSpan) != nil)
    }

    @Test(arguments: refused) func refusesWhatTheStandardRefuses(text: String, offset: Int, status: ParsingError.Status)
    {
        #expect(throws: ParsingError(status, at: offset, "")) { try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0x80, 0x22],
        ] as [[UInt8]])
    func refusesInvalidUTF8EverywhereAString(bytes: [UInt8]) {
        #expect(throws: ParsingError(.invalid, at: 1, "")) { try JSONValue(parsing: bytes) }
        #expect(throws: ParsingError(.invalid, at: 1, "")) { try JSONScanner.find("", in: bytes.rawSpan) }
        let asKey = [0x7B] + bytes + Array(":1}".utf8)
        #expect(throws: ParsingError(.invalid, at: 2, "")) { try JSONValue(parsing: asKey) }
    }

    @Test func keepsOrderDuplicatesAndTheTextOfNumbers() throws {
        let value = try JSONValue(parsing: #"{"z":9007199254740993,"a":1.10,"z":-0,"e":1e400}"#)
        let object = try #require(value.object)
        #expect(object.keys == ["z", "a", "z", "e"])
        #expect(object.duplicateKey == "z")
        #expect(object.members[0].value.number?.int64 == 9_007_199_254_740_993)
        #expect(value["a"]?.number?.text == "1.10")
        #expect(value["z"]?.number?.text == "-0")
        #expect(value["e"]?.double == .infinity)
        #expect(value.text == #"{"z":9007199254740993,"a":1.10,"z":-0,"e":1e400}"#)
    }

    @Test func resolvesEscapes() throws {
        let value = try JSONValue(parsing: #""\"\\\/\b\f\n\r\t\u20AC\uD834\uDD1E\u0000é""#)
        #expect(value.string == "\"\\/\u{8}\u{C}\n\r\t€\u{1D11E}\u{0}é")
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(64))
        #expect(throws: ParsingError(.limit, at: 64, "")) { try JSONValue(parsing: nested(65)) }
        #expect(throws: ParsingError(.limit, at: 64, "")) { try JSONValue(parsing: nested(1_000_000)) }
        #expect(throws: ParsingError(.limit, at: 2, "")) { try JSONValue(parsing: nested(3), depthLimit: 2) }
        let bytes = Array(nested(1_000_000).utf8)
        #expect(throws: ParsingError(.limit, at: 64, "")) { try JSONScanner.find("", in: bytes.rawSpan) }
    }

    @Test func everyTruncationOfAnObjectIsTruncated() throws {
        let text = Array(#"{"a":[1.5e3,true,null,"x\u0041\uD834\uDD1E"],"b":{"c":false}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: ParsingError.self) { try JSONValue(parsing: Array(text[0..<count])) }
        }
    }

    @Test func flippedBytesNeverTrap() {
        let text = Array(#"{"a":[1.5e3,true,null,"x\u0041\uD834\uDD1E€"],"b":{"c":false}}"#.utf8)
        for at in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[at] = byte
                if let value = try? JSONValue(parsing: changed) {
                    #expect((try? JSONValue(parsing: value.encoded())) == value)
                }
                _ = try? JSONScanner.find("b.c", in: changed.rawSpan)
            }
        }
    }

    @Test func numbersKnowWhetherTheyAreIntegers() {
        #expect(JSONNumber(text: "1e3")?.int64 == 1000)
        #expect(JSONNumber(text: "1.5")?.int64 == nil)
        #expect(JSONNumber(text: "18446744073709551615")?.uint64 == .max)
        #expect(JSONNumber(text: "18446744073709551615")?.int64 == nil)
        #expect(JSONNumber(text: "01") == nil)
        #expect(JSONNumber(text: "1 ") == nil)
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONNumber(0.1)?.text == "0.1")
    }
}
