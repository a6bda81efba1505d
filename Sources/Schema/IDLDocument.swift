/// A Thrift IDL as it is written, before names are resolved. Offsets are bytes into the document.
struct IDLDocument {
    struct Name {
        var text: String
        var offset: Int
    }

    /// In the order of the text; a name may stand more than once, as `vt.in` does.
    struct Annotation {
        var name: Name
        var value: String
    }

    indirect enum TypeForm {
        /// A base type or a declared one.
        case named(Name)
        case list(TypeUse)
        case set(TypeUse)
        case map(TypeUse, TypeUse)
    }

    struct TypeUse {
        var form: TypeForm
        var annotations: [Annotation] = []
    }

    struct Constant {
        indirect enum Form {
            case integer(Int64)
            case double(String)
            case literal(String)
            case name(String)
            case list([Constant])
            case map([(key: Constant, value: Constant)])
        }

        var form: Form
        var offset: Int
    }

    struct Field {
        var id: Int16
        var name: Name
        var type: TypeUse
        var presence: SchemaField.Presence
        var value: Constant?
        var annotations: [Annotation]
        var documentation: String?
        /// The id as written when it was none that the compiler takes, so that the field has one of its own choosing.
        var refusedID: Int64?
    }

    struct Structure {
        var kind: SchemaStructure.Kind
        var name: Name
        var fields: [Field]
        var annotations: [Annotation]
        var documentation: String?
    }

    struct Enumeration {
        var name: Name
        var cases: [(name: Name, value: Int32, annotations: [Annotation], documentation: String?)]
        var annotations: [Annotation]
        var documentation: String?
    }

    /// `senum`: texts among which a string is one.
    struct TextEnumeration {
        var name: Name
        var texts: [String]
    }

    struct Function {
        var name: Name
        /// Nil for void.
        var result: TypeUse?
        var arguments: [Field]
        var exceptions: [Field]
        var isOneway: Bool
        var annotations: [Annotation]
        var documentation: String?
    }

    struct Service {
        var name: Name
        var parent: Name?
        var functions: [Function]
        var annotations: [Annotation]
        var documentation: String?
    }

    var includes: [Name] = []
    /// Language (or `*`) and namespace.
    var namespaces: [(language: String, name: String)] = []
    var typedefs: [(name: Name, type: TypeUse)] = []
    var constants: [(name: Name, type: TypeUse, value: Constant)] = []
    var enumerations: [Enumeration] = []
    var textEnumerations: [TextEnumeration] = []
    var structures: [Structure] = []
    var services: [Service] = []
}

extension [IDLDocument.Annotation] {
    /// By name; the last of several wins.
    var byName: Annotations { Annotations(map { ($0.name.text, $0.value) }) { $1 } }
}
