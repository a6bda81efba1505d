extension IDLParser {
    mutating func document() throws(IDLError) -> IDLDocument {
        var document = IDLDocument()
        while token.kind != .end {
            let start = token
            let word = try identifier("a definition such as 'struct' or 'service'")
            switch word.text {
            case "include":
                let offset = token.offset
                document.includes.append(IDLDocument.Name(text: try literal("a file name in quotes"), offset: offset))
            case "cpp_include": _ = try literal("a file name in quotes")
            case "namespace": document.namespaces.append(try namespace())
            case "typedef":
                let type = try type()
                let name = try identifier("the new type's name")
                var named = type
                named.annotations.merge(try annotations()) { _, new in new }
                document.typedefs.append((name, named))
            case "const":
                let type = try type()
                let name = try identifier("the constant's name")
                try expect("=", "before the constant's value")
                document.constants.append((name, type, try constant()))
                _ = try annotations()
            case "enum": document.enumerations.append(try enumeration())
            case "struct": document.structures.append(try structure(.structure))
            case "union": document.structures.append(try structure(.union))
            case "exception": document.structures.append(try structure(.exception))
            case "service": document.services.append(try service())
            default:
                throw IDLError(
                    offset: start.offset,
                    message: "expected a definition such as 'struct' or 'service', found \(start.description)")
            }
            try separator()
        }
        return document
    }

    private mutating func namespace() throws(IDLError) -> (String, String) {
        let language = try take("*") ? "*" : try identifier("a language or '*'").text
        let name: String
        if case .literal(let text) = token.kind {
            name = text
            try advance()
        } else {
            name = try identifier("a namespace").text
        }
        _ = try annotations()
        return (language, name)
    }

    private mutating func enumeration() throws(IDLError) -> IDLDocument.Enumeration {
        let name = try identifier("the enum's name")
        try expect("{", "after the enum's name")
        var cases: [SchemaEnumeration.Case] = []
        var next: Int64 = 0
        while !(try take("}")) {
            let caseName = try identifier("a case or '}'")
            if try take("=") {
                guard case .integer(let value) = token.kind else { throw expected("a whole number") }
                next = value
                try advance()
            }
            guard let value = Int32(exactly: next) else {
                throw IDLError(offset: caseName.offset, message: "expected a case value of 32 bits")
            }
            cases.append(SchemaEnumeration.Case(caseName.text, value))
            next = Int64(value) + 1
            _ = try annotations()
            try separator()
        }
        return IDLDocument.Enumeration(name: name, cases: cases, annotations: try annotations())
    }

    private mutating func structure(_ kind: SchemaStructure.Kind) throws(IDLError) -> IDLDocument.Structure {
        let name = try identifier("the \(kind == .structure ? "struct" : "\(kind)")'s name")
        _ = try takeWord("xsd_all")
        try expect("{", "after the name")
        let fields = try fields(until: "}")
        return IDLDocument.Structure(kind: kind, name: name, fields: fields, annotations: try annotations())
    }

    /// Fields up to and with the closing bracket. A field without an id gets -1, -2, …, as the compiler numbers them.
    private mutating func fields(until close: Character) throws(IDLError) -> [IDLDocument.Field] {
        var fields: [IDLDocument.Field] = []
        var ids: Set<Int16> = []
        var implicit: Int16 = -1
        while !(try take(close)) {
            let offset = token.offset
            var id: Int16
            if case .integer(let value) = token.kind {
                guard let narrow = Int16(exactly: value) else { throw expected("a field id of 16 bits") }
                id = narrow
                try advance()
                try expect(":", "after the field id")
            } else {
                guard case .identifier = token.kind else { throw expected("a field or '\(close)'") }
                id = implicit
                implicit &-= 1
            }
            guard ids.insert(id).inserted else {
                throw IDLError(offset: offset, message: "field id \(id) is used twice")
            }
            fields.append(try field(id))
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
        let annotations = try annotations()
        try separator()
        return IDLDocument.Field(
            id: id, name: name, type: type, presence: presence, value: value, annotations: annotations)
    }

    private mutating func service() throws(IDLError) -> IDLDocument.Service {
        let name = try identifier("the service's name")
        let parent = try takeWord("extends") ? try identifier("the service that is extended") : nil
        try expect("{", "after the service's name")
        var functions: [IDLDocument.Function] = []
        while !(try take("}")) {
            guard case .identifier = token.kind else { throw expected("a method or '}'") }
            functions.append(try function())
        }
        return IDLDocument.Service(
            name: name, parent: parent, functions: functions, annotations: try annotations())
    }

    private mutating func function() throws(IDLError) -> IDLDocument.Function {
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
            annotations: annotations)
    }
}
