import Bytes
import EventLoop
import Expression
import JSON
import Metrics
import Pacing
import Replay
import Tagging
import Tape
import Testing

/// Networks, names that are never asked for, dangerous operations, caps that are held, canaries.
@Suite(.serialized) struct GuardCompleteTests {
    private func admit(
        _ urls: [String], policy: String? = nil, rate: String = "100", address: String = "192.0.2.1",
        change: (inout Guard.Request) -> Void = { _ in }, asked: (String) -> Void = { _ in }
    ) throws -> Guard {
        var request = Guard.Request(
            targets: try urls.map { try Target(parsing: $0) }, pacer: try Pacer(parsing: rate), rateIsStated: true,
            carriers: Carrier.defaults)
        change(&request)
        let parsed = try policy.map { try Policy.parse(Array($0.utf8), file: "policy.yaml") }
        return try Guard(request, policy: parsed, secondsOfDay: 0) { target throws(ReplayError) in
            asked(target.host)
            do throws(SystemError) { return try SocketAddress(resolving: address, port: target.port) } catch {
                throw ReplayError("no address")
            }
        }
    }

    private func policy(_ target: String) -> String { "version: 1\ntargets:\n  - {\(target)}\n" }

    // MARK: Places

    @Test func networksAdmitNumericAddressesAndBindNames() throws {
        let block = policy(#"network: 192.0.2.0/24, port: "8000-8099""#)
        #expect(try admit(["http://192.0.2.7:8080"], policy: block, address: "192.0.2.7").admitted.count == 1)
        for url in ["http://192.0.2.7:8100", "http://192.0.3.7:8080", "http://risk.example:8080"] {
            #expect(throws: ReplayError.self, "\(url)") { try admit([url], policy: block, address: "192.0.2.7") }
        }
        // A name that leads somewhere else than the policy says is not followed.
        let bound = policy("host: risk.example, network: 192.0.2.0/24, port: 80")
        #expect(throws: Never.self) { try admit(["http://risk.example:80"], policy: bound, address: "192.0.2.9") }
        #expect(throws: ReplayError.self) {
            try admit(["http://risk.example:80"], policy: bound, address: "198.51.100.1")
        }
        let v6 = policy("network: 2001:db8::/32, port: 80")
        #expect(throws: Never.self) { try admit(["http://[2001:db8::5]:80"], policy: v6, address: "2001:db8::5") }
        #expect(throws: ReplayError.self) { try admit(["http://[2001:db9::5]:80"], policy: v6, address: "2001:db9::5") }
    }

    @Test func noNameIsResolvedThatNothingAllows() throws {
        let asked = Lock<[String]>([])
        for (url, rules) in [
            ("http://elsewhere.example:80", nil),
            ("http://elsewhere.example:80", policy("host: risk.example, port: 80")),
            ("http://elsewhere.example:80", policy("network: 0.0.0.0/0, port: 80")),
            ("http://risk.example:81", policy("host: risk.example, port: 80")),
        ] as [(String, String?)] {
            #expect(throws: ReplayError.self) {
                try admit([url], policy: rules, asked: { name in asked.withLock { $0.append(name) } })
            }
        }
        #expect(asked.withLock { $0 } == [])
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "x", "", "10.0.0.0/-1", "2001:db8::1/32", "10.0.0.0/8/8",
    ])
    func whatIsNoNetworkIsRefused(text: String) { #expect(Network(parsing: text) == nil) }

    // MARK: Operations

    @Test(arguments: [
        "PenaltyCenter.freeze", "PenaltyCenter.unfreezeUser", "Wallet.batch_payout", "POST /v1/wallets/{}/withdrawals",
        "POST /v1/transfer-orders", "HTTPTransfer.go", "PUT /accounts/{}/frozen", "Ledger.doRefund",
        "POST /v1/payments",
    ])
    func movingMoneyAndFreezingMustBeAllowedByName(operation: String) throws {
        let url = ["http://127.0.0.1:80"]
        func refusal(_ rules: String?, _ change: (inout Guard.Request) -> Void = { _ in }) throws -> String? {
            try admit(url, policy: rules, address: "127.0.0.1", change: change).refusal(operation: operation, target: 0)
        }
        #expect(try refusal(nil) != nil)
        #expect(try refusal(nil) { $0.allowedOperations = [Glob("*")] } != nil)
        #expect(try refusal(nil) { $0.allowedOperations = [Glob(operation)] } == nil)
        let place = "host: 127.0.0.1, port: 80"
        #expect(try refusal(policy(place)) != nil)
        #expect(try refusal(policy(place + #", allow: ["*"]"#)) != nil)
        #expect(try refusal(policy(place + #", allow: ["*", "\#(operation)"]"#)) == nil)
        // A flag does not widen the policy, and narrows it.
        #expect(try refusal(policy(place)) { $0.allowedOperations = [Glob(operation)] } != nil)
        #expect(
            try refusal(policy(place + #", allow: ["\#(operation)"]"#)) { $0.deniedOperations = [Glob("*")] } != nil)
    }

    @Test(arguments: [
        "PenaltyCenter.query", "GET /v1/payouts/{}", "RiskDecision.evaluatePayment", "POST /v1/risk/decisions",
        "Transfer.getStatus", "POST /v1/transfers/validate", "Account.open", "POST /v1/clocks",
    ])
    func whatReadsOrJudgesPasses(operation: String) throws {
        #expect(DangerousOperations.word(in: operation) == nil)
    }

    // MARK: Caps

    @Test(arguments: ["max", "recorded"])
    func aCappedRateIsHeldWhileTheRunLasts(rate: String) throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options(rate, connections: 4, threads: 2)
        options.durationNanos = rate == "max" ? 1_000_000_000 : nil
        options.allowsDuplicates = true
        let keeper = try admit(["http://127.0.0.1:\(server.port)"], rate: rate, address: "127.0.0.1") {
            $0.maxRatePerThousandSeconds = 200_000
        }
        // Recorded at 1,000 a second.
        let run = Run(
            options: options, gatekeeper: keeper, source: ListSource(Sample.http(1000)),
            identities: DeclaredIdentities())
        let result = try run.run(signals: nil) { _ in }
        #expect((150...215).contains(server.seen.count), "\(server.seen.count)")
        #expect(result.totals.sent == UInt64(server.seen.count))
        if rate == "recorded" {
            #expect(result.totals.due == 1000 && result[.guardRefused] == 1000 - result.totals.sent)
            #expect(result.refusals.first?.reason == "faster than the capped rate")
        }
    }

    @Test func aConstantRateAboveACapIsRefusedBeforehand() throws {
        #expect(throws: ReplayError.self) {
            try admit(["http://127.0.0.1:1"], rate: "300", address: "127.0.0.1") {
                $0.maxRatePerThousandSeconds = 200_000
            }
        }
        // Each of two targets gets its share.
        let both = ["http://127.0.0.1:1,max-rate=100,weight=1", "http://127.0.0.1:2,weight=3"]
        #expect(throws: Never.self) { try admit(both, rate: "400", address: "127.0.0.1") }
        #expect(throws: ReplayError.self) { try admit(both, rate: "401", address: "127.0.0.1") }
    }

    @Test func volumesOfTheRunAndOfATargetEndIt() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        for (url, limit) in [
            ("http://127.0.0.1:\(server.port)", 9), ("http://127.0.0.1:\(server.port),max-requests=5", nil),
        ] as [(String, UInt64?)] {
            server.forget()
            let keeper = try admit([url], rate: "1000", address: "127.0.0.1") { $0.maxRequests = limit }
            let run = Run(
                options: try Sample.options("1000"), gatekeeper: keeper, source: ListSource(Sample.http(50)),
                identities: DeclaredIdentities())
            let result = try run.run(signals: nil) { _ in }
            #expect(result.run.exitReason == "guard")
            #expect(server.seen.count == Int(limit ?? 5))
            #expect(result.audit.targets.first?.sent == limit ?? 5)
        }
    }

    // MARK: Canaries

    private func canaryRun(
        _ acknowledge: String, _ exchanges: [Exchange], _ answer: @escaping @Sendable (Int, [UInt8]) -> String
    ) throws -> (run: Run, server: MisbehavingServer) {
        let server = try MisbehavingServer { .bytes(answer($0, $1)) }
        let rules = policy("host: 127.0.0.1, port: \(server.port), acknowledge: {\(acknowledge)}")
        let keeper = try admit(["http://127.0.0.1:\(server.port)"], policy: rules, address: "127.0.0.1")
        let run = Run(
            options: try Sample.options("100"), gatekeeper: keeper, source: ListSource(exchanges),
            identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
        return (run, server)
    }

    /// Two operations, of which one reads.
    private var exchanges: [Exchange] {
        Sample.http(6).enumerated().map { index, exchange in
            var exchange = exchange
            exchange.operation = index % 2 == 0 ? "POST /v1/risk/evaluate" : "POST /v1/orders"
            return exchange
        }
    }

    @Test func aCanaryIsTaggedFreshAndSentOnceForEachSafeOperation() throws {
        let reply = "HTTP/1.1 200 OK\r\nX-Shadow: true\r\nContent-Length: 16\r\n\r\n{\"shadow\": true}"
        let (run, server) = try canaryRun(
            #"header: "x-shadow: true", reply: "body.shadow == true", probe: ["/bin/sh", "-c", "test '{tag}' = test-run"]"#,
            exchanges
        ) { _, _ in reply }
        defer { server.stop() }
        let canaries = try run.sendCanaries { _ in nil }
        #expect(canaries.map(\.operation) == ["POST /v1/risk/evaluate"])
        #expect(canaries.first?.acknowledgedBy == ["header", "reply", "probe"])
        #expect(server.seen.count == 1)
        let sent = String(decoding: server.seen.first ?? [], as: UTF8.self)
        #expect(sent.contains("x-stress-test: test-run\r\n") && sent.contains("POST /v1/0 "))
        #expect(!sent.contains("a1b2-1000"))
        // The run itself begins at the first exchange.
        let result = try run.run(signals: nil) { _ in }
        #expect(result[.ok] == 6 && server.seen.count == 7)
    }

    @Test(arguments: [
        (#"header: x-shadow"#, "no header"), (#"header: "x-other: 1""#, "is not"),
        (#"reply: "body.shadow == true""#, "does not hold"), (#"probe: ["/bin/false"]"#, "status 1"),
        (#"probe: ["/bin/sleep", "9"], timeout: 0.1"#, "in time"), (#"probe: ["/nowhere"]"#, "cannot be started"),
        (#"header: a, operations: ["Nothing.here"]"#, "no operation that is safe"),
    ])
    func whatIsNotAcknowledgedGetsNoLoad(acknowledge: String, why: String) throws {
        let (run, server) = try canaryRun(acknowledge, exchanges) { _, _ in
            "HTTP/1.1 200 OK\r\nx-other: 2\r\nContent-Length: 2\r\n\r\nok"
        }
        defer { server.stop() }
        let error = #expect(throws: ReplayError.self) { _ = try run.sendCanaries { _ in nil } }
        #expect(error?.description.contains(why) == true, "\(String(describing: error))")
        #expect(server.seen.count <= 1)
    }

    @Test func aTargetThatDoesNotAnswerItsCanaryGetsNoLoad() throws {
        let port = try MisbehavingServer.closedPort()
        let rules = policy("host: 127.0.0.1, port: \(port), acknowledge: {header: x}")
        let keeper = try admit(["http://127.0.0.1:\(port)"], policy: rules, address: "127.0.0.1")
        let run = Run(
            options: try Sample.options("100"), gatekeeper: keeper, source: ListSource(exchanges),
            identities: DeclaredIdentities())
        let error = #expect(throws: ReplayError.self) { _ = try run.sendCanaries { _ in nil } }
        #expect(error?.description.contains("refused") == true)
    }
}
