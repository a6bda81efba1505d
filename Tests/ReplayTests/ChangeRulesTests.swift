import Bytes
import JSON
import Schema
import Tagging
import Tape
import Testing
import Thrift
import YAML

@testable import Replay

struct ChangeRulesTests {
    private func rules(_ text: String) throws(YAMLError) -> Rules { try Rules.parse(Array(text.utf8), file: "r.yaml") }

    private func exchange(_ request: String, _ operation: String) -> Exchange {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = operation
        exchange.request = Message(wire: Array(request.utf8), startNanos: 1)
        return exchange
    }

    /// The request after the constant changes of one rule.
    private func changed(_ request: String, _ rule: String, _ operation: String = "POST /v1/orders/{}") throws -> String
    {
        let exchange = exchange(request, operation)
        var compiler = ChangeCompiler(
            try rules("version: 1\nrules:\n  - \(rule)\n"), RuleContext(), FieldLocator())
        let bytes = try compiler.edit(exchange.request?.wire ?? [], exchange, compiler.changes(for: exchange))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func http(_ target: String, _ headers: String, _ body: String) -> String {
        "POST \(target) HTTP/1.1\r\nHost: h\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test(arguments: [
        (#"set: {header.x-env: drill}"#, "/v1/orders/7", "", "{}", "/v1/orders/7", "x-env: drill\r\n", "{}"),
        (#"set: {header.x-env: drill}"#, "/a", "X-Env: a\r\n", "{}", "/a", "X-Env: drill\r\n", "{}"),
        (#"remove: [header.x-env]"#, "/a", "X-Env: a\r\nX-Env: b\r\n", "{}", "/a", "", "{}"),
        (#"rename: {header.x-env: x-stage}"#, "/a", "X-Env: a\r\n", "{}", "/a", "x-stage: a\r\n", "{}"),
        (#"set: {query.q: a b}"#, "/a", "", "{}", "/a?q=a%20b", "", "{}"),
        (#"set: {query.q: 1}"#, "/a?p=2", "", "{}", "/a?p=2&q=1", "", "{}"),
        (#"set: {query.q: 1}"#, "/a?q&p=2", "", "{}", "/a?q=1&p=2", "", "{}"),
        (#"set: {query.q: 1}"#, "/a?p=2&q=77&q=8", "", "{}", "/a?p=2&q=1&q=8", "", "{}"),
        (#"remove: [query.q]"#, "/a?q=1&p=2&q=3", "", "{}", "/a?p=2", "", "{}"),
        (#"remove: [query.q]"#, "/a?q=1", "", "{}", "/a", "", "{}"),
        (#"rename: {query.q: r}"#, "/a?p=q&q=1", "", "{}", "/a?p=q&r=1", "", "{}"),
        (#"set: {path.2: "9/9"}"#, "/v1/orders/7", "", "{}", "/v1/orders/9%2F9", "", "{}"),
        (#"set: {user.age: 7}"#, "/a", "", #"{"user":{"age":"x"}}"#, "/a", "", #"{"user":{"age":7}}"#),
        (#"set: {user.new: true}"#, "/a", "", #"{"user":{}}"#, "/a", "", #"{"user":{"new":true}}"#),
        (#"remove: [a.b]"#, "/a", "", #"{"a":{"b":1,"c":2}}"#, "/a", "", #"{"a":{"c":2}}"#),
        (#"remove: [a.c]"#, "/a", "", #"{"a":{"b":1 , "c":2}}"#, "/a", "", #"{"a":{"b":1 }}"#),
        (#"remove: [a.0]"#, "/a", "", #"{"a":[ 1, 2]}"#, "/a", "", #"{"a":[ 2]}"#),
        (#"remove: [b]"#, "/a", "", #"{ "b\"" : 0, "b" : [1] }"#, "/a", "", #"{ "b\"" : 0 }"#),
        (#"rename: {a.b: z}"#, "/a", "", #"{"a":{"b" :1}}"#, "/a", "", #"{"a":{"z" :1}}"#),
        (#"map: {c: {CN: BR, else: MX}}"#, "/a", "", #"{"c":"CN"}"#, "/a", "", #"{"c":"BR"}"#),
        (#"map: {c: {CN: BR, else: MX}}"#, "/a", "", #"{"c":"US"}"#, "/a", "", #"{"c":"MX"}"#),
        (#"map: {c: {"true": 1}}"#, "/a", "", #"{"c":true,"d":false}"#, "/a", "", #"{"c":1,"d":false}"#),
        (#"map: {c: {CN: BR}}"#, "/a", "", #"{"d":"CN"}"#, "/a", "", #"{"d":"CN"}"#),
        (#"set: {amount: 5}"#, "/a", "", "amount=1000&b=2", "/a", "", "amount=5&b=2"),
    ])
    func httpEdits(
        rule: String, target: String, headers: String, body: String, wantTarget: String, wantHeaders: String,
        wantBody: String
    ) throws {
        let text = try changed(http(target, headers, body), rule)
        // A header that is made stands behind the others.
        let isMade = headers.isEmpty && !wantHeaders.isEmpty
        let expected =
            isMade
            ? "POST \(wantTarget) HTTP/1.1\r\nHost: h\r\nContent-Length: \(wantBody.utf8.count)\r\n\(wantHeaders)\r\n\(wantBody)"
            : http(wantTarget, wantHeaders, wantBody)
        #expect(text == expected)
    }

    @Test(
        "What a rule must not do is refused, and the request is not sent",
        arguments: [
            (#"set: {path.1: transfers}"#, "fixed part"), (#"set: {path.2: ".."}"#, "step through the path"),
            (#"set: {path.9: x}"#, "has no path.9"), (#"remove: [path.2]"#, "cannot be removed"),
            (#"set: {header.x-a: "a\r\nx-b: c"}"#, "control characters"), (#"set: {x.y: 1}"#, "no place"),
            (#"fresh: {nothing: like}"#, "nothing can be like it"),
        ])
    func refusals(rule: String, why: String) {
        let error = #expect(throws: TagError.self) { try changed(http("/v1/orders/7", "", "{}"), rule) }
        #expect(error?.message.contains(why) ?? false, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "Every error of a rules file says where it lies and what would do",
        arguments: [
            ("  - {}", "r.yaml:3:5"), ("  - operation: x", "r.yaml:3:5"), ("  - set: {header.host: x}", "r.yaml:3:11"),
            ("  - set: {header.content-length: 1}", "r.yaml:3:11"), ("  - set: {\"header.a b\": 1}", "r.yaml:3:11"),
            ("  - set: {a: [1]}", "r.yaml:3:14"), ("  - rename: {a: \"\"}", "r.yaml:3:17"),
            ("  - rename: {1.4: name}", "r.yaml:3:19"), ("  - fresh: {a: new}", "r.yaml:3:16"),
            ("  - fresh: {a: \"pattern:abc\"}", "r.yaml:3:16"), ("  - where: a >\n    set: {a: 1}", "r.yaml:3:12"),
            ("  - sign: {key: k}", "r.yaml:3:17"), ("  - sign: {}", "r.yaml:3:11"),
            ("  - token: {header.authorization: \"Bearer ${t}\"}", "r.yaml:3:35"),
            ("  - token: {a: \"${t}\"}", "r.yaml:3:13"),
            ("  - bind: {from: a.response.b, to: c.request.d}\n    set: {a: 1}", "r.yaml"),
        ])
    func errors(rule: String, place: String) {
        let error = #expect(throws: YAMLError.self) { try rules("version: 1\nrules:\n\(rule)\n") }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(place), "\(error.map { "\($0)" } ?? "")")
    }

    @Test(
        "Secrets, tokens and signatures are read strictly",
        arguments: [
            ("secrets: {k: {value: x}}", "r.yaml:2:15"), ("secrets: {k: {}}", "r.yaml:2:14"),
            ("secrets: {k: {env: A, encoding: utf9}}", "r.yaml:2:33"),
            ("tokens: {t: {jwt: {algorithm: none, key: k}}}", "r.yaml:2:31"),
            ("secrets: {k: {env: A}}\ntokens: {t: {jwt: {algorithm: HS256, key: k, claims: {exp: 1}}}}", "r.yaml:3:55"),
            ("secrets: {k: {env: A}}\ntokens: {t: {jwt: {algorithm: HS256, key: k, lifetime: 1ms}}}", "r.yaml:3:56"),
            ("tokens: {t: {}}", "r.yaml:2:13"),
        ])
    func secretErrors(text: String, place: String) {
        let error = #expect(throws: YAMLError.self) {
            try rules("version: 1\n\(text)\nrules:\n  - set: {a: 1}\n")
        }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(place), "\(error.map { "\($0)" } ?? "")")
    }

    private static let idl = """
        struct Trace { 1: string logId; 5: i64 code }
        struct Order { 1: string id; 2: i64 amount; 3: bool isNew; 4: double rate; 5: optional i32 kind; 20: Trace trace }
        service Orders { string place(1: Order order) }
        """

    @Test("Fields of Thrift calls are set, made and removed, in every encoding and framing", arguments: [true, false])
    func thriftEdits(isCompact: Bool) throws {
        var schemas = SchemaSet()
        try schemas.load([SchemaSource(name: "o.thrift", bytes: Array(Self.idl.utf8))])
        let encoding: ThriftEncoding = isCompact ? .compact : .binary
        let message = ThriftMessage(
            name: "place", type: .call, seqid: 7,
            body: [
                ThriftField(
                    1,
                    .structure([
                        ThriftField(1, ThriftValue("order-1")), ThriftField(2, .i64(5)), ThriftField(3, .bool(false)),
                        ThriftField(4, .double(0.5)), ThriftField(20, .structure([ThriftField(1, ThriftValue("log"))])),
                    ]))
            ])
        var exchange = Exchange()
        exchange.format = WireFormat(.thrift, .framed, isCompact ? .compact : .binary)
        exchange.operation = "Orders.place"
        let wire = message.encoded(.framed, encoding)
        exchange.request = Message(wire: wire, startNanos: 1)
        var compiler = ChangeCompiler(
            try rules(
                """
                version: 1
                rules:
                  - operation: place
                    set: {order.id: a much longer order, order.amount: -9, order.isNew: true, order.kind: 3, 1.20.5: 8}
                    remove: [order.rate]
                    map: {order.trace.logId: {log: mapped}}
                """), RuleContext(), FieldLocator(schemas: schemas))
        let bytes = try compiler.edit(wire, exchange, compiler.changes(for: exchange))
        #expect(bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) } == bytes.count - 4)
        let read = try ThriftMessage(decoding: bytes.rawSpan, .framed, encoding)
        #expect(
            read.body == [
                ThriftField(
                    1,
                    .structure([
                        ThriftField(1, ThriftValue("a much longer order")), ThriftField(2, .i64(-9)),
                        ThriftField(3, .bool(true)), ThriftField(5, .i32(3)),
                        ThriftField(20, .structure([ThriftField(1, ThriftValue("mapped")), ThriftField(5, .i64(8))])),
                    ]))
            ])
    }

    @Test("A value that an earlier request of the flow had as an identity is fresh where it stands again")
    func earlierValues() {
        var sessions = SessionValues()
        let first = Array(#"{"order":"1000000017"}"#.utf8)
        _ = sessions.withEarlier([FieldSpan(10..<20, .json)], in: first, flow: 1)
        let later = Array("GET /orders/1000000017/x1000000017/10000000170?o=1000000017 HTTP/1.1".utf8)
        let spans = sessions.withEarlier([], in: later, flow: 1)
        #expect(spans.map(\.range.lowerBound) == [12, 49])
        #expect(sessions.withEarlier([], in: later, flow: 2).isEmpty)
    }

    @Test("Values made of a pattern differ for different recorded ones, and agree for equal ones")
    func patterns() throws {
        var compiler = ChangeCompiler(
            try rules("version: 1\nrules:\n  - fresh: {id: \"pattern:O-##-~~%\"}\n"), RuleContext(), FieldLocator())
        var seen: [String: String] = [:]
        for number in 0..<60 {
            let id = "id\(number % 30)"
            let exchange = exchange(http("/a", "", #"{"id":"\#(id)"}"#), "POST /a")
            let bytes = try compiler.edit(exchange.request?.wire ?? [], exchange, [0])
            let text = String(decoding: bytes.suffix(17), as: UTF8.self)
            #expect(text.hasPrefix(#"{"id":"O-"#))
            #expect(seen[id] == nil || seen[id] == text)
            seen[id] = text
        }
        #expect(Set(seen.values).count == 30)
    }
}
