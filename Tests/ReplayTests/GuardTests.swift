import EventLoop
import Metrics
import Pacing
import Replay
import Tagging
import Testing
import YAML

@Suite struct GuardTests {
    private let policy = """
        version: 1
        targets:
          - host: risk.example
            port: 9090
            carriers: ["didi:path=1.20"]
            maxRate: 500
            hours: "01:00-06:00"
            allow: ["RiskDecision.*"]
            deny: ["RiskDecision.report"]
          - host: 127.0.0.1
            port: 8080
            carriers: ["http:x-stress-test"]
            maxRequests: 100
        """

    private func admit(
        _ url: String, policy: String? = nil, rate: String = "100", stated: Bool = true,
        carriers: [String] = ["default"],
        allow: [(String, UInt16)] = [], hour: UInt64 = 2, address: String = "127.0.0.1"
    ) throws -> Guard {
        let target = try Target(parsing: url)
        let pacer = try Pacer(parsing: rate)
        var request = Guard.Request(
            targets: [target], pacer: pacer, rateIsStated: stated,
            carriers: try carriers.flatMap { try Carrier.parse($0) })
        request.allowed = allow
        let parsed = try policy.map { try Policy.parse(Array($0.utf8), file: "policy.yaml") }
        return try Guard(request, policy: parsed, secondsOfDay: hour * 3600) { target throws(ReplayError) in
            do throws(SystemError) { return try SocketAddress(resolving: address, port: target.port) } catch {
                throw ReplayError("no address")
            }
        }
    }

    @Test func withoutAPolicyOnlyLoopbackCanBeReached() throws {
        #expect(throws: Never.self) { try admit("http://localhost:80") }
        #expect(throws: ReplayError.self) { try admit("http://risk.example:80", address: "192.0.2.1") }
        #expect(throws: Never.self) { try admit("http://localhost:80", allow: [("localhost", 80)]) }
        #expect(throws: ReplayError.self) { try admit("http://localhost:80", allow: [("localhost", 81)]) }
        #expect(throws: ReplayError.self) {
            try admit("http://localhost:80", allow: [("localhost", 80)], address: "192.0.2.1")
        }
        #expect(throws: Never.self) { try admit("http://[::1]:80", address: "::1") }
        #expect(throws: ReplayError.self) { try admit("http://[2001:db8::1]:80", address: "2001:db8::1") }
    }

    @Test func aPolicyAllowsWhatItNamesAndNothingElse() throws {
        let didi = ["didi:path=1.20"]
        let away = "192.0.2.1"
        #expect(throws: Never.self) {
            try admit("thrift://risk.example:9090", policy: policy, carriers: didi, address: away)
        }
        for (url, rate, carriers, hour, stated) in [
            ("thrift://risk.example:9091", "100", didi, 2, true), ("thrift://other.example:9090", "100", didi, 2, true),
            ("thrift://risk.example:9090", "501", didi, 2, true),
            ("thrift://risk.example:9090", "100", ["default"], 2, true),
            ("thrift://risk.example:9090", "100", ["didi:path=1.19"], 2, true),
            ("thrift://risk.example:9090", "100", didi, 7, true), ("thrift://risk.example:9090", "100", didi, 2, false),
        ] as [(String, String, [String], UInt64, Bool)] {
            #expect(throws: ReplayError.self, "\(url) \(rate) \(carriers) \(hour)") {
                try admit(
                    url, policy: policy, rate: rate, stated: stated, carriers: carriers, hour: hour, address: away)
            }
        }
    }

    @Test(arguments: ["max", "recorded"])
    func whatHasNoBoundOfItsOwnIsHeldToTheCap(rate: String) throws {
        let keeper = try admit(
            "thrift://risk.example:9090", policy: policy, rate: rate, carriers: ["didi:path=1.20"],
            address: "192.0.2.1")
        #expect(keeper.limitsRates && keeper.rateLimit(target: 0) == 500_000)
    }

    @Test func aCarrierThatTheTargetDoesNotHonourIsNotEnough() throws {
        #expect(throws: Never.self) { try admit("http://127.0.0.1:8080", policy: policy) }
        let error = #expect(throws: ReplayError.self) {
            try admit("http://127.0.0.1:8080", policy: policy, carriers: ["didi"])
        }
        #expect(error?.description.contains("http:x-stress-test") == true)
        // The right place with the wrong bit is the wrong carrier.
        let hint = "version: 1\ntargets:\n  - {host: 127.0.0.1, port: 9, carriers: [\"thrift:1.20.5\"]}\n"
        for (carrier, isEnough) in [
            ("thrift:1.20.5", true), ("thrift:1.20.5,or=3", true), ("didi:path=1.20", true),
            ("thrift:1.20.5,or=2", false), ("thrift:1.20.6", false),
        ] {
            let admitted = try? admit("thrift://127.0.0.1:9", policy: hint, carriers: [carrier])
            #expect((admitted != nil) == isEnough, "\(carrier)")
        }
        // --allow narrows a policy and never widens it.
        #expect(throws: ReplayError.self) {
            try admit("http://127.0.0.1:8081", policy: policy, allow: [("127.0.0.1", 8081)])
        }
    }

    @Test func operationsAreAllowedAndDeniedByPattern() throws {
        let keeper = try admit("thrift://risk.example:9090", policy: policy, carriers: ["didi:path=1.20"])
        #expect(keeper.refusal(operation: "RiskDecision.evaluate", target: 0) == nil)
        #expect(keeper.refusal(operation: "RiskDecision.report", target: 0) != nil)
        #expect(keeper.refusal(operation: "PenaltyCenter.freeze", target: 0) != nil)
        #expect(!keeper.allowsWireFaults(target: 0))
    }

    @Test func theVolumeCapEndsTheRun() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        let text = "version: 1\ntargets:\n  - {host: 127.0.0.1, port: \(server.port), maxRequests: 7}\n"
        let options = try Sample.options("500")
        let keeper = try admit("http://127.0.0.1:\(server.port)", policy: text)
        let run = Run(
            options: options, gatekeeper: keeper, source: ListSource(Sample.http(50)), identities: DeclaredIdentities())
        let result = try run.run(signals: nil) { _ in }
        #expect(result.totals.sent == 7 && result.run.exitReason == "guard")
        #expect(server.seen.count == 7)
    }

    @Test(arguments: [
        "version: 2\ntargets: []", "targets: []", "version: 1\ntargets:\n  - port: 1",
        "version: 1\ntargets:\n  - {host: a, port: 0}", "version: 1\ntargets:\n  - {host: a, port: 1, maxRate: 0}",
        "version: 1\ntargets:\n  - {host: a, port: 1, hours: 1-2}",
        "version: 1\ntargets:\n  - {host: a, port: 1, carrier: x}",
    ])
    func aPolicyThatIsNotUnderstoodIsRefused(text: String) {
        #expect(throws: YAMLError.self) { try Policy.parse(Array(text.utf8), file: "policy.yaml") }
    }

    @Test func hoursMaySpanMidnight() throws {
        let night = try #require(Policy.Hours(parsing: "22:00-04:00"))
        #expect(night.contains(secondsOfDay: 23 * 3600) && night.contains(secondsOfDay: 3 * 3600))
        #expect(!night.contains(secondsOfDay: 4 * 3600) && !night.contains(secondsOfDay: 12 * 3600))
    }

    @Test(arguments: [
        "ftp://a:1", "http://", "http://a:0", "http://a/b", "thrift://a", "http://a b:1", "a:80", "http://a:99999",
    ])
    func whatIsNoTargetIsRefused(url: String) {
        #expect(throws: ReplayError.self) { try Target(parsing: url) }
    }
}
