import JSON

/// What a Thrift document declares, by name.
struct IDLScope: Sendable {
    enum Declaration: Sendable {
        case type(SchemaType)
        case constant(JSONValue, SchemaType)
        /// Functions of a service, inherited ones included, as indices into ``SchemaSet/operations``.
        case service([Int])
    }

    var declarations: [String: Declaration] = [:]
    /// Scopes that this document may refer to.
    var includes: Set<String> = []
}

extension SchemaSet {
    mutating func loadIDL(
        _ source: SchemaSource, include: (String, SchemaSource) -> SchemaSource?
    ) throws(SchemaError) {
        let scope = source.scope
        guard scopes[scope] == nil else {
            throw SchemaError(
                source.name, nil, "another document named \(scope) is loaded already",
                remedy: "Names of documents must differ, whatever their folders: rename one.")
        }
        let document: IDLDocument
        do throws(IDLError) {
            document = try IDLParser.parse(source.bytes)
        } catch {
            throw SchemaError(source, error)
        }
        var declared = IDLScope()
        loading.append(scope)
        for path in document.includes {
            let name = SchemaSource(name: path.text, bytes: []).scope
            declared.includes.insert(name)
            if scopes[name] != nil { continue }
            guard !loading.contains(name), loading.count < 64 else {
                throw SchemaError(
                    source.name, source.position(path.offset), "\(path.text) is included in a circle",
                    remedy: "Move what both need into a document of its own.")
            }
            guard let included = include(path.text, source) else {
                throw SchemaError(
                    source.name, source.position(path.offset),
                    "expected an include that can be found: \(path.text) is not there",
                    remedy: "Paths are relative to the file that includes, then to the --include folders.")
            }
            try loadIDL(included, include: include)
        }
        loading.removeLast()
        var lowering = IDLLowering(set: self, source: source, document: document, declared: declared)
        do throws(IDLError) {
            self = try lowering.run()
        } catch {
            throw SchemaError(source, error)
        }
        sources.append(source)
    }
}

extension SchemaError {
    init(_ source: SchemaSource, _ error: IDLError) {
        self.init(source.name, source.position(error.offset), error.message, remedy: error.remedy)
    }
}
