import Metrics

extension HTMLReport {
    /// The connections on which most requests failed: whether time-outs come from all of them or from a few.
    static func connections(_ connections: RunResult.Connections, into main: inout Markup) {
        if connections.worst.isEmpty && !connections.isRecorded { return }
        let note =
            connections.isRecorded
            ? "opened and closed as recorded, at most \(Figures.count(connections.peak)) at once, "
                + "\(Figures.count(connections.waitedFlows)) flows waited for room"
            : "those on which most requests failed"
        panel("Connections", note, into: &main) { panel in
            if connections.worst.isEmpty {
                panel.element("p", [("class", "nothing")], "No request failed on any.")
                return
            }
            grid(
                ["target", "from port", "open", "requests", "failed", "outcomes"],
                connections.worst.map { TextReport.row($0) }, into: &panel)
        }
    }
}
