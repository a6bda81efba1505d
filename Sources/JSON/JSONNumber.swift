import Bytes

/// A number that keeps the text in which it stood, so that nothing is lost beyond 2^53 and `1.0` stays `1.0`.
///
/// Numbers are equal when their texts are; compare ``int64`` or ``double`` for numeric equality.
package struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// Valid by RFC 8259 §6.
    package let text: String

    /// For text that is known to be a valid number.
    init(unchecked text: String) { self.text = text }

    /// Nil when `text` is not a number of RFC 8259 from its beginning to its end.
    package init?(text: String) {
        let bytes = Array(text.utf8)
        var tokenizer = JSONTokenizer(bytes.rawSpan, depthLimit: 1)
        guard (try? tokenizer.number()) == 0..<bytes.count else { return nil }
        self.text = text
    }

    package init(_ value: some BinaryInteger) { text = String(value) }

    /// The shortest text that reads back as the same double; nil when it is not finite.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    /// Nil unless the value is exactly an Int64; `1.0` and `1e3` are, written otherwise.
    package var int64: Int64? { Int64(text) ?? Int64(exactly: double) }
    package var uint64: UInt64? { UInt64(text) ?? UInt64(exactly: double) }
    /// The nearest double; infinite when the text is beyond its range.
    package var double: Double { Double(text) ?? .nan }
    package var isInteger: Bool { int64 != nil || uint64 != nil }
    package var description: String { text }
}
