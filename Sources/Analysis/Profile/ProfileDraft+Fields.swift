extension ProfileDraft {
    /// The lines of `fields`, of the entities' attributes and of the values, in that order of making.
    mutating func fieldLines() -> [String] {
        var lines: [String] = []
        for node in root.members { lines += self.lines(node, parent: nil, at: node.path) }
        return lines
    }

    /// One field, or a struct with its members.
    private mutating func lines(_ node: Node, parent: Node?, at path: String) -> [String] {
        let presence = presence(node, parent: parent)
        if node.lengthColumn != nil { return [list(node, at: path, presence)] }
        if node.members.isEmpty {
            guard let column = node.column else { return [] }
            return ["  \(Self.key(path)): \(Self.with(presence, generator(column, at: path)))"]
        }
        var lines = presence.isEmpty ? [] : ["  \(Self.key(path)): {\(presence)}"]
        for member in node.members { lines += self.lines(member, parent: node, at: "\(path).\(member.name)") }
        return lines
    }

    private mutating func list(_ node: Node, at path: String, _ presence: String) -> String {
        let lengths = node.lengthColumn.map { numbers($0) } ?? []
        let length = distribution(lengths, decimals: 0)
        var element = "{constant: \"\"}"
        if let inner = node.element {
            if inner.members.isEmpty {
                element = inner.column.map { generator($0, at: nil) } ?? element
            } else {
                element = "{\(members(inner, prefix: "").joined(separator: ", "))}"
            }
        }
        let tail = presence.isEmpty ? "" : ", \(presence)"
        return "  \(Self.key(path)): {list: {count: \(length), of: \(element)}\(tail)}"
    }

    /// The members of a list's element; lists within lists are left out.
    private mutating func members(_ node: Node, prefix: String) -> [String] {
        var parts: [String] = []
        for member in node.members {
            let name = prefix + member.name
            if member.lengthColumn != nil {
                notes.append("\(member.path) is left out: a list within a list")
            } else if member.members.isEmpty {
                guard let column = member.column else { continue }
                let presence = presence(member, parent: node)
                parts.append("\(Self.key(name)): \(Self.with(presence, generator(column, at: nil)))")
            } else {
                parts += members(member, prefix: name + ".")
            }
        }
        return parts
    }

    static func with(_ presence: String, _ generator: String) -> String {
        if presence.isEmpty { return generator }
        return generator.hasSuffix("}")
            ? "\(generator.dropLast()), \(presence)}" : "{constant: \(generator), \(presence)}"
    }

    // MARK: Presence

    private func count(_ node: Node?) -> UInt64 {
        guard let node else { return profile.exchanges - profile.unreadable }
        if let column = node.column { return profile.columns[column].present }
        return node.lengthColumn.map { profile.columns[$0].present } ?? profile.exchanges - profile.unreadable
    }

    /// `when: …` where a category decides, `present: …` where chance seems to; empty for what is always there.
    private func presence(_ node: Node, parent: Node?) -> String {
        let (own, whole) = (count(node), count(parent))
        guard whole > 0, own * 1000 < whole * 999 else { return "" }
        let column = node.column ?? node.lengthColumn ?? -1
        if !node.path.contains("*"), let condition = condition(column, within: parent) { return "when: \(condition)" }
        return "present: \(Self.text(Double(own) / Double(whole) * 100, 2))%"
    }

    /// The values of a category with which a field is always there, where with all others it never is.
    private func condition(_ column: Int, within parent: Node?) -> String? {
        let structure = parent?.column
        for (category, values) in categories.sorted(by: { $0.key < $1.key }) where category != column {
            let path = profile.columns[category].path
            if path.contains("*") || values.count > 20 || values.count < 2 { continue }
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
        if entry.isNumeric {
            let kind = Comparison.kind(entry, entry)
            if kind == .identifier { return number(serialOf: entry) }
            if let path, owners[column] == nil { numbers.append((column, path)) }
            return conditional(column, isNumber: true, at: path) { draft, condition in
                draft.distribution(draft.numbers(column, where: condition), decimals: entry.decimals)
            }
        }
        if let sessions, sessions.state == column, let singles = singleStates(sessions) { return singles }
        if categories[column] != nil {
            return conditional(column, isNumber: false, at: path) { draft, condition in
                draft.weights(column, where: condition)
            }
        }
        return texts(column, siblings: [:])
    }

    /// Numbers that name something: as many digits, none of them recorded.
    private func number(serialOf entry: FieldColumn) -> String {
        let digits = max(1, Self.text(entry.greatest, 0).count)
        var low = 1.0
        for _ in 1..<digits { low *= 10 }
        return "{uniform: [\(Self.text(low, 0)), \(Self.text(low * 10 - 1, 0))]}"
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
        guard path != nil, owners[column] == nil, let parent = parent(of: column, isNumber: isNumber) else {
            return usual
        }
        var cases: [String] = []
        for value in categories[parent] ?? [] where value.count >= options.least * (isNumber ? 10 : 2) {
            let generator = make(&self, (parent, StableHash.of(value.text)))
            if generator.hasPrefix("{weights: {}") { continue }
            cases.append("\(Self.quoted(value.text)): \(generator)")
        }
        if cases.count < 2 { return usual }
        return
            "{by: \(Self.key(profile.columns[parent].path)), cases: {\(cases.joined(separator: ", "))}, else: \(usual)}"
    }

    /// The category above this column that tells most about it; nil when none tells enough.
    private func parent(of column: Int, isNumber: Bool) -> Int? {
        var best: (gain: Double, column: Int)?
        let all = isNumber ? numbers(column).sorted() : []
        for (candidate, values) in categories where values.count <= 30 && values.count > 1 {
            let path = profile.columns[candidate].path
            // A category leans on those before it, so that none leans on itself; numbers may lean on any.
            if path.contains("*") || candidate == column || (!isNumber && candidate > column) { continue }
            if path.contains("."),
                profile.columns[candidate].present * 1000 < (profile.exchanges - profile.unreadable) * 999
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
    private func distance(_ column: Int, _ other: Int, _ values: [(text: String, count: UInt64)], _ all: [Double])
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
    private func association(_ column: Int, _ other: Int, _ values: [(text: String, count: UInt64)]) -> Double {
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
