import JSON
import Metrics

/// What went to mirrors.
extension RunResult {
    func mirrorsArray(_ writer: inout JSONWriter) {
        writer.key("mirrors")
        writer.beginArray()
        for mirror in mirrors {
            writer.beginObject()
            field("target", mirror.target, &writer)
            write(mirror.totals, &writer)
            writer.key("outcomes")
            RunResult.write(mirror.outcomes, &writer)
            writer.key("latency")
            RunResult.write(mirror.latency, &writer)
            writer.key("lateness")
            RunResult.write(mirror.lateness, &writer)
            write(mirror.operations, &writer)
            write(mirror.refusals, &writer)
            writer.key("protocolErrors")
            RunResult.write(mirror.protocolErrors, key: "reason", &writer)
            if let decisions = mirror.decisions { comparison(decisions, &writer) }
            writer.endObject()
        }
        writer.endArray()
    }

    private func comparison(_ comparison: Comparison, _ writer: inout JSONWriter) {
        writer.key("decisions")
        writer.beginObject()
        field("compared", comparison.compared, &writer)
        field("different", comparison.different, &writer)
        field("incomparable", comparison.incomparable, &writer)
        writer.key("differences")
        writer.beginArray()
        for difference in comparison.differences {
            writer.beginObject()
            field("operation", difference.operation, &writer)
            field("primary", difference.primary, &writer)
            field("mirror", difference.mirror, &writer)
            field("count", difference.count, &writer)
            writer.key("examples")
            writer.value(.array(difference.examples.map { JSONValue($0) }))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}
