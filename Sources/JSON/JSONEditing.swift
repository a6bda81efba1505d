package import Bytes

/// Changes one value of a JSON body in place; every other byte stays as it is.
package enum JSONEditing {
    /// What was done.
    package enum Outcome: Sendable, Equatable {
        case replaced
        /// The object was there and did not have the member.
        case inserted
        /// The path leads through something that is missing or is no object; nothing was changed.
        case noPlace
    }

    /// Puts `value` at `path`, replacing what stands there. When only the last member is missing and `creating` is true, it
    /// is inserted as the first of its object.
    ///
    /// Throws, and changes nothing, when the body is not JSON up to the place.
    package static func set(
        _ path: JSONPath, to value: JSONValue, in body: inout [UInt8], creating: Bool = false,
        journal: inout EditJournal
    ) throws(ParsingError) -> Outcome {
        if let range = try JSONScanner.find(path, in: body.rawSpan) {
            journal.replace(range, with: value.encoded(), in: &body)
            return .replaced
        }
        guard creating, let last = path.steps.last,
            let place = try JSONScanner.insertionPoint(JSONPath(steps: Array(path.steps.dropLast())), in: body.rawSpan)
        else { return .noPlace }
        var member: [UInt8] = []
        member.append(jsonQuoted: last.key)
        member.append(0x3A)
        member += value.encoded()
        if !place.isEmpty { member.append(0x2C) }
        journal.replace(place.offset..<place.offset, with: member, in: &body)
        return .inserted
    }
}
