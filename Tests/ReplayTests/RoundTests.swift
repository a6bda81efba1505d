import JSON
import Metrics
import Replay
import Testing

@Suite(.serialized) struct RoundTests {
    private func bodies(_ server: MisbehavingServer) -> [String] {
        server.seen.map { String(decoding: $0, as: UTF8.self) }
            .map { String($0.split(separator: "\r\n\r\n").last ?? "") }
    }

    @Test func laterRoundsHaveFreshIdentitiesOfTheSameShape() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        let result = try Sample.run(
            Sample.http(10), port: server.port, options, identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
        #expect(result[.ok] == 50 && result.totals.due == 50)
        let ids = try bodies(server).map { try JSONValue(parsing: $0)["id"]?.string ?? "" }
        #expect(Set(ids).count == 50)
        #expect(ids.prefix(10).elementsEqual((0..<10).map { "a1b2-\(1000 + $0)" }))
        for id in ids {
            #expect(id.utf8.count == 9 && id.utf8.dropFirst(4).first == 0x2D)
            let isNumeric = id.utf8.dropFirst(5).allSatisfy { (0x30...0x39).contains($0) }
            #expect(isNumeric)
        }
    }

    @Test func aTapeWithoutIdentitiesIsNotSentTwice() throws {
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        let error = #expect(throws: ReplayError.self) {
            try Sample.run(Sample.http(10), port: server.port, options)
        }
        #expect(error?.description.contains("--allow-duplicates") == true)
        #expect(server.seen.isEmpty)
        options.allowsDuplicates = true
        let result = try Sample.run(Sample.http(10), port: server.port, options)
        #expect(result[.ok] == 50 && result.run.allowedDuplicates)
    }
}
