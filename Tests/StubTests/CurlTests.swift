import Foundation
import Tape
import Testing

@testable import Stub

@Suite(.enabled(if: Peer.find("curl") != nil, "needs curl"))
struct CurlAgainstTheStub {
    /// `gzip -9n` of "compressed text\n" twenty times.
    private func gzipped() throws -> [UInt8] {
        let text = String(repeating: "compressed text\n", count: 20)
        return [UInt8](try Peer.run("/bin/sh", ["-c", "printf '%s' \"$1\" | gzip -9n", "sh", text]))
    }

    @Test func getsChunkedGzipAndHeadAnswersOverOneConnection() throws {
        let curl = try #require(Peer.find("curl"))
        var zipped = Samples.http("GET /gzip", "GET /gzip HTTP/1.1\r\n\r\n", "")
        let body = try gzipped()
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(body.count)\r\n\r\n"
        zipped.response = Message(wire: Array(head.utf8) + body)
        let engine = try Samples.engine([
            Samples.get("/plain", "plain"), zipped,
            Samples.http(
                "GET /chunked", "GET /chunked HTTP/1.1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nchun\r\n3\r\nked\r\n0\r\n\r\n"),
            Samples.http(
                "POST /echo",
                "POST /echo HTTP/1.1\r\nContent-Length: 70000\r\n\r\n\(String(repeating: "x", count: 70_000))",
                "HTTP/1.1 204 No Content\r\n\r\n"),
        ])
        let served = try Served(engine, requests: 6)
        let url = "http://127.0.0.1:\(served.port)"
        let file = try Peer.temporaryFolder().appendingPathComponent("body")
        try String(repeating: "x", count: 70_000).write(to: file, atomically: true, encoding: .utf8)
        let format = "[%{http_code} %{size_download} %{num_connects}]\n"
        let answers = try Peer.run(
            curl,
            [
                "-sS", "-w", format, "-H", "X-Stress-Test: run", "\(url)/plain", "--next", "-sS", "--compressed", "-w",
                format,
                "\(url)/gzip", "--next", "-sS", "-w", format, "\(url)/chunked", "--next", "-sS", "-I", "-w", format,
                "\(url)/plain", "--next", "-sS", "-H", "Expect: 100-continue", "--data-binary", "@\(file.path)", "-w",
                format,
                "\(url)/echo", "--next", "-sS", "-w", format, "\(url)/nothing",
            ])
        let text = String(decoding: answers, as: UTF8.self)
        #expect(text.contains("plain[200 5 1]"))
        #expect(text.contains("compressed text\n[200 \(body.count) 0]"))
        #expect(text.contains("chunked[200 7 0]"))
        #expect(text.contains("Content-Length: 5\r\n\r\n[200 0 0]"))
        #expect(text.contains("[204 0 0]"))
        #expect(text.contains("[404 "))
        let counts = try served.counts()
        #expect(counts.requests == 6)
        #expect(counts.connections == 1)
        #expect(counts.tagged == 1)
        #expect(counts.matched == 5)
        #expect(counts.unknownOperation == 1)
    }

    @Test func answersComeAfterTheirDelay() throws {
        let curl = try #require(Peer.find("curl"))
        let engine = try Samples.engine(
            [Samples.get("/plain", "plain")], delay: Delay(.constant(nanos: 150_000_000)))
        let served = try Served(engine, requests: 1)
        let time = try Peer.run(
            curl, ["-sS", "-o", "/dev/null", "-w", "%{time_starttransfer}", "http://127.0.0.1:\(served.port)/plain"])
        let seconds = try #require(Double(String(decoding: time, as: UTF8.self)))
        #expect(seconds >= 0.15)
        #expect(seconds < 1)
        #expect(try served.counts().answered == 1)
    }
}
