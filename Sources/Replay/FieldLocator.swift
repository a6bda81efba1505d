import Bytes
import Expression
import HTTP1
import JSON
package import Schema
import Tagging
package import Tape
import Thrift

/// Finds the bytes of named values in requests. Names of Thrift fields and of path parameters come from the schemas.
package struct FieldLocator: Sendable {
    let schemas: SchemaSet?
    private let cache = LocatorCache()

    package init(schemas: SchemaSet? = nil) { self.schemas = schemas }

    /// The first place of `field`; nil when the request has none, or its content cannot be read.
    package func find(
        _ field: RequestField, in request: [UInt8], _ format: WireFormat, operation: String
    ) -> FieldSpan? {
        if format.protocol == .http1 { return http(field, request, operation) }
        guard case .content(let name) = field.place else { return nil }
        guard let path = thriftPath(name, operation: operation) else { return nil }
        return FieldLocator.thrift(path, in: request, format)
    }

    /// Where a field of a Thrift call stands, by name or ids; nil when nobody knows.
    func thriftPath(_ name: String, operation: String) -> FieldPath? {
        cache.path(operation, name) { fieldPath(name, operation) }
    }

    /// What the IDL says that the field is; nil without one.
    func thriftType(_ field: RequestField, operation: String) -> ThriftType? {
        guard case .content(let name) = field.place, let path = thriftPath(name, operation: operation),
            let schemas, let method = schemas.operation(named: operation),
            let found = schemas.field(at: path, of: method)
        else { return nil }
        return switch found.field.type.kind {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32, .enumeration: .i32
        case .i64: .i64
        case .double: .double
        case .string, .binary: .binary
        default: nil
        }
    }

    /// Whether a rule's operation names this one: `PenaltyCenter.freeze`, `freeze`, `POST /v1/orders`, an operationId, or a
    /// pattern of these.
    func names(_ glob: Glob, _ operation: String) -> Bool {
        if glob.pattern == operation || glob.matches(operation) { return true }
        if let dot = operation.lastIndex(of: "."), glob.matches(String(operation[operation.index(after: dot)...])) {
            return true
        }
        guard let id = schemas?.route(named: operation)?.operationID, !id.isEmpty else { return false }
        return glob.matches(id)
    }

    // MARK: HTTP

    private func http(_ field: RequestField, _ request: [UInt8], _ operation: String) -> FieldSpan? {
        guard let head = try? HeaderEditing.head(of: request) else { return nil }
        switch field.place {
        case .header(let name):
            guard let value = HeaderEditing.fields(name, in: request, head).first?.value, !value.isEmpty else {
                return nil
            }
            return FieldSpan(value.range, .text)
        case .query(let name): return FieldLocator.parameter(name, in: FieldLocator.query(request, head), of: request)
        case .segment(let name):
            let segments = FieldLocator.segments(request, head)
            guard let index = Int(name) ?? segmentIndex(name, operation, request, head),
                segments.indices.contains(index),
                !segments[index].isEmpty
            else { return nil }
            return FieldSpan(segments[index], .url)
        case .content(let name): return FieldLocator.content(name, request, head)
        }
    }

    /// A member of the JSON body; else of a form.
    private static func content(
        _ name: String, _ request: [UInt8], _ head: HTTPHead
    ) -> FieldSpan? {
        // The body of a chunked request does not lie in one piece.
        guard !head.isChunked, head.length < request.count else { return nil }
        let bytes = request.rawSpan
        if let found = (try? JSONScanner.find(JSONPath(name), in: bytes.extracting(head.length..<bytes.byteCount)))
            ?? nil
        {
            let range = found.lowerBound + head.length..<found.upperBound + head.length
            guard let first = range.first else { return nil }
            switch request[first] {
            case 0x22:
                let inner = range.lowerBound + 1..<range.upperBound - 1
                return inner.isEmpty || request[inner].contains(0x5C) ? nil : FieldSpan(inner, .json)
            case 0x2D, 0x30...0x39: return FieldSpan(range, .number)
            default: return nil
            }
        }
        if request[head.length] == 0x7B || request[head.length] == 0x5B { return nil }
        return parameter(name, in: head.length..<request.count, of: request)
    }

    /// The value of `name=value` among pairs with `&` between them.
    private static func parameter(_ name: String, in range: Range<Int>, of request: [UInt8]) -> FieldSpan? {
        let wanted = Array(name.utf8)
        for pair in request[range].split(separator: 0x26) {
            guard let equals = pair.firstIndex(of: 0x3D), equals + 1 < pair.endIndex,
                PercentEncoding.decoded(pair[..<equals]) == wanted
            else { continue }
            return FieldSpan(equals + 1..<pair.endIndex, .url)
        }
        return nil
    }

    static func query(_ request: [UInt8], _ head: HTTPHead) -> Range<Int> {
        let uri = head.uri.range
        guard let mark = request[uri].firstIndex(of: 0x3F) else { return uri.upperBound..<uri.upperBound }
        let end = request[mark..<uri.upperBound].firstIndex(of: 0x23) ?? uri.upperBound
        return mark + 1..<end
    }

    /// Of a target in origin form, without the slashes.
    static func segments(_ request: [UInt8], _ head: HTTPHead) -> [Range<Int>] {
        let uri = head.uri.range
        let end = request[uri].firstIndex { $0 == 0x3F || $0 == 0x23 } ?? uri.upperBound
        let start = uri.lowerBound < end && request[uri.lowerBound] == 0x2F ? uri.lowerBound + 1 : uri.lowerBound
        return request[start..<end].split(separator: 0x2F, omittingEmptySubsequences: false).map {
            $0.startIndex..<$0.endIndex
        }
    }

    private func segmentIndex(_ name: String, _ operation: String, _ request: [UInt8], _ head: HTTPHead) -> Int? {
        guard let schemas else { return nil }
        let bytes = request.rawSpan
        let route =
            schemas.route(named: operation) ?? schemas.route(head.methodString(bytes), head.uriString(bytes))
        return route?.template.segments.firstIndex { $0 == .parameter(name) }
    }

    // MARK: Thrift

    private func fieldPath(_ name: String, _ operation: String) -> FieldPath? {
        if let path = FieldPath(name) { return path }
        guard let schemas, let method = schemas.operation(named: operation) else { return nil }
        if let path = schemas.thriftPath(name, of: method) { return path }
        // A call with one struct as its argument may be named without that step, as --where has it.
        let arguments = schemas.structures[method.arguments].fields
        guard arguments.count == 1, let only = arguments.first else { return nil }
        return schemas.thriftPath("\(only.name).\(name)", of: method)
    }

    /// A field of a call whose payload stands in the message as it is.
    static func thrift(_ path: FieldPath, in request: [UInt8], _ format: WireFormat) -> FieldSpan? {
        guard let place = ThriftPayload(request, format),
            let search = try? place.editor.locate(path, in: request.rawSpan.extracting(place.start..<request.count)),
            case .found(let field) = search
        else { return nil }
        let value = field.value.lowerBound + place.start..<field.value.upperBound + place.start
        let isCompact = place.editor.encoding == .compact
        switch field.type {
        case .binary:
            guard let width = isCompact ? ThriftPayload.varintWidth(request[value]) : 4, width < value.count else {
                return nil
            }
            return FieldSpan(value.dropFirst(width), .counted)
        case .i16, .i32, .i64: return FieldSpan(value, isCompact ? .zigzag : .integer)
        case .i8: return FieldSpan(value, .integer)
        case .double: return FieldSpan(value, isCompact ? .doubleLittleEndian : .double)
        default: return nil
        }
    }
}

/// Where the message stands in the bytes of a Thrift request.
struct ThriftPayload {
    let start: Int
    let editor: ThriftEditor
    /// Where lengths of what follows them stand, which change with it.
    let lengthOffsets: [Int]

    /// Nil for encodings without fields that can be reached, and for payloads that a header transport transforms.
    init?(_ request: [UInt8], _ format: WireFormat) {
        let encoding: ThriftEncoding
        switch format.encoding {
        case .binary: encoding = .binary
        case .compact: encoding = .compact
        default: return nil
        }
        switch format.transport {
        case .framed:
            start = 0
            lengthOffsets = [0]
            editor = ThriftEditor(.framed, encoding)
        case .unframed:
            start = 0
            lengthOffsets = []
            editor = ThriftEditor(.unframed, encoding)
        case .theader, .ttheader:
            guard request.count > 18, request[15] == 0 else { return nil }
            var at = 14 + (Int(request[12]) << 8 | Int(request[13])) * 4
            // The payload of a TTHeader frame may be framed itself.
            let isFramed = at < request.count && request[at] & 0x80 == 0
            if isFramed { at += 4 }
            guard at < request.count else { return nil }
            start = at
            lengthOffsets = isFramed ? [0, at - 4] : [0]
            editor = ThriftEditor(.unframed, encoding)
        default: return nil
        }
    }

    static func varintWidth(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.prefix(5).firstIndex { $0 < 0x80 }.map { $0 - bytes.startIndex + 1 }
    }
}

/// Field paths by operation and name, made once.
private final class LocatorCache: Sendable {
    private let table = Lock<[String: [String: FieldPath?]]>([:])

    func path(_ operation: String, _ name: String, _ make: () -> FieldPath?) -> FieldPath? {
        if let known = table.withLock({ $0[operation]?[name] }) { return known }
        let made = make()
        table.withLock { $0[operation, default: [:]][name] = .some(made) }
        return made
    }
}
