import Analysis
import Bytes
import JSON
import Tape
import Testing
import Thrift

@Suite struct ExchangeViewTests {
    private let view = ExchangeView { message, _ in JSONValue(message.name) }
    private let fullView = ExchangeView(showsPayload: true) { message, _ in JSONValue("decoded " + message.name) }

    private func httpExchange() -> Exchange {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = "POST /v1/risk"
        let request = "POST /v1/risk?x=1 HTTP/1.1\r\nContent-Length: 11\r\nX-Secret: s3cret\r\n\r\n{\"pan\":411}"
        exchange.request = Message(wire: Array(request.utf8), startNanos: 100, endNanos: 200)
        let response = "HTTP/1.1 204 No Content\r\n\r\n"
        exchange.response = Message(wire: Array(response.utf8), startNanos: 900, endNanos: 1100)
        return exchange
    }

    @Test func statesAnHTTPExchangeWithoutItsPayload() {
        let json = view.json(httpExchange())
        #expect(json["protocol"] == "http1" && json["operation"] == "POST /v1/risk")
        #expect(json["latencyNanos"] == 1000)
        #expect(json["request"]?["method"] == "POST" && json["request"]?["uri"] == "/v1/risk?x=1")
        #expect(json["request"]?["bodyBytes"] == 11)
        #expect(json["request"]?["bodySha256"]?.string == SHA256.hex(Array("{\"pan\":411}".utf8)))
        #expect(json["response"]?["status"] == 204 && json["response"]?["bodySha256"] == .null)
        let text = "\(json)"
        #expect(!text.contains("s3cret") && !text.contains("411}"))
    }

    @Test func showsThePayloadWhenAsked() {
        let json = fullView.json(httpExchange())
        #expect(json["request"]?["body"]?["pan"] == 411)
        #expect(json["request"]?["headers"]?[1]?[1] == "s3cret")
    }

    @Test func statesAThriftExchangeAndItsMissingReply() {
        var exchange = Exchange()
        exchange.format = WireFormat(.thrift, .framed, .compact)
        let call = ThriftMessage(name: "ping", type: .call, seqid: 7, body: [ThriftField(1, .i32(5))])
        exchange.request = Message(wire: call.encoded(.framed, .compact))
        exchange.losses = [Loss(reason: "noResponse", side: "response")]
        let json = fullView.json(exchange)
        #expect(json["transport"] == "framed" && json["encoding"] == "compact")
        #expect(json["request"]?["method"] == "ping" && json["request"]?["type"] == "call")
        #expect(json["request"]?["seqid"] == 7 && json["request"]?["args"] == "decoded ping")
        #expect(json["response"] == .null && json["latencyNanos"] == .null)
        #expect(json["lost"]?[0]?["reason"] == "noResponse")
    }
}

@Suite struct TapeSummaryTests {
    @Test func countsByOperationReasonAndTag() throws {
        var summary = TapeSummary()
        for i in 0..<10 {
            var exchange = Exchange()
            exchange.format = .http1
            exchange.operation = i < 7 ? "GET /a" : "GET /b"
            exchange.request = Message(wire: [1, 2], startNanos: UInt64(i) * 1000, endNanos: UInt64(i) * 1000 + 1)
            if i != 9 {
                let end = UInt64(i) * 1000 + 5_000_000
                exchange.response = Message(wire: [1, 2, 3], startNanos: end, endNanos: end)
            } else {
                exchange.losses = [Loss(reason: "gap", side: "response")]
            }
            if i % 2 == 0 { exchange.tags = [TagSighting(carrier: "http:x-stress-test", value: "r")] }
            summary.add(exchange)
        }
        let json = JSONValue(summary.json)
        #expect(json["exchanges"] == 10 && json["requests"] == 10 && json["responses"] == 9)
        #expect(json["requestBytes"] == 20 && json["responseBytes"] == 27)
        #expect(json["lost"]?["gap"] == 1 && json["tagCoverage"] == 0.5)
        #expect(json["carriers"]?["http:x-stress-test"] == 5)
        let operations = try #require(json["operations"]?.array)
        #expect(operations.map { $0["operation"] } == ["GET /a", "GET /b"])
        #expect(operations[0]["exchanges"] == 7 && operations[1]["latency"]?["count"] == 2)
        #expect(operations[0]["latency"]?["p50Micros"] == 5003)
        #expect(json["firstNanos"] == 0 && json["lastNanos"] == 5_008_000)
    }
}
