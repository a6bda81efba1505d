package import Schema
import Tape

/// Turns what is known of a tape's requests into a scenario that makes others like them.
///
/// Nothing that could be somebody's leaves the tape: identifiers, names and free texts become generators by their kind and
/// shape; a value stands in the scenario only when at least ``Options/least`` requests of as many people have it
/// (``Crowd``), nothing about it looks personal, and it is one of a few; quantiles have as many between them, are rounded
/// to four digits, and the ends are cut at that many from either side.
package struct ProfileDraft {
    package struct Options: Sendable {
        /// Requests, and people, behind each category and between two quantiles.
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
        /// What the tape carries; of operations that it does not have a schema is inferred.
        package var schemas = SchemaSet()

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
        /// As the schema has it; nil without one.
        var type: SchemaType?
        var isRequired = false

        init(_ name: String, _ path: String) {
            self.name = name
            self.path = path
        }
    }

    let profile: TrafficProfile
    let crowd: Crowd
    let options: Options
    let root: Node
    /// Nil: one is inferred.
    let schema: RequestSchema?
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
    var categories: [Int: [Crowd.Category]] = [:]
    /// By column that is written: its type, where a schema has one.
    private(set) var types: [Int: SchemaType?] = [:]
    /// Columns to which nothing else in a scenario can refer: elements of lists, entries of maps.
    private(set) var inner: Set<Int> = []
    /// What is written of sessions, if anything.
    private(set) var sessions: SessionPlan?
    /// Numbers that may be correlated: column and name.
    var numbers: [(column: Int, name: String)] = []
    /// What the names of helping values begin with: those of several streams stand in one place.
    let helperPrefix: String

    package init(_ profile: TrafficProfile, _ options: Options) {
        self.profile = profile
        self.options = options
        crowd = Crowd(profile)
        helperPrefix = "_"
        root = Node("", "")
        let operations = options.streams.isEmpty ? [options.operation] : options.streams.map(\.operation)
        schema = RequestSchema(options.schemas, operations: operations)
        build()
        findEntities()
        findCategories()
        sessions = sessionPlan()
    }

    /// One operation of several, in the stream `name`, with the entities of `all`: what they own is taken from them.
    init(_ profile: TrafficProfile, stream name: String, of all: ProfileDraft) {
        self.profile = profile
        options = all.options
        crowd = Crowd(profile)
        helperPrefix = "_\(name)_"
        root = Node("", "")
        let operations = options.streams.filter { $0.name == name }.map(\.operation)
        schema = RequestSchema(options.schemas, operations: operations)
        build()
        entityNames = all.entityNames
        for (column, entry) in profile.columns.enumerated() {
            owners[column] = all.profile.column(named: entry.path).flatMap { all.owners[$0] }
        }
        findCategories()
    }

    private mutating func build() {
        var nodes: [String: Node] = ["": root]
        var (rare, odd) = (0, 0)
        for (column, entry) in profile.columns.enumerated() {
            if entry.present + entry.nulls < options.least {
                rare += 1
                continue
            }
            if entry.path.contains("·") || entry.path.isEmpty {
                odd += 1
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
        if let schema { notes += fit(root, to: schema.root, schema) }
        gather(root, isInner: false)
        // How they are called, keys of maps may say who somebody is.
        func leave(_ count: UInt64, _ why: String) {
            if count > 0 { notes.append("\(count) \(count == 1 ? "field is" : "fields are") left out: \(why)") }
        }
        leave(UInt64(rare), "fewer than \(options.least) requests have each")
        leave(UInt64(odd), "signs of paths in their names")
        leave(profile.fieldsHidden, "their names look like personal data")
    }

    private mutating func gather(_ node: Node, isInner: Bool) {
        if let column = node.column {
            types[column] = .some(node.type)
            if isInner { inner.insert(column) }
        }
        if let column = node.lengthColumn {
            types[column] = .some(nil)
            inner.insert(column)
        }
        var isMap = false
        if case .map? = node.type?.kind { isMap = true }
        for member in node.members { gather(member, isInner: isInner || isMap) }
        if let element = node.element { gather(element, isInner: true) }
    }

    /// Whether values of the field are told.
    package func hasCategory(_ path: String) -> Bool {
        profile.column(named: path).map { categories[$0] != nil } ?? false
    }

    /// True when a scenario has no field.
    package var isEmpty: Bool { root.members.isEmpty }

    // MARK: Entities

    private mutating func findEntities() {
        var found: [Int] = []
        for entity in profile.entities.sorted(by: { $0.counts.count < $1.counts.count }) {
            if owners[entity.column] != nil || !isWritten(entity.column) { continue }
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
                // What others have without the entity is none of its attributes.
                let isWithin = profile.columns[column].present * 100 <= profile.columns[entity.column].present * 101
                if isScalar, isWithin, profile.columns[column].distinct > 1, isWritten(column),
                    profile.ties?.isAttribute(column, of: entity.column) ?? false
                {
                    owners[column] = entity.column
                }
            }
            if found.count == 6 { break }
        }
    }

    func isWritten(_ column: Int) -> Bool { types[column] != nil }

    func type(of column: Int) -> SchemaType? { types[column] ?? nil }

    // MARK: Categories

    private mutating func findCategories() {
        for (column, entry) in profile.columns.enumerated() where isWritten(column) {
            let declared = schema?.declared(type(of: column)) ?? []
            if declared.isEmpty && Comparison.kind(entry, entry) != .category { continue }
            let kept = crowd.tellable(column, least: options.least, declared: Set(declared))
            if kept.isEmpty || (declared.isEmpty && kept.reduce(0) { $0 + $1.count } * 2 < entry.present) { continue }
            categories[column] = kept
        }
    }

    /// Of the sampled rows that have `column`, the numbers; where another column has one of its categories.
    func numbers(_ column: Int, where condition: (column: Int, hash: UInt64)? = nil) -> [Double] {
        samples(column, where: condition).map(\.value)
    }

    /// Likewise, with whom each belongs to.
    func samples(_ column: Int, where condition: (column: Int, hash: UInt64)? = nil) -> [Sample] {
        let key = crowd.key(of: column)
        return profile.rows.rows.enumerated().compactMap { place, row in
            guard case .number(let value)? = row[column] else { return nil }
            if let condition, row[condition.column] != .text(condition.hash) { return nil }
            return Sample(value: value, holder: key.flatMap { row[$0]?.hash } ?? StableHash.mix(UInt64(place)))
        }
    }
}
