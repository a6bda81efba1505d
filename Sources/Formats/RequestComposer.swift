import Bytes
import HTTP1
package import JSON
import Recording
package import Schema
package import Tape
package import Thrift

/// Writes requests of one operation from values: Thrift calls through the IDL, HTTP requests as method, path and JSON body.
package struct RequestComposer: Sendable {
    /// What a request is made from.
    package struct Content: Sendable {
        /// The arguments, or the body; nil: none.
        package var body: JSONValue?
        /// Parameters of an OpenAPI operation, by name.
        package var parameters: [(name: String, value: String)] = []
        /// Further HTTP header fields.
        package var fields: [(name: String, value: String)] = []

        package init(body: JSONValue? = nil) { self.body = body }
    }

    enum Kind: Sendable {
        case thrift(ThriftOperation, ThriftFormat, isMultiplexed: Bool)
        /// `path` is a template when `isTemplate`.
        case http(method: String, path: String, route: HTTPOperation?, isTemplate: Bool)
    }

    let kind: Kind
    package let schemas: SchemaSet
    /// As tapes and policies name it.
    package let operation: String
    package let format: WireFormat
    /// A body is sent even if the schema says otherwise. Thrift cannot be written otherwise.
    package var isUnchecked = false

    /// A Thrift method by `Service.method` or its bare name.
    ///
    /// - Throws: when no IDL has it, or several services that are not related.
    package init(
        thrift name: String, _ schemas: SchemaSet, _ format: ThriftFormat, isMultiplexed: Bool = false
    ) throws(ComposingError) {
        guard let operation = schemas.operation(named: name) else {
            let found = schemas.operations(named: name)
            if found.count > 1 {
                throw ComposingError(
                    [], "several services have a method \(name)",
                    remedy: "Write one of: \(found.map(\.name).joined(separator: ", ")).")
            }
            throw ComposingError(
                [], "no IDL declares the method \(name)",
                remedy: Self.suggestion(name, schemas.operations.map(\.name), "Give the IDL with --idl FILE."))
        }
        kind = .thrift(operation, format, isMultiplexed: isMultiplexed)
        self.schemas = schemas
        self.operation = operation.name
        self.format = WireFormat(format)
    }

    /// An HTTP operation by its operationId, or by `METHOD /path`, which no document has to know.
    package init(http name: String, _ schemas: SchemaSet) throws(ComposingError) {
        self.schemas = schemas
        format = .http1
        if let route = schemas.route(named: name) {
            kind = .http(method: route.method, path: route.template.description, route: route, isTemplate: true)
            operation = route.name
            return
        }
        let parts = name.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].utf8.allSatisfy(HTTPHead.isToken), parts[1].hasPrefix("/"),
            parts[1].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw ComposingError(
                [], "there is no operation \(name)",
                remedy: Self.suggestion(
                    name, schemas.routes.map(\.operationID) + schemas.routes.map(\.name),
                    "Write METHOD /path, or give the OpenAPI document with --idl FILE."))
        }
        let (method, path) = (String(parts[0]), String(parts[1]))
        kind = .http(method: method, path: path, route: schemas.route(method, path), isTemplate: false)
        var namer = OperationNamer(schema: schemas)
        operation = namer.http(Array("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
    }

    /// Whichever of the two `name` is.
    package init(
        _ name: String, _ schemas: SchemaSet, _ format: ThriftFormat, isMultiplexed: Bool = false
    ) throws(ComposingError) {
        if schemas.operations(named: name).isEmpty, schemas.route(named: name) != nil || name.contains(" /") {
            try self.init(http: name, schemas)
        } else {
            try self.init(thrift: name, schemas, format, isMultiplexed: isMultiplexed)
        }
    }

    private static func suggestion(_ name: String, _ known: [String], _ otherwise: String) -> String {
        let near = nearestName(name, in: known) ?? known.first { $0.hasSuffix("." + name) }
        if let near { return "Did you mean '\(near)'?" }
        let names = known.filter { !$0.isEmpty }
        return names.isEmpty ? otherwise : "Known are: \(names.prefix(12).joined(separator: ", "))."
    }

    /// The fields of the body or of the arguments; nil when no schema says.
    var content: SchemaStructure? {
        switch kind {
        case .thrift(let operation, _, _): schemas.arguments(of: operation)
        case .http(_, _, let route, _):
            if case .structure(let index)? = route?.requestBody?.kind { schemas.structures[index] } else { nil }
        }
    }

    /// One request.
    ///
    /// - Parameters:
    ///   - host: for the Host field.
    ///   - number: Thrift's seqid.
    /// - Throws: where `content` does not fit the schema, and what would.
    package func request(_ content: Content, host: String, number: Int32) throws(ComposingError) -> [UInt8] {
        switch kind {
        case .thrift(let operation, let format, let isMultiplexed):
            let message = ThriftMessage(
                name: isMultiplexed ? "\(operation.service):\(operation.method)" : operation.method,
                type: operation.isOneway ? .oneway : .call, seqid: number,
                body: try schemas.compose(arguments: content.body ?? .object(JSONObject()), of: operation))
            var frame = ThriftFrame(message, format)
            frame.header?.sequence = UInt32(bitPattern: number)
            return frame.encoded()
        case .http(let method, let path, let route, let isTemplate):
            return try http(content, method, path, isTemplate ? route : nil, checkedBy: route, host)
        }
    }

    /// The response that is expected of an operation: what a Thrift method returns, or the body of a status 200.
    package func response(_ body: JSONValue, number: Int32) throws(ComposingError) -> [UInt8] {
        switch kind {
        case .thrift(let operation, let format, _):
            let message = ThriftMessage(
                name: operation.method, type: .reply, seqid: number,
                body: try schemas.compose(success: body, of: operation))
            return ThriftFrame(message, format).encoded()
        case .http(_, _, let route, _):
            if !isUnchecked, let type = route?.response(status: 200)?.body { try schemas.check(body, as: type) }
            let bytes = body.encoded()
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(bytes.count)\r\n\r\n"
            return Array(head.utf8) + bytes
        }
    }

    // MARK: HTTP

    private func http(
        _ content: Content, _ method: String, _ path: String, _ template: HTTPOperation?,
        checkedBy route: HTTPOperation?, _ host: String
    ) throws(ComposingError) -> [UInt8] {
        var fields = content.fields
        var target = path
        if let template {
            target = try filled(template, content.parameters, &fields)
        } else if let parameter = content.parameters.first {
            throw ComposingError(
                [parameter.name], "nothing says where this parameter goes",
                remedy: "Name the operation by its operationId, or write the parameter into the path.")
        }
        if let body = content.body, !isUnchecked, let type = route?.requestBody { try schemas.check(body, as: type) }
        if content.body == nil, !isUnchecked, route?.isBodyRequired == true {
            throw ComposingError([], "\(operation) requires a body", remedy: "Give it as JSON.")
        }
        let body = content.body?.encoded() ?? []
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        if content.body != nil && !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
            head += "Content-Type: application/json\r\n"
        }
        for field in fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(HTTPHead.isToken),
                field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 9 })
            else { throw ComposingError([field.name], "this is no HTTP header field") }
            head += "\(field.name): \(field.value)\r\n"
        }
        if content.body != nil || ["POST", "PUT", "PATCH"].contains(method) {
            head += "Content-Length: \(body.count)\r\n"
        }
        return Array((head + "\r\n").utf8) + body
    }

    /// The path with its parameters, and a query; those that ride in headers go to `fields`.
    private func filled(
        _ route: HTTPOperation, _ given: [(name: String, value: String)],
        _ fields: inout [(name: String, value: String)]
    ) throws(ComposingError) -> String {
        var inPath: [String: String] = [:]
        var query: [String] = []
        let names = Self.pathParameters(route)
        for (name, value) in given {
            let declared = route.parameters.first { $0.name == name }
            switch declared?.place {
            case .query?: query.append("\(PercentEncoding.encoded(name))=\(PercentEncoding.encoded(value))")
            case .header?: fields.append((name, value))
            case .cookie?: fields.append(("Cookie", "\(name)=\(PercentEncoding.encoded(value))"))
            case .path?: inPath[name] = value
            case nil:
                guard names.contains(name) else {
                    let known = Array(Set(route.parameters.map(\.name) + names)).sorted()
                    throw ComposingError(
                        [name], "\(route.name) has no such parameter",
                        remedy: Self.suggestion(name, known, "It has none."))
                }
                inPath[name] = value
            }
        }
        let needed = names + (isUnchecked ? [] : route.parameters.filter(\.isRequired).map(\.name))
        if let missing = needed.first(where: { name in !given.contains { $0.name == name } }) {
            throw ComposingError([missing], "\(route.name) requires this parameter", remedy: "Give it a value.")
        }
        let path = route.template.segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let name): "/" + PercentEncoding.encoded(inPath[name] ?? "")
            case .mixed(let prefix, let name, let suffix):
                "/" + prefix + PercentEncoding.encoded(inPath[name] ?? "") + suffix
            }
        }.joined()
        return query.isEmpty ? path : path + "?" + query.joined(separator: "&")
    }

    static func pathParameters(_ route: HTTPOperation) -> [String] {
        route.template.segments.compactMap { segment in
            switch segment {
            case .literal: nil
            case .parameter(let name): name
            case .mixed(_, let name, _): name
            }
        }
    }
}
