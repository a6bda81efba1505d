import Bytes
package import JSON
package import Tape

extension ExchangeView {
    static func json(_ loss: Loss) -> JSONValue {
        object(("reason", JSONValue(loss.reason)), ("side", JSONValue(loss.side)), ("bytes", JSONValue(loss.bytes)))
    }

    static func json(_ tag: TagSighting) -> JSONValue {
        object(("carrier", JSONValue(tag.carrier)), ("value", JSONValue(tag.value)))
    }

    static func json(_ extent: Extent) -> JSONValue {
        object(("offset", JSONValue(extent.offset)), ("length", JSONValue(extent.length)))
    }

    static func json(_ run: RunRecord) -> JSONValue {
        object(
            ("sourceId", JSONValue(run.sourceID)), ("sourceTape", text(run.sourceTape)),
            ("round", JSONValue(run.round)), ("dueNanos", JSONValue(run.dueNanos)),
            ("sentNanos", JSONValue(run.sentNanos)), ("outcome", JSONValue(run.outcome)),
            ("target", JSONValue(run.target)), ("endNanos", JSONValue(run.endNanos)), ("mirror", .bool(run.isMirror)))
    }

    /// A label with every field, in the vocabulary of the labels' documentation.
    package static func json(_ label: Label) -> JSONValue {
        var parameters = JSONObject()
        for parameter in label.parameters { parameters.append(parameter.name, JSONValue(parameter.value)) }
        return object(
            ("type", JSONValue(label.type)), ("layer", JSONValue(label.layer)), ("campaign", text(label.campaign)),
            ("role", text(label.role)), ("stage", text(label.stage)), ("k", JSONValue(label.k)),
            ("n", JSONValue(label.n)), ("entities", JSONValue(label.entities.map { JSONValue($0) })),
            ("parameters", .object(parameters)), ("twin", label.twin.map { JSONValue($0) } ?? .null),
            ("detectableAt", JSONValue(label.detectableAt)), ("minHistory", JSONValue(label.minHistory)),
            ("expected", JSONValue(label.expected)), ("difficulty", JSONValue(label.difficulty)),
            ("eventTime", JSONValue(Timestamp.rfc3339(label.eventNanos))),
            ("labelTime", JSONValue(Timestamp.rfc3339(label.labelNanos))))
    }

    private static func text(_ value: String) -> JSONValue { value.isEmpty ? .null : JSONValue(value) }

    private static func object(_ members: (String, JSONValue)...) -> JSONValue {
        var object = JSONObject()
        for (key, value) in members { object.append(key, value) }
        return .object(object)
    }
}
