import Bytes

/// Appends a JSON text to bytes that it owns, compact or with one member a line.
///
/// Commas, colons and indentation follow from the calls. A begin without its end, or a value without its key in an object,
/// is the caller's bug.
package struct JSONWriter: Sendable {
    package var bytes: [UInt8]
    private let indentation: Int
    private var depth = 0
    /// The container at the cursor has no member yet.
    private var isFirst = true
    private var followsKey = false

    /// - Parameter pretty: one member or element a line, indented by two spaces; else no space at all.
    package init(pretty: Bool = false, capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
        indentation = pretty ? 2 : 0
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Forgets what was written and keeps the memory: for one text a line.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        depth = 0
        isFirst = true
        followsKey = false
    }

    package mutating func beginObject() { open(0x7B) }
    package mutating func endObject() { close(0x7D) }
    package mutating func beginArray() { open(0x5B) }
    package mutating func endArray() { close(0x5D) }

    package mutating func key(_ key: String) {
        separate()
        quoted(key)
        bytes.append(0x3A)
        if indentation > 0 { bytes.append(0x20) }
        followsKey = true
    }

    package mutating func null() { raw("null") }
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    package mutating func number(_ value: JSONNumber) { raw(value.text) }
    package mutating func number(_ value: some BinaryInteger) { raw(String(value)) }
    /// `null` when `value` is not finite.
    package mutating func number(_ value: Double) { raw(value.isFinite ? value.description : "null") }

    package mutating func string(_ value: String) {
        separate()
        quoted(value)
    }

    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let value): number(value)
        case .string(let value): string(value)
        case .array(let values):
            beginArray()
            for element in values { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// Ends a line of JSON Lines; the next value begins a new text.
    package mutating func newline() {
        bytes.append(0x0A)
        isFirst = true
    }

    private mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        depth += 1
        isFirst = true
    }

    private mutating func close(_ bracket: UInt8) {
        depth -= 1
        if !isFirst { lineBreak() }
        bytes.append(bracket)
        isFirst = false
    }

    private mutating func separate() {
        if followsKey {
            followsKey = false
        } else {
            if !isFirst { bytes.append(0x2C) }
            if depth > 0 { lineBreak() }
        }
        isFirst = false
    }

    private mutating func lineBreak() {
        if indentation == 0 { return }
        bytes.append(0x0A)
        bytes.append(contentsOf: repeatElement(0x20, count: indentation * depth))
    }

    private mutating func quoted(_ text: String) { bytes.append(jsonQuoted: text) }
}

extension Array where Element == UInt8 {
    /// `text` in quotes, with the escapes that RFC 8259 §7 requires and no others.
    package mutating func append(jsonQuoted text: String) {
        append(0x22)
        let bytes = text.utf8Span.span
        var isPlain = true
        for at in bytes.indices where bytes[at] < 0x20 || bytes[at] == 0x22 || bytes[at] == 0x5C { isPlain = false }
        if isPlain {
            append(contentsOf: text.utf8)
            append(0x22)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case 0x22: append(contentsOf: [0x5C, 0x22])
            case 0x5C: append(contentsOf: [0x5C, 0x5C])
            case 0x0A: append(contentsOf: [0x5C, UInt8(ascii: "n")])
            case 0x0D: append(contentsOf: [0x5C, UInt8(ascii: "r")])
            case 0x09: append(contentsOf: [0x5C, UInt8(ascii: "t")])
            case 0x08: append(contentsOf: [0x5C, UInt8(ascii: "b")])
            case 0x0C: append(contentsOf: [0x5C, UInt8(ascii: "f")])
            case 0..<0x20: append(contentsOf: "\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
            default: append(byte)
            }
        }
        append(0x22)
    }
}

extension JSONValue {
    /// The compact text.
    package var text: String { String(decoding: encoded(), as: UTF8.self) }

    package func encoded(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.value(self)
        return writer.bytes
    }
}
