import Metrics
package import Replay

/// The run so far in Prometheus's text exposition format (version 0.0.4), as of the last second that has passed.
package struct PrometheusText {
    /// Upper bounds, µs. A request is in the first one that its time does not pass by more than a thousandth.
    private static let bounds: [UInt64] = [
        100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
        5_000_000, 10_000_000,
    ]
    /// A request that the generator took up later than this after its due time is late.
    private static let lateMicros: UInt64 = 1000

    private struct Operation {
        var name: String
        var outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        let latency = Histogram()
    }

    private let tag: String
    private let version: String
    private var operations: [Int: Operation] = [:]
    private let lateness = Histogram()
    private var due: UInt64 = 0
    private var sent: UInt64 = 0
    private var inFlight = 0
    private var waiting = 0
    private var seconds = 0

    package init(tag: String, version: String) {
        self.tag = tag
        self.version = version
    }

    package mutating func add(_ second: RunSecond, _ names: [String]) {
        due += second.due
        sent += second.sent
        inFlight = second.inFlight
        waiting = second.waiting
        seconds = second.index + 1
        lateness.add(second.lateness)
        for (index, counts) in second.operations {
            var operation = operations[index] ?? Operation(name: index < names.count ? names[index] : "other")
            for (outcome, count) in counts.outcomes.enumerated() { operation.outcomes[outcome] += count }
            operation.latency.add(counts.corrected)
            operations[index] = operation
        }
    }

    package var text: String {
        var lines: [String] = []
        func metric(_ name: String, _ kind: String, _ help: String) {
            lines.append("# HELP \(name) \(help)")
            lines.append("# TYPE \(name) \(kind)")
        }
        func histogram(_ name: String, _ labels: String, _ histogram: Histogram) {
            for bound in Self.bounds {
                let separator = labels.isEmpty ? "" : ","
                lines.append(
                    "\(name)_bucket{\(labels)\(separator)le=\"\(Double(bound) / 1e6)\"} \(histogram.count(upToMicros: bound))"
                )
            }
            let separator = labels.isEmpty ? "" : ","
            lines.append("\(name)_bucket{\(labels)\(separator)le=\"+Inf\"} \(histogram.count)")
            let braces = labels.isEmpty ? "" : "{\(labels)}"
            lines.append("\(name)_sum\(braces) \(histogram.meanMicros * Double(histogram.count) / 1e6)")
            lines.append("\(name)_count\(braces) \(histogram.count)")
        }
        metric("tinct_run_info", "gauge", "The run; always 1.")
        lines.append("tinct_run_info{tag=\"\(Self.escape(tag))\",version=\"\(Self.escape(version))\"} 1")
        metric("tinct_run_seconds", "counter", "Whole seconds of the run that are in these figures.")
        lines.append("tinct_run_seconds \(seconds)")
        metric("tinct_requests_due_total", "counter", "Requests that came due.")
        lines.append("tinct_requests_due_total \(due)")
        metric("tinct_requests_sent_total", "counter", "Requests that were sent.")
        lines.append("tinct_requests_sent_total \(sent)")
        metric(
            "tinct_requests_late_total", "counter", "Requests that the generator took up over 1 ms after they were due."
        )
        lines.append("tinct_requests_late_total \(lateness.count - lateness.count(upToMicros: Self.lateMicros))")
        metric("tinct_requests_in_flight", "gauge", "Requests that were sent and have not ended.")
        lines.append("tinct_requests_in_flight \(inFlight)")
        metric("tinct_requests_waiting", "gauge", "Requests that came due and wait for a connection.")
        lines.append("tinct_requests_waiting \(waiting)")
        metric("tinct_requests_total", "counter", "Requests that have ended, by operation and outcome.")
        let sorted = operations.sorted { $0.key < $1.key }.map(\.value)
        for operation in sorted {
            for outcome in Outcome.allCases where operation.outcomes[Int(outcome.rawValue)] > 0 {
                lines.append(
                    "tinct_requests_total{operation=\"\(Self.escape(operation.name))\",outcome=\"\(outcome.name)\"} "
                        + "\(operation.outcomes[Int(outcome.rawValue)])")
            }
        }
        metric("tinct_response_seconds", "histogram", "From the due time to the last byte of the reply.")
        for operation in sorted {
            histogram("tinct_response_seconds", "operation=\"\(Self.escape(operation.name))\"", operation.latency)
        }
        metric(
            "tinct_generator_lateness_seconds", "histogram",
            "From the due time to when the generator took the request up.")
        histogram("tinct_generator_lateness_seconds", "", lateness)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escape(_ value: String) -> String {
        var result = ""
        for character in TextReport.printable(value) {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            default: result.append(character)
            }
        }
        return result
    }
}
