import JSON
import Metrics

extension RunResult {
    func connectionsObject(_ writer: inout JSONWriter) {
        writer.key("connections")
        writer.beginObject()
        writer.key("recorded")
        writer.bool(connections.isRecorded)
        field("limit", connections.limit, &writer)
        field("peak", connections.peak, &writer)
        field("waitedFlows", connections.waitedFlows, &writer)
        writer.key("worst")
        writer.beginArray()
        for connection in connections.worst {
            writer.beginObject()
            field("target", connection.target, &writer)
            field("localPort", connection.localPort, &writer)
            for (key, nanos) in [("openedNanos", connection.openedNanos), ("closedNanos", connection.closedNanos)] {
                writer.key(key)
                if let nanos { writer.number(nanos) } else { writer.null() }
            }
            field("requests", connection.requests, &writer)
            writer.key("outcomes")
            RunResult.write(connection.outcomes, onlyOccurring: true, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension RunResult.Connections {
    init(_ reader: ResultReader) throws(ResultError) {
        self.init()
        isRecorded = try reader.flag("recorded")
        limit = try reader.count("limit")
        peak = try reader.count("peak")
        waitedFlows = try reader.count("waitedFlows")
        for entry in try reader.list("worst") {
            var connection = RunResult.Connection()
            connection.target = try entry.text("target")
            connection.localPort = try entry.count("localPort")
            connection.openedNanos = entry.value["openedNanos"]?.number?.uint64
            connection.closedNanos = entry.value["closedNanos"]?.number?.uint64
            connection.requests = try entry.count("requests")
            connection.outcomes = try entry.outcomes("outcomes")
            worst.append(connection)
        }
    }
}
