import Bytes
package import JSON
package import Schema
package import Tape
import Thrift

/// Fields that schemas and the command line declare for one purpose, and where they stand in a request.
struct DeclaredFields: Sendable {
    struct Declared: Sendable {
        var field: RequestField
        /// What the schema says of it.
        var note = ""
    }

    let locator: FieldLocator
    /// Those of every operation, then those of single ones.
    private let common: [Declared]
    private let ofOperation: @Sendable (String) -> [Declared]
    private let cache = DeclaredCache()

    init(
        _ locator: FieldLocator, common: [Declared],
        ofOperation: @escaping @Sendable (String) -> [Declared] = { _ in [] }
    ) {
        self.locator = locator
        self.common = common
        self.ofOperation = ofOperation
    }

    /// The places of all that are in the request, each once.
    func spans(in request: [UInt8], _ exchange: Exchange) -> [(span: FieldSpan, note: String)] {
        let declared = cache.value(exchange.operation) { common + ofOperation(exchange.operation) }
        var found: [(span: FieldSpan, note: String)] = []
        for entry in declared {
            guard let span = locator.find(entry.field, in: request, exchange.format, operation: exchange.operation),
                !found.contains(where: { $0.span.range.overlaps(span.range) })
            else { continue }
            found.append((span, entry.note))
        }
        return found
    }
}

private final class DeclaredCache: Sendable {
    private let table = Lock<[String: [DeclaredFields.Declared]]>([:])

    func value(_ operation: String, _ make: () -> [DeclaredFields.Declared]) -> [DeclaredFields.Declared] {
        if let known = table.withLock({ $0[operation] }) { return known }
        let made = make()
        table.withLock { $0[operation] = made }
        return made
    }
}

/// Finds identities by the paths that were declared for each operation, and every other place in the request where the
/// same value stands.
package struct DeclaredIdentities: IdentityFinder {
    private let fields: DeclaredFields

    /// - Parameter jsonPaths: into JSON bodies, by operation; those under "" hold for every operation.
    package init(jsonPaths: [String: [JSONPath]] = [:]) {
        let all = jsonPaths.mapValues { paths in
            paths.map { DeclaredFields.Declared(field: RequestField(json: $0)) }
        }
        fields = DeclaredFields(FieldLocator(), common: all[""] ?? []) { $0.isEmpty ? [] : all[$0] ?? [] }
    }

    /// Identities that schemas declare, and those that the command line adds.
    package init(schemas: SchemaSet, fields given: [RequestField]) {
        fields = DeclaredFields(FieldLocator(schemas: schemas), common: given.map { .init(field: $0) }) { operation in
            if let method = schemas.operation(named: operation) {
                return schemas.identityPaths(of: method).map { .init(field: RequestField(thrift: $0)) }
            }
            guard let route = schemas.route(named: operation) else { return [] }
            let isIdentity = { (annotations: Annotations) in annotations["x-tinct-id"] == "true" }
            return schemas.identityPaths(of: route).map { .init(field: RequestField(json: $0)) }
                + route.parameters.filter { isIdentity($0.annotations) }.compactMap { parameter in
                    RequestField(parameter).map { .init(field: $0) }
                }
        }
    }

    package func slots(in request: [UInt8], _ exchange: Exchange) -> [FieldSpan] {
        DeclaredIdentities.withEchoes(fields.spans(in: request, exchange).map(\.span), in: request)
    }

    /// Adds the other places where a value of at least eight bytes stands, so that a request stays consistent.
    static func withEchoes(_ spans: [FieldSpan], in request: [UInt8]) -> [FieldSpan] {
        var all = spans
        for span in spans {
            let value = span.text(in: request)
            guard let first = value.first, value.count >= 8, request.count >= value.count else { continue }
            var at = 0
            while at <= request.count - value.count {
                if request[at] == first, request[at..<at + value.count].elementsEqual(value) {
                    let range = at..<at + value.count
                    if !all.contains(where: { $0.range.overlaps(range) }) { all.append(FieldSpan(range, .text)) }
                    at += value.count
                } else {
                    at += 1
                }
            }
        }
        return all
    }
}

/// Event times: fields that hold when something happened.
package struct DeclaredTimes: Sendable {
    private let fields: DeclaredFields

    /// Times that schemas declare (`tinct.time`, `x-tinct-time`), and those that the command line adds.
    package init(schemas: SchemaSet, fields given: [RequestField]) {
        fields = DeclaredFields(FieldLocator(schemas: schemas), common: given.map { .init(field: $0) }) { operation in
            if let method = schemas.operation(named: operation) {
                return schemas.eventTimePaths(of: method).map {
                    .init(field: RequestField(thrift: $0.path), note: $0.unit)
                }
            }
            guard let route = schemas.route(named: operation) else { return [] }
            return schemas.eventTimePaths(of: route).map { .init(field: RequestField(json: $0.path), note: $0.unit) }
                + route.parameters.compactMap { parameter in
                    guard let unit = parameter.annotations["x-tinct-time"] else { return nil }
                    return RequestField(parameter).map { .init(field: $0, note: unit) }
                }
        }
    }

    func spans(in request: [UInt8], _ exchange: Exchange) -> [(span: FieldSpan, note: String)] {
        fields.spans(in: request, exchange)
    }
}

extension RequestField {
    init(json path: JSONPath) { self.init(.content(path.description)) }

    init(thrift path: FieldPath) { self.init(.content(path.description)) }

    /// Nil for cookies.
    init?(_ parameter: HTTPOperation.Parameter) {
        switch parameter.place {
        case .path: self.init(.segment(parameter.name))
        case .query: self.init(.query(parameter.name))
        case .header: self.init(.header(parameter.name.lowercased()))
        case .cookie: return nil
        }
    }
}
