import Expression
import JSON

/// Checks one JSON value against assertions.
///
/// Work is bounded: after ``stepLimit`` schemas the value counts as invalid, because a schema whose alternatives multiply
/// could otherwise take for ever.
struct AssertionChecker {
    static let stepLimit = 2_000_000
    static let depthLimit = 256
    static let violationLimit = 64

    let assertions: [SchemaAssertion]
    let checksFormats: Bool
    private(set) var violations: [SchemaViolation] = []
    private var path: [String] = []
    private var steps = 0
    /// Above zero within alternatives, whose failures are not the value's.
    private var quiet = 0

    init(assertions: [SchemaAssertion], checksFormats: Bool) {
        self.assertions = assertions
        self.checksFormats = checksFormats
    }

    /// What a schema looked at, for `unevaluatedItems` and `unevaluatedProperties`.
    struct Seen {
        var members: Set<String> = []
        var items: Set<Int> = []

        mutating func formUnion(_ other: Seen) {
            members.formUnion(other.members)
            items.formUnion(other.items)
        }
    }

    private mutating func fail(_ index: Int, _ keyword: String, _ message: String) {
        guard quiet == 0, violations.count < AssertionChecker.violationLimit else { return }
        violations.append(SchemaViolation(path, keyword, message, schema: assertions[index].place))
    }

    /// Whether `value` is valid; what was looked at is added to `seen`.
    mutating func check(_ value: JSONValue, _ index: Int, _ seen: inout Seen, depth: Int = 0) -> Bool {
        steps += 1
        guard steps <= AssertionChecker.stepLimit, depth <= AssertionChecker.depthLimit else {
            fail(index, "limit", "too many schemas apply to this value to check it")
            return false
        }
        var isValid = true
        var unevaluated: [SchemaAssertion.Rule] = []
        for rule in assertions[index].rules {
            switch rule {
            case .unevaluatedItems, .unevaluatedProperties: unevaluated.append(rule)
            default: if !check(value, rule, index, &seen, depth) { isValid = false }
            }
        }
        // After all others, whose results they look at.
        for rule in unevaluated where !check(value, rule, index, &seen, depth) { isValid = false }
        return isValid
    }

    private mutating func check(
        _ value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int, _ seen: inout Seen, _ depth: Int
    ) -> Bool {
        switch rule {
        case .never:
            fail(index, "false", "nothing may stand here")
            return false
        case .reference(let target): return check(value, target, &seen, depth: depth + 1)
        case .types(let types):
            if value.matches(types) { return true }
            fail(index, "type", "expected \(types.names.joined(separator: " or "))")
            return false
        case .values(let known, let shown):
            if known.contains(value.canonical) { return true }
            let texts = shown.prefix(12).map(\.text).joined(separator: ", ")
            fail(index, shown.count == 1 ? "const" : "enum", "expected \(shown.count == 1 ? "" : "one of ")\(texts)")
            return false
        case .minimum, .maximum, .multiple: return check(number: value, rule, index)
        case .length, .pattern, .format: return check(text: value, rule, index)
        case .items, .contains, .count, .unique, .unevaluatedItems:
            return check(array: value, rule, index, &seen, depth)
        case .properties, .required, .propertyNames, .members, .dependentRequired, .dependentSchemas,
            .unevaluatedProperties:
            return check(object: value, rule, index, &seen, depth)
        case .all, .any, .one, .not, .condition: return check(combined: value, rule, index, &seen, depth)
        }
    }

    private mutating func check(number value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int) -> Bool {
        guard let number = value.number, let exact = ExactNumber(number.text) else { return true }
        switch rule {
        case .minimum(let bound):
            if bound.isExclusive ? exact > bound.value : exact >= bound.value { return true }
            fail(
                index, bound.isExclusive ? "exclusiveMinimum" : "minimum",
                "expected a number \(bound.isExclusive ? "above" : "from") \(bound.value)")
        case .maximum(let bound):
            if bound.isExclusive ? exact < bound.value : exact <= bound.value { return true }
            fail(
                index, bound.isExclusive ? "exclusiveMaximum" : "maximum",
                "expected a number \(bound.isExclusive ? "below" : "up to") \(bound.value)")
        case .multiple(let divisor):
            if exact.isMultiple(of: divisor) != false { return true }
            fail(index, "multipleOf", "expected a multiple of \(divisor)")
        default: return true
        }
        return false
    }

    private mutating func check(text value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int) -> Bool {
        guard let text = value.string else { return true }
        switch rule {
        case .length(let minimum, let maximum):
            let count = text.unicodeScalars.count
            if let minimum, count < minimum {
                fail(index, "minLength", "expected at least \(minimum) characters, found \(count)")
                return false
            }
            if let maximum, count > maximum {
                fail(index, "maxLength", "expected at most \(maximum) characters, found \(count)")
                return false
            }
        case .pattern(let pattern):
            if pattern.matches(text) { return true }
            fail(index, "pattern", "expected a text in which \(pattern.text) is found")
            return false
        case .format(let name):
            if !checksFormats || TextFormat.accepts(text, as: name) { return true }
            fail(index, "format", "expected a text of the format \(name)")
            return false
        default: break
        }
        return true
    }

    private mutating func check(
        array value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int, _ seen: inout Seen, _ depth: Int
    ) -> Bool {
        guard let values = value.array else { return true }
        switch rule {
        case .items(let prefix, let rest):
            var isValid = true
            for (position, element) in values.enumerated() {
                guard let schema = position < prefix.count ? prefix[position] : rest else { break }
                if !descend(element, String(position), schema, depth) { isValid = false }
                seen.items.insert(position)
            }
            return isValid
        case .contains(let schema, let minimum, let maximum):
            var found = 0
            quiet += 1
            for (position, element) in values.enumerated() where descend(element, String(position), schema, depth) {
                found += 1
                seen.items.insert(position)
            }
            quiet -= 1
            if found < minimum {
                fail(index, "contains", "expected at least \(minimum) elements of one kind, found \(found)")
                return false
            }
            if let maximum, found > maximum {
                fail(index, "maxContains", "expected at most \(maximum) elements of one kind, found \(found)")
                return false
            }
            return true
        case .count(let minimum, let maximum):
            return within(values.count, minimum, maximum, "Items", "elements", index)
        case .unique:
            if Set(values.map(\.canonical)).count == values.count { return true }
            fail(index, "uniqueItems", "expected elements that differ")
            return false
        case .unevaluatedItems(let schema):
            var isValid = true
            for (position, element) in values.enumerated() where !seen.items.contains(position) {
                if !descend(element, String(position), schema, depth) { isValid = false }
                seen.items.insert(position)
            }
            return isValid
        default: return true
        }
    }

    private mutating func within(
        _ count: Int, _ minimum: Int?, _ maximum: Int?, _ keyword: String, _ what: String, _ index: Int
    ) -> Bool {
        if let minimum, count < minimum {
            fail(index, "min\(keyword)", "expected at least \(minimum) \(what), found \(count)")
            return false
        }
        if let maximum, count > maximum {
            fail(index, "max\(keyword)", "expected at most \(maximum) \(what), found \(count)")
            return false
        }
        return true
    }

    private mutating func descend(_ value: JSONValue, _ step: String, _ schema: Int, _ depth: Int) -> Bool {
        path.append(step)
        var inner = Seen()
        let isValid = check(value, schema, &inner, depth: depth + 1)
        path.removeLast()
        return isValid
    }

    private mutating func check(
        object value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int, _ seen: inout Seen, _ depth: Int
    ) -> Bool {
        guard let object = value.object else { return true }
        var isValid = true
        switch rule {
        case .properties(let properties, let patterns, let additional):
            for member in object.members {
                var schemas = patterns.filter { $0.pattern.matches(member.key) }.map(\.schema)
                if let own = properties[member.key] { schemas.append(own) }
                if schemas.isEmpty, let additional { schemas = [additional] }
                for schema in schemas where !descend(member.value, member.key, schema, depth) { isValid = false }
                if !schemas.isEmpty { seen.members.insert(member.key) }
            }
        case .required(let names):
            for name in names where object[name] == nil {
                fail(index, "required", "expected the member '\(name)'")
                isValid = false
            }
        case .propertyNames(let schema):
            for member in object.members where !descend(.string(member.key), member.key, schema, depth) {
                isValid = false
            }
        case .members(let minimum, let maximum):
            return within(Set(object.keys).count, minimum, maximum, "Properties", "members", index)
        case .dependentRequired(let byName):
            for (name, others) in byName.sorted(by: { $0.key < $1.key }) where object[name] != nil {
                for other in others where object[other] == nil {
                    fail(index, "dependentRequired", "expected the member '\(other)', because '\(name)' is there")
                    isValid = false
                }
            }
        case .dependentSchemas(let byName):
            for (name, schema) in byName.sorted(by: { $0.key < $1.key }) where object[name] != nil {
                if !check(value, schema, &seen, depth: depth + 1) { isValid = false }
            }
        case .unevaluatedProperties(let schema):
            for member in object.members where !seen.members.contains(member.key) {
                if !descend(member.value, member.key, schema, depth) { isValid = false }
                seen.members.insert(member.key)
            }
        default: break
        }
        return isValid
    }

    private mutating func check(
        combined value: JSONValue, _ rule: SchemaAssertion.Rule, _ index: Int, _ seen: inout Seen, _ depth: Int
    ) -> Bool {
        switch rule {
        case .all(let schemas):
            var isValid = true
            for schema in schemas where !check(value, schema, &seen, depth: depth + 1) { isValid = false }
            return isValid
        case .any(let schemas), .one(let schemas):
            var fitting = 0
            var found = Seen()
            for schema in schemas {
                var inner = Seen()
                if attempt(value, schema, &inner, depth) {
                    fitting += 1
                    found.formUnion(inner)
                }
            }
            let isOne = if case .one = rule { true } else { false }
            if isOne ? fitting == 1 : fitting > 0 {
                seen.formUnion(found)
                return true
            }
            fail(
                index, isOne ? "oneOf" : "anyOf",
                "expected \(isOne ? "exactly one" : "one") of \(schemas.count) alternatives, found \(fitting)")
            return false
        case .not(let schema):
            var inner = Seen()
            if !attempt(value, schema, &inner, depth) { return true }
            fail(index, "not", "this is what the schema excludes")
            return false
        case .condition(let test, let then, let otherwise):
            var inner = Seen()
            if attempt(value, test, &inner, depth) {
                seen.formUnion(inner)
                return then.map { check(value, $0, &seen, depth: depth + 1) } ?? true
            }
            return otherwise.map { check(value, $0, &seen, depth: depth + 1) } ?? true
        default: return true
        }
    }

    private mutating func attempt(_ value: JSONValue, _ schema: Int, _ seen: inout Seen, _ depth: Int) -> Bool {
        quiet += 1
        let isValid = check(value, schema, &seen, depth: depth + 1)
        quiet -= 1
        return isValid
    }
}

extension JSONValue {
    fileprivate func matches(_ types: SchemaAssertion.Types) -> Bool {
        switch self {
        case .null: types.contains(.null)
        case .bool: types.contains(.boolean)
        case .number(let number):
            types.contains(.number) || types.contains(.integer) && ExactNumber(number.text)?.isInteger == true
        case .string: types.contains(.string)
        case .array: types.contains(.array)
        case .object: types.contains(.object)
        }
    }
}
