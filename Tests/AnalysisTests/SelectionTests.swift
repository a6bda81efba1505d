import Analysis
import Expression
import JSON
import Schema
import Tape
import Testing
import Thrift

@Suite struct SelectionTests {
    private static let idl = """
        struct User { 1: string id }
        struct Payment { 2: i64 amount }
        struct Request { 1: User user, 5: Payment payment }
        struct Response { 2: string decision }
        service Risk { Response evaluate(1: Request req) }
        """

    private let view: ExchangeView

    init() throws {
        var schemas = SchemaSet()
        try schemas.load(SchemaSource(name: "risk.thrift", bytes: Array(Self.idl.utf8)))
        let known = schemas
        view = ExchangeView(showsPayload: true) { known.render($0, known.operation(named: $1)) }
    }

    private func thrift(user: String = "u1", amount: Int64 = 500, decision: String = "approve") -> Exchange {
        var exchange = Exchange()
        exchange.flow = 3
        exchange.format = WireFormat(.thrift, .framed, .compact)
        exchange.operation = "Risk.evaluate"
        let request: ThriftValue = .structure([
            ThriftField(1, .structure([ThriftField(1, .binary(Array(user.utf8)))])),
            ThriftField(5, .structure([ThriftField(2, .i64(amount))])),
        ])
        let call = ThriftMessage(name: "evaluate", type: .call, seqid: 7, body: [ThriftField(1, request)])
        let result: ThriftValue = .structure([ThriftField(2, .binary(Array(decision.utf8)))])
        let reply = ThriftMessage(name: "evaluate", type: .reply, seqid: 7, body: [ThriftField(0, result)])
        exchange.request = Message(wire: call.encoded(.framed, .compact), startNanos: 1000, endNanos: 2000)
        exchange.response = Message(wire: reply.encoded(.framed, .compact), startNanos: 3000, endNanos: 9500)
        return exchange
    }

    private func http(_ body: String = #"{"user":{"id":"u1"},"method":"card"}"#, status: Int = 200) -> Exchange {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = "POST /v1/risk"
        let request = "POST /v1/risk?x=1 HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        exchange.request = Message(wire: Array(request.utf8), startNanos: 5000, endNanos: 5001)
        let response = "HTTP/1.1 \(status) OK\r\nContent-Length: 22\r\n\r\n{\"decision\":\"approve\"}"
        exchange.response = Message(wire: Array(response.utf8), startNanos: 5002, endNanos: 5003)
        return exchange
    }

    private func takes(_ exchange: Exchange, where text: String) throws -> Bool {
        var selection = Selection()
        selection.condition = try Expression(text)
        var filter = ExchangeFilter(selection, startNanos: 0, view: view)
        return filter.takes(exchange)
    }

    private func takes(_ filter: ExchangeFilter, _ exchange: Exchange) -> Bool {
        var filter = filter
        return filter.takes(exchange)
    }

    @Test func fieldsGoByNameByIdAndAsShowPrintsThem() throws {
        for text in [
            "request.payment.amount > 400 and response.decision == \"approve\"", "request.req.payment.amount == 500",
            "request.args.req.payment.amount == 500", "request.1.5.2 == 500", "response.0.2 == \"approve\"",
            "response.result.success.decision == \"approve\"", "request.seqid == 7", "request.type == \"call\"",
            "latencyMicros == 8", "latencyNanos == 8500", "operation matches \"Risk.*\"", "not tagged",
            "transport == \"framed\"", "time == \"1970-01-01T00:00:00.000001000Z\"", "flow == 3", "ordinal == 0",
        ] {
            #expect(try takes(thrift(), where: text), "\(text)")
        }
        for text in [
            "request.payment.amount > 500", "request.nothing == 1", "exists(response.nothing)", "status == 200",
        ] {
            #expect(try !takes(thrift(), where: text), "\(text)")
        }
    }

    @Test func aFieldOfTheBodyGoesBeforeAMemberOfTheMessage() throws {
        for text in [
            "request.user.id == \"u1\"", "request.method == \"card\"", "request.uri == \"/v1/risk?x=1\"",
            "response.decision == \"approve\"", "status == 200", "response.status == 200", "request.bodyBytes == 36",
        ] {
            #expect(try takes(http(), where: text), "\(text)")
        }
        #expect(try takes(http("{}"), where: "request.method == \"POST\""))
    }

    @Test func aMissingSideHasNoFields() throws {
        var exchange = thrift()
        exchange.response = nil
        #expect(try !takes(exchange, where: "response.decision == \"approve\""))
        #expect(try takes(exchange, where: "not exists(response.decision) and latencyNanos == null"))
    }

    @Test func allThatIsGivenMustHold() throws {
        var selection = Selection()
        selection.operations = [Glob("Risk.*"), Glob("POST *")]
        selection.flows = [3]
        selection.since = .afterStart(900)
        selection.until = .at(1001)
        let filter = ExchangeFilter(selection, startNanos: 100, view: view)
        #expect(filter.window == 1000..<1001)
        #expect(takes(filter, thrift()))
        #expect(!takes(filter, http()))
        var other = thrift()
        other.flow = 4
        #expect(!takes(filter, other))
        other = thrift()
        other.operation = "Penalty.freeze"
        #expect(!takes(filter, other))
        other = thrift()
        other.request?.startNanos = 1001
        #expect(!takes(filter, other))
    }

    @Test func aSampleTakesAllOfAUserOrNothingOnEveryProtocol() throws {
        var selection = Selection()
        selection.sample = .init(taken: 1, of: 10, key: try ExpressionPath("request.user.id"))
        var filter = ExchangeFilter(selection, startNanos: 0, view: view)
        var taken = 0
        for user in 0..<2000 {
            let first = filter.takes(thrift(user: "u\(user)"))
            #expect(takes(filter, thrift(user: "u\(user)", amount: 9)) == first)
            #expect(takes(filter, http(#"{"user":{"id":"u\#(user)"}}"#)) == first)
            if first { taken += 1 }
        }
        // 200 ± 4 standard deviations of a binomial draw; the hash is fixed, so this never flickers.
        #expect((146...254).contains(taken), "\(taken)")
        #expect(!takes(filter, http("{}")))
        selection.sample = .init(taken: 10, of: 10, key: nil)
        filter = ExchangeFilter(selection, startNanos: 0, view: view)
        #expect(takes(filter, http("{}")))
    }
}
