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

    /// Takes the member or element at `path` out, with its key and one comma; false when it is not there.
    ///
    /// Throws, and changes nothing, when the body is not JSON up to the place.
    package static func remove(
        _ path: JSONPath, in body: inout [UInt8], journal: inout EditJournal
    ) throws(ParsingError) -> Bool {
        guard !path.steps.isEmpty, let value = try JSONScanner.find(path, in: body.rawSpan) else { return false }
        var start = key(of: value, in: body)?.lowerBound.advanced(by: -1) ?? value.lowerBound
        var end = value.upperBound
        let next = skipSpace(from: end, in: body)
        if next < body.count && body[next] == 0x2C {
            end = skipSpace(from: next + 1, in: body)
        } else {
            let previous = lastByte(before: start, in: body)
            if previous >= 0 && body[previous] == 0x2C { start = previous }
        }
        journal.replace(start..<end, with: [], in: &body)
        return true
    }

    /// Gives the member at `path` another key; false when it is not there or is an element of an array.
    ///
    /// Throws, and changes nothing, when the body is not JSON up to the place.
    package static func rename(
        _ path: JSONPath, to name: String, in body: inout [UInt8], journal: inout EditJournal
    ) throws(ParsingError) -> Bool {
        guard !path.steps.isEmpty, let value = try JSONScanner.find(path, in: body.rawSpan),
            let key = key(of: value, in: body)
        else { return false }
        journal.replace(
            key.lowerBound - 1..<key.upperBound + 1, with: JSONValue.string(name).encoded(), in: &body)
        return true
    }

    /// The text of a member's key, without its quotes; nil before an element of an array.
    private static func key(of value: Range<Int>, in body: [UInt8]) -> Range<Int>? {
        let colon = lastByte(before: value.lowerBound, in: body)
        guard colon > 0, body[colon] == 0x3A else { return nil }
        let end = lastByte(before: colon, in: body)
        guard end > 0, body[end] == 0x22 else { return nil }
        var start = end - 1
        while start >= 0 {
            if body[start] == 0x22 {
                // A quote behind an odd number of backslashes is part of the text.
                var backslashes = 0
                while start - 1 - backslashes >= 0 && body[start - 1 - backslashes] == 0x5C { backslashes += 1 }
                if backslashes % 2 == 0 { return start + 1..<end }
            }
            start -= 1
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func skipSpace(from start: Int, in body: [UInt8]) -> Int {
        var at = start
        while at < body.count && isSpace(body[at]) { at += 1 }
        return at
    }

    /// Of what is no space; below 0 when there is none.
    private static func lastByte(before end: Int, in body: [UInt8]) -> Int {
        var at = end - 1
        while at >= 0 && isSpace(body[at]) { at -= 1 }
        return at
    }
}
