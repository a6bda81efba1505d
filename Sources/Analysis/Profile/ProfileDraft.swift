import Schema
import Tape

/// Turns what is known of a tape's requests into a scenario that makes others like them.
///
/// Nothing that could be somebody's leaves the tape: identifiers, names and free texts become generators by their kind and
/// shape; a value stands in the scenario only when at least ``Options/least`` requests have it, its field does not look
/// personal, and it is one of a few; quantiles have as many requests between them, are rounded to four digits, and the
/// ends are cut at that many from either side.
package struct ProfileDraft {
    package struct Options: Sendable {
        /// Requests behind each category and between two quantiles.
        package var least: UInt64 = 20
        /// Points of a quantile function, at most.
        package var points = 100
        package var name = ""
        package var operation = ""
        /// As seen from the scenario.
        package var schemaPath = ""
        /// Of a scenario of several operations: each with the stream that makes it, the commonest first.
        package var streams: [(operation: String, name: String)] = []
        package var version = ""

        package init() {}
    }

    /// A field, its members, or its elements.
    final class Node {
        let name: String
        let path: String
        var column: Int?
        var lengthColumn: Int?
        var members: [Node] = []
        var element: Node?

        init(_ name: String, _ path: String) {
            self.name = name
            self.path = path
        }
    }

    let profile: TrafficProfile
    let options: Options
    let root: Node
    var lines: [String] = []
    /// What was left out, for the reader of the profile.
    package var notes: [String] = []
    /// Values that only others use, by name.
    var values: [(name: String, generator: String)] = []
    /// Likewise for attributes, by entity; and the entity whose attributes are being written.
    var attributeHelpers: [Int: [(name: String, generator: String)]] = [:]
    var scope: Int?
    /// By column: the entity whose attribute it is.
    var owners: [Int: Int] = [:]
    var entityNames: [Int: String] = [:]
    /// Category columns, in order; and what of each value is written.
    var categories: [Int: [(text: String, count: UInt64)]] = [:]
    /// What is written of sessions, if anything.
    private(set) var sessions: SessionPlan?
    /// Numbers that may be correlated: column and name.
    var numbers: [(column: Int, name: String)] = []
    /// What the names of helping values begin with: those of several streams stand in one place.
    let helperPrefix: String

    package init(_ profile: TrafficProfile, _ options: Options) {
        self.profile = profile
        self.options = options
        helperPrefix = "_"
        root = Node("", "")
        build()
        findEntities()
        findCategories()
        sessions = sessionPlan()
    }

    /// One operation of several, in the stream `name`, with the entities of `all`: what they own is taken from them.
    init(_ profile: TrafficProfile, stream name: String, of all: ProfileDraft) {
        self.profile = profile
        options = all.options
        helperPrefix = "_\(name)_"
        root = Node("", "")
        build()
        entityNames = all.entityNames
        for (column, entry) in profile.columns.enumerated() {
            owners[column] = all.profile.column(named: entry.path).flatMap { all.owners[$0] }
        }
        findCategories()
    }

    private mutating func build() {
        var nodes: [String: Node] = ["": root]
        for (column, entry) in profile.columns.enumerated() {
            if entry.present + entry.nulls < options.least {
                notes.append("\(entry.path) is left out: fewer than \(options.least) requests have it")
                continue
            }
            if entry.path.contains("·") || entry.path.isEmpty {
                notes.append("a field whose name has signs of paths in it is left out")
                continue
            }
            var (node, path) = (root, "")
            var isLength = false
            for part in entry.path.split(separator: ".") {
                if part == "#" {
                    isLength = true
                    break
                }
                path = path.isEmpty ? String(part) : "\(path).\(part)"
                if let known = nodes[path] {
                    node = known
                    continue
                }
                let next = Node(String(part), path)
                if part == "*" { node.element = next } else { node.members.append(next) }
                nodes[path] = next
                node = next
            }
            if isLength { node.lengthColumn = column } else { node.column = column }
        }
    }

    // MARK: Entities

    private mutating func findEntities() {
        var found: [Int] = []
        for entity in profile.entities.sorted(by: { $0.counts.count < $1.counts.count }) {
            if owners[entity.column] != nil { continue }
            found.append(entity.column)
            let last = profile.columns[entity.column].name
            var name = String(last.filter { $0.isLetter || $0.isNumber })
            for ending in ["Id", "_id", "ID"] where last.hasSuffix(ending) && last.count > ending.count {
                name = String(last.dropLast(ending.count).filter { $0.isLetter || $0.isNumber })
            }
            if name.isEmpty || name == "id" {
                let parent = profile.columns[entity.column].path.split(separator: ".").dropLast().last
                name = parent.map { String($0.filter { $0.isLetter || $0.isNumber }) } ?? "entity"
            }
            while entityNames.values.contains(name) { name += "2" }
            entityNames[entity.column] = name
            owners[entity.column] = entity.column
            for column in profile.columns.indices where owners[column] == nil {
                let path = profile.columns[column].path
                let isScalar = !path.contains("*") && !path.contains("#") && profile.columns[column].structures == 0
                if isScalar, profile.columns[column].distinct > 1, isWritten(column),
                    profile.ties?.isAttribute(column, of: entity.column) ?? false
                {
                    owners[column] = entity.column
                }
            }
            if found.count == 6 { break }
        }
    }

    func isWritten(_ column: Int) -> Bool {
        let entry = profile.columns[column]
        return entry.present >= options.least && !entry.path.contains("·")
    }

    // MARK: Categories

    private mutating func findCategories() {
        for (column, entry) in profile.columns.enumerated() where isWritten(column) {
            guard Comparison.kind(entry, entry) == .category else { continue }
            let kept = entry.categories.filter { $0.value >= options.least }
            if kept.isEmpty || kept.values.reduce(0, +) * 2 < entry.present { continue }
            categories[column] = kept.map { ($0.key, $0.value) }.sorted {
                ($1.count, $0.text) < ($0.count, $1.text)
            }
        }
    }

    /// Of the sampled rows that have `column`, the numbers; where another column has one of its categories.
    func numbers(_ column: Int, where condition: (column: Int, hash: UInt64)? = nil) -> [Double] {
        profile.rows.rows.compactMap { row in
            guard case .number(let value)? = row[column] else { return nil }
            if let condition, row[condition.column] != .text(condition.hash) { return nil }
            return value
        }
    }
}
