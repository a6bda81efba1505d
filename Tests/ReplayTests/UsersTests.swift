import Bytes
import EventLoop
import Metrics
import Replay
import Tape
import Testing

/// Closed loops of users, and connections for one request each.
@Suite(.serialized, .overBothTransfers) struct UsersTests {
    @Test("Users go through one flow after the other, and think after each reply")
    func usersThink() throws {
        let times = Lock<[UInt64]>([])
        let server = try MisbehavingServer { _, _ in
            times.withLock { $0.append(Clock.monotonicNanos()) }
            return .bytes(Sample.ok)
        }
        defer { server.stop() }
        var options = try Sample.options("max", connections: 8)
        options.fidelity.users = 2
        options.fidelity.thinkNanos = 30_000_000
        // Four flows of five requests each: two for each user, who sends ten with nine pauses.
        let result = try Sample.run(Sample.http(20, flows: 4), port: server.port, options)
        #expect(result[.ok] == 20 && result.run.loop == .closed)
        let seen = times.withLock { $0 }
        #expect(seen[19] - seen[0] >= 265_000_000)
        var order: [Int: [Int]] = [:]
        for request in server.seen {
            let words = String(decoding: request, as: UTF8.self).split { !$0.isNumber && !$0.isLetter }
            let flow = try #require(Int(words[words.count - 3]))
            order[flow, default: []].append(try #require(Int(words[words.count - 1])))
        }
        #expect(order.count == 4 && order.values.allSatisfy { $0 == $0.sorted() && $0.count == 5 })
        // The third flow begins when one of the first two has ended.
        let flows = server.seen.map { String(decoding: $0, as: UTF8.self).contains("\"flow\":2") }
        #expect(flows.firstIndex(of: true) ?? 0 >= 9)
    }

    @Test("Each request has a connection of its own on request")
    func oneRequestForEachConnection() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options("max", connections: 2)
        options.fidelity.opensForEach = true
        let result = try Sample.run(Sample.http(20), port: server.port, options)
        #expect(result[.ok] == 20 && result.totals.connectionsOpened >= 20)
        #expect(server.seen.allSatisfy { String(decoding: $0, as: UTF8.self).contains("\r\nConnection: close\r\n") })
    }
}
