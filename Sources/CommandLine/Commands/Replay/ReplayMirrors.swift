import EventLoop
import Pacing
import Replay

/// Mirrors: further targets that get every request when the primary does.
enum ReplayMirrors {
    static let flag = Flag(
        "mirror", value: "URL", repeatable: true,
        help:
            "Send every request here as well, at the same due time. A mirror is under the guard like a target (caps hold for each of them), is counted apart, delays nothing, and is left out of --expect and --abort. The run tape holds both replies: tinct diff RUNTAPE --mirror URL."
    )

    /// Checked like targets, before anything is sent.
    static func guards(
        _ invocation: Invocation, _ sending: SendingFlags, _ pacer: Pacer, rateIsStated: Bool, primary: Guard
    ) throws(CommandError) -> [Guard] {
        let urls = invocation.all("mirror")
        if urls.isEmpty { return [] }
        if !pacer.isOpenLoop {
            throw CommandError(
                "--mirror needs due times, and a closed loop (--rate max, --users) has none",
                remedy: "Give --rate with requests a second.")
        }
        if urls.count > 16 { throw CommandError("more than 16 mirrors cannot be sent to") }
        var guards: [Guard] = []
        for url in urls {
            let target = try SendingFlags.target(url)
            if target.weight != 1 {
                throw CommandError("--mirror \(url): a mirror gets every request", remedy: "Remove weight=.")
            }
            let mirror = try sending.makeGuard([target], pacer, rateIsStated: rateIsStated)
            // Resolved: two names of one place would send everything there twice.
            for other in ([primary] + guards).flatMap(\.admitted)
            where other.address == mirror.admitted[0].address {
                throw CommandError(
                    "--mirror \(target) would get every request twice: \(other.target) is the same place",
                    remedy: "Give another mirror.")
            }
            guards.append(mirror)
        }
        return guards
    }
}
