import Bytes

extension IDLParser {
    mutating func document() throws(IDLError) -> IDLDocument {
        var document = IDLDocument()
        while token.kind != .end {
            let start = token
            let documentation = token.documentation
            let word = try identifier("a definition such as 'struct' or 'service'")
            switch word.text {
            case "include":
                let offset = token.offset
                document.includes.append(IDLDocument.Name(text: try literal("a file name in quotes"), offset: offset))
            case "cpp_include", "c_include", "hs_include": _ = try literal("a file name in quotes")
            case "xsd_namespace": _ = try literal("a namespace in quotes")
            case _ where IDLParser.oldNamespaces[word.text] != nil:
                let name = try identifierOrLiteral("a namespace")
                document.namespaces.append((IDLParser.oldNamespaces[word.text] ?? "", name))
            case "namespace": document.namespaces.append(try namespace())
            case "typedef":
                let type = try type()
                let name = try identifier("the new type's name")
                var named = type
                named.annotations += try annotations()
                document.typedefs.append((name, named))
            case "const":
                let type = try type()
                let name = try identifier("the constant's name")
                try expect("=", "before the constant's value")
                document.constants.append((name, type, try constant()))
                _ = try annotations()
            case "enum": document.enumerations.append(try enumeration(documentation))
            case "senum": document.textEnumerations.append(try textEnumeration())
            case "struct": document.structures.append(try structure(.structure, documentation))
            case "union": document.structures.append(try structure(.union, documentation))
            case "exception": document.structures.append(try structure(.exception, documentation))
            case "service": document.services.append(try service(documentation))
            default:
                let near = nearestName(word.text, in: IDLParser.definitions).map { "Did you mean '\($0)'? " } ?? ""
                throw IDLError(
                    offset: start.offset,
                    message: "expected a definition such as 'struct' or 'service', found \(start.description)",
                    remedy: "\(near)Expected one of: \(IDLParser.definitions.joined(separator: ", ")).")
            }
            try separator()
        }
        return document
    }

    private static let definitions = [
        "include", "cpp_include", "namespace", "typedef", "const", "enum", "senum", "struct", "union", "exception",
        "service",
    ]

    /// How compilers before 0.9 spelt `namespace LANGUAGE`.
    private static let oldNamespaces = [
        "cpp_namespace": "cpp", "php_namespace": "php", "py_module": "py", "perl_package": "perl",
        "ruby_namespace": "rb", "smalltalk_category": "smalltalk.category", "smalltalk_prefix": "smalltalk.prefix",
        "java_package": "java", "cocoa_prefix": "cocoa", "csharp_namespace": "csharp", "delphi_namespace": "delphi",
    ]

    private mutating func identifierOrLiteral(_ what: String) throws(IDLError) -> String {
        if case .literal = token.kind { return try literal(what) }
        return try identifier(what).text
    }

    private mutating func namespace() throws(IDLError) -> (String, String) {
        let language = try take("*") ? "*" : try identifier("a language or '*'").text
        let name = try identifierOrLiteral("a namespace")
        _ = try annotations()
        return (language, name)
    }

    private mutating func enumeration(_ documentation: String?) throws(IDLError) -> IDLDocument.Enumeration {
        let name = try identifier("the enum's name")
        try expect("{", "after the enum's name")
        var result = IDLDocument.Enumeration(name: name, cases: [], annotations: [], documentation: documentation)
        var next: Int64 = 0
        while !(try take("}")) {
            let documentation = token.documentation
            let caseName = try identifier("a case or '}'")
            if try take("=") {
                guard case .integer(let value) = token.kind else {
                    throw expected("a whole number", remedy: "Values of cases are numbers like 3 or 0x10.")
                }
                next = value
                try advance()
            }
            guard let value = Int32(exactly: next) else {
                throw IDLError(
                    offset: caseName.offset, message: "expected a case value of 32 bits",
                    remedy: "Give it a value from -2147483648 to 2147483647.")
            }
            if result.cases.contains(where: { $0.name.text == caseName.text }) {
                throw IDLError(
                    offset: caseName.offset, message: "case \(caseName.text) is declared twice",
                    remedy: "Rename one of them.")
            }
            next = Int64(value) + 1
            result.cases.append((caseName, value, try annotations(), documentation))
            try separator()
        }
        result.annotations = try annotations()
        return result
    }

    private mutating func textEnumeration() throws(IDLError) -> IDLDocument.TextEnumeration {
        var result = IDLDocument.TextEnumeration(name: try identifier("the senum's name"), texts: [])
        try expect("{", "after the senum's name")
        while !(try take("}")) {
            result.texts.append(try literal("a text in quotes or '}'"))
            try separator()
        }
        _ = try annotations()
        return result
    }

    private mutating func structure(
        _ kind: SchemaStructure.Kind, _ documentation: String?
    ) throws(IDLError) -> IDLDocument.Structure {
        let name = try identifier("the \(kind == .structure ? "struct" : "\(kind)")'s name")
        _ = try takeWord("xsd_all")
        try expect("{", "after the name")
        let fields = try fields(until: "}")
        return IDLDocument.Structure(
            kind: kind, name: name, fields: fields, annotations: try annotations(), documentation: documentation)
    }

    /// Fields up to and with the closing bracket. A field without an id, or with one that is not positive, gets -1, -2, …,
    /// as the compiler numbers them.
    private mutating func fields(until close: Character) throws(IDLError) -> [IDLDocument.Field] {
        var fields: [IDLDocument.Field] = []
        var ids: Set<Int16> = []
        var implicit: Int16 = -1
        while !(try take(close)) {
            let offset = token.offset
            let documentation = token.documentation
            var id: Int16
            var refused: Int64?
            if case .integer(let value) = token.kind {
                guard let narrow = Int16(exactly: value) else {
                    throw expected("a field id of 16 bits", remedy: "Give it an id from 1 to 32767.")
                }
                id = narrow
                if id <= 0 {
                    refused = Int64(id)
                    id = implicit
                    implicit &-= 1
                }
                try advance()
                try expect(":", "after the field id")
            } else {
                guard case .identifier = token.kind else {
                    throw expected(
                        "a field or '\(close)'", remedy: "A field is written like '1: required string name'.")
                }
                id = implicit
                implicit &-= 1
            }
            guard ids.insert(id).inserted else {
                let free = (1...Int16.max).first { !ids.contains($0) } ?? 0
                throw IDLError(
                    offset: offset, message: "field id \(id) is used twice",
                    remedy: "\(free) is free in this list so far.")
            }
            var field = try field(id)
            (field.documentation, field.refusedID) = (documentation, refused)
            fields.append(field)
        }
        return fields
    }

    private mutating func field(_ id: Int16) throws(IDLError) -> IDLDocument.Field {
        var presence = SchemaField.Presence.unspecified
        if try takeWord("required") {
            presence = .required
        } else if try takeWord("optional") {
            presence = .optional
        }
        let type = try type()
        _ = try take("&")
        let name = try identifier("the field's name")
        let value = try take("=") ? try constant() : nil
        _ = try takeWord("xsd_optional")
        _ = try takeWord("xsd_nillable")
        if try takeWord("xsd_attrs") {
            try expect("{", "after 'xsd_attrs'")
            _ = try nested { (parser) throws(IDLError) in try parser.fields(until: "}") }
        }
        let annotations = try annotations()
        try separator()
        return IDLDocument.Field(
            id: id, name: name, type: type, presence: presence, value: value, annotations: annotations)
    }

    private mutating func service(_ documentation: String?) throws(IDLError) -> IDLDocument.Service {
        let name = try identifier("the service's name")
        let parent = try takeWord("extends") ? try identifier("the service that is extended") : nil
        try expect("{", "after the service's name")
        var functions: [IDLDocument.Function] = []
        while !(try take("}")) {
            guard case .identifier = token.kind else {
                throw expected("a method or '}'", remedy: "A method is written like 'Reply ask(1: Request request)'.")
            }
            functions.append(try function())
        }
        return IDLDocument.Service(
            name: name, parent: parent, functions: functions, annotations: try annotations(),
            documentation: documentation)
    }

    private mutating func function() throws(IDLError) -> IDLDocument.Function {
        let documentation = token.documentation
        var isOneway = try takeWord("oneway")
        if !isOneway { isOneway = try takeWord("async") }
        let result = try takeWord("void") ? nil : try type()
        let name = try identifier("the method's name")
        try expect("(", "before the method's arguments")
        let arguments = try fields(until: ")")
        var exceptions: [IDLDocument.Field] = []
        if try takeWord("throws") {
            try expect("(", "after 'throws'")
            exceptions = try fields(until: ")")
        }
        let annotations = try annotations()
        try separator()
        return IDLDocument.Function(
            name: name, result: result, arguments: arguments, exceptions: exceptions, isOneway: isOneway,
            annotations: annotations, documentation: documentation)
    }
}
