import Pacing
import Replay

/// `--connections recorded`.
enum RecordedConnectionsFlags {
    static func read(_ invocation: Invocation, _ options: inout Run.Options) throws(CommandError) {
        options.recordsConnections = true
        options.connections = 1024
        if let text = invocation["max-connections"] {
            options.connections = Int(clamping: try FlagValue.count(text, flag: "max-connections"))
        }
        if !options.pacer.isOpenLoop {
            throw CommandError(
                "--connections recorded opens connections when requests are due, and a closed loop has no due times",
                remedy: "Give --rate recorded, or requests a second.")
        }
        for flag in ["key", "affinity", "rules", "no-keep-alive", "in-flight", "pipeline"] where invocation.has(flag) {
            throw CommandError(
                "--connections recorded and --\(flag) exclude each other",
                remedy: "A recorded connection carries its own flow, one request after the other.")
        }
    }
}
