/// A JSON text as a tree.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of an object in the order of the text, duplicates included.
package struct JSONObject: Sendable, Equatable {
    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    package var members: [Member]

    package init(_ members: [Member] = []) { self.members = members }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }
    package var keys: [String] { members.map(\.key) }

    /// The last member with this key, as most readers take it. Setting replaces that member or appends one; nil removes
    /// every member with the key. Linear in the number of members.
    package subscript(key: String) -> JSONValue? {
        get { members.last { $0.key == key }?.value }
        set {
            guard let newValue else {
                members.removeAll { $0.key == key }
                return
            }
            if let at = members.lastIndex(where: { $0.key == key }) {
                members[at].value = newValue
            } else {
                members.append(Member(key, newValue))
            }
        }
    }

    /// Appends without looking for the key: for objects that are built with keys known to differ.
    package mutating func append(_ key: String, _ value: JSONValue) { members.append(Member(key, value)) }

    /// The first key that stands in the object more than once.
    package var duplicateKey: String? {
        var seen: Set<String> = []
        return members.first { !seen.insert($0.key).inserted }?.key
    }
}

extension JSONValue {
    package var isNull: Bool { self == .null }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// Nil when this is no number, or one that is not exactly an Int.
    package var int: Int? { number.flatMap { $0.int64 }.flatMap { Int(exactly: $0) } }

    package var double: Double? { number?.double }

    package var array: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of an object; nil when this is none or has no such key.
    package subscript(key: String) -> JSONValue? { object?[key] }

    /// The element of an array; nil when this is none or is shorter.
    package subscript(index: Int) -> JSONValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }

    /// The value at a path, nil where a step leads nowhere.
    package subscript(path: JSONPath) -> JSONValue? {
        var value = self
        for step in path.steps {
            switch value {
            case .object(let object):
                guard let next = object[step.key] else { return nil }
                value = next
            case .array(let values):
                guard let index = step.index, values.indices.contains(index) else { return nil }
                value = values[index]
            default: return nil
            }
        }
        return value
    }

    package init(_ object: JSONObject) { self = .object(object) }
    package init(_ value: Bool) { self = .bool(value) }
    package init(_ value: String) { self = .string(value) }
    package init(_ values: [JSONValue]) { self = .array(values) }
    package init(_ value: some BinaryInteger) { self = .number(JSONNumber(value)) }

    /// `null` when `value` is not finite, since JSON has no such numbers.
    package init(_ value: Double) { self = JSONNumber(value).map { .number($0) } ?? .null }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = JSONValue(value) }
    package init(floatLiteral value: Double) { self = JSONValue(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// Keeps the order in which the literal is written.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}
