import Replay

/// How many requests share a connection, and how they get there.
enum InFlightFlags {
    static let flags = [
        Flag(
            "in-flight", value: "N",
            help:
                "Thrift calls in flight on each connection, their replies matched by seqid. A recorded flow has no more in flight than when it was recorded.",
            default: "1"),
        Flag(
            "pipeline", help: "Let --in-flight hold for HTTP too: requests behind each other, replies in their order."),
        Flag(
            "io", value: "WAY",
            help:
                "epoll or io_uring; auto takes io_uring where Linux (6.1 or later) permits it. TLS goes through epoll.",
            default: "auto", completion: .choices(Transfers.allCases.map(\.rawValue))),
    ]

    static let limit = 4096

    static func read(_ invocation: Invocation, _ options: inout Run.Options) throws {
        options.pipelines = invocation.has("pipeline")
        if let text = invocation["io"] {
            guard let way = Transfers(rawValue: text) else {
                throw CommandError("--io \(text) is not known", remedy: "It is auto, epoll or io_uring.")
            }
            options.transfers = way
        }
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
