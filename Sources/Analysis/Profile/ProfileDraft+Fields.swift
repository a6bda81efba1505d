import Schema

extension ProfileDraft {
    /// The lines of `fields`, of the entities' attributes and of the values, in that order of making.
    mutating func fieldLines() -> [String] { lines(of: root, at: "") }

    private mutating func lines(of node: Node, at path: String) -> [String] {
        var lines: [String] = []
        for member in node.members { lines += self.lines(member, parent: node, at: path + member.name) }
        guard let schema else { return lines }
        let structure = node === root ? schema.root : schema.structure(node.type)
        let missing = schema.missing(structure, node.members.map(\.name), prefix: path)
        if !missing.isEmpty {
            notes.append(
                "\(missing.map(\.0).joined(separator: ", ")): the schema requires it; any value, for want of recorded ones"
            )
        }
        return lines + missing.map { "  \(Self.key($0.0)): \($0.1)" }
    }

    /// One field, or a struct with its members.
    private mutating func lines(_ node: Node, parent: Node, at path: String) -> [String] {
        let presence = presence(node, parent: parent)
        if node.lengthColumn != nil { return [list(node, at: path, presence)] }
        if case .map? = node.type?.kind { return [map(node, at: path, presence)] }
        if node.members.isEmpty {
            guard let column = node.column else { return [] }
            return ["  \(Self.key(path)): \(Self.with(presence, generator(column, at: path)))"]
        }
        let lines = presence.isEmpty ? [] : ["  \(Self.key(path)): {\(presence)}"]
        return lines + self.lines(of: node, at: path + ".")
    }

    // MARK: Lists and maps

    /// Elements that a scenario can make at most.
    private static let elementLimit = 64.0

    private mutating func list(_ node: Node, at path: String, _ presence: String) -> String {
        var lengths = node.lengthColumn.map { samples($0) } ?? []
        let element = node.element.flatMap { lengths.contains { $0.value > 0 } ? self.element($0) : nil }
        if element == nil {
            if lengths.contains(where: { $0.value > 0 }) {
                notes.append("\(path) is always empty: its elements cannot be made")
            }
            lengths = []
        }
        let tail = presence.isEmpty ? "" : ", \(presence)"
        return
            "  \(Self.key(path)): {list: {count: \(count(lengths, at: path)), of: \(element ?? "{constant: \"\"}")}\(tail)}"
    }

    /// What makes one element; nil where the schema requires what a scenario cannot say.
    private mutating func element(_ node: Node) -> String? {
        if node.members.isEmpty { return node.column.map { generator($0, at: nil) } }
        let parts = members(node)
        let missing = schema?.missing(schema?.structure(node.type), parts.map(\.name)) ?? []
        if missing.contains(where: { $0.0.contains(".") }) || parts.isEmpty && missing.isEmpty { return nil }
        return "{\((parts + missing).map { "\(Self.key($0.0)): \($0.1)" }.joined(separator: ", "))}"
    }

    /// How many elements a list has: lengths that enough requests have, or, where they are too many, all between two.
    private mutating func count(_ lengths: [Sample], at path: String) -> String {
        if lengths.contains(where: { $0.value > Self.elementLimit }) {
            notes.append("\(path) has \(Int(Self.elementLimit)) elements at most, not as many as on the tape")
        }
        let sorted = lengths.map { Sample(value: min($0.value, Self.elementLimit), holder: $0.holder) }
            .sorted { ($0.value, $0.holder) < ($1.value, $1.holder) }
        if let kept = steps(sorted), !kept.isEmpty, kept.reduce(0, { $0 + $1.count }) * 10 >= UInt64(sorted.count) * 9 {
            return "{weights: {\(kept.map { "\(Self.text($0.value, 0)): \($0.count)" }.joined(separator: ", "))}}"
        }
        let least = Int(clamping: options.least)
        if sorted.count <= 3 * least {
            return "{constant: \(Self.text(sorted.isEmpty ? 0 : sorted[sorted.count / 2].value, 0))}"
        }
        let ends = (sorted[least - 1].value, sorted[sorted.count - least].value)
        return "{uniform: [\(Self.text(ends.0, 0)), \(Self.text(ends.1, 0))]}"
    }

    /// The members of a list's element; lists and structs within it are left out.
    private mutating func members(_ node: Node) -> [(name: String, generator: String)] {
        var parts: [(name: String, generator: String)] = []
        for member in node.members {
            guard member.lengthColumn == nil, member.members.isEmpty, let column = member.column else {
                notes.append("\(member.path) is left out: no single value in a list's element")
                continue
            }
            let presence = presence(member, parent: node)
            parts.append((member.name, Self.with(presence, generator(column, at: nil))))
        }
        return parts
    }

    /// A map with the keys that most of its kind have: an entry has no condition of its own.
    private mutating func map(_ node: Node, at path: String, _ presence: String) -> String {
        let whole = count(node)
        var kept = node.members.filter { count($0) * 2 >= whole }
        if kept.isEmpty, let most = node.members.max(by: { count($0) < count($1) }) { kept = [most] }
        if kept.count < node.members.count {
            notes.append("\(path) has the entries that most of its kind have, \(kept.count) of \(node.members.count)")
        }
        let entries = kept.compactMap { entry in
            entry.column.map { column in "\(Self.key(entry.name)): \(entryGenerator(column))" }
        }
        let tail = presence.isEmpty ? "" : ", \(presence)"
        return "  \(Self.key(path)): {map: {\(entries.joined(separator: ", "))}\(tail)}"
    }

    private mutating func entryGenerator(_ column: Int) -> String {
        if let owner = owners[column], let entity = entityNames[owner] {
            return "{from: \(entity).\(attribute(column))}"
        }
        return plain(column, at: nil)
    }

    static func with(_ presence: String, _ generator: String) -> String {
        if presence.isEmpty { return generator }
        return generator.hasSuffix("}")
            ? "\(generator.dropLast()), \(presence)}" : "{constant: \(generator), \(presence)}"
    }

    // MARK: Presence

    private func count(_ node: Node?) -> UInt64 {
        guard let node, node !== root else { return profile.readable }
        if let column = node.column { return profile.columns[column].present }
        return node.lengthColumn.map { profile.columns[$0].present } ?? profile.readable
    }

    /// `when: …` where a category decides, `present: …` where chance seems to; empty for what is always there.
    private func presence(_ node: Node, parent: Node?) -> String {
        if node.isRequired { return "" }
        let (own, whole) = (count(node), count(parent))
        guard whole > 0, own * 1000 < whole * 999 else { return "" }
        let column = node.column ?? node.lengthColumn ?? -1
        if !inner.contains(column), let condition = condition(column, within: parent) { return "when: \(condition)" }
        return "present: \(Self.text(Double(own) / Double(whole) * 100, 2))%"
    }

    /// The values of a category with which a field is always there, where with all others it never is.
    private func condition(_ column: Int, within parent: Node?) -> String? {
        let structure = parent?.column
        for (category, values) in categories.sorted(by: { $0.key < $1.key }) where category != column {
            let path = profile.columns[category].path
            if inner.contains(category) || values.count > 20 || values.count < 2 { continue }
            let hashes = Dictionary(
                values.enumerated().map { (StableHash.of($0.element.text), $0.offset) }, uniquingKeysWith: { x, _ in x }
            )
            var counts = [(here: Int, all: Int)](repeating: (0, 0), count: values.count)
            for row in profile.rows.rows {
                if let structure, !has(row, structure) { continue }
                guard case .text(let hash)? = row[category], let place = hashes[hash] else { continue }
                counts[place].all += 1
                if has(row, column) { counts[place].here += 1 }
            }
            let isSharp = counts.allSatisfy { $0.here * 100 <= $0.all * 2 || $0.here * 100 >= $0.all * 98 }
            let kept = zip(values, counts).filter { $0.1.here * 2 > $0.1.all }.map { Self.quoted($0.0.text) }
            if isSharp && !kept.isEmpty && kept.count < values.count {
                return "{\(Self.key(path)): [\(kept.joined(separator: ", "))]}"
            }
        }
        return nil
    }

    /// Structs have no cell of their own: they are there when a member is.
    private func has(_ row: RowSample.Row, _ column: Int) -> Bool {
        if row[column] != nil { return true }
        guard profile.columns[column].structures > 0 else { return false }
        let prefix = profile.columns[column].path + "."
        return row.columns.contains { profile.columns[Int($0)].path.hasPrefix(prefix) }
    }

    // MARK: Generators

    /// - Parameter path: nil within a list, where nothing depends on anything.
    mutating func generator(_ column: Int, at path: String?) -> String {
        if path != nil, let owner = owners[column], let entity = entityNames[owner] {
            return "{from: \(entity).\(attribute(column))}"
        }
        return plain(column, at: path)
    }

    /// How an attribute is called: its path without dots.
    func attribute(_ column: Int) -> String {
        String(profile.columns[column].path.map { $0 == "." ? "_" : $0 })
    }

    mutating func plain(_ column: Int, at path: String?) -> String {
        let entry = profile.columns[column]
        if let unit = entry.eventTimeUnit {
            let names: [UInt64: String] = [1_000_000_000: "seconds", 1_000_000: "millis", 1000: "micros", 1: "nanos"]
            return "{eventTime: \(names[unit] ?? "millis")}"
        }
        let type = type(of: column)
        if entry.isNumeric, let bounds = RequestSchema.bounds(type) {
            if Comparison.kind(entry, entry) == .identifier { return number(serialOf: entry, type) }
            if let path, owners[column] == nil { numbers.append((column, path)) }
            let decimals = RequestSchema.isWhole(type) ? 0 : entry.decimals
            let range = Range(decimals: decimals, isExact: entry.personal == nil, bounds: bounds)
            return conditional(column, isNumber: true, at: path) { draft, condition in
                draft.distribution(draft.samples(column, where: condition), range)
            }
        }
        if let sessions, sessions.state == column, let singles = singleStates(sessions) { return singles }
        if categories[column] != nil {
            return conditional(column, isNumber: false, at: path) { draft, condition in
                draft.weights(column, where: condition)
            }
        }
        if let type, let schema {
            switch type.kind {
            case .string where schema.declared(type).isEmpty && entry.isNumeric: break
            case .string where schema.declared(type).isEmpty, .any where !entry.isNumeric: break
            case .binary where entry.bytes > 0 || entry.texts > 0: break
            default: return schema.anything(type)
            }
        }
        return texts(column)
    }

    /// Numbers that name something: as many digits, none of them recorded.
    private func number(serialOf entry: FieldColumn, _ type: SchemaType?) -> String {
        let bounds = RequestSchema.bounds(type) ?? -4.6e18...4.6e18
        let (low, high) = Self.serials(entry)
        return
            "{uniform: [\(Self.text(min(low, bounds.upperBound), 0)), \(Self.text(min(high, bounds.upperBound), 0))]}"
    }

    /// The least and the greatest number with as many digits as the greatest that was seen.
    static func serials(_ entry: FieldColumn) -> (Double, Double) {
        let digits = min(18, max(1, text(entry.greatest, 0).count))
        let low = (1..<digits).reduce(1.0) { power, _ in power * 10 }
        return (low, min(low * 10 - 1, 9e17))
    }

    private func weights(_ column: Int, where condition: (column: Int, hash: UInt64)?) -> String {
        let values = categories[column] ?? []
        var counts = values.map(\.count)
        if let condition {
            let places = Dictionary(
                values.enumerated().map { (StableHash.of($0.element.text), $0.offset) }, uniquingKeysWith: { x, _ in x }
            )
            counts = [UInt64](repeating: 0, count: values.count)
            for row in profile.rows.rows where row[condition.column] == .text(condition.hash) {
                if case .text(let hash)? = row[column], let place = places[hash] { counts[place] += 1 }
            }
        }
        let kept = zip(values, counts).filter {
            $0.1 > 0 && (condition == nil || $0.1 >= options.least || $0.1 * 50 >= counts.max() ?? 0)
        }
        let parts = kept.map { "\(Self.quoted($0.0.text)): \($0.1)" }
        return "{weights: {\(parts.joined(separator: ", "))}}"
    }

    /// A generator for each value of the category on which the column depends most; one for all where it depends on none.
    private mutating func conditional(
        _ column: Int, isNumber: Bool, at path: String?,
        _ make: (inout ProfileDraft, (column: Int, hash: UInt64)?) -> String
    ) -> String {
        let usual = make(&self, nil)
        // An attribute leans on others of its entity, a field on other fields.
        guard scope != nil || (path != nil && owners[column] == nil),
            let parent = parent(of: column, isNumber: isNumber)
        else { return usual }
        var cases: [String] = []
        for value in categories[parent] ?? [] where value.count >= options.least * (isNumber ? 10 : 2) {
            let generator = make(&self, (parent, StableHash.of(value.text)))
            if generator.hasPrefix("{weights: {}") { continue }
            cases.append("\(Self.quoted(value.text)): \(generator)")
        }
        if cases.count < 2 { return usual }
        return
            "{by: \(Self.key(scope == nil ? profile.columns[parent].path : attribute(parent))), cases: {\(cases.joined(separator: ", "))}, else: \(usual)}"
    }

    /// The category above this column that tells most about it; nil when none tells enough.
    private func parent(of column: Int, isNumber: Bool) -> Int? {
        var best: (gain: Double, column: Int)?
        let all = isNumber ? numbers(column).sorted() : []
        for (candidate, values) in categories where values.count <= 30 && values.count > 1 {
            let path = profile.columns[candidate].path
            // A category leans on those before it, so that none leans on itself; numbers may lean on any.
            if let scope, owners[candidate] != scope { continue }
            if inner.contains(candidate) || candidate == column || (!isNumber && candidate > column) { continue }
            if path.contains("."), scope == nil,
                profile.columns[candidate].present * 1000 < profile.readable * 999
            {
                continue
            }
            let gain = isNumber ? distance(column, candidate, values, all) : association(column, candidate, values)
            if gain > best?.gain ?? (isNumber ? 0.06 : 0.008)
                || (gain == best?.gain && candidate < best?.column ?? .max)
            {
                best = (gain, candidate)
            }
        }
        return best?.column
    }

    /// How far the numbers with each value lie from all, in the mean.
    private func distance(_ column: Int, _ other: Int, _ values: [Crowd.Category], _ all: [Double])
        -> Double
    {
        var (sum, weight) = (0.0, 0.0)
        for value in values {
            let part = numbers(column, where: (other, StableHash.of(value.text))).sorted()
            if part.count < Int(clamping: options.least * 10) { continue }
            sum += (Statistics.kolmogorovSmirnov(part, all) ?? 0) * Double(part.count)
            weight += Double(part.count)
        }
        return weight == 0 ? 0 : sum / weight
    }

    /// φ², less what chance would make of it.
    private func association(_ column: Int, _ other: Int, _ values: [Crowd.Category]) -> Double {
        let own = categories[column] ?? []
        let rows = Dictionary(
            values.enumerated().map { (StableHash.of($0.element.text), $0.offset) }, uniquingKeysWith: { x, _ in x })
        let columns = Dictionary(
            own.enumerated().map { (StableHash.of($0.element.text), $0.offset) }, uniquingKeysWith: { x, _ in x })
        var table = [[Double]](repeating: [Double](repeating: 0, count: own.count), count: values.count)
        var n = 0.0
        for row in profile.rows.rows {
            guard case .text(let a)? = row[other], case .text(let b)? = row[column], let i = rows[a], let j = columns[b]
            else { continue }
            table[i][j] += 1
            n += 1
        }
        if n == 0 { return 0 }
        let sums = table.map { $0.reduce(0, +) }
        var square = 0.0
        for j in own.indices {
            let sum = table.reduce(0) { $0 + $1[j] }
            for i in values.indices where sum > 0 && sums[i] > 0 {
                let expected = sums[i] * sum / n
                square += (table[i][j] - expected) * (table[i][j] - expected) / expected
            }
        }
        return (square - Double((values.count - 1) * (own.count - 1))) / n
    }
}
