import Bytes
import JSON

/// Turns one parsed document into the types and operations of a set.
struct IDLLowering {
    var set: SchemaSet
    let scope: String
    let document: IDLDocument
    var declared: IDLScope
    let constants: [String: Int]
    private let source: SchemaSource
    private let typedefs: [String: Int]

    init(set: SchemaSet, source: SchemaSource, document: IDLDocument, declared: IDLScope) {
        self.set = set
        self.document = document
        self.source = source
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
                SchemaType(.enumeration(set.enumerations.count), annotations: one.annotations.byName))
            set.enumerations.append(
                SchemaEnumeration(
                    name: one.name.text, scope: scope,
                    cases: one.cases.map {
                        SchemaEnumeration.Case(
                            $0.name.text, $0.value, annotations: $0.annotations.byName,
                            documentation: $0.documentation ?? "")
                    }, annotations: one.annotations.byName, documentation: one.documentation ?? ""))
        }
        for one in document.textEnumerations {
            var type = SchemaType(.string)
            type.constraints.allowed = one.texts.map { .string($0) }
            declared.declarations[one.name.text] = .type(type)
        }
        let firstStructure = set.structures.count
        for one in document.structures {
            declared.declarations[one.name.text] = .type(SchemaType(.structure(set.structures.count)))
            set.structures.append(
                SchemaStructure(
                    one.kind, name: one.name.text, scope: scope, annotations: one.annotations.byName,
                    documentation: one.documentation ?? ""))
        }
        for one in document.typedefs { _ = try resolve(one.name, depth: 0) }
        for (index, one) in document.structures.enumerated() {
            var fields = try fields(one.fields)
            // One of a union's fields is set: none of them can be required.
            if one.kind == .union { for index in fields.indices { fields[index].presence = .optional } }
            set.structures[firstStructure + index].fields = fields
        }
        // Values last: those of structs are checked against fields that may be declared below.
        for one in document.constants { _ = try constant(named: one.name, depth: 0) }
        for (index, one) in document.structures.enumerated() {
            for (field, form) in one.fields.enumerated() where form.value != nil {
                set.structures[firstStructure + index].fields[field].defaultValue = try defaultValue(
                    form, set.structures[firstStructure + index].fields[field].type)
            }
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
                throw IDLError(
                    offset: first.name.offset, message: "service \(first.name.text) extends itself",
                    remedy: "Remove 'extends' from one of the services in the circle.")
            }
        }
        set.scopes[scope] = declared
        return set
    }

    private func checkNames() throws(IDLError) {
        var seen: Set<String> = []
        let names =
            document.typedefs.map(\.name) + document.constants.map(\.name) + document.enumerations.map(\.name)
            + document.structures.map(\.name) + document.services.map(\.name) + document.textEnumerations.map(\.name)
        for name in names where !seen.insert(name.text).inserted {
            throw IDLError(
                offset: name.offset, message: "\(name.text) is declared twice", remedy: "Rename or remove one of them.")
        }
    }

    // MARK: Types

    static let baseTypes: [String: SchemaType.Kind] = [
        "bool": .bool, "byte": .i8, "i8": .i8, "i16": .i16, "i32": .i32, "i64": .i64, "double": .double,
        "string": .string, "binary": .binary, "slist": .string, "uuid": .uuid,
    ]

    mutating func type(_ use: IDLDocument.TypeUse, depth: Int = 0) throws(IDLError) -> SchemaType {
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
        annotate(&result, use.annotations)
        return result
    }

    /// A declared type by its name, `Type` or `include.Type`.
    private mutating func resolve(_ name: IDLDocument.Name, depth: Int) throws(IDLError) -> SchemaType {
        guard depth <= IDLParser.depthLimit else {
            throw IDLError(
                offset: name.offset, message: "typedef \(name.text) leads back to itself",
                remedy: "A typedef must end at a base type, an enum or a struct.")
        }
        if case .type(let type)? = declaration(name.text) { return type }
        guard let index = typedefs[name.text] else {
            throw IDLError(
                offset: name.offset, message: "expected a declared type, \(name.text) is none",
                remedy: typeRemedy(name.text))
        }
        let type = try type(document.typedefs[index].type, depth: depth + 1)
        declared.declarations[name.text] = .type(type)
        return type
    }

    func declaration(_ name: String) -> IDLScope.Declaration? {
        if let own = declared.declarations[name] { return own }
        // Names of documents may hold dots themselves.
        for dot in name.indices where name[dot] == "." && declared.includes.contains(String(name[..<dot])) {
            if let found = set.scopes[String(name[..<dot])]?.declarations[String(name[name.index(after: dot)...])] {
                return found
            }
        }
        return nil
    }

    /// What may have been meant by a type that is not there.
    private func typeRemedy(_ name: String) -> String {
        if let dot = name.lastIndex(of: "."), !declared.includes.contains(String(name[..<dot])) {
            return "Include \(name[..<dot]).thrift, or correct the name before the dot."
        }
        var known =
            Array(IDLLowering.baseTypes.keys.sorted()) + document.structures.map(\.name.text)
            + document.enumerations.map(\.name.text) + document.typedefs.map(\.name.text)
        for include in declared.includes.sorted() {
            known += (set.scopes[include]?.declarations ?? [:]).keys.sorted().map { "\(include).\($0)" }
        }
        if let exact = known.first(where: { $0.hasSuffix(".\(name)") }) { return "Did you mean '\(exact)'?" }
        return nearestName(name, in: known).map { "Did you mean '\($0)'?" }
            ?? "Declare it, or include the document that does."
    }

    /// Merges annotations into a type; those that are constraints become such.
    private mutating func annotate(_ type: inout SchemaType, _ annotations: [IDLDocument.Annotation]) {
        let reader = AnnotatedConstraints(enumerations: set.enumerations)
        for one in annotations {
            type.annotations[one.name.text] = one.value
            guard AnnotatedConstraints.isConstraint(one.name.text),
                let problem = reader.apply(one.name.text, one.value, to: &type)
            else { continue }
            set.findings.append(
                SchemaFinding(
                    .error, "constraint", source.name, source.position(one.name.offset), problem.message,
                    remedy: problem.remedy))
        }
    }

    mutating func fields(_ forms: [IDLDocument.Field]) throws(IDLError) -> [SchemaField] {
        var result: [SchemaField] = []
        for form in forms {
            var type = try type(form.type)
            annotate(&type, form.annotations)
            if result.contains(where: { $0.name == form.name.text }) {
                throw IDLError(
                    offset: form.name.offset, message: "field \(form.name.text) is declared twice",
                    remedy: "Rename one of them.")
            }
            result.append(
                SchemaField(
                    id: form.id, name: form.name.text, type: type, presence: form.presence,
                    annotations: type.annotations,
                    documentation: form.documentation ?? ""))
        }
        return result
    }
}
