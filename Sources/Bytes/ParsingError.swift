/// Why a piece of binary input could not be read, and where.
///
/// The description never holds payload bytes, so it may be logged.
package struct ParsingError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Status: Sendable, Equatable {
        /// The input ends before the value does: more bytes may make it whole.
        case truncated
        /// The bytes cannot be what they should be, whatever follows.
        case invalid
        /// A stated limit (depth, size, count) was crossed.
        case limit
        /// The bytes are well formed but of a kind that is not read here.
        case unsupported
    }

    package var status: Status
    /// Bytes from the beginning of the span that was being read.
    package var offset: Int
    /// What was expected, in the field's terms; never payload.
    package var what: StaticString

    @inlinable
    package init(_ status: Status, at offset: Int, _ what: StaticString) {
        self.status = status
        self.offset = offset
        self.what = what
    }

    package static func == (a: ParsingError, b: ParsingError) -> Bool {
        a.status == b.status && a.offset == b.offset
    }

    package var description: String { "\(what): \(status) at byte \(offset)" }
}
