import EventLoop
import Expression
import Files
import Pacing
import Replay
import Tagging

/// The flags of every command that sends: what is written where, and the guard that comes of them.
struct SendingFlags {
    static let all: [Flag] =
        [
            Flag("tag", value: "RUN", help: "The tag's value.", default: "a new id for each run"),
            Flag(
                "carrier", value: "CARRIER", repeatable: true,
                help:
                    "Where the tag rides: default, didi:path=1.20, bytedance, takin, uber, http:NAME, baggage:KEY, theader:KEY, ttheader:KEY, ttheader-int:N, json:PATH, thrift:PATH.",
                default: "default"),
            Flag(
                "carriers", value: "FILE",
                help: "YAML file of further carriers (schemas/carriers.schema.json), beside those of --carrier.",
                completion: .file),
            Flag(
                "policy", value: "FILE", help: "What may be sent where. Also TINCT_POLICY and /etc/tinct/policy.yaml.",
                completion: .file),
            Flag("allow", value: "HOST:PORT", repeatable: true, help: "Narrow the targets to these."),
            Flag(
                "allow-operation", value: "GLOB", repeatable: true,
                help:
                    "Narrow the operations to these. Without a policy, what moves money or freezes accounts must be named here, without a wildcard."
            ),
            Flag("deny-operation", value: "GLOB", repeatable: true, help: "Operations that are not sent."),
            Flag("yes", help: "Send to another machine without asking on the terminal."),
        ] + TLSFlags.all

    let tag: String
    let carriers: [Carrier]
    let policy: Policy?
    private let invocation: Invocation

    init(_ invocation: Invocation) throws(CommandError) {
        tag = invocation["tag"] ?? Self.freshTag()
        guard Carrier.isFieldText(tag) else {
            throw CommandError(
                "--tag must be visible ASCII text of at most 1024 characters",
                remedy: "Give a name like run-2024-11-02.")
        }
        var carriers: [Carrier] = []
        if let path = invocation["carriers"] {
            do { carriers = try Carrier.parse(file: try readFile(path, limit: 1 << 20), name: path) } catch {
                throw CommandError("--carriers cannot be used: \(error)")
            }
        }
        let texts = invocation.all("carrier")
        for text in texts.isEmpty && carriers.isEmpty ? ["default"] : texts {
            do throws(TagError) {
                for carrier in try Carrier.parse(text) where !carriers.contains(where: { $0.place == carrier.place }) {
                    carriers.append(carrier)
                }
            } catch {
                throw CommandError(error.message, remedy: error.remedy)
            }
        }
        self.carriers = carriers
        policy = try PolicyFile.find(invocation["policy"])
        self.invocation = invocation
    }

    /// Unique to the run: its time, so that tags are in order, and 40 random bits, so that no two generators that start
    /// together have the same.
    private static func freshTag() -> String {
        let time = String(Clock.realtimeNanos() / 1_000_000, radix: 36)
        let number = UInt64.random(in: 0..<1 << 40)
        return "tinct-\(time)-" + String(number + 1 << 40, radix: 36).dropFirst()
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
        for text in invocation.all("allow") { request.allowed.append(try FlagValue.hostPort(text, flag: "allow")) }
        request.allowedOperations = invocation.all("allow-operation").map { Glob($0) }
        request.isInsecure = invocation.has("insecure")
        request.deniedOperations = invocation.all("deny-operation").map { Glob($0) }
        if let text = invocation["max-rate"] {
            guard let rate = RateCap.thousandSeconds(text) else {
                throw CommandError("--max-rate \(text) is no rate", remedy: "Write it like 500, 0.5 or 10k.")
            }
            request.maxRatePerThousandSeconds = rate
        }
        if let text = invocation["max-requests"] {
            let limit = try FlagValue.count(text, flag: "max-requests")
            guard limit > 0 else { throw CommandError("--max-requests must be at least 1") }
            request.maxRequests = limit
        }
        do throws(ReplayError) {
            return try Guard(request, policy: policy, secondsOfDay: Clock.realtimeNanos() / 1_000_000_000 % 86_400) {
                target throws(ReplayError) in try target.resolved()
            }
        } catch {
            throw CommandError("nothing was sent: \(error.message)", remedy: error.remedy)
        }
    }
}
