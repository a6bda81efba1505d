import Bytes
import Expression
import JSON

/// Turns schemas into assertions, each place once for each dynamic scope in which it is reached (JSON Schema 2020-12 core,
/// §7.1 and §8.2.3.2).
struct AssertionCompiler {
    var documents: SchemaLibrary
    var assertions: [SchemaAssertion]
    var findings: [SchemaFinding] = []
    private var known: [Reached: Int] = [:]
    /// Dynamic anchors of the resources through which the present place is reached, those of the outermost first.
    private var scope: [String: SchemaPlace] = [:]
    private let first: Int
    private var places: [SchemaPlace] = []

    private struct Reached: Hashable {
        var place: SchemaPlace
        var scope: [String: SchemaPlace]
    }

    static let depthLimit = 64

    init(documents: SchemaLibrary, assertions: [SchemaAssertion]) {
        self.documents = documents
        self.assertions = assertions
        first = assertions.count
    }

    mutating func compile(_ place: SchemaPlace, depth: Int = 0) throws(SchemaError) -> Int {
        let outer = scope
        defer { scope = outer }
        scope.merge(documents.dynamicAnchors(around: place)) { outer, _ in outer }
        let reached = Reached(place: place, scope: scope)
        if let index = known[reached] { return index }
        guard depth < AssertionCompiler.depthLimit * 4 else {
            throw documents.failure(
                place, "schemas nested too deep", "Name inner schemas under '$defs' and refer to them.")
        }
        let index = assertions.count
        known[reached] = index
        let name = documents.trees[place.tree].source.name
        assertions.append(SchemaAssertion(place: name + place.pointer))
        places.append(place)
        let rules = try rules(place, depth: depth)
        assertions[index].rules = rules
        return index
    }

    /// - Throws: when schemas apply each other to the same value in a circle.
    func checkCircles() throws(SchemaError) {
        // 0 not seen, 1 on the way, 2 done.
        var states = [UInt8](repeating: 0, count: assertions.count - first)
        for start in states.indices where states[start] == 0 {
            var stack = [(start, 0)]
            states[start] = 1
            while let (at, next) = stack.last {
                let inner = assertions[first + at].inPlace
                guard next < inner.count else {
                    states[at] = 2
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].1 += 1
                let target = inner[next] - first
                guard states.indices.contains(target) else { continue }
                if states[target] == 1 {
                    throw documents.failure(
                        places[target], "a $ref that leads back to itself",
                        "Put the reference below a property or an item, where a value can end.")
                }
                if states[target] == 0 {
                    states[target] = 1
                    stack.append((target, 0))
                }
            }
        }
    }

    // MARK: Keywords

    private mutating func rules(_ place: SchemaPlace, depth: Int) throws(SchemaError) -> [SchemaAssertion.Rule] {
        guard let form = documents[place] else { return [] }
        if let flag = form.bool { return flag ? [] : [.never] }
        guard let object = form.object else {
            throw documents.failure(place, "expected a schema", "A schema is an object, true or false.")
        }
        if let key = object.duplicateKey {
            findings.append(
                documents.finding(.error, "duplicate-key", place, "the key '\(key)' stands twice", "Remove one."))
        }
        var rules: [SchemaAssertion.Rule] = []
        for key in ["$ref", "$dynamicRef", "$recursiveRef"] {
            guard let reference = object[key]?.string else { continue }
            var target = try documents.resolve(reference, at: place)
            if key == "$dynamicRef", let name = documents[target]?["$dynamicAnchor"]?.string,
                reference.hasSuffix("#\(name)"), let outermost = scope[name]
            {
                target = outermost
            }
            rules.append(.reference(try compile(target, depth: depth + 1)))
            if documents.ignoresSiblings[place.tree] {
                noteIgnored(object, place)
                return rules
            }
        }
        types(object, place, &rules)
        numbers(object, place, &rules)
        texts(object, place, &rules)
        try arrays(object, place, depth, &rules)
        try objects(object, place, depth, &rules)
        try combinations(object, place, depth, &rules)
        return rules
    }

    private mutating func noteIgnored(_ object: JSONObject, _ place: SchemaPlace) {
        let ignored = object.keys.filter { JSONSchemaKeywords.constraining.contains($0) }
        guard let one = ignored.first else { return }
        findings.append(
            documents.finding(
                .warning, "ignored-sibling", place[one], "this version ignores '\(one)' beside $ref",
                "Put the $ref into an allOf of one."))
    }

    mutating func compile(list key: String, _ place: SchemaPlace, _ depth: Int) throws(SchemaError) -> [Int]? {
        guard let value = documents[place[key]] else { return nil }
        guard let forms = value.array, !forms.isEmpty else {
            throw documents.failure(place[key], "expected a list of schemas", "Give at least one schema in brackets.")
        }
        var result: [Int] = []
        for index in forms.indices { result.append(try compile(place[key][index], depth: depth + 1)) }
        return result
    }

    mutating func compile(map key: String, _ place: SchemaPlace, _ depth: Int) throws(SchemaError) -> [(String, Int)]? {
        guard let value = documents[place[key]] else { return nil }
        guard let object = value.object else {
            throw documents.failure(place[key], "expected schemas by name", "Write it as an object of schemas.")
        }
        var result: [(String, Int)] = []
        for name in object.keys { result.append((name, try compile(place[key][name], depth: depth + 1))) }
        return result
    }

    mutating func compile(_ key: String, _ place: SchemaPlace, _ depth: Int) throws(SchemaError) -> Int? {
        guard documents[place[key]] != nil else { return nil }
        return try compile(place[key], depth: depth + 1)
    }

    /// A keyword whose value is not what it must be: reported, and without effect.
    mutating func wrong(_ place: SchemaPlace, _ expected: String, _ remedy: String) {
        findings.append(documents.finding(.error, "keyword", place, "expected \(expected)", remedy))
    }

    mutating func count(_ key: String, _ object: JSONObject, _ place: SchemaPlace) -> Int? {
        guard let value = object[key] else { return nil }
        guard let count = value.int, count >= 0 else {
            wrong(place[key], "a whole number from 0", "Write it like '\(key): 1'.")
            return nil
        }
        return count
    }

    mutating func pattern(_ text: String, _ place: SchemaPlace) -> Pattern? {
        do throws(PatternError) { return try Pattern(text) } catch {
            findings.append(
                documents.finding(
                    .error, "pattern", place,
                    "a pattern that cannot be used: \(error.message), at character \(error.offset + 1)",
                    error.remedy))
            return nil
        }
    }

    /// Bounds that no value can keep.
    mutating func contradiction(_ place: SchemaPlace, _ low: String, _ high: String) {
        findings.append(
            documents.finding(
                .error, "contradiction", place, "\(low) is beyond \(high): no value is valid",
                "Exchange them, or correct one."))
    }
}
