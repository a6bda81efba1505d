import JSON
import Schema

/// What `tinct schema` prints.
struct SchemaPrinter {
    private let set: SchemaSet
    let operations: [ThriftOperation]
    let routes: [HTTPOperation]
    private let isFiltered: Bool

    /// - Parameter isWanted: for the name of an operation.
    init(set: SchemaSet, isWanted: (String) -> Bool) {
        self.set = set
        operations = set.operations.filter { isWanted($0.name) }
        routes = set.routes.filter { isWanted($0.name) || isWanted($0.operationID) }
        isFiltered = operations.count < set.operations.count || routes.count < set.routes.count
    }

    // MARK: Text

    var lines: [String] {
        var lines: [String] = []
        for operation in operations {
            let from = operation.declaringService == operation.service ? "" : "  (of \(operation.declaringService))"
            lines.append("\(operation.name)\(operation.isOneway ? "  oneway" : "")\(from)")
            lines += documentation(operation.documentation, 1)
            for field in set.arguments(of: operation).fields { lines += tree(field, 1) }
            for field in set.result(of: operation).fields {
                lines += tree(field, 1, prefix: field.id == 0 ? "→ " : "throws ")
            }
            lines.append("")
        }
        for route in routes {
            lines.append(route.name + (route.operationID.isEmpty ? "" : "  (\(route.operationID))"))
            lines += documentation(route.documentation, 1)
            for parameter in route.parameters {
                lines += tree(
                    SchemaField(
                        id: 0, name: parameter.name, type: parameter.type,
                        presence: parameter.isRequired ? .required : .optional, annotations: parameter.annotations,
                        documentation: parameter.documentation), 1, prefix: "\(parameter.place.rawValue) ")
            }
            for body in route.requestBodies { lines += tree(body, "body", route.isBodyRequired, 1) }
            for response in route.responses {
                if response.bodies.isEmpty { lines.append("  → \(response.status)") }
                for body in response.bodies { lines += tree(body, "→ \(response.status)", true, 1) }
            }
            lines.append("")
        }
        if !isFiltered {
            for (scope, type) in set.roots.sorted(by: { $0.key < $1.key }) {
                lines += tree(SchemaField(id: 0, name: scope, type: type, presence: .required), 0) + [""]
            }
            if operations.isEmpty && routes.isEmpty && set.roots.isEmpty {
                for structure in set.structures {
                    lines.append("\(word(structure)) \(structure.name)")
                    lines += documentation(structure.documentation, 1)
                    for field in structure.fields { lines += tree(field, 1, enclosing: [structure.name]) }
                    lines.append("")
                }
            }
        }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private func word(_ structure: SchemaStructure) -> String {
        structure.kind == .structure ? "struct" : "\(structure.kind)"
    }

    private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

    /// The first line of it.
    private func documentation(_ text: String, _ depth: Int) -> [String] {
        guard let line = text.split(separator: "\n").first else { return [] }
        return ["\(indent(depth))// \(line)"]
    }

    private func tree(_ body: HTTPOperation.Body, _ name: String, _ isRequired: Bool, _ depth: Int) -> [String] {
        tree(
            SchemaField(id: 0, name: name, type: body.type, presence: isRequired ? .required : .optional), depth,
            suffix: "  (\(body.mediaType))")
    }

    private func tree(
        _ field: SchemaField, _ depth: Int, prefix: String = "", suffix: String = "", enclosing: [String] = []
    ) -> [String] {
        var parts = ["\(indent(depth))\(prefix)\(field.id == 0 ? "" : "\(field.id): ")\(field.name)"]
        switch field.presence {
        case .required:
            if depth > 0 && !prefix.hasPrefix("→") && !field.name.hasPrefix("→") { parts.append("required") }
        case .optional: parts.append("optional")
        case .unspecified: break
        }
        parts.append(field.type.kind.title(in: set))
        if let value = field.defaultValue { parts.append("= \(value.text)") }
        var remarks = field.type.constraints.titles + inner(field.type.kind)
        if case .enumeration(let index) = field.type.kind {
            let names = set.enumerations[index].cases.map(\.name)
            remarks.insert(names.prefix(8).joined(separator: " | ") + (names.count > 8 ? " | …" : ""), at: 0)
        }
        if let name = field.personalDataClass { remarks.append("personal data: \(name)") }
        if field.isIdentity { remarks.append("identity") }
        if let unit = field.eventTimeUnit { remarks.append("event time in \(unit)") }
        var lines = [
            parts.joined(separator: " ") + suffix + (remarks.isEmpty ? "" : "  [\(remarks.joined(separator: "; "))]")
        ]
        lines += documentation(field.documentation, depth + 1)
        if let structure = structure(in: field.type.kind) {
            if enclosing.contains(structure.name) {
                lines.append("\(indent(depth + 1))… as above")
            } else if depth < 12 {
                for inner in structure.fields {
                    lines += tree(inner, depth + 1, enclosing: enclosing + [structure.name])
                }
            }
        }
        for (index, alternative) in field.type.constraints.alternatives.enumerated() {
            lines += tree(
                SchemaField(id: 0, name: "or", type: alternative, presence: .unspecified), depth + 1,
                prefix: index == 0 ? "either, " : "", enclosing: enclosing)
        }
        return lines
    }

    /// Constraints of elements, keys and values.
    private func inner(_ kind: SchemaType.Kind) -> [String] {
        switch kind {
        case .list(let element), .set(let element): element.constraints.titles.map { "elements \($0)" }
        case .map(let key, let value):
            key.constraints.titles.map { "keys \($0)" } + value.constraints.titles.map { "values \($0)" }
        default: []
        }
    }

    private func structure(in kind: SchemaType.Kind) -> SchemaStructure? {
        switch kind {
        case .structure(let index): set.structures[index]
        case .list(let element), .set(let element): structure(in: element.kind)
        case .map(_, let value): structure(in: value.kind)
        default: nil
        }
    }

    // MARK: JSON

    var json: JSONValue {
        var types: [JSONValue] = []
        for structure in set.structures where structure.kind != .arguments && structure.kind != .result {
            types.append([
                "name": .string("\(structure.scope).\(structure.name)"), "kind": .string(word(structure)),
                "documentation": .string(structure.documentation), "annotations": structure.annotations.json,
                "fields": .array(structure.fields.map { $0.json(in: set) }),
            ])
        }
        let enumerations = set.enumerations.map { one -> JSONValue in
            [
                "name": .string("\(one.scope).\(one.name)"), "documentation": .string(one.documentation),
                "annotations": one.annotations.json,
                "cases": .array(
                    one.cases.map {
                        [
                            "name": .string($0.name), "value": JSONValue($0.value),
                            "documentation": .string($0.documentation),
                        ]
                    }),
            ]
        }
        let roots = set.roots.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value.json(in: set)) }
        return [
            "documents": .array(
                set.sources.map { ["name": .string($0.name), "kind": $0.kind == .thrift ? "thrift" : "json"] }),
            "operations": .array(operations.map(json)), "routes": .array(routes.map(json)),
            "roots": .object(JSONObject(roots)), "structs": .array(types), "enums": .array(enumerations),
        ]
    }

    private func json(_ operation: ThriftOperation) -> JSONValue {
        let result = set.result(of: operation).fields
        return [
            "name": .string(operation.name), "document": .string(operation.scope),
            "declaredBy": .string(operation.declaringService), "oneway": .bool(operation.isOneway),
            "documentation": .string(operation.documentation), "annotations": operation.annotations.json,
            "arguments": .array(set.arguments(of: operation).fields.map { $0.json(in: set) }),
            "returns": result.first { $0.id == 0 }.map { $0.type.json(in: set) } ?? .null,
            "throws": .array(result.filter { $0.id != 0 }.map { $0.json(in: set) }),
        ]
    }

    private func json(_ bodies: [HTTPOperation.Body]) -> JSONValue {
        .array(bodies.map { ["mediaType": .string($0.mediaType), "type": $0.type.json(in: set)] })
    }

    private func json(_ route: HTTPOperation) -> JSONValue {
        let parameters = route.parameters.map { one -> JSONValue in
            [
                "name": .string(one.name), "in": .string(one.place.rawValue), "required": .bool(one.isRequired),
                "style": .string(one.style), "explode": .bool(one.explodes),
                "documentation": .string(one.documentation),
                "type": one.type.json(in: set),
            ]
        }
        return [
            "name": .string(route.name), "document": .string(route.scope), "operationId": .string(route.operationID),
            "documentation": .string(route.documentation), "annotations": route.annotations.json,
            "parameters": .array(parameters), "bodyRequired": .bool(route.isBodyRequired),
            "bodies": json(route.requestBodies),
            "responses": .array(
                route.responses.map { ["status": .string($0.status), "bodies": json($0.bodies)] }),
        ]
    }
}
