import Metrics

extension TextReport {
    /// Recorded connections in a line, and those on which most requests failed.
    static func connections(_ connections: RunResult.Connections) -> [String] {
        var lines: [String] = []
        if connections.isRecorded {
            lines.append("")
            lines.append(
                "  connections as recorded, at most \(Figures.count(connections.peak)) at once"
                    + " (limit \(Figures.count(connections.limit)))"
                    + (connections.waitedFlows > 0
                        ? "; \(Figures.count(connections.waitedFlows)) flows waited for room: raise --max-connections"
                        : ""))
        }
        if connections.worst.isEmpty { return lines }
        lines.append("")
        lines += table(
            ["connections with failures", "from port", "open", "requests", "failed", "outcomes"],
            connections.worst.prefix(5).map { row($0) }, leading: [0, 2, 5])
        return lines
    }

    static func row(_ connection: RunResult.Connection) -> [String] {
        let failed = Outcome.allCases.filter { $0 != .ok && connection.outcomes[Int($0.rawValue)] > 0 }
        let opened = connection.openedNanos.map { Figures.duration(nanos: $0) }
        let closed = connection.closedNanos.map { Figures.duration(nanos: $0) }
        return [
            connection.target, connection.localPort == 0 ? "–" : "\(connection.localPort)",
            opened.map { "\($0) – \(closed ?? "end")" } ?? "never", Figures.count(connection.requests),
            Figures.count(connection.failures),
            failed.map { "\(Figures.count(connection.outcomes[Int($0.rawValue)])) \($0.name)" }.joined(separator: ", "),
        ]
    }
}
