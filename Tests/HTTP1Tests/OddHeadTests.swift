import Bytes
import Testing

@testable import HTTP1

/// Heads over which readers disagree: read as far as RFC 9112 says, and named.
@Suite struct OddHeadTests {
    private func head(_ text: String, _ kind: HTTPKind = .request) throws -> HTTPHead {
        let bytes = Array(text.utf8)
        var scanned = 0
        let whole = try #require(try HTTPHead.parse(bytes.rawSpan, kind: kind, scanned: &scanned))
        // The same in two pieces, wherever the cut is.
        for cut in 0..<bytes.count {
            var scanned = 0
            let early = try HTTPHead.parse(Array(bytes[..<cut]).rawSpan, kind: kind, scanned: &scanned)
            #expect(early == nil)
            #expect(try HTTPHead.parse(bytes.rawSpan, kind: kind, scanned: &scanned) == whole)
        }
        return whole
    }

    @Test func foldedValuesAreOne() throws {
        let text =
            "POST / HTTP/1.1\r\nX-Long: one\r\n  two\r\n\tthree \r\nContent-Length:\r\n 5\r\nConnection: x,\r\n close\r\n\r\n"
        let head = try head(text)
        let bytes = Array(text.utf8)
        #expect(head.contentLength == 5 && !head.keepsAlive && head.length == bytes.count)
        #expect(head.notes.oddities == ["foldedField"])
        let value = head.firstValue("x-long", bytes.rawSpan)
        #expect(value.map { HTTPHead.string(bytes.rawSpan, $0) } == "one two three")
        // A fold needs something to continue.
        #expect(try self.head("GET / HTTP/1.1\r\n folded\r\nHost: x\r\n\r\n").notes.oddities == ["fieldLineInvalid"])
    }

    @Test(arguments: [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", ["lengthAndTransferEncoding"], HTTPFraming.chunked, false),
        ("Content-Length: 5\r\nContent-Length: 6", ["contentLengthInvalid"], .none, true),
        ("Content-Length: 5\r\nContent-Length: 5", [], .length(5), false),
        ("Content-Length: +5", ["contentLengthInvalid"], .none, true),
        ("Content-Length: 5 6", ["contentLengthInvalid"], .none, true),
        ("Content-Length: 0x5", ["contentLengthInvalid"], .none, true),
        ("Content-Length : 5", ["spaceBeforeColon"], .length(5), false),
        ("Transfer-Encoding : chunked", ["spaceBeforeColon"], .chunked, false),
        ("Transfer-Encoding: xchunked", ["transferEncodingInvalid"], .none, true),
        ("Transfer-Encoding: gzip", [], .none, true),
        ("Transfer-Encoding: gzip, chunked", [], .chunked, false),
        ("Transfer-Encoding: chunked, identity", ["transferEncodingInvalid"], .chunked, false),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", ["transferEncodingInvalid"], .chunked, false),
        ("Transfer-Encoding:\r\n chunked", ["foldedField"], .chunked, false),
        (
            "Transfer-Encoding\t: x\r\nContent-Length: 3, 4",
            [
                "contentLengthInvalid", "spaceBeforeColon", "transferEncodingInvalid",
            ], .none, true
        ),
        ("no colon here", ["fieldLineInvalid"], .none, false),
        (": no name", ["fieldLineInvalid"], .none, false),
        ("Host: a\nContent-Length: 4", ["bareLineFeed"], .length(4), false),
        ("Host: plain", [], .none, false),
    ])
    func whatMaySmuggleIsNamed(fields: String, oddities: [String], framing: HTTPFraming, hasUnknownEnd: Bool) throws {
        let head = try head("POST / HTTP/1.1\r\n\(fields)\r\n\r\n")
        #expect(head.notes.oddities == oddities)
        #expect(head.framing() == framing)
        #expect(head.hasUnknownEnd(framing) == hasUnknownEnd)
    }

    @Test func aResponseWithAnUnknownEndIsToldFromOneWithoutBody() throws {
        let text = "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"
        let answer = try head("HTTP/1.1 200 OK\r\n" + text, .response)
        #expect(answer.hasUnknownEnd(answer.framing(responseTo: .get)))
        #expect(!answer.hasUnknownEnd(answer.framing(responseTo: .head)))
        let unmodified = try head("HTTP/1.1 304 No\r\n" + text, .response)
        #expect(!unmodified.hasUnknownEnd(unmodified.framing(responseTo: .get)))
        let coded = try head("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .response)
        #expect(!coded.hasUnknownEnd(coded.framing()) && coded.framing() == .untilClose)
        let old = try head("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .response)
        #expect(old.notes.oddities == ["transferEncodingInvalid"])
    }

    @Test func bareLineFeedsInChunkFramingAreSeen() throws {
        for (text, isOdd) in [
            ("3\r\nabc\r\n0\r\n\r\n", false), ("3\nabc\r\n0\r\n\r\n", true), ("3;x\nabc\r\n0\r\n\r\n", true),
            ("3\r\nabc\n0\r\n\r\n", true), ("3 ;a=\"b\"\r\nabc\r\n00\r\nTrailer: x\r\n\r\n", false),
        ] {
            var body = HTTPBody(.chunked)
            let bytes = Array(text.utf8)
            var at = 0
            while try body.next(bytes.rawSpan, &at) != nil {}
            #expect(body.isComplete && at == bytes.count && body.sawBareLineFeed == isOdd, "\(text)")
        }
    }
}
