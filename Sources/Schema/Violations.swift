package import JSON
package import Thrift

extension SchemaSet {
    /// Every place, up to 64, at which a JSON value breaks the JSON Schema that its type was read from; empty when it is
    /// valid. Types of a Thrift IDL know no JSON: compose the value and check what comes out.
    ///
    /// - Parameter checksFormats: `format` is a constraint; else it is a remark, as JSON Schema 2020-12 has it by default.
    package func violations(
        of json: JSONValue, as type: SchemaType, checksFormats: Bool = true
    ) -> [SchemaViolation] {
        guard let assertion = type.constraints.assertion else { return [] }
        var checker = AssertionChecker(assertions: assertions, checksFormats: checksFormats)
        var seen = AssertionChecker.Seen()
        _ = checker.check(json, assertion, &seen)
        return checker.violations
    }

    /// Every place, up to 64, at which the arguments of a call break the IDL or the constraints that its annotations state.
    package func violations(ofArguments fields: [ThriftField], of operation: ThriftOperation) -> [SchemaViolation] {
        violations(of: fields, as: structures[operation.arguments])
    }

    /// Likewise for the fields of any struct.
    package func violations(of fields: [ThriftField], as structure: SchemaStructure) -> [SchemaViolation] {
        var checker = ThriftChecker(self)
        checker.check(fields, structure, depth: 0)
        return checker.violations
    }
}

/// Checks Thrift values against types and their constraints.
private struct ThriftChecker {
    static let violationLimit = 64

    private let schemas: SchemaSet
    private(set) var violations: [SchemaViolation] = []
    private var path: [String] = []
    private var patterns: [String: Pattern?] = [:]

    init(_ schemas: SchemaSet) { self.schemas = schemas }

    private mutating func fail(_ keyword: String, _ message: String) {
        if violations.count < ThriftChecker.violationLimit {
            violations.append(SchemaViolation(path, keyword, message))
        }
    }

    /// Unknown fields are let pass, as every Thrift reader does.
    mutating func check(_ fields: [ThriftField], _ structure: SchemaStructure, depth: Int) {
        if depth > ThriftType.Limit.depth { return fail("limit", "nested too deep") }
        var given: Set<Int16> = []
        for field in fields {
            guard let declared = structure.field(id: field.id) else { continue }
            given.insert(field.id)
            path.append(declared.name)
            check(field.value, declared.type, depth: depth + 1)
            path.removeLast()
        }
        for field in structure.fields where !given.contains(field.id) {
            if structure.kind == .structure || structure.kind == .exception || structure.kind == .arguments {
                path.append(field.name)
                if field.presence == .required { fail("required", "expected this required field") }
                if field.type.constraints.isNotNil { fail("vt.not_nil", "expected this field to be set") }
                path.removeLast()
            }
        }
        if structure.kind == .union && fields.count != 1 {
            fail("union", "expected exactly one field of the union \(structure.name), found \(fields.count)")
        }
    }

    private mutating func check(_ value: ThriftValue, _ type: SchemaType, depth: Int) {
        guard type.kind.wireType == nil || type.kind.wireType == value.type else {
            return fail("type", "expected \(type.kind.wanted), found the type \(value.type) on the wire")
        }
        switch value {
        case .structure(let fields):
            if case .structure(let index) = type.kind { check(fields, schemas.structures[index], depth: depth) }
        case .list(let wire, let values), .set(let wire, let values):
            let element: SchemaType? =
                switch type.kind {
                case .list(let inner), .set(let inner): inner
                default: nil
                }
            count(values.count, type.constraints)
            guard let element else { return }
            if !values.isEmpty, let wanted = element.kind.wireType, wanted != wire {
                return fail("type", "expected elements that are \(element.kind.wanted)")
            }
            for (index, value) in values.enumerated() {
                path.append(String(index))
                check(value, element, depth: depth + 1)
                path.removeLast()
            }
            if case .set = type.kind, Set(values.map { schemas.render($0, as: element).canonical }).count < values.count
            {
                fail("set", "expected elements that differ")
            }
        case .map(_, _, let pairs):
            count(pairs.count, type.constraints)
            guard case .map(let key, let inner) = type.kind else { return }
            for (index, pair) in pairs.enumerated() {
                path.append(String(index))
                check(pair.key, key, depth: depth + 1)
                check(pair.value, inner, depth: depth + 1)
                path.removeLast()
            }
        case .binary(let bytes): check(text: bytes, type)
        case .i32(let number):
            if case .enumeration(let index) = type.kind {
                check(case: number, schemas.enumerations[index], type.constraints)
            } else {
                check(number: JSONNumber(number), type.constraints)
            }
        case .i8(let number): check(number: JSONNumber(number), type.constraints)
        case .i16(let number): check(number: JSONNumber(number), type.constraints)
        case .i64(let number): check(number: JSONNumber(number), type.constraints)
        case .double(let number):
            if let number = JSONNumber(number) {
                check(number: number, type.constraints)
            } else if type.constraints.minimum != nil || type.constraints.maximum != nil {
                fail("number", "expected a finite number")
            }
        case .bool(let flag): member(.bool(flag), type.constraints)
        case .uuid: return
        }
    }

    private mutating func check(case number: Int32, _ enumeration: SchemaEnumeration, _ constraints: Constraints) {
        let name = enumeration.name(of: Int64(number))
        if name == nil, constraints.isDefinedOnly { fail("vt.defined_only", "expected a case of \(enumeration.name)") }
        member(name.map { .string($0) } ?? JSONValue(number), constraints)
    }

    private mutating func member(_ value: JSONValue, _ constraints: Constraints) {
        if !constraints.allowed.isEmpty, !constraints.allowed.contains(where: { $0.canonical == value.canonical }) {
            fail("allowed", "expected one of \(constraints.allowed.prefix(12).map(\.text).joined(separator: ", "))")
        }
        if constraints.refused.contains(where: { $0.canonical == value.canonical }) {
            fail("refused", "expected another value than this one")
        }
    }

    private mutating func check(number: JSONNumber, _ constraints: Constraints) {
        member(.number(number), constraints)
        guard let exact = number.exact else { return }
        if let bound = constraints.minimum?.exact, constraints.isMinimumExclusive ? exact <= bound : exact < bound {
            fail("minimum", "expected a number \(constraints.isMinimumExclusive ? "above" : "from") \(bound)")
        }
        if let bound = constraints.maximum?.exact, constraints.isMaximumExclusive ? exact >= bound : exact > bound {
            fail("maximum", "expected a number \(constraints.isMaximumExclusive ? "below" : "up to") \(bound)")
        }
    }

    private mutating func count(_ count: Int, _ constraints: Constraints) {
        if let minimum = constraints.minimumLength, count < minimum {
            fail("minimumLength", "expected at least \(minimum) elements, found \(count)")
        }
        if let maximum = constraints.maximumLength, count > maximum {
            fail("maximumLength", "expected at most \(maximum) elements, found \(count)")
        }
    }

    private mutating func check(text bytes: [UInt8], _ type: SchemaType) {
        let constraints = type.constraints
        // Nearly all texts have none.
        if constraints == Constraints() && type.kind != .string { return }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            if type.kind == .string { fail("utf8", "expected a text in UTF-8") }
            return
        }
        if constraints == Constraints() { return }
        member(.string(text), constraints)
        if let minimum = constraints.minimumBytes, bytes.count < minimum {
            fail("minimumBytes", "expected at least \(minimum) bytes, found \(bytes.count)")
        }
        if let maximum = constraints.maximumBytes, bytes.count > maximum {
            fail("maximumBytes", "expected at most \(maximum) bytes, found \(bytes.count)")
        }
        let count = text.unicodeScalars.count
        if let minimum = constraints.minimumLength, count < minimum {
            fail("minimumLength", "expected at least \(minimum) characters, found \(count)")
        }
        if let maximum = constraints.maximumLength, count > maximum {
            fail("maximumLength", "expected at most \(maximum) characters, found \(count)")
        }
        if let prefix = constraints.prefix, !bytes.starts(with: prefix.utf8) {
            fail("prefix", "expected a text that begins with \(prefix)")
        }
        if let suffix = constraints.suffix, !bytes.reversed().starts(with: suffix.utf8.reversed()) {
            fail("suffix", "expected a text that ends with \(suffix)")
        }
        if let infix = constraints.infix, !bytes.contains(infix) {
            fail("infix", "expected a text with \(infix) in it")
        }
        if let infix = constraints.refusedInfix, bytes.contains(infix) {
            fail("refusedInfix", "expected a text without \(infix) in it")
        }
        if let format = constraints.format, !TextFormat.accepts(text, as: format) {
            fail("format", "expected a text of the format \(format)")
        }
        if let source = constraints.pattern, let pattern = compiled(source), !pattern.matches(text) {
            fail("pattern", "expected a text in which \(source) is found")
        }
    }

    private mutating func compiled(_ source: String) -> Pattern? {
        if let known = patterns[source] { return known }
        let pattern = try? Pattern(source)
        patterns[source] = .some(pattern)
        return pattern
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool { text.isEmpty || firstRange(of: Array(text.utf8)) != nil }
}
