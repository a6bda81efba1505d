import Bytes
import HTTP1
import JSON
package import Schema
import Synchronization
import Tape
import Thrift

extension DeclaredIdentities {
    /// Identities that a tape's schemas declare, and those that the command line adds.
    ///
    /// - Parameter paths: of `--id`: member names of a JSON body, or field ids or names of the Thrift arguments.
    package init(schemas: SchemaSet, paths: [String]) {
        self.init()
        for route in schemas.routes {
            let declared = schemas.identityPaths(of: route)
            if !declared.isEmpty { jsonPaths[route.name] = declared }
        }
        jsonPaths[""] = paths.map { JSONPath($0) }
        self.schemas = schemas
        self.paths = paths
    }

    /// The spans of Thrift fields that identify a call.
    func thriftSpans(_ request: [UInt8], _ exchange: Exchange) -> [IdentitySpan] {
        let framing: ThriftFraming
        switch exchange.format.transport {
        case .framed: framing = .framed
        case .unframed: framing = .unframed
        default: return []
        }
        let encoding: ThriftEncoding = exchange.format.encoding == .compact ? .compact : .binary
        let editor = ThriftEditor(framing, encoding)
        return fieldPaths(exchange.operation).compactMap { path in
            guard let search = try? unsafe editor.locate(path, in: request.span.bytes), case .found(let field) = search
            else { return nil }
            switch (field.type, encoding) {
            case (.binary, .binary):
                return IdentitySpan(field.value.dropFirst(4), .text)
            case (.binary, .compact):
                // The length is a varint before the text; a text of any sane length has it in at most three bytes.
                let width = field.value.prefix(3).firstIndex { request[$0] < 0x80 }.map {
                    $0 - field.value.lowerBound + 1
                }
                return width.map { IdentitySpan(field.value.dropFirst($0), .text) }
            case (.i32, .binary), (.i64, .binary): return IdentitySpan(field.value, .integer)
            default: return nil
            }
        }.filter { !$0.range.isEmpty }
    }

    private func fieldPaths(_ operation: String) -> [FieldPath] {
        cache.value(operation) { makeFieldPaths(operation) }
    }

    private func makeFieldPaths(_ operation: String) -> [FieldPath] {
        var found = paths.compactMap { FieldPath($0) }
        guard let method = schemas?.operation(named: operation) else { return found }
        for path in paths where FieldPath(path) == nil {
            if let field = schemas?.thriftPath(path, of: method) { found.append(field) }
        }
        return found + (schemas?.identityPaths(of: method) ?? [])
    }
}

/// Field paths by operation, made once.
final class FieldPathCache: Sendable {
    private let table = Mutex<[String: [FieldPath]]>([:])

    func value(_ operation: String, _ make: () -> [FieldPath]) -> [FieldPath] {
        if let known = table.withLock({ $0[operation] }) { return known }
        let made = make()
        table.withLock { $0[operation] = made }
        return made
    }
}
