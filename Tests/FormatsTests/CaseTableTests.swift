import Bytes
import JSON
import Schema
import TestSupport
import Testing
import Thrift

@testable import Formats

@Suite struct CaseTableTests {
    private func schemas(_ names: String...) throws -> SchemaSet {
        var set = SchemaSet()
        for name in names { try set.load(SchemaSource(name: name, bytes: try Repository.bytes("schemas/" + name))) }
        return set
    }

    private func cells(_ text: String) throws -> [[String]] {
        var reader = CSVReader(Array(text.utf8))
        var rows: [[String]] = []
        while let row = try reader.next() { rows.append(row.map(\.text)) }
        return rows
    }

    private func thrift() throws -> RequestComposer {
        try RequestComposer("RiskDecision.evaluate", schemas("risk_decision.thrift"), ThriftFormat(.framed, .binary))
    }

    private func cases(_ text: String, isCSV: Bool, _ composer: RequestComposer, expect: String? = nil) throws
        -> [CaseTable.Case]
    {
        var options = CaseTable.Options()
        options.expectColumn = expect
        options.ignoredColumns = ["note"]
        var table = try CaseTable(Array(text.utf8), isCSV: isCSV, composer, options)
        var found: [CaseTable.Case] = []
        while let row = try table.next() { found.append(row) }
        return found
    }

    private func message(_ text: String, isCSV: Bool, _ composer: RequestComposer) -> String {
        do {
            _ = try cases(text, isCSV: isCSV, composer)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("CSV is read as RFC 4180 has it")
    func csv() throws {
        #expect(
            try cells("a,b\r\n1,\"x,\"\"y\"\"\r\nz\"\r\n\r\n,\n\"\"") == [
                ["a", "b"], ["1", "x,\"y\"\r\nz"], ["", ""], [""],
            ])
        #expect(try cells("\u{FEFF}a,b") == [["a", "b"]])
        #expect(try cells("a,\r,b\n") == [["a", "\r", "b"]])
        for text in ["\"a", "a\"b", "\"a\"b", "\"a\" ,b"] {
            #expect(throws: ParsingError.self, "\(text)") { try cells(text) }
        }
        #expect(throws: ParsingError.self) {
            var reader = CSVReader([0x61, 0xFF])
            _ = try reader.next()
        }
    }

    @Test("Python's csv module reads the same rows", .requires(.python))
    func csvAsPythonHasIt() throws {
        var random = SplitMix(seed: 7)
        var lines: [String] = []
        for _ in 0..<300 {
            let fields = (0..<3).map { _ in
                let text = (0..<Int(random.next() % 6)).map { _ in
                    "ab,\"\n\r ü".randomElement(using: &random).map(String.init) ?? ""
                }
                .joined()
                let needsQuotes = text.contains { ",\"\n\r\r\n".contains($0) } || random.next() % 3 == 0
                return needsQuotes
                    ? "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                        + "\"" : text
            }
            lines.append(fields.joined(separator: ","))
        }
        let text = lines.joined(separator: "\r\n") + "\r\n"
        let theirs = try python(
            """
            import csv, io, json, sys
            text = sys.stdin.buffer.read().decode()
            print(json.dumps([r for r in csv.reader(io.StringIO(text, newline=""), strict=True)]))
            """, input: Array(text.utf8))
        #expect(theirs.status == 0, "\(theirs.errors)")
        let rows = try JSONValue(parsing: theirs.stdout).array?.map { $0.array?.compactMap(\.string) ?? [] }
        #expect(try cells(text) == rows)
    }

    @Test("Columns are paths, typed by the IDL; empty cells leave their field out")
    func columns() throws {
        let text = """
            note,requestId,eventTimeMillis,scene,country,user.userId,device.deviceId,device.platform,payment.method,payment.amountMinor,payment.currency,items.0.sku,items.0.quantity,items.0.unitPriceMinor,user.name,counters,decision
            n,00123,1,payment,BR,u,d,ios,pix,250000,BRL,s,1,5,"","{""a"":1}",stepUp
            n,r2,1,login,BR,u,d,ios,,,,,,,,,
            """
        let found = try cases(text, isCSV: true, try thrift(), expect: "decision")
        #expect(found.map(\.expected) == ["stepUp", ""])
        #expect(found.map(\.line) == [2, 3])
        let first = try #require(found[0].content.body?["req"])
        #expect(first["requestId"] == "00123")
        #expect(first["payment"]?["amountMinor"] == 250000)
        #expect(first["items"] == [["sku": "s", "quantity": 1, "unitPriceMinor": 5]])
        #expect(first["user"] == ["userId": "u", "name": ""])
        #expect(first["counters"] == ["a": 1])
        #expect(found[1].content.body?["req"]?["payment"] == nil)
        let bytes = try thrift().request(found[0].content, host: "h", number: 9)
        let decoded = try ThriftMessage(decoding: bytes.rawSpan, .framed, .binary)
        #expect(decoded.seqid == 9)
        #expect(try schemas("risk_decision.thrift").render(decoded)["req"]?["scene"] == "payment")
    }

    @Test("JSON Lines are requests, or say what is expected of them")
    func lines() throws {
        let text = """
            {"requestId":"a","decision":"review"}

            {"request":{"requestId":"b"},"expected":"decline"}
            {"request":{"requestId":"c"},"expected":{"decision":"approve"}}
            """
        let found = try cases(text, isCSV: false, try thrift(), expect: "decision")
        #expect(found.map(\.expected) == ["review", "decline", ""])
        #expect(found[0].content.body == ["requestId": "a"])
        #expect(found[2].response == ["decision": "approve"])
        #expect(found.map(\.line) == [1, 3, 4])
    }

    @Test("Errors say on which line, in which field, and what would do")
    func errors() throws {
        let composer = try thrift()
        #expect(
            message("requestID\nx", isCSV: true, composer).hasPrefix(
                "req.requestID: RiskRequest has no such field. Did you mean 'requestId'?"))
        #expect(message("scene\nx", isCSV: true, composer).hasPrefix("line 2, scene: this is no case of Scene"))
        #expect(message("a,a\n", isCSV: true, composer) == "a: two columns have this name")
        #expect(
            message("requestId,country\nx\n", isCSV: true, composer)
                == "line 2: there are 1 columns where the header has 2")
        #expect(message("{}\n[]", isCSV: false, composer) == "line 2: expected an object")
        #expect(message("{", isCSV: false, composer).hasPrefix("line 1: expected"))
        #expect(message("items.1.sku\ns", isCSV: true, composer) == "")
        #expect(throws: ComposingError.self) {
            try RequestComposer("evaluat", schemas("risk_decision.thrift"), ThriftFormat(.framed, .binary))
        }
    }

    @Test("HTTP operations take parameters in path, query and header")
    func http() throws {
        let set = try schemas("risk_decision.openapi.yaml")
        let composer = try RequestComposer("getDecision", set, ThriftFormat(.framed, .binary))
        #expect(composer.operation == "GET /v1/risk/decisions/{requestId}")
        let found = try cases("requestId\na/b c", isCSV: true, composer)
        let request = String(decoding: try composer.request(found[0].content, host: "h:1", number: 1), as: UTF8.self)
        #expect(request == "GET /v1/risk/decisions/a%2Fb%20c HTTP/1.1\r\nHost: h:1\r\n\r\n")
        #expect(throws: ComposingError.self) { try composer.request(.init(), host: "h", number: 1) }
        var unknown = RequestComposer.Content()
        unknown.parameters = [("requestID", "x")]
        #expect(throws: ComposingError.self) { try composer.request(unknown, host: "h", number: 1) }

        let free = try RequestComposer("PUT /users/123?x=1", SchemaSet(), ThriftFormat(.framed, .binary))
        #expect(free.operation == "PUT /users/{}")
        let text = String(decoding: try free.request(.init(body: ["a": 1]), host: "h", number: 1), as: UTF8.self)
        #expect(
            text
                == "PUT /users/123?x=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
        )
        var split = RequestComposer.Content()
        split.fields = [("a", "b\r\nc: d")]
        #expect(throws: ComposingError.self) { try free.request(split, host: "h", number: 1) }
        #expect(throws: ComposingError.self) { try RequestComposer(http: "GET /a b", SchemaSet()) }
    }
}
