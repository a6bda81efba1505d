import Bytes
import JSON

/// Constraints that IDL authors write as annotations: `vt.*` of thriftgo's thrift-gen-validator and `validation.*` of
/// Scrooge's Thrift Validation.
///
/// Sources: github.com/cloudwego/thrift-gen-validator (README, feature matrix), twitter.github.io/scrooge/ThriftValidation.
struct AnnotatedConstraints {
    let enumerations: [SchemaEnumeration]

    /// Why an annotation could not be read.
    struct Problem {
        var message: String
        var remedy: String
    }

    static func isConstraint(_ name: String) -> Bool { name.hasPrefix("vt.") || name.hasPrefix("validation.") }

    /// Puts what the annotation says into the type's constraints, or into those of its elements, keys or values. What cannot
    /// be checked here is kept by name.
    func apply(_ name: String, _ value: String, to type: inout SchemaType) -> Problem? {
        do throws(ReadError) {
            if name.hasPrefix("vt.") {
                try validator(name.dropFirst(3), value, &type)
            } else {
                try scrooge(name.dropFirst(11), value, &type)
            }
            return nil
        } catch {
            type.constraints.unread.append("\(name) = \"\(value)\"")
            return error.problem
        }
    }

    private struct ReadError: Error {
        var problem: Problem

        init(_ message: String, _ remedy: String) { problem = Problem(message: message, remedy: remedy) }
    }

    // MARK: vt

    private static let validatorNames = [
        "const", "lt", "le", "gt", "ge", "in", "not_in", "not_nil", "min_size", "max_size", "min_rune_size",
        "max_rune_size", "pattern", "prefix", "suffix", "contains", "not_contains", "defined_only", "no_sparse", "skip",
        "assert",
    ]

    private func validator(_ rule: Substring, _ value: String, _ type: inout SchemaType) throws(ReadError) {
        if let dot = rule.firstIndex(of: ".") {
            let rest = rule[rule.index(after: dot)...]
            switch (rule[..<dot], type.kind) {
            case ("elem", .list(var element)):
                try validator(rest, value, &element)
                type.kind = .list(element)
            case ("elem", .set(var element)):
                try validator(rest, value, &element)
                type.kind = .set(element)
            case ("key", .map(var key, let mapped)):
                try validator(rest, value, &key)
                type.kind = .map(key, mapped)
            case ("value", .map(let key, var mapped)):
                try validator(rest, value, &mapped)
                type.kind = .map(key, mapped)
            case ("elem", _): throw ReadError("vt.elem is for lists and sets", "Remove it, or put it on a list.")
            case ("key", _), ("value", _):
                throw ReadError("vt.\(rule[..<dot]) is for maps", "Remove it, or put it on a map.")
            default: throw AnnotatedConstraints.unknown("vt", String(rule), AnnotatedConstraints.validatorNames)
            }
            return
        }
        if value.hasPrefix("$") || value.hasPrefix("@") || rule == "assert" {
            throw ReadError(
                "vt.\(rule) refers to other fields, which only generated Go code can check",
                "Write a number or a text if the bound does not depend on them.")
        }
        switch rule {
        case "skip": return
        case "not_nil": type.constraints.isNotNil = try flag(rule, value)
        case "no_sparse": return
        case "defined_only":
            guard case .enumeration = type.kind else {
                throw ReadError("vt.defined_only is for enums", "Remove it, or put it on a field of an enum type.")
            }
            type.constraints.isDefinedOnly = try flag(rule, value)
        case "const": type.constraints.allowed = [try constant("vt.const", value, type)]
        case "in": type.constraints.allowed.append(try constant("vt.in", value, type))
        case "not_in": type.constraints.refused.append(try constant("vt.not_in", value, type))
        case "lt", "le":
            type.constraints.maximum = try bound("vt.\(rule)", value, type)
            type.constraints.isMaximumExclusive = rule == "lt"
        case "gt", "ge":
            type.constraints.minimum = try bound("vt.\(rule)", value, type)
            type.constraints.isMinimumExclusive = rule == "gt"
        case "min_size", "max_size": try size(rule, value, &type)
        case "min_rune_size":
            try text("vt.\(rule)", type)
            type.constraints.minimumLength = try length("vt.\(rule)", value)
        case "max_rune_size":
            try text("vt.\(rule)", type)
            type.constraints.maximumLength = try length("vt.\(rule)", value)
        case "pattern":
            try text("vt.pattern", type)
            do throws(PatternError) { _ = try Pattern(value) } catch {
                throw ReadError("this pattern cannot be used: \(error.message)", error.remedy)
            }
            type.constraints.pattern = value
        case "prefix": try set(\.prefix, "vt.prefix", value, &type)
        case "suffix": try set(\.suffix, "vt.suffix", value, &type)
        case "contains": try set(\.infix, "vt.contains", value, &type)
        case "not_contains": try set(\.refusedInfix, "vt.not_contains", value, &type)
        default: throw AnnotatedConstraints.unknown("vt", String(rule), AnnotatedConstraints.validatorNames)
        }
    }

    private func set(
        _ path: WritableKeyPath<Constraints, String?>, _ name: String, _ value: String, _ type: inout SchemaType
    ) throws(ReadError) {
        try text(name, type)
        type.constraints[keyPath: path] = value
    }

    private func size(_ rule: Substring, _ value: String, _ type: inout SchemaType) throws(ReadError) {
        let count = try length("vt.\(rule)", value)
        let isMinimum = rule == "min_size"
        switch type.kind {
        case .string, .binary:
            if isMinimum { type.constraints.minimumBytes = count } else { type.constraints.maximumBytes = count }
        case .list, .set, .map:
            if isMinimum { type.constraints.minimumLength = count } else { type.constraints.maximumLength = count }
        default:
            throw ReadError("vt.\(rule) is for texts and containers", "Use vt.ge and vt.le for the size of numbers.")
        }
    }

    // MARK: validation

    private static let scroogeNames = [
        "assertFalse", "assertTrue", "countryCode", "EAN", "email", "ISBN", "length.max", "length.min", "max", "min",
        "negative", "negativeOrZero", "notEmpty", "positive", "positiveOrZero", "size.max", "size.min", "UUID",
    ]

    private func scrooge(_ rule: Substring, _ value: String, _ type: inout SchemaType) throws(ReadError) {
        let name = "validation.\(rule)"
        switch rule {
        case "assertTrue", "assertFalse":
            guard type.kind == .bool else { throw ReadError("\(name) is for bool", "Remove it, or put it on a bool.") }
            type.constraints.allowed = [.bool(rule == "assertTrue")]
        case "email", "UUID", "countryCode", "EAN", "ISBN":
            try text(name, type)
            let formats = [
                "email": "email", "UUID": "uuid", "countryCode": "country-code", "EAN": "ean", "ISBN": "isbn",
            ]
            type.constraints.format = formats[String(rule)]
        case "length.min":
            try text(name, type)
            type.constraints.minimumLength = try length(name, value)
        case "length.max":
            try text(name, type)
            type.constraints.maximumLength = try length(name, value)
        case "size.min", "size.max", "notEmpty":
            switch type.kind {
            case .list, .set, .map: break
            case .string where rule == "notEmpty", .binary where rule == "notEmpty": break
            default:
                throw ReadError(
                    "\(name) is for containers", "Use validation.length for texts, validation.min for numbers.")
            }
            if rule == "size.max" {
                type.constraints.maximumLength = try length(name, value)
            } else {
                type.constraints.minimumLength = rule == "notEmpty" ? 1 : try length(name, value)
            }
        case "min": type.constraints.minimum = try bound(name, value, type)
        case "max": type.constraints.maximum = try bound(name, value, type)
        case "positive", "positiveOrZero":
            type.constraints.minimum = try bound(name, "0", type)
            type.constraints.isMinimumExclusive = rule == "positive"
        case "negative", "negativeOrZero":
            type.constraints.maximum = try bound(name, "0", type)
            type.constraints.isMaximumExclusive = rule == "negative"
        default: throw AnnotatedConstraints.unknown("validation", String(rule), AnnotatedConstraints.scroogeNames)
        }
    }

    // MARK: Values

    private static func unknown(_ prefix: String, _ rule: String, _ known: [String]) -> ReadError {
        let near = nearestName(rule, in: known).map { "Did you mean \(prefix).\($0)? " } ?? ""
        return ReadError(
            "\(prefix).\(rule) is no constraint that is known", near + "Known are \(known.joined(separator: ", ")).")
    }

    private func flag(_ rule: Substring, _ value: String) throws(ReadError) -> Bool {
        guard value == "true" || value == "false" || value == "1" else {
            throw ReadError("vt.\(rule) expects true or false", "Write vt.\(rule) = \"true\".")
        }
        return value != "false"
    }

    private func length(_ name: String, _ value: String) throws(ReadError) -> Int {
        guard let count = Int(value), count >= 0 else {
            throw ReadError("\(name) expects a whole number from 0", "Write it like \(name) = \"16\".")
        }
        return count
    }

    private func text(_ name: String, _ type: SchemaType) throws(ReadError) {
        guard type.kind == .string || type.kind == .binary else {
            throw ReadError("\(name) is for texts", "Remove it, or put it on a string.")
        }
    }

    private func bound(_ name: String, _ value: String, _ type: SchemaType) throws(ReadError) -> JSONNumber {
        switch type.kind {
        case .i8, .i16, .i32, .i64, .double: break
        default: throw ReadError("\(name) is for numbers", "Use vt.min_size and vt.max_size for texts and containers.")
        }
        guard let number = JSONNumber(text: value), type.kind == .double || number.isInteger else {
            throw ReadError(
                "\(name) expects \(type.kind == .double ? "a number" : "a whole number")",
                "Write it like \(name) = \"100\".")
        }
        return number
    }

    private func constant(_ name: String, _ value: String, _ type: SchemaType) throws(ReadError) -> JSONValue {
        switch type.kind {
        case .bool where value == "true" || value == "false": return .bool(value == "true")
        case .i8, .i16, .i32, .i64, .double: return .number(try bound(name, value, type))
        case .string, .binary, .uuid: return .string(value)
        case .enumeration(let index):
            let enumeration = enumerations[index]
            let bare = value.split(separator: ".").last.map(String.init) ?? value
            if enumeration.value(of: bare) != nil { return .string(bare) }
            if let number = Int64(value) {
                return enumeration.name(of: number).map { .string($0) } ?? JSONValue(number)
            }
            let near = nearestName(bare, in: enumeration.cases.map(\.name)).map { "Did you mean '\($0)'?" }
            throw ReadError("\(name) expects a case of \(enumeration.name)", near ?? "Name one of its cases.")
        default: throw ReadError("\(name) is not for this type", "Use it for numbers, texts, enums and bool.")
        }
    }
}
