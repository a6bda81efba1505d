import Bytes
package import JSON
import Tape

/// How one exchange came to be.
extension LeafMaker {
    /// - Parameter index: below N.
    /// - Throws: ``SynthesisError`` where the leaf cannot be made.
    package func explain(_ index: UInt64) throws -> JSONValue {
        var (low, high) = (0, plan.leafCount - 1)
        while low < high {
            let middle = (low + high) / 2
            let (base, count) = try extent(middle)
            if index < base {
                high = middle - 1
            } else if index >= base + count {
                low = middle + 1
            } else {
                (low, high) = (middle, middle)
            }
        }
        let (base, _) = try extent(low)
        var object = JSONObject()
        object.append("index", JSONValue(index))
        object.append("leaf", JSONValue(low))
        try explain(index, base, into: &object)
        return .object(object)
    }

    func describe(_ place: Place, _ output: Output, into object: inout JSONObject) throws {
        object.append("time", JSONValue(Timestamp.rfc3339(output.head.timeNanos)))
        var stream = JSONObject()
        stream.append("operation", JSONValue(output.head.operation))
        stream.append("cohort", JSONValue(UInt64(place.cohort)))
        if let kind = output.kind {
            let spec = plan.kinds[kind].spec
            object.append("made", JSONValue(spec.campaign == nil ? "anomaly" : "campaign"))
            stream.append("name", JSONValue(spec.name))
            stream.append("type", JSONValue(spec.type.name))
            if spec.campaign != nil {
                stream.append("campaign", JSONValue(place.number))
                stream.append("member", JSONValue(UInt64(place.member) + 1))
            }
        } else {
            object.append("made", JSONValue("background"))
        }
        if place.isBackground { stream.append("number", JSONValue(place.number)) }
        object.append("stream", .object(stream))
        var entities = JSONObject()
        for (name, register) in place.registers.sorted(by: { $0.key < $1.key }) {
            entities.append(name, JSONValue(register))
        }
        object.append("entities", .object(entities))
        object.append("draws", .array(draws(place, stream: output.stream)))
        object.append("request", try JSONValue(parsing: output.json.array().rawSpan))
        var labels = Arena()
        SynthesisPlan.appendLabels(output.head.labels, to: &labels)
        object.append("expected", output.head.expected.isEmpty ? .null : JSONValue(output.head.expected))
        object.append("labels", try JSONValue(parsing: labels.array().rawSpan))
    }

    /// For each written field, the path that keys its draws and the number that counts them.
    private func draws(_ place: Place, stream: Int) -> [JSONValue] {
        plan.scenario.streams[stream].fields.compactMap { field in
            guard let path = try? plan.streams[stream].shape.field(field.name, at: field.mark).path else { return nil }
            var item = JSONObject()
            item.append("field", JSONValue(field.name))
            if case .reference(let reference, _)? = field.generator, let dot = reference.name.firstIndex(of: "."),
                let number = place.registers[String(reference.name[..<dot])]
            {
                let entity = String(reference.name[..<dot])
                let attribute = reference.name[reference.name.index(after: dot)...]
                item.append("key", JSONValue("entity:\(plan.scenario.kind(of: entity))/\(attribute)"))
                item.append("counter", JSONValue(number))
            } else {
                item.append("key", JSONValue("field:\(path)"))
                item.append("counter", JSONValue(place.drawIndex))
            }
            return .object(item)
        }
    }

    /// Where an exchange stands, and who takes part.
    struct Place {
        var isBackground: Bool
        var cohort: UInt32
        /// The background's number, or the campaign's.
        var number: UInt64
        var member: UInt32
        var drawIndex: UInt64
        var registers: [String: UInt64]
    }
}
