import Bytes
import JSON
import Testing

@Suite struct JSONWriterTests {
    @Test func literalsKeepTheirOrder() {
        let value: JSONValue = ["b": 1, "a": [true, nil, 1.5, "x"], "c": [:]]
        #expect(value.text == #"{"b":1,"a":[true,null,1.5,"x"],"c":{}}"#)
    }

    /// As Python's `json.dumps(value, indent=2)` writes it.
    @Test func prettyIsIndentedByTwo() {
        let value: JSONValue = ["b": 1, "a": [1, [2]], "c": [:], "d": []]
        let expected = """
            {
              "b": 1,
              "a": [
                1,
                [
                  2
                ]
              ],
              "c": {},
              "d": []
            }
            """
        #expect(String(decoding: value.encoded(pretty: true), as: UTF8.self) == expected)
    }

    @Test func escapesOnlyWhatItMust() {
        #expect(JSONValue("a\"\\\n\r\t\u{8}\u{C}\u{1}\u{7F}/€").text == #""a\"\\\n\r\t\b\f\u0001"# + "\u{7F}/€\"")
    }

    @Test func writesLinesOneAfterTheOther() {
        var writer = JSONWriter()
        for i in 0..<2 {
            writer.beginObject()
            writer.key("i")
            writer.number(i)
            writer.key("nan")
            writer.number(Double.nan)
            writer.key("list")
            writer.beginArray()
            writer.string("a")
            writer.bool(false)
            writer.endArray()
            writer.endObject()
            writer.newline()
        }
        #expect(
            writer.text
                == "{\"i\":0,\"nan\":null,\"list\":[\"a\",false]}\n{\"i\":1,\"nan\":null,\"list\":[\"a\",false]}\n")
        writer.removeAll()
        #expect(writer.bytes.isEmpty)
    }
}
