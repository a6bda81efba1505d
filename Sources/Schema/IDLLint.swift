import Bytes

/// What the compiler takes and an author would rather know: unused includes, ids that make trouble later, annotations that
/// look like a slip.
struct IDLLint {
    let source: SchemaSource
    let document: IDLDocument
    let set: SchemaSet
    private(set) var findings: [SchemaFinding] = []

    init(_ source: SchemaSource, _ document: IDLDocument, _ set: SchemaSet) {
        self.source = source
        self.document = document
        self.set = set
    }

    private mutating func add(
        _ severity: SchemaFinding.Severity, _ rule: String, _ offset: Int, _ message: String, _ remedy: String
    ) {
        findings.append(
            SchemaFinding(severity, rule, source.name, source.position(offset), message, remedy: remedy))
    }

    mutating func run() {
        includes()
        for one in document.enumerations { enumeration(one) }
        for one in document.structures {
            fields(one.fields, of: "\(one.kind == .structure ? "struct" : "\(one.kind)") \(one.name.text)")
            annotations(one.annotations)
            if one.kind == .union { union(one) }
        }
        for service in document.services {
            annotations(service.annotations)
            for function in service.functions { self.function(function) }
        }
        for one in document.typedefs { annotations(one.type.annotations) }
    }

    // MARK: Includes

    private mutating func includes() {
        var used: Set<String> = []
        func note(_ name: String) {
            for dot in name.indices where name[dot] == "." { used.insert(String(name[..<dot])) }
        }
        func note(_ type: IDLDocument.TypeUse) {
            switch type.form {
            case .named(let name): note(name.text)
            case .list(let inner), .set(let inner): note(inner)
            case .map(let key, let value):
                note(key)
                note(value)
            }
        }
        func note(_ value: IDLDocument.Constant) {
            switch value.form {
            case .name(let name): note(name)
            case .list(let values): for value in values { note(value) }
            case .map(let entries):
                for entry in entries {
                    note(entry.key)
                    note(entry.value)
                }
            default: return
            }
        }
        func note(_ fields: [IDLDocument.Field]) {
            for field in fields {
                note(field.type)
                if let value = field.value { note(value) }
            }
        }
        for one in document.typedefs { note(one.type) }
        for one in document.constants {
            note(one.type)
            note(one.value)
        }
        for one in document.structures { note(one.fields) }
        for service in document.services {
            if let parent = service.parent { note(parent.text) }
            for function in service.functions {
                if let result = function.result { note(result) }
                note(function.arguments)
                note(function.exceptions)
            }
        }
        var seen: Set<String> = []
        for include in document.includes {
            let scope = SchemaSource(name: include.text, bytes: []).scope
            if !seen.insert(scope).inserted {
                add(.warning, "double-include", include.offset, "\(include.text) is included twice", "Remove one.")
            } else if !used.contains(scope) {
                add(
                    .warning, "unused-include", include.offset, "\(include.text) is included and not used",
                    "Remove the include.")
            }
        }
    }

    // MARK: Declarations

    private mutating func enumeration(_ one: IDLDocument.Enumeration) {
        annotations(one.annotations)
        if one.cases.isEmpty {
            add(.warning, "empty-enum", one.name.offset, "enum \(one.name.text) has no cases", "Add one, or remove it.")
        } else if !one.cases.contains(where: { $0.value == 0 }) {
            add(
                .note, "enum-without-zero", one.name.offset,
                "enum \(one.name.text) has no case with the value 0, which several languages take for an unset field",
                "Give 0 to a case such as UNKNOWN.")
        }
        var names: [Int32: String] = [:]
        for item in one.cases {
            annotations(item.annotations)
            if let other = names.updateValue(item.name.text, forKey: item.value) {
                add(
                    .error, "duplicate-value", item.name.offset,
                    "\(item.name.text) has the value \(item.value), which \(other) has too", "Give it another value.")
            }
        }
    }

    private mutating func union(_ one: IDLDocument.Structure) {
        for field in one.fields where field.presence == .required {
            add(
                .error, "required-in-union", field.name.offset, "a field of a union cannot be required",
                "Remove 'required': exactly one field of a union is set.")
        }
        if one.fields.filter({ $0.value != nil }).count > 1 {
            add(
                .error, "defaults-in-union", one.name.offset, "several fields of a union have defaults",
                "Keep one at most.")
        }
    }

    private mutating func fields(_ fields: [IDLDocument.Field], of owner: String, needsIDs: Bool = true) {
        for field in fields {
            annotations(field.type.annotations + field.annotations)
            if let refused = field.refusedID {
                add(
                    .warning, "id-not-positive", field.name.offset,
                    "field \(field.name.text) of \(owner) has the id \(refused), instead of which compilers use \(field.id)",
                    "Give it an id from 1 to 32767.")
            } else if field.id < 0, needsIDs {
                add(
                    .warning, "missing-id", field.name.offset,
                    "field \(field.name.text) of \(owner) has no id: its place in the list decides what is on the wire",
                    "Give it an id from 1 to 32767.")
            }
            if let type = type(of: field, in: owner), let text = contradiction(type.constraints) {
                add(
                    .error, "contradiction", field.name.offset, "field \(field.name.text): \(text)",
                    "Correct one of the bounds.")
            }
        }
        let names = fields.map { $0.name.text.lowercased().filter { $0 != "_" } }
        for (index, name) in names.enumerated() {
            if let first = names[..<index].firstIndex(of: name) {
                add(
                    .warning, "similar-names", fields[index].name.offset,
                    "fields \(fields[first].name.text) and \(fields[index].name.text) of \(owner) have the same name in some languages",
                    "Rename one of them.")
            }
        }
    }

    private func type(of field: IDLDocument.Field, in owner: String) -> SchemaType? {
        let name = owner.split(separator: " ").last.map(String.init) ?? owner
        return set.structures.first { $0.scope == source.scope && $0.name == name }?.field(id: field.id)?.type
    }

    private func contradiction(_ constraints: Constraints) -> String? {
        if let low = constraints.minimum?.exact, let high = constraints.maximum?.exact,
            low > high || low == high && (constraints.isMinimumExclusive || constraints.isMaximumExclusive)
        {
            return "no number is within its bounds"
        }
        if let low = constraints.minimumLength, let high = constraints.maximumLength, low > high {
            return "no length is within its bounds"
        }
        if let low = constraints.minimumBytes, let high = constraints.maximumBytes, low > high {
            return "no size is within its bounds"
        }
        return nil
    }

    private mutating func function(_ one: IDLDocument.Function) {
        annotations(one.annotations)
        fields(one.arguments, of: "method \(one.name.text)")
        fields(one.exceptions, of: "throws of \(one.name.text)", needsIDs: true)
        if one.isOneway, one.result != nil || !one.exceptions.isEmpty {
            add(
                .error, "oneway-result", one.name.offset, "a oneway method cannot return or throw",
                "Remove 'oneway', or let it be void without 'throws'.")
        }
        for field in one.arguments where field.presence == .required {
            add(
                .note, "required-argument", field.name.offset,
                "'required' has no effect on arguments in most languages",
                "Remove it.")
        }
        for field in one.exceptions {
            guard case .named(let name) = field.type.form else { continue }
            let bare = name.text.split(separator: ".").last.map(String.init) ?? name.text
            if set.structures.contains(where: { $0.name == bare && $0.kind != .exception && $0.kind != .arguments })
                && !set.structures.contains(where: { $0.name == bare && $0.kind == .exception })
            {
                add(
                    .error, "not-an-exception", name.offset, "\(name.text) is no exception",
                    "Declare it with 'exception'.")
            }
        }
    }

    // MARK: Annotations

    /// Those of Tinct, of which a slip would go unseen.
    private static let own = ["tinct.id", "tinct.time", "pii.class"]

    private mutating func annotations(_ list: [IDLDocument.Annotation]) {
        for one in list where !IDLLint.own.contains(one.name.text) {
            let name = one.name.text
            guard name.hasPrefix("tinct.") || name.hasPrefix("pii.") || name.hasPrefix("vt") || name.hasPrefix("valid")
            else {
                continue
            }
            if AnnotatedConstraints.isConstraint(name) { continue }
            let near =
                nearestName(name, in: IDLLint.own + ["vt.", "validation."]).map { "Did you mean '\($0)'? " } ?? ""
            add(
                .warning, "unknown-annotation", one.name.offset, "the annotation \(name) is not known",
                near + "Known are \(IDLLint.own.joined(separator: ", ")), vt.… and validation.….")
        }
    }
}

extension SchemaSet {
    /// What is wrong, or looks wrong, with documents that could be loaded, in the order of documents and places.
    package func lint() -> [SchemaFinding] {
        var result = findings
        for source in sources where source.kind == .thrift {
            guard let document = try? IDLParser.parse(source.bytes) else { continue }
            var lint = IDLLint(source, document, self)
            lint.run()
            result += lint.findings
        }
        var order: [String: Int] = [:]
        for (index, source) in sources.enumerated() { order[source.name] = index }
        var seen: Set<String> = []
        // A schema that is reached in several ways is wrong once.
        return result.filter { seen.insert($0.description).inserted }.sorted { a, b in
            let places = (order[a.document] ?? 0, order[b.document] ?? 0)
            if places.0 != places.1 { return places.0 < places.1 }
            let lines = (a.position?.line ?? 0, b.position?.line ?? 0)
            if lines.0 != lines.1 { return lines.0 < lines.1 }
            return (a.position?.column ?? 0) < (b.position?.column ?? 0)
        }
    }
}
