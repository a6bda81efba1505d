import Bytes
import HTTP1
import Testing

/// Scans `text` fed whole and in every two-part split and byte by byte; all must agree.
private func scanEveryWay(
    _ text: String, _ kind: HTTPKind, responseTo method: HTTPMethod = .get, endOfStream: Bool = false
) throws -> (head: HTTPHead, length: Int, content: String) {
    let bytes = Array(text.utf8)
    var whole = HTTPScanner(kind, responseTo: method)
    guard case .complete(let length) = try whole.advance(bytes.rawSpan, endOfStream: endOfStream) else {
        throw ParsingError(.truncated, at: bytes.count, "message")
    }
    for split in 0...bytes.count {
        var scanner = HTTPScanner(kind, responseTo: method)
        var result = try scanner.advance(Array(bytes[..<split]).rawSpan)
        if result == .needMore { result = try scanner.advance(bytes.rawSpan, endOfStream: endOfStream) }
        #expect(result == .complete(length), "split at \(split)")
        #expect(scanner.head == whole.head)
    }
    var slow = HTTPScanner(kind, responseTo: method)
    var last = HTTPScanner.Progress.needMore
    for end in 1...bytes.count where last == .needMore {
        last = try slow.advance(Array(bytes[..<end]).rawSpan, endOfStream: endOfStream && end == bytes.count)
    }
    #expect(last == .complete(length))
    let content = try HTTPScanner.contentArray(
        Array(bytes[..<length]).rawSpan, head: whole.head, framing: whole.framing)
    return (whole.head, length, String(decoding: content, as: UTF8.self))
}

@Suite struct HTTP1Tests {
    @Test func requestWithLengthEndsWhereItsBodyEnds() throws {
        let text =
            "POST /pay?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nAuthorization: Basic eA==\r\n\r\nbodyGET /"
        let (head, length, content) = try scanEveryWay(text, .request)
        #expect(length == text.utf8.count - 5)
        #expect(content == "body")
        #expect(head.method == .post)
        #expect(head.uriString(Array(text.utf8).rawSpan) == "/pay?x=1")
        #expect(head.notes.contains(.credentials))
        #expect(head.keepsAlive)
    }

    @Test func chunkedBodiesWithZerosExtensionsAndTrailers() throws {
        let text =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: lalala\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "00004;x=\"y\"\r\nWiki\r\n5 \r\npedia\r\n000\r\nExpires: never\r\n\r\nHTTP/1.1"
        let (head, length, content) = try scanEveryWay(text, .response)
        #expect(content == "Wikipedia")
        #expect(length == text.utf8.count - 8)
        #expect(head.isChunked && head.status == 200)
    }

    @Test(arguments: [(HTTPMethod.head, 200), (.get, 204), (.get, 304), (.get, 100), (.connect, 200), (.get, 101)])
    func responsesWithoutBodyEndAtTheBlankLine(method: HTTPMethod, status: Int) throws {
        let text = "HTTP/1.1 \(status) X\r\nContent-Length: 12\r\n\r\n"
        let (_, length, _) = try scanEveryWay(text + "HTTP/1.1 200 OK\r\n", .response, responseTo: method)
        #expect(length == text.utf8.count)
    }

    @Test func responseWithoutLengthEndsWithTheConnection() throws {
        let (head, length, content) = try scanEveryWay(
            "HTTP/1.0 200 OK\nServer: x\n\nabc", .response, endOfStream: true)
        #expect(length == 30)
        #expect(content == "abc")
        #expect(!head.keepsAlive)
    }

    @Test(arguments: [
        "10000000000000000\r\nx", "\\054\r\nx", "\r\n", "5\r\nabcdeX", "5\rx",
    ])
    func chunkSizesThatAreNoneAreRefused(chunk: String) throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk)".utf8)
        var scanner = HTTPScanner(.response)
        #expect(throws: ParsingError.self) { try scanner.advance(bytes.rawSpan) }
    }

    @Test(arguments: [
        "GET /bad.html\r\n\r\n", "EHLO mail.example.com\r\n\r\n", "SSH-2.0-OpenSSH_9.2 \r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\r\n\r\n 12345678",
    ])
    func whatIsNoRequestIsRefused(text: String) {
        let bytes = Array(text.utf8)
        var scanner = HTTPScanner(.request)
        #expect(throws: ParsingError.self) { try scanner.advance(bytes.rawSpan, endOfStream: true) }
    }

    @Test func contentLengthsThatDisagreeAreNotUsed() throws {
        for (fields, expected) in [("5, 5", 5 as UInt64?), ("5, 6", nil), ("-5", nil), ("99999999999999999999", nil)] {
            let bytes = Array("POST / HTTP/1.1\r\nContent-Length: \(fields)\r\n\r\n".utf8)
            var scanned = 0
            let head = try #require(try HTTPHead.parse(bytes.rawSpan, kind: .request, scanned: &scanned))
            #expect(head.contentLength == expected)
            #expect(head.notes.contains(.badContentLength) == (expected == nil))
        }
    }

    @Test func holesInsideContentAreJumpedOver() throws {
        var body = HTTPBody(.length(10))
        #expect(body.skipHole(4) == 4)
        #expect(body.skipHole(9) == 6)
        #expect(body.isComplete)
        var chunked = HTTPBody(.chunked)
        #expect(chunked.skipHole(3) == 0)
        var at = 0
        _ = try chunked.next(Array("8\r\n".utf8).rawSpan, &at)
        #expect(chunked.skipHole(8) == 8)
        at = 0
        #expect(try chunked.next(Array("\r\n0\r\n\r\n".utf8).rawSpan, &at) == nil)
        #expect(chunked.isComplete && chunked.contentBytes == 8)
    }

    @Test func hostileHeadsNeverTrap() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let seed =
            "POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nCookie: a=b\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        for round in 0..<20_000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<(round % 7 + 1) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 24)
            }
            var scanner = HTTPScanner(round % 2 == 0 ? .request : .response)
            _ = try? scanner.advance(bytes.rawSpan, endOfStream: round % 3 == 0)
        }
    }
}
