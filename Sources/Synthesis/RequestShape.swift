import Bytes
import Schema
import YAML

/// The operation of a scenario, as its schema declares it.
struct RequestShape: Sendable {
    let schemas: SchemaSet
    /// The struct that the scenario's fields belong to: the only argument if there is one and it is a struct, the
    /// argument list otherwise; the body in HTTP.
    let root: SchemaStructure
    /// The argument that ``root`` stands for.
    let argument: SchemaField?
    /// As on a tape: `RiskDecision.evaluate`, `POST /v1/risk/decisions`.
    let operationName: String
    /// In Thrift the method, in HTTP the method and the path.
    let method: String
    let path: String
    let isOneway: Bool

    /// - Throws: when the operation is not there, at its place in the scenario.
    init(_ scenario: Scenario, _ stream: Scenario.StreamSpec, _ schemas: SchemaSet) throws(YAMLError) {
        self.schemas = schemas
        switch scenario.protocol {
        case .thrift:
            guard let operation = schemas.operation(named: stream.operation) else {
                throw Self.unknown(stream, schemas.operations.map(\.name))
            }
            let arguments = schemas.arguments(of: operation)
            operationName = operation.name
            method = operation.method
            path = ""
            isOneway = operation.isOneway
            if arguments.fields.count == 1, case .structure(let index) = arguments.fields[0].type.kind {
                argument = arguments.fields[0]
                root = schemas.structures[index]
            } else {
                argument = nil
                root = arguments
            }
        case .http:
            guard let route = schemas.route(named: stream.operation) else {
                throw Self.unknown(stream, schemas.routes.map(\.name))
            }
            guard let body = route.requestBody, case .structure(let index) = body.kind else {
                throw YAMLError(
                    "\(route.name) takes no JSON object", at: stream.operationMark,
                    remedy: "Choose an operation whose request body is an object.")
            }
            guard !route.name.contains("{") else {
                throw YAMLError(
                    "\(route.name) has values in its path", at: stream.operationMark,
                    remedy: "Choose an operation whose path has no {…}.")
            }
            operationName = route.name
            method = route.method
            path = route.template.description
            isOneway = false
            argument = nil
            root = schemas.structures[index]
        }
    }

    private static func unknown(_ stream: Scenario.StreamSpec, _ names: [String]) -> YAMLError {
        let near = nearestName(stream.operation, in: names).map { "Did you mean '\($0)'? " } ?? ""
        return YAMLError(
            "the schema has no operation '\(stream.operation)'", at: stream.operationMark,
            remedy: near + "It has: \(names.joined(separator: ", ")).")
    }

    /// A field by dotted name, with its Thrift ids or JSON names as the stable path. An element's field of a list of
    /// structs is reached through the list's name.
    func field(_ name: String, at mark: YAMLMark) throws(YAMLError) -> (field: SchemaField, path: String) {
        var structure = root
        var path = argument.map { String($0.id) } ?? ""
        var found: SchemaField?
        for part in name.split(separator: ".", omittingEmptySubsequences: false) {
            if let found {
                guard let inner = Self.structure(of: found.type, schemas) else {
                    throw YAMLError(
                        "'\(name)' goes below '\(found.name)', which is no struct", at: mark,
                        remedy: "Remove what follows '\(found.name)'.")
                }
                structure = inner
            }
            guard let field = structure.field(named: String(part)) else {
                let names = structure.fields.map(\.name)
                let near = nearestName(String(part), in: names).map { "Did you mean '\($0)'? " } ?? ""
                throw YAMLError(
                    "\(structure.name) has no field '\(part)'", at: mark,
                    remedy: near + "It has: \(names.joined(separator: ", ")).")
            }
            found = field
            let step = field.id == 0 ? field.name : String(field.id)
            path += path.isEmpty ? step : "." + step
        }
        guard let found else { throw YAMLError("a field has a name", at: mark, remedy: "Name a field of the request.") }
        return (found, path)
    }

    static func structure(of type: SchemaType, _ schemas: SchemaSet) -> SchemaStructure? {
        switch type.kind {
        case .structure(let index): schemas.structures[index]
        case .list(let element), .set(let element): structure(of: element, schemas)
        default: nil
        }
    }
}
