import Bytes
import JSON

extension SchemaSet {
    /// Reads an OpenAPI description, or a JSON Schema, whose own type is then in ``roots``.
    mutating func loadOpenAPI(
        _ source: SchemaSource, include: @escaping (String, SchemaSource) -> SchemaSource?
    ) throws(SchemaError) {
        guard !routes.contains(where: { $0.scope == source.scope }), roots[source.scope] == nil else {
            throw SchemaError(
                source.name, nil, "another document named \(source.scope) is loaded already",
                remedy: "Names of documents must differ, whatever their folders: rename one.")
        }
        var documents = SchemaLibrary(include: include)
        try documents.add(try SchemaTree(source))
        var lowering = OpenAPILowering(
            set: self, compiler: AssertionCompiler(documents: documents, assertions: assertions))
        self = try lowering.run()
        // What it refers to first, as with the includes of an IDL.
        for tree in lowering.compiler.documents.trees.dropFirst()
        where !sources.contains(where: { $0.name == tree.source.name }) {
            sources.append(tree.source)
        }
        sources.append(source)
    }
}

/// Turns an OpenAPI 3 document or a JSON Schema into the types and operations of a set.
struct OpenAPILowering {
    static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    var set: SchemaSet
    var compiler: AssertionCompiler
    /// What the schema at a place became; filled before its fields are, so that it may be recursive.
    var named: [SchemaPlace: SchemaType] = [:]
    /// Places on the way to the one that is being read.
    var open: Set<SchemaPlace> = []
    /// Schemas that may still be read: references within `allOf` could multiply without end.
    private var schemasLeft = 100_000

    let root = SchemaPlace(tree: 0, steps: [])
    var source: SchemaSource { compiler.documents.trees[0].source }
    var scope: String { source.scope }

    init(set: SchemaSet, compiler: AssertionCompiler) {
        self.set = set
        self.compiler = compiler
    }

    func failure(_ place: SchemaPlace, _ message: String, _ remedy: String) -> SchemaError {
        compiler.documents.failure(place, message, remedy)
    }

    /// The form at a place; `null` where there is none.
    func form(_ place: SchemaPlace) -> JSONValue { compiler.documents[place] ?? .null }

    mutating func count(_ place: SchemaPlace) throws(SchemaError) {
        schemasLeft -= 1
        if schemasLeft < 0 {
            throw failure(
                place, "more than 100,000 schemas once references are followed", "Use fewer allOf within allOf.")
        }
    }

    mutating func run() throws(SchemaError) -> SchemaSet {
        let document = form(root)
        if let version = document["openapi"]?.string, version.hasPrefix("3.") {
            try lowerDescription()
        } else if document["openapi"] != nil || document["swagger"] != nil {
            throw failure(
                root["openapi"], "expected an OpenAPI description of version 3",
                "Version 2 (swagger) can be converted with the tools of the OpenAPI project.")
        } else {
            try lowerSchema(document)
        }
        try compiler.checkCircles()
        set.assertions = compiler.assertions
        set.findings += compiler.findings
        return set
    }

    /// Keywords at least one of which a file must have to pass for a JSON Schema: any object would be one.
    private static let marks: Set<String> = JSONSchemaKeywords.constraining.union([
        "$schema", "$id", "$ref", "$defs", "definitions", "components", "title", "description",
    ])

    private mutating func lowerSchema(_ document: JSONValue) throws(SchemaError) {
        guard document.bool != nil || document.object?.keys.contains(where: OpenAPILowering.marks.contains) == true
        else {
            throw failure(
                root, "expected an OpenAPI description of version 3, or a JSON Schema",
                "The first begins with 'openapi: 3.1.0', the second has '$schema', 'type' or 'properties'.")
        }
        if let dialect = document["$schema"]?.string, dialect.contains("draft-04") || dialect.contains("draft-03") {
            throw failure(
                root["$schema"], "expected JSON Schema 2020-12, 2019-09 or draft 6 or 7",
                "Older drafts mean other things by the same words.")
        }
        let title = document["title"]?.string ?? ""
        let isName = !title.isEmpty && title.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        set.roots[scope] = try type(at: root, name: isName ? title : scope, depth: 0)
        for key in ["$defs", "definitions"] {
            for name in document[key]?.object?.keys ?? [] {
                _ = try type(at: root[key][name], name: name, depth: 0)
            }
        }
        for name in document["components"]?["schemas"]?.object?.keys ?? [] {
            _ = try type(at: root["components"]["schemas"][name], name: name, depth: 0)
        }
    }

    private mutating func lowerDescription() throws(SchemaError) {
        let document = form(root)
        // Every declared schema is lowered, used or not: scenarios refer to them by name.
        let schemas = root["components"]["schemas"]
        for name in form(schemas).object?.keys ?? [] { _ = try type(at: schemas[name], name: name, depth: 0) }
        let base = basePath(document)
        for path in document["paths"]?.object?.members ?? [] {
            let place = root["paths"][path.key]
            guard path.key.hasPrefix("/") else {
                if !path.key.hasPrefix("x-") {
                    compiler.findings.append(
                        compiler.documents.finding(
                            .error, "path", place, "expected a path that begins with '/'", "Write '/\(path.key)'."))
                }
                continue
            }
            let item = try dereference(place)
            for method in OpenAPILowering.methods where form(item)[method] != nil {
                guard form(item[method]).object != nil else {
                    throw failure(
                        item[method], "expected an object", "An operation has parameters, a requestBody and responses.")
                }
                set.routes.append(try operation(item[method], method.uppercased(), base + path.key, of: item))
            }
        }
    }

    /// The path of the first server: `/api` of `https://host/api/`.
    private func basePath(_ document: JSONValue) -> String {
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

    // MARK: References

    /// Follows `$ref` to an object that is no schema: a response, a parameter, a body, a path item.
    mutating func dereference(_ place: SchemaPlace) throws(SchemaError) -> SchemaPlace {
        var place = place
        for _ in 0..<16 {
            guard let reference = form(place)["$ref"]?.string else { return place }
            place = try compiler.documents.resolve(reference, at: place)
        }
        throw failure(place, "a $ref that leads back to itself", "Let one of the references lead to an object.")
    }

    /// `x-…` members with scalar values, and what a schema says of how it is used.
    static func extensions(_ form: JSONValue) -> Annotations {
        var result: Annotations = [:]
        for member in form.object?.members ?? []
        where member.key.hasPrefix("x-") || ["readOnly", "writeOnly", "deprecated"].contains(member.key) {
            switch member.value {
            case .string(let text): result[member.key] = text
            case .bool(let value): result[member.key] = value ? "true" : "false"
            case .number(let number): result[member.key] = number.text
            default: break
            }
        }
        return result
    }

    static func documentation(_ form: JSONValue) -> String {
        form["description"]?.string ?? form["summary"]?.string ?? form["title"]?.string ?? ""
    }
}
