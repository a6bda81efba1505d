import Bytes
import HTTP1
import JSON
import Schema
import Tagging
import Tape
import Thrift

/// Changes fields of one request; every length that counts them follows.
struct RequestEditor {
    let locator: FieldLocator
    let format: WireFormat
    let operation: String
    var bytes: [UInt8]

    /// Gives a field its value, and makes it where it can be made: a header, a query parameter, a member of a JSON object
    /// that is there, a field of a Thrift struct that the IDL knows.
    ///
    /// - Throws: `unsupported` when the value cannot stand there, `nothingCanCarry` when there is no place for it.
    mutating func set(_ field: RequestField, to value: JSONValue) throws(TagError) {
        if format.protocol != .http1 { return try setThrift(field, value) }
        switch field.place {
        case .header(let name): try HeaderEditing.set(name, to: try headerText(field, value), in: &bytes)
        case .query(let name): try setQuery(name, value)
        case .segment: try setSegment(field, value)
        case .content(let path): try setContent(path, field, value)
        }
    }

    /// Takes a field out; nothing happens when it is not there.
    mutating func remove(_ field: RequestField) throws(TagError) {
        if format.protocol != .http1 {
            return try editThrift(field) { editor, path, message, journal throws(ParsingError) in
                _ = try editor.remove(path, in: &message, journal: &journal)
            }
        }
        switch field.place {
        case .header(let name): try HeaderEditing.remove(name, from: &bytes)
        case .query(let name): try removeParameter(name)
        case .segment: throw unsupported(field, "a segment of the path cannot be removed")
        case .content(let path):
            try editJSON(field) { body, journal throws(ParsingError) in
                _ = try JSONEditing.remove(JSONPath(path), in: &body, journal: &journal)
            }
        }
    }

    mutating func rename(_ field: RequestField, to name: String) throws(TagError) {
        guard format.protocol == .http1 else { throw unsupported(field, "fields of Thrift go by their ids") }
        switch field.place {
        case .header(let old):
            let head = try HeaderEditing.head(of: bytes)
            for present in HeaderEditing.fields(old, in: bytes, head).reversed() {
                bytes.replaceSubrange(present.name.range, with: name.utf8)
            }
        case .query(let old):
            guard let pair = try parameter(old) else { return }
            bytes.replaceSubrange(pair.name, with: PercentEncoding.encoded(Array(name.utf8)))
        case .segment: throw unsupported(field, "a segment of the path has no name")
        case .content(let path):
            try editJSON(field) { body, journal throws(ParsingError) in
                _ = try JSONEditing.rename(JSONPath(path), to: name, in: &body, journal: &journal)
            }
        }
    }

    /// What stands in the field, as text; nil when it is not there.
    func text(of field: RequestField) -> String? {
        if let span = locator.find(field, in: bytes, format, operation: operation) {
            return String(validating: span.text(in: bytes), as: UTF8.self)
        }
        guard format.protocol == .http1, case .content(let path) = field.place,
            let head = try? HeaderEditing.head(of: bytes), head.length < bytes.count,
            let value = try? JSONScanner.find(JSONPath(path), in: bytes.rawSpan.extracting(head.length..<bytes.count))
        else { return nil }
        let text = bytes[value.lowerBound + head.length..<value.upperBound + head.length]
        guard case let parsed? = try? JSONValue(parsing: Array(text)) else { return nil }
        switch parsed {
        case .bool(let flag): return "\(flag)"
        case .string(let text): return text
        default: return nil
        }
    }

    /// Maps a field's value; nothing happens when it is not there or not listed.
    mutating func map(_ field: RequestField, _ table: [String: JSONValue], otherwise: JSONValue?) throws(TagError) {
        guard let text = text(of: field), let value = table[text] ?? otherwise else { return }
        try set(field, to: value)
    }

    private func unsupported(_ field: RequestField, _ why: String) -> TagError {
        TagError(.unsupported, "\(field) cannot be changed: \(why)")
    }

    // MARK: HTTP

    private func scalarText(_ field: RequestField, _ value: JSONValue) throws(TagError) -> String {
        switch value {
        case .string(let text): return text
        case .number(let number): return number.text
        case .bool(let flag): return "\(flag)"
        default: throw unsupported(field, "only texts, numbers, true and false can stand there")
        }
    }

    private func headerText(_ field: RequestField, _ value: JSONValue) throws(TagError) -> String {
        let text = try scalarText(field, value)
        // RFC 9110 section 5.5.
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 }) else {
            throw unsupported(field, "a header holds no control characters")
        }
        return text
    }

    /// Where a parameter of the query stands: its name, its value, and the whole pair.
    private func parameter(_ name: String) throws(TagError) -> (name: Range<Int>, value: Range<Int>, pair: Range<Int>)?
    {
        let head = try HeaderEditing.head(of: bytes)
        for pair in bytes[FieldLocator.query(bytes, head)].split(separator: 0x26) {
            let end = pair.firstIndex(of: 0x3D) ?? pair.endIndex
            guard PercentEncoding.decoded(pair[..<end]) == Array(name.utf8) else { continue }
            return (pair.startIndex..<end, min(end + 1, pair.endIndex)..<pair.endIndex, pair.startIndex..<pair.endIndex)
        }
        return nil
    }

    private mutating func setQuery(_ name: String, _ value: JSONValue) throws(TagError) {
        let encoded = PercentEncoding.encoded(Array(try scalarText(RequestField(.query(name)), value).utf8))
        if let pair = try parameter(name) {
            let equals: [UInt8] = pair.name.upperBound < pair.pair.upperBound ? [] : [0x3D]
            bytes.replaceSubrange(pair.value, with: equals + encoded)
            return
        }
        let head = try HeaderEditing.head(of: bytes)
        let query = FieldLocator.query(bytes, head)
        let hasMark = query.lowerBound > 0 && bytes[query.lowerBound - 1] == 0x3F
        var added: [UInt8] = hasMark ? (query.isEmpty ? [] : [0x26]) : [0x3F]
        added += PercentEncoding.encoded(Array(name.utf8))
        added.append(0x3D)
        bytes.insert(contentsOf: added + encoded, at: query.upperBound)
    }

    private mutating func removeParameter(_ name: String) throws(TagError) {
        while let pair = try parameter(name)?.pair {
            let hasNext = pair.upperBound < bytes.count && bytes[pair.upperBound] == 0x26
            // With the `&` behind it, or with what stands before it: `&` or the `?`.
            bytes.removeSubrange(
                hasNext ? pair.lowerBound..<pair.upperBound + 1 : pair.lowerBound - 1..<pair.upperBound)
        }
    }

    /// Only what the operation leaves open: another fixed segment would be another operation, which the guard has not
    /// allowed.
    private mutating func setSegment(_ field: RequestField, _ value: JSONValue) throws(TagError) {
        guard let span = locator.find(field, in: bytes, format, operation: operation) else {
            throw TagError(.nothingCanCarry, "the path has no \(field)")
        }
        let head = try HeaderEditing.head(of: bytes)
        let index = FieldLocator.segments(bytes, head).firstIndex(of: span.range) ?? 0
        let path = operation.split(separator: " ", maxSplits: 1).last ?? ""
        let names = path.drop { $0 == "/" }.split(separator: "/", omittingEmptySubsequences: false)
        guard names.indices.contains(names.startIndex + index), names[names.startIndex + index].hasPrefix("{") else {
            throw unsupported(field, "the segment is a fixed part of \(operation)")
        }
        let text = try scalarText(field, value)
        guard !text.isEmpty, text != ".", text != ".." else {
            throw unsupported(field, "a segment must be neither empty nor a step through the path")
        }
        bytes.replaceSubrange(span.range, with: PercentEncoding.encoded(Array(text.utf8)))
    }

    private mutating func setContent(_ path: String, _ field: RequestField, _ value: JSONValue) throws(TagError) {
        let head = try HeaderEditing.head(of: bytes)
        let isJSON = head.length < bytes.count && (bytes[head.length] == 0x7B || bytes[head.length] == 0x5B)
        if !isJSON, let span = locator.find(field, in: bytes, format, operation: operation) {
            let text = Array(try scalarText(field, value).utf8)
            guard let filled = BoundRequest.filled(bytes, [(span, text)], format) else {
                throw unsupported(field, "the value cannot stand there")
            }
            bytes = filled.bytes
            return
        }
        var outcome = JSONEditing.Outcome.noPlace
        try editJSON(field) { body, journal throws(ParsingError) in
            outcome = try JSONEditing.set(
                JSONPath(path), to: value, in: &body, creating: true, journal: &journal)
        }
        if outcome == .noPlace { throw TagError(.nothingCanCarry, "the body has no place for \(field)") }
    }

    private mutating func editJSON(
        _ field: RequestField, _ edit: (inout [UInt8], inout EditJournal) throws(ParsingError) -> Void
    ) throws(TagError) {
        let head = try HeaderEditing.head(of: bytes)
        if head.hasTransferEncoding || !HeaderEditing.fields("content-encoding", in: bytes, head).isEmpty {
            throw unsupported(field, "the body is chunked or compressed")
        }
        guard head.contentLength != nil, head.length < bytes.count else {
            throw TagError(.nothingCanCarry, "the request has no body for \(field)")
        }
        var body = Array(bytes[head.length...])
        var journal = EditJournal()
        do throws(ParsingError) { try edit(&body, &journal) } catch {
            throw TagError(.malformed, "\(field) cannot be changed (\(error))")
        }
        if journal.isEmpty { return }
        bytes.replaceSubrange(head.length..., with: body)
        try HeaderEditing.set("content-length", to: String(body.count), in: &bytes)
    }

    // MARK: Thrift

    private mutating func setThrift(_ field: RequestField, _ value: JSONValue) throws(TagError) {
        let known = locator.thriftType(field, operation: operation)
        try editThrift(field) { editor, path, message, journal throws(ParsingError) in
            let present = try editor.value(at: path, in: message.rawSpan)?.type
            guard let type = present ?? known else {
                throw ParsingError(.unsupported, at: 0, "field that is there, or that the IDL knows")
            }
            guard let made = ThriftValue(value, type) else {
                throw ParsingError(.unsupported, at: 0, "value of the field's type")
            }
            if try editor.set(path, to: made, creating: .field, in: &message, journal: &journal) == .missing {
                throw ParsingError(.unsupported, at: 0, "struct that holds the field")
            }
        }
    }

    private mutating func editThrift(
        _ field: RequestField,
        _ edit: (ThriftEditor, FieldPath, inout [UInt8], inout EditJournal) throws(ParsingError) -> Void
    ) throws(TagError) {
        guard case .content(let name) = field.place else {
            throw unsupported(field, "a Thrift call has fields alone")
        }
        guard let path = locator.thriftPath(name, operation: operation) else {
            throw unsupported(field, "\(operation) has no such field, or its IDL is not known")
        }
        guard let payload = ThriftPayload(bytes, format) else {
            throw unsupported(field, "the payload cannot be reached")
        }
        var message = Array(bytes[payload.start...])
        let before = message.count
        var journal = EditJournal()
        do throws(ParsingError) { try edit(payload.editor, path, &message, &journal) } catch {
            throw TagError(.unsupported, "\(field) cannot be changed (\(error))")
        }
        bytes.replaceSubrange(payload.start..., with: message)
        // A frame that the editor knows of has its length already.
        let growth = message.count - before
        if growth == 0 || payload.start == 0 { return }
        for at in payload.lengthOffsets {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } + growth
            guard length >= 0, length <= ThriftType.Limit.frameLength else {
                throw unsupported(field, "the frame would become too long")
            }
            for index in 0..<4 { bytes[at + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
        }
    }
}

extension ThriftValue {
    /// A scalar of JSON as a value of Thrift; nil when it does not fit.
    init?(_ value: JSONValue, _ type: ThriftType) {
        let text: String
        switch value {
        case .string(let string): text = string
        case .number(let number): text = number.text
        case .bool(let flag): text = "\(flag)"
        default: return nil
        }
        switch type {
        case .bool:
            guard text == "true" || text == "false" else { return nil }
            self = .bool(text == "true")
        case .i8:
            guard let number = Int8(text) else { return nil }
            self = .i8(number)
        case .i16:
            guard let number = Int16(text) else { return nil }
            self = .i16(number)
        case .i32:
            guard let number = Int32(text) else { return nil }
            self = .i32(number)
        case .i64:
            guard let number = Int64(text) else { return nil }
            self = .i64(number)
        case .double:
            guard let number = Double(text) else { return nil }
            self = .double(number)
        case .binary: self = .binary(Array(text.utf8))
        default: return nil
        }
    }
}
