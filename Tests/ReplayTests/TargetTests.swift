import EventLoop
import Foundation
import Metrics
import Pacing
import Replay
import Tagging
import TestSupport
import Testing

/// Several targets of one protocol, IPv6 and Unix sockets.
@Suite(.serialized) struct TargetTests {
    @Test(arguments: [
        ("http://h", "http://h:80"), ("https://h", "https://h:443"), ("thrift://h:9090", "thrift://h:9090"),
        ("thrift+tls://h:1", "thrift+tls://h:1"), ("http://[::1]:8080", "http://[::1]:8080"),
        ("http+unix:///run/a.sock", "http+unix:///run/a.sock"), ("thrift+unix:///s", "thrift+unix:///s"),
        ("HTTP://h:81/", "http://h:81"), ("http://h:1,weight=3,connections=10", "http://h:1"),
    ])
    func targetsAreReadAndNamed(text: String, name: String) throws {
        #expect(try Target(parsing: text).description == name)
    }

    @Test func optionsOfATarget() throws {
        let target = try Target(parsing: "http://h:1,weight=3,connections=10,max-rate=0.5,max-requests=7")
        #expect(target.weight == 3 && target.connections == 10)
        #expect(target.maxRatePerThousandSeconds == 500 && target.maxRequests == 7)
    }

    @Test(arguments: [
        "http://h:1,", "http://h:1,weight", "http://h:1,weight=0", "http://h:1,colour=red", "http://h:1,max-rate=0",
        "http+unix://run/a", "http+unix:///", "thrift+tls://h", "ftp+unix:///a", "http://::1", "http://::1:80",
        "http://h:1,connections=-1",
    ])
    func whatIsNoTargetIsRefused(text: String) {
        #expect(throws: ReplayError.self) { try Target(parsing: text) }
    }

    private func run(_ urls: [String], _ count: Int, flows: Int = 0) throws -> RunResult {
        let options = try Sample.options("max", connections: 4)
        let request = Guard.Request(
            targets: try urls.map { try Target(parsing: $0) }, pacer: options.pacer, rateIsStated: true,
            carriers: options.carriers)
        let keeper = try Guard(request, policy: nil, secondsOfDay: 0) { target throws(ReplayError) in
            try target.resolved()
        }
        let run = Run(
            options: options, gatekeeper: keeper, source: ListSource(Sample.http(count, flows: flows)),
            identities: DeclaredIdentities())
        return try run.run(signals: nil) { _ in }
    }

    @Test func targetsShareRequestsByWeightAndFlowsStayTogether() throws {
        let servers = try (0..<3).map { _ in try MisbehavingServer { _, _ in .bytes(Sample.ok) } }
        defer { for server in servers { server.stop() } }
        let urls = zip(servers, [1, 2, 5]).map { "http://127.0.0.1:\($0.port),weight=\($1),connections=\($1)" }
        let free = try run(urls, 800)
        #expect(free[.ok] == 800)
        #expect(servers.map(\.seen.count) == [100, 200, 500])
        #expect(free.audit.targets.map(\.sent) == [100, 200, 500])
        for server in servers { server.forget() }
        let flows = try run(urls, 4000, flows: 400)
        #expect(flows[.ok] == 4000)
        // By the hash of the flow: about an eighth, a quarter and the rest.
        #expect((250...800).contains(servers[0].seen.count) && (1800...3200).contains(servers[2].seen.count))
        let seen = servers.map { server in
            Set(
                server.seen.compactMap {
                    String(decoding: $0, as: UTF8.self).split(separator: #""flow":"#).last?.prefix { $0.isNumber }
                })
        }
        #expect(seen.reduce(0) { $0 + $1.count } == 400)
    }

    @Test func anIPv6TargetIsReached() throws {
        guard let address = try? SocketAddress(resolving: "::1", port: 0),
            let probe = try? Socket.listen(on: address)
        else { return }
        Socket.close(probe)
        let server = try MisbehavingServer(host: "::1") { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        #expect(try run(["http://[::1]:\(server.port)"], 20)[.ok] == 20)
        let request = String(decoding: server.seen.first ?? [], as: UTF8.self)
        #expect(request.contains("Host: [::1]:\(server.port)\r\n"))
    }

    @Test func aUnixSocketIsReached() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("target.sock")
        let server = try MisbehavingServer(unixPath: path) { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        let result = try run(["http+unix://\(path)"], 20)
        #expect(result[.ok] == 20 && result.run.targets == ["http+unix://\(path)"])
        #expect(String(decoding: server.seen.first ?? [], as: UTF8.self).contains("Host: localhost\r\n"))
        let absent = try run(["http+unix://\(path).absent"], 5)
        #expect(absent[.refused] == 5)
    }
}
