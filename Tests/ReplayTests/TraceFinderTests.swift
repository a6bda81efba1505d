import Replay
import Tape
import Testing
import Thrift

struct TraceFinderTests {
    private func http(_ headers: String, _ body: String = "") -> [UInt8] {
        Array("POST /a?rid=q7 HTTP/1.1\r\nHost: a\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    }

    private func id(_ request: [UInt8], _ format: WireFormat = .http1, _ fields: [String] = []) -> String? {
        TraceFinder(fields.compactMap { RequestField($0) }, FieldLocator()).id(in: request, format, operation: "op")
    }

    /// The example of W3C's Trace Context §3.2, and what §3.2.2 says is invalid.
    @Test func usualHeaders() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        let parent = "traceparent: 00-\(trace)-00f067aa0ba902b7-01\r\n"
        #expect(id(http(parent)) == trace)
        #expect(id(http("X-Request-Id: r-1\r\nTraceParent: 00-\(trace.uppercased())-00f067aa0ba902b7-00\r\n")) == trace)
        #expect(id(http("traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n")) == nil)
        #expect(id(http("traceparent: broken\r\nx-request-id: r-1\r\n")) == "r-1")
        #expect(id(http("X-B3-TraceId: 80F198EE56343BA8\r\n")) == "80f198ee56343ba8")
        #expect(
            id(http("b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1\r\n"))
                == "80f198ee56343ba864fe8b2a57d3eff7")
        #expect(id(http("b3: 0\r\n")) == nil)
        #expect(id(http("")) == nil)
    }

    @Test func fieldsThatAreNamed() {
        let request = http(
            "x-own: o1\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", #"{"t":{"id":7}}"#)
        #expect(id(request, .http1, ["header.x-own"]) == "o1")
        #expect(id(request, .http1, ["t.id"]) == "7")
        #expect(id(request, .http1, ["query.rid"]) == "q7")
        #expect(id(request, .http1, ["header.x-none", "t.none"]) == nil)
    }

    /// Keys travel over all hops with a prefix (CloudWeGo TTHeader).
    @Test func keysOfHeaderTransports() {
        for kind in [HeaderTransport.Kind.ttheader, .theader] {
            var frame = HeaderTransport(kind)
            frame.infos = [
                .pairs([
                    .init("other", "x"),
                    .init("RPC_PERSIST_X-Trace-Id", "t-9"),
                ])
            ]
            let format = WireFormat(.thrift, kind == .ttheader ? .ttheader : .theader, .binary)
            let bytes = frame.encoded(payload: [0x80, 1, 0, 1, 0, 0, 0, 1, 0x61, 0, 0, 0, 1, 0])
            #expect(id(bytes, format) == "t-9")
            #expect(id(bytes, format, ["header.other"]) == "x")
            #expect(id(bytes, format, ["header.absent"]) == nil)
        }
    }

    /// A framed call `a` whose argument 1 is a struct with a Trace at 20 whose field 1 is the log id, written by hand.
    @Test func fieldsOfThriftCalls() {
        var message: [UInt8] = [0x80, 1, 0, 1, 0, 0, 0, 1, 0x61, 0, 0, 0, 1]
        message += [12, 0, 1, 12, 0, 20, 11, 0, 1, 0, 0, 0, 4] + Array("log7".utf8) + [0, 0, 0]
        let bytes = [0, 0, 0, UInt8(message.count)] + message
        #expect(id(bytes, WireFormat(.thrift, .framed, .binary), ["1.20.1"]) == "log7")
        #expect(id(bytes, WireFormat(.thrift, .framed, .binary)) == nil)
    }
}
