/// What was changed in a message, so that it can be undone byte for byte.
package struct EditJournal: Sendable, Equatable {
    /// `inserted` bytes at `offset` of the result stand where `removed` stood before.
    package struct Edit: Sendable, Equatable {
        package var offset: Int
        package var removed: [UInt8]
        package var inserted: Int
    }

    /// In the order in which they were made.
    package private(set) var edits: [Edit] = []

    package init() {}

    package var isEmpty: Bool { edits.isEmpty }

    /// Notes how `after` differs from `before`; nothing when they are equal.
    package mutating func note(from before: [UInt8], to after: [UInt8]) {
        if before == after { return }
        let shorter = min(before.count, after.count)
        var prefix = 0
        while prefix < shorter && before[prefix] == after[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix && before[before.count - 1 - suffix] == after[after.count - 1 - suffix] {
            suffix += 1
        }
        edits.append(
            Edit(
                offset: prefix, removed: Array(before[prefix..<before.count - suffix]),
                inserted: after.count - suffix - prefix))
    }

    /// The message as it was before the first edit. `bytes` that are not what the last edit left come back unchanged as
    /// far as an edit does not fit them.
    package func undo(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for edit in edits.reversed() where edit.offset <= result.count && edit.inserted <= result.count - edit.offset {
            result.replaceSubrange(edit.offset..<edit.offset + edit.inserted, with: edit.removed)
        }
        return result
    }
}
