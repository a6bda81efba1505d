import EventLoop
import Glibc
import Metrics
import Pacing
import Replay
import Tagging

/// The guard of a command that sends, and how it was confirmed.
struct SendingGuard {
    /// Beside those of ``SendingFlags``, for commands that send more than one request.
    static let volumeFlags: [Flag] = [
        Flag("max-rate", value: "N", help: "Requests a second that are sent at most, whatever the pacer says."),
        Flag("max-requests", value: "N", help: "Requests that are sent at most; then the run stops."),
    ]

    let gatekeeper: Guard
    /// One for each mirror.
    var mirrors: [Guard] = []
    private var confirmedBy = "loopback"

    init(_ gatekeeper: Guard) { self.gatekeeper = gatekeeper }

    /// The primary's, then the mirrors'.
    var all: [Guard] { [gatekeeper] + mirrors }
    var targets: [Target] { all.flatMap { $0.admitted.map(\.target) } }

    /// Who sends what where, before it begins.
    func banner(tape: String, _ options: Run.Options, rate: String, requests: UInt64?) -> [String] {
        var lines = ["replay \(tape)"]
        for index in gatekeeper.admitted.indices { lines.append("  target  " + describe(gatekeeper, index)) }
        for mirror in mirrors { lines.append("  mirror  " + describe(mirror, 0)) }
        lines.append("  tag     \(options.tag) in \(options.carriers.map(\.description).joined(separator: ", "))")
        var held = rate
        if let cap = gatekeeper.maxRatePerThousandSeconds {
            held += ", at most \(RateCap.text(perThousandSeconds: cap)) a second"
        }
        lines.append("  rate    \(held)")
        lines.append("  volume  " + volume(options, requests))
        if options.allowsDuplicates { lines.append("  requests may be sent again with the same identities") }
        return lines
    }

    private func describe(_ gatekeeper: Guard, _ index: Int) -> String {
        let admitted = gatekeeper.admitted[index]
        var text = "\(admitted.target) [\(admitted.address)]"
        if gatekeeper.admitted.count > 1 { text += ", weight \(admitted.target.weight)" }
        if let rate = gatekeeper.rateLimit(target: index) {
            text += ", at most \(RateCap.text(perThousandSeconds: rate)) a second"
        }
        if let volume = gatekeeper.volumeLimit(target: index) { text += ", at most \(volume) requests" }
        if let rule = admitted.rule, let policy = gatekeeper.policy { text += ", as \(rule.name) in \(policy.source)" }
        if admitted.target.isTLS && gatekeeper.isInsecure { text += ", CERTIFICATE NOT VERIFIED" }
        return text
    }

    private func volume(_ options: Run.Options, _ requests: UInt64?) -> String {
        var text: String
        if let duration = options.durationNanos {
            let due = options.pacer.dueCount(withinNanos: duration).map { "\($0) requests" } ?? "what is due"
            text = "\(due) within \(Double(duration) / 1e9) s"
        } else {
            text = requests.map { "the tape once, \($0) exchanges" } ?? "the tape once"
        }
        if let limit = gatekeeper.maxRequests { text += ", at most \(limit) requests" }
        return text
    }

    /// Beyond this machine somebody must say yes: on the terminal, or beforehand.
    mutating func confirm(isConfirmed: Bool) throws(CommandError) {
        if !all.contains(where: \.leavesMachine) { return }
        if isConfirmed {
            confirmedBy = "--yes"
            return
        }
        guard isatty(0) == 1, Output.errorIsTerminal else {
            throw CommandError(
                "nothing was sent: the target is another machine, and there is no terminal to ask on",
                remedy: "Read the lines above, then give --yes.")
        }
        Output.note("Send this? Type yes:")
        guard readLine() == "yes" else { throw CommandError("nothing was sent: not confirmed", exit: .stopped) }
        confirmedBy = "terminal"
    }

    /// Who it is that sends; counts are added by the run.
    func complete(_ audit: inout RunResult.Audit, canaries: [RunResult.Audit.Canary]) {
        audit.user = Sender.user
        audit.sudoUser = Sender.environment("SUDO_USER")
        audit.host = Sender.host
        audit.processID = UInt64(clamping: getpid())
        audit.commandLine = Redaction.commandLine(CommandLine.arguments)
        audit.policy = gatekeeper.policy?.source ?? ""
        audit.policySHA256 = gatekeeper.policy?.sha256 ?? ""
        audit.confirmedBy = confirmedBy
        audit.isInsecure = gatekeeper.isInsecure && targets.contains(where: \.isTLS)
        audit.canaries = canaries
    }
}

/// Who runs this process, and where.
enum Sender {
    static var user: String {
        guard let entry = unsafe getpwuid(geteuid()), let name = unsafe entry.pointee.pw_name else {
            return "uid \(geteuid())"
        }
        return unsafe String(cString: name)
    }

    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func environment(_ name: String) -> String {
        unsafe getenv(name).map { unsafe String(cString: $0) } ?? ""
    }
}

/// Takes secrets out of a command line before it is kept.
enum Redaction {
    private static let secretWords = [
        "authorization", "cookie", "token", "secret", "password", "passwd", "api-key", "apikey", "credential",
    ]

    /// User and password of URLs, and what follows `=` or `:` behind the name of a secret, become `***`.
    static func commandLine(_ arguments: [String]) -> [String] {
        arguments.map { argument in
            var text = argument
            if let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@"),
                !text[scheme.upperBound..<at].contains("/")
            {
                text.replaceSubrange(scheme.upperBound..<at, with: "***")
            }
            let lowered = text.lowercased()
            guard lowered.utf8.count == text.utf8.count else { return text }
            for word in secretWords {
                guard let found = lowered.firstRange(of: word) else { continue }
                let rest = lowered[found.upperBound...]
                guard let sign = rest.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
                let offset = lowered.utf8.distance(from: lowered.startIndex, to: sign) + 1
                return String(text.prefix(offset)) + "***"
            }
            return text
        }
    }
}
