/// What was changed in a buffer, in order, so that it can be undone exactly.
///
/// Everything that edits a recorded message in place (a tag, a fresh id, a length that had to follow) writes through a
/// journal; ``undo(in:)`` then gives back the original bytes.
package struct EditJournal: Sendable, Equatable {
    /// One replacement, in the coordinates of the buffer at the time it was made.
    package struct Edit: Sendable, Equatable {
        /// Bytes from the beginning of the buffer.
        package var offset: Int
        package var removed: [UInt8]
        package var inserted: [UInt8]
    }

    package private(set) var edits: [Edit] = []

    package init() {}

    package var isEmpty: Bool { edits.isEmpty }

    /// Replaces `range` of `buffer` by `bytes` and remembers what stood there.
    ///
    /// The range must lie within the buffer; a replacement by the same bytes is not recorded.
    package mutating func replace(_ range: Range<Int>, with bytes: [UInt8], in buffer: inout [UInt8]) {
        let removed = Array(buffer[range])
        if removed == bytes { return }
        buffer.replaceSubrange(range, with: bytes)
        edits.append(Edit(offset: range.lowerBound, removed: removed, inserted: bytes))
    }

    /// Takes back every edit, the latest first.
    ///
    /// Throws `invalid` and leaves `buffer` as it was when the inserted bytes are no longer where they were put.
    package func undo(in buffer: inout [UInt8]) throws(ParsingError) {
        var result = buffer
        for edit in edits.reversed() {
            let end = edit.offset + edit.inserted.count
            guard edit.offset >= 0, end <= result.count, result[edit.offset..<end].elementsEqual(edit.inserted) else {
                throw ParsingError(.invalid, at: edit.offset, "bytes of a recorded edit")
            }
            result.replaceSubrange(edit.offset..<end, with: edit.removed)
        }
        buffer = result
    }
}
