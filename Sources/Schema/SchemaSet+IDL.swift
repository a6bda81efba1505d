import JSON

/// What a Thrift document declares, by name.
struct IDLScope: Sendable {
    enum Declaration: Sendable {
        case type(SchemaType)
        case constant(JSONValue)
        /// Functions of a service, inherited ones included, as indices into ``SchemaSet/operations``.
        case service([Int])
    }

    var declarations: [String: Declaration] = [:]
    /// Scopes that this document may refer to.
    var includes: Set<String> = []
}

extension SchemaSet {
    mutating func loadIDL(_ source: SchemaSource, include: (String) -> SchemaSource?) throws(SchemaError) {
        let scope = source.scope
        guard scopes[scope] == nil else {
            throw SchemaError(source.name, nil, "another document named \(scope) is loaded already")
        }
        let document: IDLDocument
        do throws(IDLError) {
            document = try IDLParser.parse(source.bytes)
        } catch {
            throw SchemaError(source.name, source.position(error.offset), error.message)
        }
        var declared = IDLScope()
        loading.append(scope)
        for path in document.includes {
            let name = SchemaSource(name: path.text, bytes: []).scope
            declared.includes.insert(name)
            if scopes[name] != nil { continue }
            guard !loading.contains(name), loading.count < 64 else {
                throw SchemaError(source.name, source.position(path.offset), "\(path.text) is included in a circle")
            }
            guard let included = include(path.text) else {
                throw SchemaError(
                    source.name, source.position(path.offset),
                    "expected an include that can be found: \(path.text) is not there")
            }
            try loadIDL(included, include: include)
        }
        loading.removeLast()
        var lowering = IDLLowering(set: self, source: source, document: document, declared: declared)
        do throws(IDLError) {
            self = try lowering.run()
        } catch {
            throw SchemaError(source.name, source.position(error.offset), error.message)
        }
        sources.append(source)
    }
}

/// Turns one parsed document into the types and operations of a set.
struct IDLLowering {
    private var set: SchemaSet
    private let scope: String
    private let document: IDLDocument
    private var declared: IDLScope
    private let typedefs: [String: Int]
    private let constants: [String: Int]

    init(set: SchemaSet, source: SchemaSource, document: IDLDocument, declared: IDLScope) {
        self.set = set
        self.document = document
        self.declared = declared
        scope = source.scope
        typedefs = Dictionary(document.typedefs.enumerated().map { ($1.name.text, $0) }) { first, _ in first }
        constants = Dictionary(document.constants.enumerated().map { ($1.name.text, $0) }) { first, _ in first }
    }

    mutating func run() throws(IDLError) -> SchemaSet {
        // Names first: a struct may refer to one that is declared below it, or to itself.
        try checkNames()
        for one in document.enumerations {
            declared.declarations[one.name.text] = .type(
                SchemaType(.enumeration(set.enumerations.count), annotations: one.annotations))
            set.enumerations.append(
                SchemaEnumeration(name: one.name.text, scope: scope, cases: one.cases, annotations: one.annotations))
        }
        let firstStructure = set.structures.count
        for one in document.structures {
            declared.declarations[one.name.text] = .type(SchemaType(.structure(set.structures.count)))
            set.structures.append(
                SchemaStructure(one.kind, name: one.name.text, scope: scope, annotations: one.annotations))
        }
        for one in document.typedefs { _ = try resolve(one.name, depth: 0) }
        for one in document.constants { _ = try constant(named: one.name, depth: 0) }
        for (index, one) in document.structures.enumerated() {
            var fields = try fields(one.fields)
            // One of a union's fields is set: none of them can be required.
            if one.kind == .union { for index in fields.indices { fields[index].presence = .optional } }
            set.structures[firstStructure + index].fields = fields
        }
        var pending = document.services
        // A service may extend one that is declared below it.
        while !pending.isEmpty {
            let before = pending.count
            var waiting: [IDLDocument.Service] = []
            for service in pending {
                if let parent = service.parent, pending.contains(where: { $0.name.text == parent.text }) {
                    waiting.append(service)
                } else {
                    try add(service)
                }
            }
            pending = waiting
            if let first = pending.first, pending.count == before {
                throw IDLError(offset: first.name.offset, message: "service \(first.name.text) extends itself")
            }
        }
        set.scopes[scope] = declared
        return set
    }

    private func checkNames() throws(IDLError) {
        var seen: Set<String> = []
        let names =
            document.typedefs.map(\.name) + document.constants.map(\.name) + document.enumerations.map(\.name)
            + document.structures.map(\.name) + document.services.map(\.name)
        for name in names where !seen.insert(name.text).inserted {
            throw IDLError(offset: name.offset, message: "\(name.text) is declared twice")
        }
    }

    // MARK: Types

    private static let baseTypes: [String: SchemaType.Kind] = [
        "bool": .bool, "byte": .i8, "i8": .i8, "i16": .i16, "i32": .i32, "i64": .i64, "double": .double,
        "string": .string, "binary": .binary, "slist": .string, "uuid": .uuid,
    ]

    private mutating func type(_ use: IDLDocument.TypeUse, depth: Int = 0) throws(IDLError) -> SchemaType {
        var result: SchemaType
        switch use.form {
        case .named(let name):
            if let base = IDLLowering.baseTypes[name.text] {
                result = SchemaType(base)
            } else {
                result = try resolve(name, depth: depth + 1)
            }
        case .list(let element): result = SchemaType(.list(try type(element, depth: depth)))
        case .set(let element): result = SchemaType(.set(try type(element, depth: depth)))
        case .map(let key, let value):
            result = SchemaType(.map(try type(key, depth: depth), try type(value, depth: depth)))
        }
        result.annotations.merge(use.annotations) { _, new in new }
        return result
    }

    /// A declared type by its name, `Type` or `include.Type`.
    private mutating func resolve(_ name: IDLDocument.Name, depth: Int) throws(IDLError) -> SchemaType {
        guard depth <= IDLParser.depthLimit else {
            throw IDLError(offset: name.offset, message: "typedef \(name.text) leads back to itself")
        }
        if case .type(let type)? = try declaration(name.text) { return type }
        guard let index = typedefs[name.text] else {
            throw IDLError(offset: name.offset, message: "expected a declared type, \(name.text) is none")
        }
        let type = try type(document.typedefs[index].type, depth: depth + 1)
        declared.declarations[name.text] = .type(type)
        return type
    }

    private func declaration(_ name: String) throws(IDLError) -> IDLScope.Declaration? {
        if let own = declared.declarations[name] { return own }
        guard let dot = name.firstIndex(of: "."), declared.includes.contains(String(name[..<dot])) else { return nil }
        return set.scopes[String(name[..<dot])]?.declarations[String(name[name.index(after: dot)...])]
    }

    private mutating func fields(_ forms: [IDLDocument.Field]) throws(IDLError) -> [SchemaField] {
        var result: [SchemaField] = []
        for form in forms {
            let type = try type(form.type)
            var field = SchemaField(
                id: form.id, name: form.name.text, type: type, presence: form.presence,
                annotations: type.annotations.merging(form.annotations) { _, new in new })
            if let value = form.value { field.defaultValue = try constant(value, type, depth: 0) }
            if result.contains(where: { $0.name == field.name }) {
                throw IDLError(offset: form.name.offset, message: "field \(field.name) is declared twice")
            }
            result.append(field)
        }
        return result
    }

    // MARK: Constants

    private mutating func constant(named name: IDLDocument.Name, depth: Int) throws(IDLError) -> JSONValue {
        guard depth <= IDLParser.depthLimit else {
            throw IDLError(offset: name.offset, message: "constant \(name.text) leads back to itself")
        }
        if case .constant(let value)? = try declaration(name.text) { return value }
        guard let index = constants[name.text] else {
            throw IDLError(offset: name.offset, message: "expected a declared constant, \(name.text) is none")
        }
        let form = document.constants[index]
        let value = try constant(form.value, try type(form.type), depth: depth + 1)
        declared.declarations[name.text] = .constant(value)
        return value
    }

    /// A constant as JSON: enumeration cases by name, doubles as numbers, maps as objects.
    private mutating func constant(
        _ form: IDLDocument.Constant, _ type: SchemaType, depth: Int
    ) throws(IDLError) -> JSONValue {
        switch form {
        case .integer(let value):
            switch type.kind {
            case .bool: return .bool(value != 0)
            case .enumeration(let index):
                return set.enumerations[index].name(of: value).map { .string($0) } ?? JSONValue(value)
            default: return JSONValue(value)
            }
        case .double(let text): return Double(text).map { JSONValue($0) } ?? .null
        case .literal(let text): return .string(text)
        case .name(let name): return try named(name, type, depth: depth)
        case .list(let forms):
            var element = SchemaType(.any)
            switch type.kind {
            case .list(let inner), .set(let inner): element = inner
            default: break
            }
            var values: [JSONValue] = []
            for form in forms { values.append(try constant(form, element, depth: depth)) }
            return .array(values)
        case .map(let entries):
            var object = JSONObject()
            for entry in entries {
                var types = (key: SchemaType(.string), value: SchemaType(.any))
                if case .map(let key, let value) = type.kind { types = (key, value) }
                let key = try constant(entry.key, types.key, depth: depth)
                if case .structure(let index) = type.kind, let name = key.string,
                    let field = set.structures[index].field(named: name)
                {
                    types.value = field.type
                }
                object.append(key.string ?? key.text, try constant(entry.value, types.value, depth: depth))
            }
            return .object(object)
        }
    }

    /// `true`, `false`, a constant, or a case: `Decision.approve`, `include.Decision.approve`, or bare where the type says.
    private mutating func named(
        _ name: IDLDocument.Name, _ type: SchemaType, depth: Int
    ) throws(IDLError) -> JSONValue {
        if name.text == "true" || name.text == "false" { return .bool(name.text == "true") }
        if case .enumeration(let index) = type.kind, set.enumerations[index].value(of: name.text) != nil {
            return .string(name.text)
        }
        if let dot = name.text.lastIndex(of: "."),
            case .type(let owner)? = try declaration(String(name.text[..<dot])),
            case .enumeration(let index) = owner.kind
        {
            let caseName = String(name.text[name.text.index(after: dot)...])
            if let value = set.enumerations[index].value(of: caseName) {
                // A case may stand where a number is wanted.
                if case .enumeration = type.kind { return .string(caseName) }
                return JSONValue(value)
            }
        }
        return try constant(named: name, depth: depth + 1)
    }

    // MARK: Services

    private mutating func add(_ service: IDLDocument.Service) throws(IDLError) {
        var indices: [Int] = []
        if let parent = service.parent {
            guard case .service(let inherited)? = try declaration(parent.text) else {
                throw IDLError(offset: parent.offset, message: "expected a declared service, \(parent.text) is none")
            }
            for index in inherited {
                var operation = set.operations[index]
                operation.service = service.name.text
                indices.append(set.operations.count)
                set.add(operation)
            }
        }
        for function in service.functions {
            let name = "\(service.name.text).\(function.name.text)"
            let arguments = SchemaStructure(
                .arguments, name: name, scope: scope, fields: try fields(function.arguments))
            var results = try fields(function.exceptions)
            if let type = function.result {
                results.insert(SchemaField(id: 0, name: "success", type: try self.type(type)), at: 0)
            }
            set.structures.append(arguments)
            set.structures.append(SchemaStructure(.result, name: name, scope: scope, fields: results))
            indices.append(set.operations.count)
            set.add(
                ThriftOperation(
                    service: service.name.text, method: function.name.text, scope: scope,
                    arguments: set.structures.count - 2, result: set.structures.count - 1,
                    isOneway: function.isOneway, declaringService: service.name.text,
                    annotations: service.annotations.merging(function.annotations) { _, new in new }))
        }
        declared.declarations[service.name.text] = .service(indices)
    }
}
