import Bytes
import Recording
import Tape
import TestSupport
import Testing

/// HTTP/1.x as it is and as it should not be, in segments of every size.
@Suite struct HTTPRecordingTests {
    private let build = PacketBuilder()

    private func record(_ messages: [(Bool, String)], mss: Int = 1400, isRaw: Bool = true) throws -> Recorded {
        let frames = build.conversation(messages.map { (fromClient: $0.0, payload: Array($0.1.utf8)) }, mss: mss)
        let recorded = try Recorded(PacketBuilder.pcap(frames), isRaw: isRaw)
        #expect(recorded.balance.closes)
        return recorded
    }

    private let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    private let next = "GET /next HTTP/1.1\r\n\r\n"

    /// What is certain is read and named; where the end is unknown, nothing behind it is guessed.
    @Test(arguments: [1, 3, 1400]) func smugglingShapesAreReported(mss: Int) throws {
        let chunked = "0\r\n\r\n"
        let cases: [(fields: String, body: String, oddity: String, isReadOn: Bool)] = [
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", chunked, "lengthAndTransferEncoding", true),
            ("Transfer-Encoding : chunked", chunked, "spaceBeforeColon", true),
            ("Transfer-Encoding:\r\n chunked", chunked, "foldedField", true),
            ("Transfer-Encoding: chunked, identity", chunked, "transferEncodingInvalid", true),
            ("Transfer-Encoding: chunked", "3\nabc\r\n0\r\n\r\n", "chunkLineInvalid", true),
            ("Transfer-Encoding: xchunked", chunked, "transferEncodingInvalid", false),
            ("Content-Length: 5\r\nContent-Length: 0", "", "contentLengthInvalid", false),
            ("Content-Length: -1", "", "contentLengthInvalid", false),
        ]
        for one in cases {
            let first = "POST /a HTTP/1.1\r\n\(one.fields)\r\n\r\n\(one.body)"
            let recorded = try record([(true, first + next), (false, plain + plain)], mss: mss)
            #expect(recorded.balance.oddities[one.oddity] == 1, "\(one.fields)")
            let requests = recorded.exchanges.filter { $0.request != nil }.sorted { $0.ordinal < $1.ordinal }
            #expect(
                requests.map(\.operation) == (one.isReadOn ? ["POST /a", "GET /next"] : ["POST /a"]), "\(one.fields)")
            let losses = requests.first?.losses.filter { $0.side == "request" }.map(\.reason) ?? []
            #expect(losses == (one.isReadOn ? [] : ["malformed"]), "\(one.fields)")
            if !one.isReadOn {
                #expect(recorded.balance.bytes.0.opaque == UInt64(one.body.utf8.count + next.utf8.count))
                #expect(recorded.balance.requests.partialReasons == ["malformed": 1])
            }
        }
    }

    @Test(arguments: [
        "5x\r\nhello\r\n0\r\n\r\n", "-1\r\nhello\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFFF\r\nhello",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
    ])
    func badChunksEndWhatIsRead(body: String) throws {
        let recorded = try record(
            [(true, "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\(body)" + next), (false, plain)])
        #expect(recorded.exchanges.map(\.operation) == ["POST /a"])
        #expect(recorded.balance.requests.partialReasons == ["malformed": 1])
        #expect(recorded.balance.bytes.0.opaque > 0)
    }

    @Test(arguments: [1, 7, 1400]) func whatFollowsAnUpgradeIsOpaqueAndCounted(mss: Int) throws {
        let frames = "\u{81}\u{5}GET / HTTP/1.1\r\n\r\n"
        let upgrade = "GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        let switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
        let tunnel = "CONNECT db:443 HTTP/1.1\r\nHost: db:443\r\n\r\n"
        for (asked, answered) in [(upgrade, switched), (tunnel, "HTTP/1.1 200 Connected\r\n\r\n")] {
            let recorded = try record([(true, asked), (false, answered), (true, frames), (false, frames)], mss: mss)
            #expect(recorded.exchanges.count == 1 && recorded.exchanges.allSatisfy { $0.losses.isEmpty })
            let count = UInt64(frames.utf8.count)
            #expect(recorded.balance.bytes.0.opaque == count && recorded.balance.bytes.1.opaque == count)
        }
        // Refused: the connection goes on as HTTP.
        let refused = try record(
            [(true, tunnel), (false, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), (true, next), (false, plain)],
            mss: mss)
        #expect(refused.exchanges.count == 2 && refused.balance.bytes.0.opaque == 0)
    }

    @Test func foldedCredentialsAreMaskedOnEveryLine() throws {
        let text = "GET / HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\n dG9rZW4=\r\nHost: x\r\n\r\n"
        let recorded = try record([(true, text), (false, plain)], isRaw: false)
        let wire = try #require(recorded.exchanges.first?.request?.wire)
        #expect(
            String(decoding: wire, as: UTF8.self)
                == "GET / HTTP/1.1\r\nAuthorization: Basic xxxxxxxx\r\n xxxxxxxx\r\nHost: x\r\n\r\n")
    }

    @Test(arguments: [1, 2, 1400]) func everyWayToEndABodyIsFollowed(mss: Int) throws {
        let recorded = try record(
            [
                (true, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                (false, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nA"),
                (true, "POST /b HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
                (false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), (true, "B"),
                (false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=\"y;z\"\r\nB\r\n0\r\nT: 1\r\n\r\n"),
                (true, "GET /c HTTP/1.1\r\n\r\nHEAD /d HTTP/1.1\r\n\r\nGET /e HTTP/1.1\r\n\r\n"),
                (
                    false,
                    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                ),
                (false, "HTTP/1.1 200 OK\r\n\r\nuntil the connection ends"),
            ], mss: mss)
        let exchanges = recorded.exchanges.sorted { $0.ordinal < $1.ordinal }
        #expect(exchanges.map(\.operation) == ["GET /a", "POST /b", "GET /c", "HEAD /d", "GET /e"])
        #expect(exchanges.map(\.interim.count) == [0, 2, 0, 0, 0])
        #expect(exchanges.allSatisfy { $0.losses.isEmpty && $0.response != nil })
        #expect(recorded.balance.oddities.isEmpty && recorded.balance.messagesLost == 0)
    }
}
