import Bytes
import Foundation
import Tagging
import TestSupport
import Testing
import Thrift
import YAML

/// `--carriers FILE`: parser and published schema, and what is written.
@Suite struct CarrierFileTests {
    static let good = [
        #"{"version": 1, "carriers": [{"http": "X-Rehearsal"}, {"baggage": "r"}, {"theader": "k"}]}"#,
        #"{"version": 1, "carriers": [{"ttheader": "RPC_X", "value": "1"}, {"ttheader-int": 21}, {"json": "meta.t"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.20.5", "or": 16, "missing": "skip"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.9.6", "value": "test"}, {"thrift": "1.9.7"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2.3", "with": [{"id": 1, "type": "i32", "value": -1}, {"id": 2, "type": "bool", "value": true}, {"id": 4, "type": "string", "value": ""}]}]}"#,
    ]
    static let bad = [
        #"{"version": 1, "carriers": []}"#, #"{"carriers": [{"http": "x"}]}"#, #"{"version": 1}"#,
        #"{"version": 1, "carriers": [{}]}"#, #"{"version": 1, "carriers": [{"http": "a", "json": "b"}]}"#,
        #"{"version": 1, "carriers": [{"http": "a b"}]}"#, #"{"version": 1, "carriers": [{"http": "Host"}]}"#,
        #"{"version": 1, "carriers": [{"http": "a", "or": 1}]}"#, #"{"version": 1, "carriers": [{"http": null}]}"#,
        #"{"version": 1, "carriers": [{"http": "a", "value": "\n"}]}"#,
        #"{"version": 1, "carriers": [{"ttheader-int": 65536}]}"#, #"{"version": 1, "carriers": [{"thrift": "1"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.0"}]}"#, #"{"version": 1, "carriers": [{"pigeon": "x"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "or": 0}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "or": 1, "value": "a"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "missing": "never"}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "with": [{"id": 1, "type": "i8", "value": 128}]}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "with": [{"id": 1, "type": "string", "value": 7}]}]}"#,
        #"{"version": 1, "carriers": [{"thrift": "1.2", "with": [{"id": 0, "type": "bool", "value": true}]}]}"#,
    ]

    private func parse(_ text: String) throws -> [Carrier] { try Carrier.parse(file: Array(text.utf8), name: "c.yaml") }

    @Test("The schema and the parser take and refuse the same files", .requires(.python))
    func schemaAndParserAgree() throws {
        let result = try python(
            """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = jsonschema.Draft202012Validator(schema)
            print(json.dumps([validator.is_valid(json.loads(line)) for line in sys.stdin]))
            """, [Repository.path("schemas/carriers.schema.json")],
            input: Array((Self.good + Self.bad).joined(separator: "\n").utf8))
        #expect(result.status == 0, "\(result.errors)")
        let verdicts = try foundationJSON(result.stdout) as? [Bool] ?? []
        #expect(verdicts.count == Self.good.count + Self.bad.count)
        for (index, text) in (Self.good + Self.bad).enumerated() where index < verdicts.count {
            let isGood = index < Self.good.count
            #expect(verdicts[index] == isGood, "schema: \(text)")
            #expect(((try? parse(text)) != nil) == isGood, "parser: \(text)")
        }
    }

    @Test func aPlaceStandsOnce() {
        #expect(throws: YAMLError.self) {
            try parse(#"{"version": 1, "carriers": [{"http": "a"}, {"http": "A", "value": "1"}]}"#)
        }
    }

    @Test func aMissingStructIsMadeWithItsSiblingsOfEveryType() throws {
        let carriers = try parse(
            """
            version: 1
            carriers:
              - thrift: 1.20.5
                or: 0x11
                with:
                  - {id: 1, type: string, value: log}
                  - {id: 2, type: i32, value: -7}
                  - {id: 3, type: bool, value: true}
                  - {id: 4, type: i64, value: 9}
                  - {id: 6, type: i8, value: 1}
                  - {id: 7, type: i16, value: 2}
              - {thrift: 1.20.8}
            """)
        for encoding in [ThriftEncoding.binary, .compact] {
            let bytes = ThriftMessage(name: "m", type: .call, seqid: 1, body: [ThriftField(1, .structure([]))])
                .encoded(.framed, encoding)
            let tagger = Tagger(carriers: carriers, run: "run-1")
            let tagged = try tagger.tag(bytes, .thrift(isFramed: true, isCompact: encoding == .compact))
            #expect(tagged.written == ["thrift:1.20.5", "thrift:1.20.8"])
            let editor = ThriftEditor(.framed, encoding)
            for (path, value) in [
                ("1.20.1", .binary(Array("log".utf8))), ("1.20.2", .i32(-7)), ("1.20.3", .bool(true)),
                ("1.20.4", .i64(9)), ("1.20.5", .i64(0x11)), ("1.20.6", .i8(1)), ("1.20.7", .i16(2)),
                ("1.20.8", .binary(Array("run-1".utf8))),
            ] as [(String, ThriftValue)] {
                let fieldPath = try #require(FieldPath(path))
                #expect(try editor.value(at: fieldPath, in: tagged.bytes.rawSpan) == value, "\(path)")
            }
            #expect(try tagged.stripped() == bytes)
        }
    }
}
