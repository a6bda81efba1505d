import Bytes

/// Every schema that a command was given or a tape carries, with one table of types for all of them.
package struct SchemaSet: Sendable {
    package internal(set) var structures: [SchemaStructure] = []
    package internal(set) var enumerations: [SchemaEnumeration] = []
    /// The methods of all Thrift services, inherited ones under each service that has them.
    package internal(set) var operations: [ThriftOperation] = []
    /// The operations of all OpenAPI documents.
    package internal(set) var routes: [HTTPOperation] = []
    /// The documents as they were loaded, included ones before those that include them: what a tape attaches.
    package internal(set) var sources: [SchemaSource] = []

    /// What each JSON Schema that is no OpenAPI description is about, by its scope.
    package internal(set) var roots: [String: SchemaType] = [:]
    /// Every schema of every JSON Schema and OpenAPI document, for checking.
    var assertions: [SchemaAssertion] = []
    /// What is wrong with a document that can be used all the same, such as a constraint that nothing here can check.
    package internal(set) var findings: [SchemaFinding] = []

    /// Declared names of each Thrift document, by its scope.
    var scopes: [String: IDLScope] = [:]
    /// Indices into ``operations`` by `Service.method` and by bare method.
    var operationsByName: [String: [Int]] = [:]
    /// What is being rendered holds the base64 of binary fields.
    var rendersBase64 = false
    /// Documents whose includes are being loaded.
    var loading: [String] = []

    package init() {}

    package var isEmpty: Bool { sources.isEmpty }

    /// Adds a document. The same document again changes nothing; another one with the same name is an error.
    ///
    /// - Parameter include: gives the document that an IDL includes, by the path as written there; nil when there is none.
    ///   Documents that are loaded already are not asked for.
    /// - Throws: with file, line and column, and what was expected there. The set is then as it was before.
    package mutating func load(
        _ source: SchemaSource, include: @escaping (String) -> SchemaSource? = { _ in nil }
    ) throws(SchemaError) {
        try load(source) { path, _ in include(path) }
    }

    /// Likewise, with the document that includes: its name says where relative paths begin.
    package mutating func load(
        _ source: SchemaSource, includedFrom include: @escaping (_ path: String, _ from: SchemaSource) -> SchemaSource?
    ) throws(SchemaError) {
        guard let kind = source.kind else {
            throw SchemaError(
                source.name, nil, "expected a name that ends in .thrift, .yaml, .yml or .json",
                remedy: "The name says what a schema is: rename it.")
        }
        if sources.contains(where: { $0.bytes == source.bytes && $0.scope == source.scope && $0.kind == kind }) {
            return
        }
        let before = self
        do throws(SchemaError) {
            switch kind {
            case .thrift: try loadIDL(source, include: include)
            case .openAPI: try loadOpenAPI(source, include: include)
            }
        } catch {
            self = before
            throw error
        }
    }

    /// Adds documents that may include one another, in any order: those of a tape.
    package mutating func load(_ sources: [SchemaSource]) throws(SchemaError) {
        for source in sources {
            try load(source) { path in
                let wanted = SchemaSource(name: path, bytes: [])
                return sources.first { $0.kind == wanted.kind && $0.scope == wanted.scope }
            }
        }
    }

    // MARK: Thrift operations

    /// The operations that `name` may mean: `Service.method`, `Service:method` as multiplexed calls have it, or the bare
    /// method, which several services may share.
    package func operations(named name: String) -> [ThriftOperation] {
        (operationsByName[name] ?? []).map { operations[$0] }
    }

    /// The one operation that `name` means. A bare method that several services have through `extends` is that of the
    /// service that declares it; one that unrelated services have is nil, because a guess would show wrong names.
    package func operation(named name: String) -> ThriftOperation? {
        let found = operations(named: name)
        if found.count <= 1 { return found.first }
        let declared = found.filter { $0.declaringService == $0.service }
        let origins = Set(found.map { "\($0.scope)/\($0.declaringService)" })
        return origins.count == 1 ? declared.first ?? found.first : nil
    }

    mutating func add(_ operation: ThriftOperation) {
        let index = operations.count
        operations.append(operation)
        for key in [operation.name, "\(operation.service):\(operation.method)", operation.method] {
            operationsByName[key, default: []].append(index)
        }
    }

    // MARK: Types

    /// A struct by `RiskRequest` or `risk_decision.RiskRequest`; the first declared wins.
    package func structure(named name: String) -> SchemaStructure? {
        structures.first {
            ($0.name == name || "\($0.scope).\($0.name)" == name) && $0.kind != .arguments && $0.kind != .result
        }
    }

    package func enumeration(named name: String) -> SchemaEnumeration? {
        enumerations.first { $0.name == name || "\($0.scope).\($0.name)" == name }
    }

    package func arguments(of operation: ThriftOperation) -> SchemaStructure { structures[operation.arguments] }
    package func result(of operation: ThriftOperation) -> SchemaStructure { structures[operation.result] }
}

extension SchemaSource {
    func position(_ offset: Int) -> TextPosition { TextPosition(ofOffset: offset, in: bytes.rawSpan) }
}
