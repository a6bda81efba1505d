import Analysis
import Bytes
import HTTP1
import Tape
import Testing

@Suite struct HTTPContentTests {
    private func response(_ text: String, holes: [Extent] = []) -> Message {
        var message = Message(wire: Array(text.utf8))
        message.holes = holes
        message.wireLength += holes.reduce(0) { $0 + $1.length }
        return message
    }

    @Test func undoesChunking() throws {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"
        let content = try #require(HTTPContent(response(text), .response))
        #expect(content.body == Array("abcde".utf8))
        #expect(content.isWhole)
        #expect(content.value("transfer-encoding") == "chunked")
    }

    @Test func anAnswerToHeadHasNoBody() throws {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        let content = try #require(HTTPContent(response(text), .response, answered: "HEAD"))
        #expect(content.body.isEmpty && content.isWhole)
        #expect(try #require(HTTPContent(response(text), .response)).isWhole == false)
    }

    @Test func bytesThatWereNotCapturedAreLeftOut() throws {
        // Offsets of holes count in the original message: the head has 40 bytes, then "ab", five lost, then "cde".
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 0010\r\n\r\n"
        let hole = Extent(offset: UInt64(head.utf8.count + 2), length: 5)
        let content = try #require(HTTPContent(response(head + "abcde", holes: [hole]), .response))
        #expect(content.body == Array("abcde".utf8))
        #expect(content.isWhole == false)
    }

    /// "hello" as Python's gzip and zlib modules compress it.
    @Test(arguments: [
        ("gzip", "1f8b0800000000000203cb48cdc9c9070086a6103605000000"), ("deflate", "cb48cdc9c90700"),
        ("deflate", "789ccb48cdc9c90700062c0215"),
    ])
    func undoesContentEncoding(coding: String, hex: String) throws {
        let body = try #require(Hex.decode(hex))
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
        let content = try #require(HTTPContent(Message(wire: Array(head.utf8) + body), .response))
        #expect(content.body == body)
        #expect(content.decodedBody == Array("hello".utf8))
    }

    @Test func damagedOrUnknownContentIsNotDecoded() throws {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let text = "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: 4\r\n\r\nabcd"
            #expect(try #require(HTTPContent(response(text), .response)).decodedBody == nil)
        }
        #expect(HTTPContent(response("garbage"), .response) == nil)
    }
}
