/// Where a value stands within a message: the argument's id, then field ids, as in `1.20.5`.
///
/// In a reply the first id is 0 for success or that of a declared exception.
package struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    /// Not empty.
    package let ids: [Int16]

    /// Nil when `ids` is empty or deeper than messages may nest.
    package init?(ids: [Int16]) {
        guard !ids.isEmpty, ids.count <= ThriftType.Limit.depth else { return nil }
        self.ids = ids
    }

    /// Decimal ids with dots between them; nil for anything else.
    package init?(_ text: String) {
        var ids: [Int16] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard let id = Int16(part), String(id) == part else { return nil }
            ids.append(id)
        }
        self.init(ids: ids)
    }

    package var description: String { ids.map(String.init).joined(separator: ".") }
}
