import EventLoop
import Files
import Glibc
import Pacing
import Replay
import Tagging

/// The flags of every command that sends: what is written where, and the guard that comes of them.
struct SendingFlags {
    static let all: [Flag] = [
        Flag("tag", value: "RUN", help: "The tag's value.", default: "a new id for each run"),
        Flag(
            "carrier", value: "CARRIER", repeatable: true,
            help:
                "Where the tag rides: default, didi:path=1.20, bytedance, takin, uber, http:NAME, baggage:KEY, theader:KEY, ttheader:KEY, ttheader-int:N, json:PATH, thrift:PATH.",
            default: "default"),
        Flag(
            "policy", value: "FILE", help: "What may be sent where. Also TINCT_POLICY and /etc/tinct/policy.yaml.",
            completion: .file),
        Flag("allow", value: "HOST:PORT", repeatable: true, help: "Narrow the targets to these."),
    ]

    let tag: String
    let carriers: [Carrier]
    let policy: Policy?
    private let allowed: [(host: String, port: UInt16)]

    init(_ invocation: Invocation) throws(CommandError) {
        tag = invocation["tag"] ?? Self.freshTag()
        guard Carrier.isFieldText(tag) else {
            throw CommandError(
                "--tag must be visible ASCII text of at most 1024 characters",
                remedy: "Give a name like run-2024-11-02.")
        }
        var carriers: [Carrier] = []
        let texts = invocation.all("carrier")
        for text in texts.isEmpty ? ["default"] : texts {
            do throws(TagError) {
                for carrier in try Carrier.parse(text) where !carriers.contains(carrier) { carriers.append(carrier) }
            } catch {
                throw CommandError(error.message, remedy: error.remedy)
            }
        }
        self.carriers = carriers
        policy = try Self.readPolicy(invocation)
        var allowed: [(host: String, port: UInt16)] = []
        for text in invocation.all("allow") { allowed.append(try FlagValue.hostPort(text, flag: "allow")) }
        self.allowed = allowed
    }

    /// Unique to the run: its time and process.
    private static func freshTag() -> String {
        let now = Clock.realtimeNanos()
        return "tinct-" + String(now / 1_000_000, radix: 36) + "-" + String(now % 1_000_000, radix: 36)
    }

    /// The policy of the flag, else of the environment, else of the machine; nil when there is none.
    private static func readPolicy(_ invocation: Invocation) throws(CommandError) -> Policy? {
        let machine = "/etc/tinct/policy.yaml"
        let fromEnvironment = unsafe getenv("TINCT_POLICY").map { unsafe String(cString: $0) }
        guard
            let path = invocation["policy"] ?? (fromEnvironment?.isEmpty == false ? fromEnvironment : nil)
                ?? (unsafe access(machine, F_OK) == 0 ? machine : nil)
        else { return nil }
        do { return try Policy.parse(try readFile(path, limit: 1 << 20), file: path) } catch {
            throw CommandError("the policy cannot be used: \(error)", remedy: "Nothing is sent without it.")
        }
    }

    static func target(_ url: String) throws(CommandError) -> Target {
        do throws(ReplayError) { return try Target(parsing: url) } catch {
            throw CommandError(error.message, remedy: error.remedy)
        }
    }

    /// What may be sent to the targets, which are resolved here.
    func makeGuard(_ targets: [Target], _ pacer: Pacer, rateIsStated: Bool) throws(CommandError) -> Guard {
        var request = Guard.Request(
            targets: targets, pacer: pacer, rateIsStated: rateIsStated, carriers: carriers)
        request.allowed = allowed
        do throws(ReplayError) {
            return try Guard(request, policy: policy, secondsOfDay: Clock.realtimeNanos() / 1_000_000_000 % 86_400) {
                target throws(ReplayError) in try target.resolved()
            }
        } catch {
            throw CommandError("nothing was sent: \(error.message)", remedy: error.remedy)
        }
    }
}
