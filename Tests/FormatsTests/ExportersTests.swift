import Analysis
import Expression
import JSON
import Tape
import Testing

@testable import Formats

private func http(
    _ request: String, _ response: String? = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", id: UInt64 = 0
) -> Exchange {
    var exchange = Exchange()
    exchange.id = id
    exchange.format = .http1
    exchange.client = "10.0.0.1:5000"
    exchange.server = "10.0.0.2:80"
    exchange.request = Message(
        wire: Array(request.utf8), startNanos: 1_700_000_000_000_001_000, endNanos: 1_700_000_000_000_003_000)
    exchange.response = response.map {
        Message(wire: Array($0.utf8), startNanos: 1_700_000_000_000_005_000, endNanos: 1_700_000_000_000_008_000)
    }
    return exchange
}

private func export(_ format: ExportFormat, _ exchanges: [Exchange], columns: [String] = [], isSafe: Bool = false)
    throws
    -> String
{
    let view = ExchangeView(showsPayload: true) { _, _ in .null }
    var exporter = format.exporter(
        columns: try columns.map { try ExpressionPath($0) }, view: view, creator: ("tinct", "1"),
        isSpreadsheetSafe: isSafe)
    var out: [UInt8] = []
    exporter.begin(&out)
    for exchange in exchanges { #expect(exporter.append(exchange, to: &out) == nil) }
    exporter.finish(&out)
    return String(decoding: out, as: UTF8.self)
}

@Suite struct ExportersTests {
    @Test func csvQuotesAsRFC4180SaysAndDisarmsFormulasOnlyWhenAsked() throws {
        let body = #"{"a":"x,\"y\"\r\nz","b":"=1+1","c":-5,"d":null,"e":[1]}"#
        let exchange = http("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let columns = [
            "request.a", "request.b", "request.c", "request.d", "request.e", "latencyMicros", "request.none",
        ]
        let plain = try export(.csv, [exchange], columns: columns)
        #expect(
            plain == columns.joined(separator: ",") + "\r\n\"x,\"\"y\"\"\r\nz\",=1+1,-5,,[1],7,\r\n")
        #expect(try export(.csv, [exchange], columns: columns, isSafe: true).contains(",'=1+1,-5,"))
    }

    @Test func jsonLinesHaveTheColumnsAsNamed() throws {
        let text = try export(
            .jsonl, [http("GET /a HTTP/1.1\r\n\r\n")], columns: ["id", "request.uri", "request.none"])
        #expect(text == "{\"id\":0,\"request.uri\":\"/a\",\"request.none\":null}\n")
    }

    @Test func gorIsWrittenAsItsDocumentationHasIt() throws {
        let exchange = http("GET / HTTP/1.1\r\nHost: h\r\n\r\n", id: 193)
        #expect(
            try export(.gor, [exchange])
                == "1 0000000000000000000000c1 1700000000000001000 2000\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\n🐵🙈🙉\n"
                + "2 0000000000000000000000c1 1700000000000005000 3000\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\n🐵🙈🙉\n"
        )
        var exporter = ExportFormat.gor.exporter(
            columns: [], view: ExchangeView { _, _ in .null }, creator: ("tinct", "1"))
        var out: [UInt8] = []
        let hostile = http("POST / HTTP/1.1\r\nContent-Length: 16\r\n\r\nx\n🐵🙈🙉\ny")
        #expect(exporter.append(hostile, to: &out) == .separator)
        var thrift = Exchange()
        thrift.format = WireFormat(.thrift, .framed, .binary)
        #expect(exporter.append(thrift, to: &out) == .notHTTP && out.isEmpty)
    }

    @Test func vegetaTargetsLeaveFramingToTheClient() throws {
        let text = try export(
            .vegeta,
            [http("POST /a?b=1 HTTP/1.1\r\nHost: h:81\r\nX-A: 1\r\nx-a: 2\r\nX-A: 3\r\nContent-Length: 2\r\n\r\nok")])
        let json = try JSONValue(parsing: text)
        #expect(json["method"] == "POST" && json["url"] == "http://h:81/a?b=1" && json["body"] == "b2s=")
        #expect(json["header"]?["X-A"] == ["1", "3"] && json["header"]?["Content-Length"] == nil)
    }

    @Test func endpointsReadEveryFormOfAnAddress() {
        #expect(IPEndpoint("10.1.2.3:80")?.address == [10, 1, 2, 3])
        #expect(IPEndpoint("[::1]:80")?.address == [UInt8](repeating: 0, count: 15) + [1])
        #expect(IPEndpoint("[2001:db8::a:1]:9090")?.address.prefix(4) == [0x20, 0x01, 0x0D, 0xB8])
        #expect(IPEndpoint("[::ffff:10.0.0.1]:1")?.address.suffix(6) == [0xFF, 0xFF, 10, 0, 0, 1])
        for text in ["", "10.0.0.1", "10.0.0:80", "[::1:80", "[1:2:3:4:5:6:7]:80", "host:80", "1.2.3.4:99999"] {
            #expect(IPEndpoint(text) == nil, "\(text)")
        }
    }

    @Test func urlsOfArchivesAreTakenApart() {
        #expect(Target("https://h/a?b#c")?.path == "/a?b" && Target("https://h/a")?.port == 443)
        #expect(Target("http://u:p@h:81")?.authority == "h:81" && Target("http://h:81?x")?.path == "/?x")
        #expect(Target("http://[::1]:81/")?.host == "[::1]" && Target("http://[::1]/")?.port == 80)
        for url in ["", "data:text/plain,x", "ws://h/", "http://", "http://h:99999/"] {
            #expect(Target(url) == nil, "\(url)")
        }
    }
}
