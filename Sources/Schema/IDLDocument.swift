/// A Thrift IDL as it is written, before names are resolved. Offsets are bytes into the document.
struct IDLDocument {
    struct Name {
        var text: String
        var offset: Int
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
        var annotations: Annotations = [:]
    }

    enum Constant {
        case integer(Int64)
        case double(String)
        case literal(String)
        case name(Name)
        case list([Constant])
        case map([(key: Constant, value: Constant)])
    }

    struct Field {
        var id: Int16
        var name: Name
        var type: TypeUse
        var presence: SchemaField.Presence
        var value: Constant?
        var annotations: Annotations
    }

    struct Structure {
        var kind: SchemaStructure.Kind
        var name: Name
        var fields: [Field]
        var annotations: Annotations
    }

    struct Enumeration {
        var name: Name
        var cases: [SchemaEnumeration.Case]
        var annotations: Annotations
    }

    struct Function {
        var name: Name
        /// Nil for void.
        var result: TypeUse?
        var arguments: [Field]
        var exceptions: [Field]
        var isOneway: Bool
        var annotations: Annotations
    }

    struct Service {
        var name: Name
        var parent: Name?
        var functions: [Function]
        var annotations: Annotations
    }

    var includes: [Name] = []
    /// Language (or `*`) and namespace.
    var namespaces: [(String, String)] = []
    var typedefs: [(name: Name, type: TypeUse)] = []
    var constants: [(name: Name, type: TypeUse, value: Constant)] = []
    var enumerations: [Enumeration] = []
    var structures: [Structure] = []
    var services: [Service] = []
}
