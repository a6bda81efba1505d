import JSON
import Schema
import Tape
import Testing
import Thrift

@testable import Replay

struct FieldLocatorTests {
    private func http(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

    private func value(_ name: String, _ request: [UInt8], _ locator: FieldLocator = FieldLocator()) -> String? {
        guard let field = RequestField(name),
            let span = locator.find(field, in: request, .http1, operation: "GET /v1/users/{userId}")
        else { return nil }
        return String(decoding: span.text(in: request), as: UTF8.self)
    }

    @Test("Values of an HTTP request by header, query, path, form and JSON")
    func httpPlaces() throws {
        let request =
            http("POST /v1/users/a%20b?x=1&na%6De=z%2F#f HTTP/1.1\nX-Id: 17\nContent-Length: 33\n\n")
            + Array(#"{"user":{"id":5,"n":"e","q":"\n"}}"#.utf8)
        #expect(value("header.x-id", request) == "17")
        #expect(value("query.x", request) == "1")
        #expect(value("query.name", request) == "z/")
        #expect(value("path.2", request) == "a b")
        #expect(value("request.user.id", request) == "5")
        #expect(value("body.user.n", request) == "e")
        #expect(value("user.q", request) == nil)
        #expect(
            value("path.9", request) == nil && value("query.y", request) == nil && value("header.y", request) == nil)
        #expect(value("a", http("POST / HTTP/1.1\nContent-Length: 7\n\na=1&b=2")) == "1")
        #expect(RequestField("") == nil && RequestField("a..b") == nil && RequestField("header") == nil)
        var schemas = SchemaSet()
        try schemas.load([
            SchemaSource(
                name: "a.openapi.yaml",
                bytes: Array(
                    """
                    openapi: 3.1.0
                    info: {title: a, version: "1"}
                    paths:
                      /v1/users/{userId}:
                        get:
                          parameters: [{name: userId, in: path, required: true, x-tinct-id: true, schema: {type: string}}]
                          responses: {"200": {description: ok}}
                    """.utf8))
        ])
        #expect(value("path.userId", request, FieldLocator(schemas: schemas)) == "a b")
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = "GET /v1/users/{userId}"
        let found = DeclaredIdentities(schemas: schemas, fields: []).slots(in: request, exchange)
        #expect(found.map { String(decoding: request[$0.range], as: UTF8.self) } == ["a%20b"])
    }

    @Test("Fields of a Thrift call in both encodings and in every transport that can be reached")
    func thriftPlaces() throws {
        let message = ThriftMessage(
            name: "evaluate", type: .call, seqid: 1,
            body: [
                ThriftField(
                    1,
                    .structure([
                        ThriftField(1, .binary(Array("abc".utf8))), ThriftField(2, .i64(-300)), ThriftField(3, .i32(7)),
                        ThriftField(4, .double(1.5)),
                    ]))
            ])
        let transports: [(ThriftTransport, WireFormat.Transport)] = [
            (.framed, .framed), (.unframed, .unframed), (.theader, .theader), (.ttheader, .ttheader),
        ]
        for (form, transport) in transports {
            for (kind, encoding) in [(ThriftProtocol.binary, WireFormat.Encoding.binary), (.compact, .compact)] {
                let bytes = ThriftFrame(message, ThriftFormat(form, kind)).encoded()
                let values = ["1.1", "1.2", "1.3", "1.4", "1.5", "user.id"].map { name in
                    RequestField(name).flatMap {
                        FieldLocator().find(
                            $0, in: bytes, WireFormat(.thrift, transport, encoding), operation: "evaluate")
                    }.map { String(decoding: $0.text(in: bytes), as: UTF8.self) }
                }
                #expect(values == ["abc", "-300", "7", "1.5", nil, nil], "\(transport) \(encoding)")
            }
        }
    }
}
