import Bytes
import JSON
import Metrics
import Replay
import Tagging
import Tape
import Testing
import Thrift

/// What is written anew at each send never takes the tag away.
@Suite(.serialized) struct SlotsOverTagTests {
    @Test func anIdentityThatIsTheTagIsRefused() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        options.carriers = try Carrier.parse("json:id")
        let error = #expect(throws: ReplayError.self) {
            try Sample.run(
                Sample.http(10), port: server.port, options, identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
        }
        #expect(error?.description.contains("over the tag") == true)
        #expect(server.seen.isEmpty)
    }

    /// A value that happens to be the tag's is an echo of the identity, and would be renewed where the tag stands.
    @Test func anIdentityThatEqualsTheTagIsRefused() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        options.tag = "a1b2-1003"
        let result = try Sample.run(
            Sample.http(10), port: server.port, options, identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
        #expect(result.refusals.map(\.count) == [1])
        #expect(server.seen.allSatisfy { String(decoding: $0, as: UTF8.self).contains("x-stress-test: a1b2-1003\r\n") })
        #expect(result.totals.tagged == result.totals.sent && result.totals.sent >= 45)
    }
}
