package import JSON
package import Thrift

extension SchemaSet {
    /// Where the value with this dotted name stands in a call of `operation`: `req.trace.hintCode` is `1.20.5`. A step may
    /// be a field id. Nil when the schema has no such field, or when the path leads through a list or map.
    package func thriftPath(_ name: String, of operation: ThriftOperation) -> FieldPath? {
        thriftPath(name, in: structures[operation.arguments])
    }

    /// Likewise in a reply: `success.decision` is `0.2`.
    package func thriftResultPath(_ name: String, of operation: ThriftOperation) -> FieldPath? {
        thriftPath(name, in: structures[operation.result])
    }

    private func thriftPath(_ name: String, in structure: SchemaStructure) -> FieldPath? {
        var ids: [Int16] = []
        var current: SchemaStructure? = structure
        for step in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard
                let field = current?.field(named: String(step)) ?? Int16(step).flatMap({ current?.field(id: $0) })
            else { return nil }
            ids.append(field.id)
            current = if case .structure(let index) = field.type.kind { structures[index] } else { nil }
        }
        return FieldPath(ids: ids)
    }

    /// The field at a path in a call of `operation`, and the struct that holds it; nil where the schema ends.
    package func field(
        at path: FieldPath, of operation: ThriftOperation
    ) -> (field: SchemaField, parent: SchemaStructure)? {
        var parent = structures[operation.arguments]
        for (position, id) in path.ids.enumerated() {
            guard let field = parent.field(id: id) else { return nil }
            if position == path.ids.count - 1 { return (field, parent) }
            guard case .structure(let index) = field.type.kind else { return nil }
            parent = structures[index]
        }
        return nil
    }

    /// The fields of a call that identify it and that a replay must make fresh, in the order of declaration. Those within
    /// lists and maps have no path and are not among them.
    package func identityPaths(of operation: ThriftOperation) -> [FieldPath] {
        paths(in: operation.arguments) { $0.isIdentity }.compactMap { FieldPath(ids: $0.map(\.id)) }
    }

    /// Likewise the values of an HTTP request's JSON body.
    package func identityPaths(of route: HTTPOperation) -> [JSONPath] {
        bodyPaths(of: route) { $0.isIdentity }.map(\.path)
    }

    /// The fields of a call that hold a time at which something happened, with the unit that the schema states, if any.
    package func eventTimePaths(of operation: ThriftOperation) -> [(path: FieldPath, unit: String)] {
        paths(in: operation.arguments) { $0.eventTimeUnit != nil }.compactMap { fields in
            FieldPath(ids: fields.map(\.id)).map { ($0, fields.last?.eventTimeUnit ?? "") }
        }
    }

    /// Likewise the values of an HTTP request's JSON body.
    package func eventTimePaths(of route: HTTPOperation) -> [(path: JSONPath, unit: String)] {
        bodyPaths(of: route) { $0.eventTimeUnit != nil }.map { ($0.path, $0.field.eventTimeUnit ?? "") }
    }

    private func bodyPaths(
        of route: HTTPOperation, where isWanted: (SchemaField) -> Bool
    ) -> [(path: JSONPath, field: SchemaField)] {
        guard case .structure(let index)? = route.requestBody?.kind else { return [] }
        return paths(in: index, where: isWanted).compactMap { fields in
            fields.last.map { (JSONPath(steps: fields.map { JSONPath.Step($0.name) }), $0) }
        }
    }

    private func paths(in structure: Int, where isWanted: (SchemaField) -> Bool) -> [[SchemaField]] {
        var found: [[SchemaField]] = []
        var enclosing: [Int] = []
        func visit(_ index: Int, _ path: [SchemaField]) {
            // A struct within itself repeats what was found already, without end.
            if enclosing.contains(index) { return }
            enclosing.append(index)
            for field in structures[index].fields {
                if isWanted(field) { found.append(path + [field]) }
                if case .structure(let inner) = field.type.kind { visit(inner, path + [field]) }
            }
            enclosing.removeLast()
        }
        visit(structure, [])
        return found
    }
}
