import Analysis
import Bytes
import Compression
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

    /// "hello" as Python's gzip and zlib modules and Google's Brotli encoder compress it, the last one by all in turn.
    @Test(arguments: [
        ("br", "0b028068656c6c6f03"), ("BR", "0b028068656c6c6f03"),
        ("gzip, deflate, br", "8b0e80789c93efe660000126e6d31e674f9e6467685b2660c60a140000480105a803"),
        (
            "gzip\r\nContent-Encoding: identity, deflate\r\nContent-Encoding:br",
            "8b0e80789c93efe660000126e6d31e674f9e6467685b2660c60a140000480105a803"
        ),
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

    /// 100 MiB of zeros, as Brotli has them in 165 bytes.
    @Test func whatGrowsWithoutBoundIsNotDecoded() throws {
        let hex =
            "cbffff3f002400e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ffcffff"
            + "034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07bffc7ffff3f0024"
            + "00e2b00074effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf77ff9ffff034002200e"
            + "0b40f7fe07"
        let bomb = try #require(Hex.decode(hex))
        let text = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: \(bomb.count)\r\n\r\n"
        #expect(try #require(HTTPContent(Message(wire: Array(text.utf8) + bomb), .response)).decodedBody == nil)
        #expect(throws: ParsingError.self) { try decompressBrotli(bomb.rawSpan, limit: 1 << 20) }
        #expect(try decompressBrotli(bomb.rawSpan, limit: 100 << 20).count == 100 << 20)
        for cut in 0..<bomb.count - 1 {
            #expect(throws: ParsingError.self) { try decompressBrotli(Array(bomb[..<cut]).rawSpan, limit: 1 << 16) }
        }
    }

    @Test func transferCodingsAreUndoneToo() throws {
        let body = try #require(Hex.decode("1f8b0800000000000203cb48cdc9c9070086a6103605000000"))
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n19\r\n"
        let content = try #require(
            HTTPContent(Message(wire: Array(head.utf8) + body + Array("\r\n0\r\n\r\n".utf8)), .response))
        #expect(content.codings == ["gzip"] && content.decodedBody == Array("hello".utf8))
    }

    @Test func damagedOrUnknownContentIsNotDecoded() throws {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let text = "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: 4\r\n\r\nabcd"
            #expect(try #require(HTTPContent(response(text), .response)).decodedBody == nil)
        }
        #expect(HTTPContent(response("garbage"), .response) == nil)
    }
}
