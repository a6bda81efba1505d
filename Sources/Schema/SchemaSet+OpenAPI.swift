import Bytes
import JSON
import YAML

extension SchemaSet {
    mutating func loadOpenAPI(_ source: SchemaSource) throws(SchemaError) {
        guard !routes.contains(where: { $0.scope == source.scope }) else {
            throw SchemaError(source.name, nil, "another document named \(source.scope) is loaded already")
        }
        let document: JSONValue
        if source.name.hasSuffix(".json") {
            do throws(ParsingError) {
                document = try JSONValue(parsing: source.bytes)
            } catch {
                throw SchemaError(source.name, source.position(error.offset), "expected \(error.what) here")
            }
        } else {
            do throws(YAMLError) {
                document = JSONValue(try YAMLNode.parse(source.bytes, file: source.name))
            } catch {
                let position = TextPosition(line: error.mark.line, column: error.mark.column)
                throw SchemaError(source.name, position, error.message)
            }
        }
        var lowering = OpenAPILowering(set: self, source: source, document: document)
        self = try lowering.run()
        sources.append(source)
    }
}

/// Turns an OpenAPI 3 document into the types and operations of a set.
struct OpenAPILowering {
    private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    var set: SchemaSet
    let source: SchemaSource
    let document: JSONValue
    /// What a reference to a schema became, by the reference; filled before its fields are, so that it may be recursive.
    var named: [String: SchemaType] = [:]
    /// Schemas that may still be read: references within `allOf` could multiply without end.
    private var schemasLeft = 100_000

    init(set: SchemaSet, source: SchemaSource, document: JSONValue) {
        self.set = set
        self.source = source
        self.document = document
    }

    func failure(_ place: String, _ message: String) -> SchemaError {
        SchemaError(source.name, nil, "\(place): \(message)")
    }

    mutating func count(_ place: String) throws(SchemaError) {
        schemasLeft -= 1
        if schemasLeft < 0 { throw failure(place, "more than 100,000 schemas once references are followed") }
    }

    mutating func run() throws(SchemaError) -> SchemaSet {
        guard let version = document["openapi"]?.string, version.hasPrefix("3.") else {
            throw failure("openapi", "expected an OpenAPI description of version 3")
        }
        // Every declared schema is lowered, used or not: scenarios refer to them by name.
        for member in document["components"]?["schemas"]?.object?.members ?? [] {
            _ = try reference("#/components/schemas/\(OpenAPILowering.escape(member.key))", depth: 0)
        }
        let base = basePath()
        for path in document["paths"]?.object?.members ?? [] where path.key.hasPrefix("/") {
            let item = try dereference(path.value, "paths.\(path.key)")
            for method in OpenAPILowering.methods {
                guard let operation = item[method] else { continue }
                let place = "paths.\(path.key).\(method)"
                guard operation.object != nil else { throw failure(place, "expected an object") }
                set.routes.append(
                    try self.operation(operation, method.uppercased(), base + path.key, of: item, place))
            }
        }
        return set
    }

    /// The path of the first server: `/api` of `https://host/api/`.
    private func basePath() -> String {
        guard let url = document["servers"]?[0]?["url"]?.string else { return "" }
        var steps = url.split(separator: "/", omittingEmptySubsequences: false)
        // `https:`, nothing, the host.
        if steps.count >= 3, steps[0].hasSuffix(":"), steps[1].isEmpty {
            steps.removeFirst(3)
        } else if !url.hasPrefix("/") {
            return ""
        }
        return steps.filter { !$0.isEmpty }.map { "/\($0)" }.joined()
    }

    private mutating func operation(
        _ form: JSONValue, _ method: String, _ path: String, of item: JSONValue, _ place: String
    ) throws(SchemaError) -> HTTPOperation {
        var result = HTTPOperation(
            method: method, template: RouteTemplate(path), operationID: form["operationId"]?.string ?? "",
            scope: source.scope, parameters: [], requestBody: nil, isBodyRequired: false, responses: [],
            annotations: OpenAPILowering.extensions(form))
        // An operation's parameters override those of its path, by name and place.
        for one in (item["parameters"]?.array ?? []) + (form["parameters"]?.array ?? []) {
            let parameter = try self.parameter(one, place)
            result.parameters.removeAll { $0.name == parameter.name && $0.place == parameter.place }
            result.parameters.append(parameter)
        }
        if let body = form["requestBody"] {
            let body = try dereference(body, "\(place).requestBody")
            result.requestBody = try content(body, "\(place).requestBody")
            result.isBodyRequired = body["required"]?.bool ?? false
        }
        for response in form["responses"]?.object?.members ?? [] {
            let place = "\(place).responses.\(response.key)"
            let form = try dereference(response.value, place)
            result.responses.append(HTTPOperation.Response(status: response.key, body: try content(form, place)))
        }
        return result
    }

    private mutating func parameter(_ form: JSONValue, _ place: String) throws(SchemaError) -> HTTPOperation.Parameter {
        let form = try dereference(form, "\(place).parameters")
        guard let name = form["name"]?.string,
            let location = form["in"]?.string.flatMap(HTTPOperation.Parameter.Place.init(rawValue:))
        else {
            throw failure("\(place).parameters", "expected a name and one of path, query, header, cookie in 'in'")
        }
        let type = try form["schema"].map { form throws(SchemaError) in
            try self.type(form, "\(place).parameters.\(name)", name: name, depth: 0)
        }
        return HTTPOperation.Parameter(
            name: name, place: location, isRequired: form["required"]?.bool ?? false, type: type ?? SchemaType(.any),
            annotations: OpenAPILowering.extensions(form))
    }

    /// The schema of the JSON representation, if there is one.
    private mutating func content(_ form: JSONValue, _ place: String) throws(SchemaError) -> SchemaType? {
        let media = form["content"]?.object?.members.first { member in
            let name = member.key.prefix { $0 != ";" }.lowercased()
            return name == "application/json" || name.hasSuffix("+json")
        }
        guard let schema = media?.value["schema"] else { return nil }
        return try type(schema, "\(place).\(media?.key ?? "")", name: "body", depth: 0)
    }

    // MARK: References

    /// Follows `$ref` to an object that is no schema: a response, a parameter, a body, a path item.
    private func dereference(_ form: JSONValue, _ place: String) throws(SchemaError) -> JSONValue {
        var form = form
        for _ in 0..<16 {
            guard let reference = form["$ref"]?.string else { return form }
            form = try target(reference, place)
        }
        throw failure(place, "a $ref that leads back to itself")
    }

    func target(_ reference: String, _ place: String) throws(SchemaError) -> JSONValue {
        guard reference.hasPrefix("#/") else {
            throw failure(place, "expected a $ref within this document, such as '#/components/schemas/Name'")
        }
        var value = document
        for step in reference.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            let key = OpenAPILowering.unescape(String(step))
            guard let next = value[key] ?? Int(key).flatMap({ value[$0] }) else {
                throw failure(place, "expected what \(reference) refers to, it is not there")
            }
            value = next
        }
        return value
    }

    /// RFC 6901 §3.
    private static func escape(_ key: String) -> String {
        key.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
    }

    private static func unescape(_ step: String) -> String {
        var result = ""
        var rest = Substring(step)
        while let character = rest.popFirst() {
            if character == "~", let digit = rest.first, digit == "0" || digit == "1" {
                rest.removeFirst()
                result.append(digit == "0" ? "~" : "/")
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// `x-…` members with scalar values.
    static func extensions(_ form: JSONValue) -> Annotations {
        var result: Annotations = [:]
        for member in form.object?.members ?? [] where member.key.hasPrefix("x-") {
            switch member.value {
            case .string(let text): result[member.key] = text
            case .bool(let value): result[member.key] = value ? "true" : "false"
            case .number(let number): result[member.key] = number.text
            default: break
            }
        }
        return result
    }
}
