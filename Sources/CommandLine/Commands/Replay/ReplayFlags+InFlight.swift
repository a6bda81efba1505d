import Replay

/// How many requests share a connection.
enum InFlightFlags {
    static let flags = [
        Flag(
            "in-flight", value: "N",
            help:
                "Thrift calls in flight on each connection, their replies matched by seqid. A recorded flow has no more in flight than when it was recorded.",
            default: "1"),
        Flag(
            "pipeline", help: "Let --in-flight hold for HTTP too: requests behind each other, replies in their order."),
    ]

    static let limit = 4096

    static func read(_ invocation: Invocation, _ options: inout Run.Options) throws {
        options.pipelines = invocation.has("pipeline")
        guard let text = invocation["in-flight"] else { return }
        options.inFlight = Int(clamping: try FlagValue.count(text, flag: "in-flight"))
        guard (1...limit).contains(options.inFlight) else {
            throw CommandError("--in-flight must be at least 1", remedy: "At most \(limit).")
        }
        let isHTTPOnly = invocation.all("to").allSatisfy { $0.hasPrefix("http") }
        if options.inFlight > 1 && isHTTPOnly && !options.pipelines {
            throw CommandError(
                "--in-flight holds for Thrift, and every target is HTTP",
                remedy: "Add --pipeline if the target may be sent requests before it has answered the one before.")
        }
    }
}
