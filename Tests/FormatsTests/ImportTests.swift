import Compression
import Foundation
import Privacy
import Recording
import Schema
import Tape
import Testing

@testable import Formats

@Suite struct ImportTests {
    private func read(gor bytes: [UInt8]) throws -> ([Exchange], ImportBalance) {
        let path = NSTemporaryDirectory() + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        var reader = GorReader(try DecompressingInput(path: path, bufferBytes: 4096))
        var recorder = ImportRecorder(schema: SchemaSet(), masking: MaskingPlan(key: .random()))
        var exchanges: [Exchange] = []
        while let source = try reader.next(&recorder.balance) {
            if let exchange = recorder.exchange(source) { exchanges.append(exchange) }
        }
        #expect(recorder.balance.closes)
        return (exchanges, recorder.balance)
    }

    private func read(har bytes: [UInt8]) throws -> ([Exchange], ImportBalance) {
        var reader = try HARReader(bytes)
        var recorder = ImportRecorder(schema: SchemaSet(), masking: MaskingPlan(key: .random()))
        var exchanges: [Exchange] = []
        while let source = reader.next(&recorder.balance) {
            if let exchange = recorder.exchange(source) { exchanges.append(exchange) }
        }
        #expect(recorder.balance.closes)
        return (exchanges, recorder.balance)
    }

    private static let gor = Array(
        ("1 a 1700000000000000000 0\nGET /v1/users/17 HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer secret\r\n\r\n\n🐵🙈🙉\n"
            + "1 b 1700000000500000000 0\nPOST /pay HTTP/1.1\r\nHost: shop:81\r\nContent-Length: 7\r\n\r\na=1&b=2\n🐵🙈🙉\n"
            // A newer version: the response's own time. An older one: the request's time, and how long it took.
            + "2 b 1700000000600000000 1000\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\n🐵🙈🙉\n"
            + "2 a 1700000000000000000 250000000\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n\n🐵🙈🙉\n"
            + "3 a 1700000000000000000 99\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\n🐵🙈🙉\n"
            + "1 c 1700000000700000000\nGET /last HTTP/1.1\r\n\r\n\n🐵🙈🙉\n"
            + "9 x\nnothing\n🐵🙈🙉\n1 d 1700000000700000001\nno request\n🐵🙈🙉\n").utf8)

    @Test func recordsOfGoReplayPairByIDAndAreMasked() throws {
        let (exchanges, balance) = try read(gor: Self.gor)
        #expect(balance.records == 8 && balance.used == 5)
        #expect(balance.refused == ["replayedResponse": 1, "badHead": 1, "malformed": 1])
        #expect(exchanges.map(\.operation) == ["POST /pay", "GET /v1/users/{}", "GET /last"])
        #expect(exchanges.map(\.latencyNanos) == [100_001_000, 250_000_000, nil])
        #expect(exchanges.map(\.server) == ["shop:81", "shop:80", ""])
        #expect(Set(exchanges.map(\.flow)).count == 3)
        let wire = String(decoding: try #require(exchanges[1].request).wire, as: UTF8.self)
        #expect(!wire.contains("secret") && wire.contains("Bearer xxxxxx"))
        #expect(exchanges[2].losses.map(\.reason) == ["noResponse"])
    }

    @Test func aGorFileCutAnywhereGivesWhatIsWholeAndBalances() throws {
        for end in 0..<Self.gor.count {
            let (exchanges, balance) = try read(gor: Array(Self.gor[..<end]))
            #expect(balance.records <= 8 && exchanges.count <= 4, "cut at \(end)")
        }
    }

    @Test func damagedGorFilesNeverTrap() throws {
        var state: UInt64 = 3
        for _ in 0..<2000 {
            var bytes = Self.gor
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = try read(gor: bytes)
        }
    }

    private static let har = Array(
        #"""
        {"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[
        {"startedDateTime":"2026-07-01T08:30:00.125+02:00","time":30,"request":{"method":"POST","url":"https://shop/pay?x=1#f",
        "httpVersion":"h2","headers":[{"name":":method","value":"POST"},{"name":"Cookie","value":"sid=s3cret"}],
        "postData":{"mimeType":"application/json","text":"{\"pan\":\"4111111111111111\"}"}},
        "response":{"status":200,"statusText":"OK","headers":[{"name":"Content-Encoding","value":"gzip"}],
        "content":{"size":2,"mimeType":"text/plain","text":"b2s=","encoding":"base64"}},
        "timings":{"blocked":1,"dns":-1,"connect":2,"send":3,"wait":4.5,"receive":0.25},"connection":"7","serverIPAddress":"10.0.0.9"},
        {"startedDateTime":"2026-07-01T06:30:01Z","request":{"method":"GET","url":"http://shop/a","headers":[{"name":"X","value":"a\r\nb"}]}},
        {"startedDateTime":"yesterday","request":{"method":"GET","url":"http://shop/a","headers":[]}},
        {"startedDateTime":"2026-07-01T06:30:01Z","request":{"method":"GET","url":"data:,x","headers":[]}},
        {"startedDateTime":"2026-07-01T06:30:02Z","request":{"method":"POST","url":"http://shop/f","headers":[],
        "postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a b","value":"c&d"}]}},"response":{"status":0}}
        ]}}
        """#.utf8)

    @Test func entriesOfAnArchiveBecomeMessages() throws {
        let (exchanges, balance) = try read(har: Self.har)
        #expect(balance.records == 5 && balance.used == 2)
        #expect(balance.refused == ["malformed": 1, "badTime": 1, "notHTTP": 1])
        let first = try #require(exchanges.first)
        #expect(first.operation == "POST /pay" && first.server == "10.0.0.9:443" && first.losses.isEmpty)
        let started: UInt64 = 1_782_887_400_125_000_000
        #expect(first.request?.startNanos == started + 3_000_000 && first.request?.endNanos == started + 6_000_000)
        #expect(first.latencyNanos == 7_750_000)
        let request = String(decoding: try #require(first.request).wire, as: UTF8.self)
        #expect(
            request.hasPrefix(
                "POST /pay?x=1 HTTP/1.1\r\nHost: shop\r\nCookie: sid=xxxxxx\r\nContent-Length: 26\r\n\r\n"
                    + #"{"pan":"411111"#))
        #expect(request.hasSuffix(#""}"#) && !request.contains("4111111111111111"))
        let response = String(decoding: try #require(first.response).wire, as: UTF8.self)
        #expect(response == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let form = String(decoding: try #require(exchanges.last?.request).wire, as: UTF8.self)
        #expect(form.hasSuffix("Content-Length: 11\r\n\r\na%20b=c%26d") && exchanges.last?.response == nil)
    }

    @Test func damagedArchivesAreRefusedOrReadAndNeverTrap() throws {
        for end in 0..<Self.har.count { _ = try? read(har: Array(Self.har[..<end])) }
        var state: UInt64 = 5
        for _ in 0..<2000 {
            var bytes = Self.har
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            _ = try? read(har: bytes)
        }
    }
}
