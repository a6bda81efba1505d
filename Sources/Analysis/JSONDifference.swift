package import Expression
package import JSON

/// One place at which two JSON trees differ.
package struct JSONDifference: Sendable, Equatable {
    package enum Kind: String, Sendable { case added, removed, changed }

    /// Names and indices from the root.
    package var path: [String]
    package var kind: Kind
    package var before: JSONValue?
    package var after: JSONValue?

    /// Positions in ``path`` that are indices of arrays.
    private var indices: [Int]

    package init(path: [String], kind: Kind, before: JSONValue?, after: JSONValue?) {
        self.init(path: path, kind: kind, before: before, after: after, indices: [])
    }

    private init(path: [String], kind: Kind, before: JSONValue?, after: JSONValue?, indices: [Int]) {
        self.path = path
        self.kind = kind
        self.before = before
        self.after = after
        self.indices = indices
    }

    /// The path with `*` for each index, so that what differs in many elements is counted once.
    package var field: String {
        path.enumerated().map { indices.contains($0) ? "*" : ExpressionPath.text([$1]) }.joined(separator: ".")
    }

    /// More differences than this within one pair are left out.
    package static let limit = 1000

    /// Every place at which `before` and `after` differ: objects by key, arrays by index, numbers by their value.
    package static func between(
        _ before: JSONValue, _ after: JSONValue, ignoring ignored: [PathPattern] = []
    ) -> [JSONDifference] {
        var found: [JSONDifference] = []
        var path = Place()
        compare(before, after, &path, ignored, &found)
        return found
    }

    /// Where the comparison stands.
    private struct Place {
        var names: [String] = []
        var indices: [Int] = []

        mutating func enter(_ key: String) { names.append(key) }

        mutating func enter(index: Int) {
            indices.append(names.count)
            names.append(String(index))
        }

        mutating func leave() {
            names.removeLast()
            if indices.last == names.count { indices.removeLast() }
        }

        /// A pattern may begin with `response` or with what stands below it.
        func isIgnored(_ ignored: [PathPattern]) -> Bool {
            !names.isEmpty && ignored.contains { $0.covers(names) || $0.covers(["response"] + names) }
        }
    }

    // Depth is bounded by the parsers that made the trees.
    private static func compare(
        _ before: JSONValue, _ after: JSONValue, _ path: inout Place, _ ignored: [PathPattern],
        _ found: inout [JSONDifference]
    ) {
        if found.count >= limit { return }
        if path.isIgnored(ignored) { return }
        switch (before, after) {
        case (.object(let a), .object(let b)):
            let later = Dictionary(b.members.map { ($0.key, $0.value) }) { $1 }
            var seen: Set<String> = []
            for member in a.members where seen.insert(member.key).inserted {
                path.enter(member.key)
                if let value = later[member.key] {
                    compare(a[member.key] ?? .null, value, &path, ignored, &found)
                } else {
                    note(.removed, member.value, nil, path, ignored, &found)
                }
                path.leave()
            }
            for member in b.members where seen.insert(member.key).inserted {
                path.enter(member.key)
                note(.added, nil, member.value, path, ignored, &found)
                path.leave()
            }
        case (.array(let a), .array(let b)):
            for index in 0..<max(a.count, b.count) {
                path.enter(index: index)
                if index >= a.count {
                    note(.added, nil, b[index], path, ignored, &found)
                } else if index >= b.count {
                    note(.removed, a[index], nil, path, ignored, &found)
                } else {
                    compare(a[index], b[index], &path, ignored, &found)
                }
                path.leave()
            }
        default: if !isEqual(before, after) { note(.changed, before, after, path, ignored, &found) }
        }
    }

    private static func note(
        _ kind: Kind, _ before: JSONValue?, _ after: JSONValue?, _ path: Place, _ ignored: [PathPattern],
        _ found: inout [JSONDifference]
    ) {
        if found.count >= limit || path.isIgnored(ignored) { return }
        found.append(
            JSONDifference(path: path.names, kind: kind, before: before, after: after, indices: path.indices))
    }

    /// Numbers that are written otherwise but have the same value are equal.
    private static func isEqual(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if a == b { return true }
        guard case .number(let x) = a, case .number(let y) = b, let left = ExactNumber(x.text),
            let right = ExactNumber(y.text)
        else { return false }
        return left == right
    }
}
