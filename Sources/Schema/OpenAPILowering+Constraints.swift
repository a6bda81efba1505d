import JSON

extension OpenAPILowering {
    /// Keywords that neither a type nor ``Constraints`` says.
    private static let unexpressed = [
        "not", "if", "contains", "patternProperties", "propertyNames", "dependentRequired", "dependentSchemas",
        "dependencies", "unevaluatedProperties", "unevaluatedItems", "prefixItems",
    ]

    func read(_ constraints: inout Constraints, from form: JSONValue) {
        if let value = form["minimum"]?.number {
            (constraints.minimum, constraints.isMinimumExclusive) = (value, false)
        }
        if let value = form["maximum"]?.number {
            (constraints.maximum, constraints.isMaximumExclusive) = (value, false)
        }
        // A number in 3.1, a flag beside minimum and maximum in 3.0.
        if let value = form["exclusiveMinimum"]?.number {
            if constraints.minimum.map({ $0.double <= value.double }) ?? true {
                (constraints.minimum, constraints.isMinimumExclusive) = (value, true)
            }
        } else if let flag = form["exclusiveMinimum"]?.bool {
            constraints.isMinimumExclusive = flag
        }
        if let value = form["exclusiveMaximum"]?.number {
            if constraints.maximum.map({ value.double <= $0.double }) ?? true {
                (constraints.maximum, constraints.isMaximumExclusive) = (value, true)
            }
        } else if let flag = form["exclusiveMaximum"]?.bool {
            constraints.isMaximumExclusive = flag
        }
        if let value = form["multipleOf"]?.number { constraints.multipleOf = value }
        for key in ["minLength", "minItems", "minProperties"] {
            if let value = form[key]?.int { constraints.minimumLength = value }
        }
        for key in ["maxLength", "maxItems", "maxProperties"] {
            if let value = form[key]?.int { constraints.maximumLength = value }
        }
        if let value = form["pattern"]?.string {
            if constraints.pattern != nil, constraints.pattern != value { constraints.unexpressed.append("pattern") }
            constraints.pattern = value
        }
        if let value = form["format"]?.string { constraints.format = value }
        if let value = form["uniqueItems"]?.bool { constraints.isUnique = value }
        // Cases of texts are an enumeration type.
        if let value = form["const"], value.string == nil { constraints.allowed = [value] }
        if let values = form["enum"]?.array, values.contains(where: { $0.string == nil && !$0.isNull }) {
            constraints.allowed = values
        }
        let types = form["type"]?.array?.compactMap(\.string) ?? []
        if types.filter({ $0 != "null" }).count > 1 { constraints.unexpressed.append("type") }
        let alternatives = (form["oneOf"]?.array ?? []) + (form["anyOf"]?.array ?? [])
        if form["nullable"]?.bool == true || types.contains("null")
            || alternatives.contains(where: { $0["type"]?.string == "null" })
        {
            constraints.isNullable = true
        }
        if alternatives.filter({ $0["type"]?.string != "null" }).count > 1 {
            constraints.unexpressed.append(form["oneOf"] == nil ? "anyOf" : "oneOf")
        }
        if form["items"]?.array != nil { constraints.unexpressed.append("items") }
        constraints.unexpressed += OpenAPILowering.unexpressed.filter { form[$0] != nil }
    }
}
