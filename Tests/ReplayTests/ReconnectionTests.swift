import Bytes
import EventLoop
import Expression
import Metrics
import Replay
import Tape
import Testing

/// Refused, reset, half-closed, stalled and slow targets: what is sent again, what is not, and for how long is waited.
@Suite(.serialized, .overBothTransfers) struct ReconnectionTests {
    private func run(
        _ server: MisbehavingServer, _ exchanges: [Exchange], rate: String = "500", connections: Int = 2,
        _ change: (inout Run.Options) -> Void
    ) throws -> RunResult {
        var options = try Sample.options(rate, connections: connections)
        change(&options)
        let result = try Sample.run(exchanges, port: server.port, options)
        #expect(result.outcomes.reduce(0, +) == result.totals.due)
        return result
    }

    @Test(arguments: ["500", "max"])
    func whatIsDeclaredIdempotentIsSentAgainAndNothingElse(rate: String) throws {
        let server = try MisbehavingServer { number, _ in number % 3 == 0 ? .reset : .bytes(Sample.ok) }
        defer { server.stop() }
        let again = try run(server, Sample.http(60), rate: rate) {
            $0.patience.retries = 4
            $0.patience.isIdempotent = { $0 == "POST /v1/{}" }
        }
        #expect(again[.ok] == 60)
        #expect(again.totals.retries > 15 && again.totals.sent == 60 + again.totals.retries)
        #expect(server.seen.count == Int(again.totals.sent) && again.totals.tagged == again.totals.sent)
        server.forget()
        let once = try run(server, Sample.http(60), rate: rate) {
            $0.patience.retries = 4
            $0.patience.isIdempotent = { $0 == "GET /" }
        }
        #expect(once.totals.retries == 0 && once[.reset] > 10 && once[.ok] + once[.reset] + once[.unsent] == 60)
        let bodies = server.seen.map { String(decoding: $0, as: UTF8.self) }
        #expect(Set(bodies).count == bodies.count)
    }

    @Test func attemptsEndAndTheLastOutcomeCounts() throws {
        let server = try MisbehavingServer { _, _ in .reset }
        defer { server.stop() }
        let result = try run(server, Sample.http(3), rate: "100", connections: 1) {
            $0.patience.retries = 2
            $0.patience.isIdempotent = { _ in true }
            $0.timeoutNanos = 5_000_000_000
        }
        #expect(result[.reset] == 3)
        #expect(result.totals.sent == 9 && server.seen.count == 9)
    }

    @Test func retriesTakeFromTheVolume() throws {
        let server = try MisbehavingServer { _, _ in .reset }
        defer { server.stop() }
        var options = try Sample.options("100", connections: 1)
        options.patience.retries = 9
        options.patience.isIdempotent = { _ in true }
        options.timeoutNanos = 2_000_000_000
        let target = try Target(parsing: "http://127.0.0.1:\(server.port),max-requests=4")
        let request = Guard.Request(
            targets: [target], pacer: options.pacer, rateIsStated: true, carriers: options.carriers)
        let keeper = try Guard(request, policy: nil, secondsOfDay: 0) { target throws(ReplayError) in
            try target.resolved()
        }
        let result = try Run(
            options: options, gatekeeper: keeper, source: ListSource(Sample.http(3)), identities: DeclaredIdentities()
        ).run(signals: nil) { _ in }
        #expect(server.seen.count <= 4 && result.totals.sent <= 4)
    }

    @Test func aRefusedTargetThatComesBackGetsWhatWaited() throws {
        let port = try MisbehavingServer.closedPort()
        let held = Lock<MisbehavingServer?>(nil)
        let starter = try LoopThread {
            Clock.sleep(nanos: 300_000_000)
            let made = try? MisbehavingServer(port: port) { _, _ in .bytes(Sample.ok) }
            held.withLock { $0 = made }
        }
        var options = try Sample.options("100", connections: 2)
        options.timeoutNanos = 3_000_000_000
        options.patience.retries = 50
        options.patience.isIdempotent = { _ in true }
        let result = try Sample.run(Sample.http(10), port: port, options)
        starter.join()
        #expect(result[.ok] == 10, "\(result.outcomes)")
        held.withLock { $0?.stop() }
    }

    @Test func aTargetThatDropsEveryConnectionIsNotStormed() throws {
        let server = try MisbehavingServer { _, _ in .close }
        defer { server.stop() }
        let result = try run(server, Sample.http(400), rate: "400", connections: 1) { $0.timeoutNanos = 100_000_000 }
        // 10, 20, 40, … 500 ms apart, less a quarter: within a second about eight, not hundreds.
        #expect(result.totals.connectionsOpened < 30, "\(result.totals.connectionsOpened)")
        #expect(result[.reset] > 0 && result[.reset] + result[.unsent] == 400)
    }

    @Test func timeOutsAreByPhaseAndByOperation() throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
        let stalled = try MisbehavingServer { _, _ in .nothing }
        defer { stalled.stop() }
        let slow = try MisbehavingServer { _, _ in .bytes(half) }
        defer { slow.stop() }
        func micros(_ server: MisbehavingServer, _ change: (inout Patience) -> Void) throws -> UInt64 {
            let began = Clock.monotonicNanos()
            let result = try run(server, Sample.http(1), rate: "100", connections: 1) {
                $0.timeoutNanos = 600_000_000
                change(&$0.patience)
            }
            #expect(result[.noReply] == 1)
            return (Clock.monotonicNanos() - began) / 1000
        }
        #expect(try micros(stalled) { $0.firstByteNanos = 100_000_000 } < 400_000)
        // Something came: the first byte's time does not run out.
        #expect(try micros(slow) { $0.firstByteNanos = 100_000_000 } > 550_000)
        #expect(try micros(stalled) { $0.operations = [(Glob("POST *"), 100_000_000)] } < 400_000)
        #expect(try micros(stalled) { $0.operations = [(Glob("GET *"), 100_000_000)] } > 550_000)
    }

    @Test func aConnectionThatNeverStandsTimesOutOnItsOwn() throws {
        // A listener whose queue is full answers nothing.
        let listener = try Socket.listen(on: SocketAddress(resolving: "127.0.0.1", port: 0), backlog: 0)
        defer { Socket.close(listener) }
        let address = try #require(Socket.localAddress(of: listener))
        let fillers = (0..<4).compactMap { _ in try? Socket.connect(to: address) }
        defer { for filler in fillers { Socket.close(filler) } }
        var options = try Sample.options("100", connections: 1)
        options.timeoutNanos = 5_000_000_000
        options.patience.connectNanos = 200_000_000
        let began = Clock.monotonicNanos()
        let result = try Sample.run(Sample.http(2), port: address.port, options)
        #expect(result[.connectTimeout] == 2)
        #expect(Clock.monotonicNanos() - began < 3_000_000_000)
    }
}
