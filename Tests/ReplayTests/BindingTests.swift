import Bytes
import JSON
import Metrics
import Schema
import Tagging
import Tape
import Testing
import Thrift
import YAML

@testable import Replay

struct BindingTests {
    private func rules(_ text: String) throws(YAMLError) -> Rules { try Rules.parse(Array(text.utf8), file: "r.yaml") }

    @Test("A rules file names operations, fields and scope")
    func parsing() throws {
        let rules = try rules(
            """
            version: 1
            scope: request.user.id
            rules:
              - bind: {from: freeze.response.governanceId, to: unfreeze.request.1.4}
              - bind:
                  from: POST /v1/orders.response.order.id
                  to: POST /v1/orders/{}/confirm.request.path.2
            """)
        #expect(rules.bindings.map(\.source) == ["freeze", "POST /v1/orders"])
        #expect(rules.bindings.map(\.value) == ["governanceId", "order.id"])
        #expect(rules.bindings.map(\.operation) == ["unfreeze", "POST /v1/orders/{}/confirm"])
        #expect(rules.bindings.map(\.field.description) == ["1.4", "path.2"])
        guard case .field(let field) = rules.scope else {
            Issue.record("the scope is no field")
            return
        }
        #expect(field.description == "request.user.id")
    }

    @Test(
        "Every error of a rules file says where it lies",
        arguments: [
            ("rules: []\n", "r.yaml:1"), ("version: 2\nrules: []\n", "r.yaml:1:10"),
            ("version: 1\nrules: []\n", "r.yaml:2:8"), ("version: 1\nscope: user\nrules: []\n", "r.yaml:2:8"),
            ("version: 1\nrules:\n  - set: {}\n", "r.yaml:3:5"),
            ("version: 1\nrules:\n  - bind: {from: a.b, to: c.request.d}\n", "r.yaml:3:18"),
            ("version: 1\nrules:\n  - bind: {from: a.response.b, to: c.request.header}\n", "r.yaml:3:36"),
        ])
    func errors(text: String, place: String) {
        let error = #expect(throws: YAMLError.self) { try rules(text) }
        #expect("\(error.map { "\($0)" } ?? "")".hasPrefix(place), "\(error.map { "\($0)" } ?? "")")
    }

    private func filled(_ request: [UInt8], _ fields: [(String, String)], _ format: WireFormat) -> [UInt8]? {
        let values = fields.compactMap { name, value in
            RequestField(name).flatMap { FieldLocator().find($0, in: request, format, operation: "x") }.map {
                (span: $0, value: Array(value.utf8))
            }
        }
        guard values.count == fields.count else { return nil }
        return BoundRequest.filled(request, values, format)?.bytes
    }

    @Test("Values of any width stand in path, query, header and body, and Content-Length follows")
    func http() throws {
        let body = #"{"order":"x","n":1,"t":"é"}"#
        let request =
            "POST /o/old/confirm?token=t HTTP/1.1\r\nX-Order: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let result = try #require(
            filled(
                Array(request.utf8),
                [
                    ("path.1", "a/b c"), ("query.token", "&=é"), ("header.x-order", "long value"),
                    ("order", "say \"hi\"\n"), ("n", "12345"),
                ], .http1))
        let newBody = #"{"order":"say \"hi\"\n","n":12345,"t":"é"}"#
        #expect(
            String(decoding: result, as: UTF8.self)
                == "POST /o/a%2Fb%20c/confirm?token=%26%3D%C3%A9 HTTP/1.1\r\nX-Order: long value\r\n"
                + "Content-Length: \(newBody.utf8.count)\r\n\r\n\(newBody)")
        // A line end in a header would begin another one; letters are no number.
        #expect(filled(Array(request.utf8), [("header.x-order", "a\r\nb: c")], .http1) == nil)
        #expect(filled(Array(request.utf8), [("n", "abc")], .http1) == nil)
    }

    @Test("Values of any width stand in a Thrift call, and lengths of text and frame follow")
    func thrift() throws {
        func message(_ text: String, _ long: Int64, _ short: Int32) -> ThriftMessage {
            ThriftMessage(
                name: "unfreeze", type: .call, seqid: 1,
                body: [
                    ThriftField(
                        1,
                        .structure([
                            ThriftField(1, .binary(Array(text.utf8))), ThriftField(2, .i64(long)),
                            ThriftField(3, .i32(short)), ThriftField(4, .bool(true)),
                        ]))
                ])
        }
        let transports: [(ThriftTransport, WireFormat.Transport)] = [
            (.framed, .framed), (.unframed, .unframed), (.theader, .theader), (.ttheader, .ttheader),
        ]
        let text = String(repeating: "z", count: 300)
        for (form, transport) in transports {
            for (kind, encoding) in [(ThriftProtocol.binary, WireFormat.Encoding.binary), (.compact, .compact)] {
                let format = WireFormat(.thrift, transport, encoding)
                let before = ThriftFrame(message("abc", 1, 7), ThriftFormat(form, kind)).encoded()
                let after = ThriftFrame(message(text, -9_000_000_000, 70_000), ThriftFormat(form, kind)).encoded()
                #expect(
                    filled(before, [("1.1", text), ("1.2", "-9000000000"), ("1.3", "70000")], format) == after,
                    "\(transport) \(encoding)")
                #expect(filled(before, [("1.3", "9000000000")], format) == nil || encoding == .compact)
            }
        }
    }

    @Test("Values come out of replies by JSON path, header, and Thrift field")
    func replies() throws {
        func value(_ path: String, _ reply: [UInt8], _ format: WireFormat) -> String? {
            ReplyField(path, format, operation: "freeze", nil).flatMap { $0.value(in: reply, format) }
                .map { String(decoding: $0, as: UTF8.self) }
        }
        let plain = Array(
            "HTTP/1.1 200 OK\r\nLocation: /o/7\r\nContent-Length: 27\r\n\r\n{\"a\":{\"b\":\"x\\ny\"},\"n\":12.5}".utf8)
        #expect(value("a.b", plain, .http1) == "x\ny")
        #expect(value("body.n", plain, .http1) == "12.5")
        #expect(value("header.Location", plain, .http1) == "/o/7")
        #expect(value("a.c", plain, .http1) == nil)
        let chunked = Array(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:5}\r\n0\r\n\r\n".utf8)
        #expect(value("a", chunked, .http1) == "5")
        let reply = ThriftMessage(
            name: "freeze", type: .reply, seqid: 1,
            body: [ThriftField(0, .structure([ThriftField(3, .binary(Array("g-1".utf8))), ThriftField(4, .i64(9))]))])
        for (kind, encoding) in [(ThriftProtocol.binary, WireFormat.Encoding.binary), (.compact, .compact)] {
            let bytes = ThriftFrame(reply, ThriftFormat(.framed, kind)).encoded()
            let format = WireFormat(.thrift, .framed, encoding)
            #expect(value("0.3", bytes, format) == "g-1" && value("0.4", bytes, format) == "9")
            #expect(value("1.3", bytes, format) == nil && value("name", bytes, format) == nil)
        }
    }

    @Test("Dependants wait for the reply, take its value, and fail without it", arguments: [1, 4])
    func thriftRun(inFlight: Int) throws {
        func call(_ name: String, _ id: String) -> ThriftMessage {
            ThriftMessage(
                name: name, type: .call, seqid: 1,
                body: [ThriftField(1, .structure([ThriftField(1, .binary(Array(id.utf8)))]))])
        }
        let format = ThriftFormat(.framed, .binary)
        // Each open gets an id of another length; four in ten get none.
        let server = try MisbehavingServer { number, request in
            guard let frame = try? ThriftFrame(decoding: request.rawSpan, format), let message = frame.message else {
                return .close
            }
            var fields: [ThriftField] = []
            if message.name == "open", case .structure(let call)? = message.body.first?.value,
                case .binary(let id)? = call.first?.value, id.last.map({ $0 % 3 }) != 0
            {
                fields = [ThriftField(2, .binary(Array("gov-".utf8) + id + [UInt8](repeating: 0x7A, count: number)))]
            }
            let reply = ThriftMessage(
                name: message.name, type: .reply, seqid: message.seqid, body: [ThriftField(0, .structure(fields))])
            return .raw(ThriftFrame(reply, format).encoded())
        }
        defer { server.stop() }
        var exchanges: [Exchange] = []
        for flow in 0..<30 {
            for name in ["open", "update"] {
                var exchange = Exchange()
                exchange.id = UInt64(exchanges.count)
                exchange.flow = UInt64(flow)
                exchange.client = "10.0.0.1:\(flow)"
                exchange.format = WireFormat(.thrift, .framed, .binary)
                exchange.operation = "RiskCases.\(name)"
                let id = name == "open" ? "s-\(100 + flow)" : "old"
                exchange.request = Message(wire: ThriftFrame(call(name, id), format).encoded())
                exchanges.append(exchange)
            }
        }
        var options = try Sample.options("max")
        options.carriers = try Carrier.parse("thrift:1.9")
        options.inFlight = inFlight
        options.fidelity.rules = try rules(
            "version: 1\nrules:\n  - bind: {from: open.response.0.2, to: update.request.1.1}\n")
        let run = Run(
            options: options, gatekeeper: try Sample.gatekeeper(server.port, scheme: "thrift", options),
            source: ListSource(exchanges), identities: DeclaredIdentities())
        let result = try run.run(signals: nil) { _ in }
        #expect(result[.ok] == 48 && result[.dependencyFailed] == 12)
        var given: Set<[UInt8]> = []
        for request in server.seen {
            let message = try #require(try ThriftFrame(decoding: request.rawSpan, format).message)
            guard case .structure(let call)? = message.body.first?.value, case .binary(let id)? = call.first?.value
            else {
                continue
            }
            if message.name == "update" { given.insert(id) }
        }
        #expect(given.count == 18 && given.allSatisfy { $0.starts(with: Array("gov-s-".utf8)) })
    }
}
