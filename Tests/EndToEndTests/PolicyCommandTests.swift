import Foundation
import TestSupport
import Testing

/// The guard on the command line: policies read and explained, consent, and who is named in the result.
struct PolicyCommandTests {
    private static let policy = """
        version: 1
        killFile: /run/tinct/stop
        targets:
          - name: staging
            host: 192.0.2.9
            port: 80
            carriers: [default]
            maxRate: 500
            hours: "00:00-24:00"
            allow: ["RiskDecision.*", "PenaltyCenter.freeze"]
            acknowledge: {header: "x-shadow: true"}
          - {network: 10.0.0.0/8, port: "9000-9099", insecure: true}

        """

    @Test("A policy is explained, in text and as JSON")
    func policiesAreExplained() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("policy.yaml", text: Self.policy)
        let text = try tinct("policy", "check", path)
        #expect(text.status == 0, "\(text.errors)")
        for line in [
            "sound, 2 targets", "staging  192.0.2.9:80", "at most 500 requests a second", "00:00-24:00 UTC",
            "dangerous  PenaltyCenter.freeze", "header x-shadow: true; for each that reads", "10.0.0.0/8:9000-9099",
        ] {
            #expect(text.output.contains(line), "\(line): \(text.output)")
        }
        let json = try foundationJSON(try tinct("policy", "check", path, "--json").stdout) as? [String: Any]
        let targets = json?["targets"] as? [[String: Any]]
        #expect(targets?.first?["maxRate"] as? Int == 500 && targets?.first?["acknowledged"] as? Bool == true)
        #expect(json?["killFile"] as? String == "/run/tinct/stop" && (json?["sha256"] as? String)?.count == 64)
    }

    @Test("A policy that cannot be used is refused with its place", arguments: ["maxrate: 1", "port: 0", "hours: now"])
    func badPolicies(line: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            "policy.yaml", text: "version: 1\ntargets:\n  - host: a\n    port: 1\n    \(line)\n")
        let result = try tinct("policy", "check", path)
        #expect(result.status == 2 && result.errors.contains("policy.yaml:5"), "\(result.errors)")
        #expect(try tinct("policy", "explain", path).status == 2)
    }

    @Test("Beyond this machine nothing is sent unless somebody says yes")
    func consent() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.http.record(into: directory)
        let path = try directory.write("policy.yaml", text: "version: 1\ntargets: [{host: 192.0.2.9, port: 80}]\n")
        let result = try tinct("replay", tape, "--to", "http://192.0.2.9:80", "--policy", path, "--rate", "5")
        #expect(result.status == 2 && result.errors.contains("--yes"), "\(result.errors)")
        for line in [
            "target  http://192.0.2.9:80 [192.0.2.9:80]", "rate    5", "volume  the tape once", "tag     tinct-",
        ] {
            #expect(result.errors.contains(line), "\(line): \(result.errors)")
        }
    }

    @Test("The result says who sent what where, without secrets, and what was refused, by operation")
    func audit() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.http.record(into: directory)
        let port = try RefusingPort()
        let target = "http://127.0.0.1:\(port.number)"
        let run = try tinct(
            "replay", tape, "--to", target, "--rate", "max", "--carrier", "http:x-token=s3cret", "--deny-operation",
            "GET *", "--timeout", "300ms", "--json")
        #expect(run.status == 1, "\(run.errors)")
        let result = try foundationJSON(run.stdout) as? [String: Any] ?? [:]
        let audit = result["audit"] as? [String: Any] ?? [:]
        #expect((audit["user"] as? String)?.isEmpty == false && (audit["host"] as? String)?.isEmpty == false)
        #expect(audit["confirmedBy"] as? String == "loopback" && audit["processId"] as? Int ?? 0 > 1)
        let words = audit["commandLine"] as? [String] ?? []
        #expect(words.contains("http:x-token=***") && !run.output.contains("s3cret"))
        #expect((audit["targets"] as? [[String: Any]])?.first?["address"] as? String == "127.0.0.1:\(port.number)")
        let refusals = result["refusals"] as? [[String: Any]] ?? []
        #expect(refusals.allSatisfy { ($0["operation"] as? String)?.hasPrefix("GET ") == true } && !refusals.isEmpty)
        #expect(refusals.allSatisfy { $0["reason"] as? String == "denied by --deny-operation" })
        withExtendedLifetime(port) {}
    }
}
