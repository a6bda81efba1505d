import Bytes
import JSON

/// The documents that one schema is read from, and what their `$id` and `$anchor` name.
///
/// Sources: JSON Schema 2020-12 core §8 and §9, RFC 3986 §5 for the merging of references.
struct SchemaLibrary {
    private(set) var trees: [SchemaTree] = []
    /// Whether a tree follows a draft before 2019-09 or OpenAPI 3.0, where what stands beside a `$ref` is ignored.
    private(set) var ignoresSiblings: [Bool] = []
    /// Of each resource, by its URI without a fragment.
    private var resources: [String: SchemaPlace] = [:]
    /// By URI with fragment; nil when the name is given twice.
    private var anchors: [String: SchemaPlace] = [:]
    /// What a resource names by `$dynamicAnchor`, by its URI.
    private var dynamicAnchors: [String: [String: SchemaPlace]] = [:]
    private let include: (String, SchemaSource) -> SchemaSource?

    static let treeLimit = 256

    init(include: @escaping (String, SchemaSource) -> SchemaSource?) { self.include = include }

    /// Keywords whose values are data, not schemas.
    private static let data: Set<String> = ["enum", "const", "default", "example", "examples"]

    mutating func add(_ tree: SchemaTree) throws(SchemaError) {
        let index = trees.count
        guard index < SchemaLibrary.treeLimit else {
            throw SchemaError(
                tree.source.name, nil, "more than \(SchemaLibrary.treeLimit) documents", remedy: "Bundle them into one."
            )
        }
        trees.append(tree)
        let version = tree.value["openapi"]?.string ?? ""
        let dialect = tree.value["$schema"]?.string ?? ""
        ignoresSiblings.append(version.hasPrefix("3.0") || dialect.contains("draft-0"))
        resources[tree.source.name] = SchemaPlace(tree: index, steps: [])
        walk(tree.value, SchemaPlace(tree: index, steps: []), base: tree.source.name, depth: 0)
    }

    private mutating func walk(_ form: JSONValue, _ place: SchemaPlace, base: String, depth: Int) {
        if depth > JSONValue.defaultDepthLimit { return }
        switch form {
        case .object(let object):
            var base = base
            if let id = object["$id"]?.string ?? (ignoresSiblings[place.tree] ? object["id"]?.string : nil) {
                if id.hasPrefix("#") {
                    // Drafts 6 and 7 name anchors so.
                    anchors[base + id] = place
                } else {
                    base = SchemaLibrary.merge(base, id).0
                    resources[base] = place
                }
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                if let name = object[key]?.string { anchors["\(base)#\(name)"] = place }
            }
            if let name = object["$dynamicAnchor"]?.string { dynamicAnchors[base, default: [:]][name] = place }
            for member in object.members where !SchemaLibrary.data.contains(member.key) || isMap(place) {
                walk(member.value, place[member.key], base: base, depth: depth + 1)
            }
        case .array(let values):
            for (index, value) in values.enumerated() { walk(value, place[index], base: base, depth: depth + 1) }
        default: return
        }
    }

    /// Whether the members at a place are named by the author, so that one may be called `enum`.
    private func isMap(_ place: SchemaPlace) -> Bool {
        guard let last = place.steps.last else { return false }
        let maps: Set<String> = [
            "properties", "patternProperties", "$defs", "definitions", "schemas", "dependentSchemas",
        ]
        return maps.contains(last) && place.steps.dropLast().last.map { !maps.contains($0) } != false
    }

    subscript(place: SchemaPlace) -> JSONValue? { trees[place.tree][place.steps] }

    func failure(_ place: SchemaPlace, _ message: String, _ remedy: String) -> SchemaError {
        SchemaError(
            trees[place.tree].source.name, trees[place.tree].position(place.steps), "\(place.pointer): \(message)",
            remedy: remedy)
    }

    func finding(
        _ severity: SchemaFinding.Severity, _ rule: String, _ place: SchemaPlace, _ message: String, _ remedy: String
    ) -> SchemaFinding {
        SchemaFinding(
            severity, rule, trees[place.tree].source.name, trees[place.tree].position(place.steps),
            "\(place.pointer): \(message)", remedy: remedy)
    }

    /// The dynamic anchors of the resource that a place is in.
    func dynamicAnchors(around place: SchemaPlace) -> [String: SchemaPlace] {
        dynamicAnchors.isEmpty ? [:] : dynamicAnchors[base(of: place)] ?? [:]
    }

    /// What a `$ref` at `place` refers to; loads the file if it must.
    mutating func resolve(_ reference: String, at place: SchemaPlace) throws(SchemaError) -> SchemaPlace {
        let (uri, fragment) = SchemaLibrary.merge(base(of: place), reference)
        guard let resource = try resource(uri, reference, at: place) else {
            throw failure(
                place, "expected a document that can be found: \(uri) is not there",
                "Give the file beside this one, or put the schema under '#/$defs'. Nothing is fetched from the network."
            )
        }
        if fragment.isEmpty { return resource }
        guard fragment.hasPrefix("/") else {
            if let found = anchors["\(uri)#\(fragment)"] ?? anchors["\(trees[resource.tree].source.name)#\(fragment)"] {
                return found
            }
            throw failure(
                place, "expected what \(reference) refers to, there is no such anchor",
                "A reference into a document begins with '#/', as in '#/$defs/Name'.")
        }
        var steps = resource.steps
        for step in JSONPointer.steps(Substring(fragment)) {
            let next = SchemaPlace(tree: resource.tree, steps: steps + [step])
            guard self[next] != nil else {
                let known = trees[resource.tree][steps]?.object?.keys ?? []
                let near = nearestName(step, in: known).map { "Did you mean '\($0)'?" }
                throw failure(
                    place, "expected what \(reference) refers to, it is not there",
                    near
                        ?? "There is nothing named '\(step)' at \(SchemaPlace(tree: resource.tree, steps: steps).pointer)."
                )
            }
            steps = next.steps
        }
        return SchemaPlace(tree: resource.tree, steps: steps)
    }

    private mutating func resource(
        _ uri: String, _ reference: String, at place: SchemaPlace
    ) throws(SchemaError) -> SchemaPlace? {
        if let known = resources[uri] { return known }
        let path = JSONPointer.percentDecoded(reference.prefix { $0 != "#" })
        guard !path.contains("://"), let source = include(path, trees[place.tree].source) else { return nil }
        guard source.kind == .openAPI else {
            throw failure(
                place, "expected a .json or .yaml file, \(path) is none", "References lead to JSON and YAML only.")
        }
        if let known = resources[source.name] { return known }
        try add(try SchemaTree(source))
        return resources[source.name]
    }

    private func base(of place: SchemaPlace) -> String {
        var base = trees[place.tree].source.name
        for count in 0...place.steps.count {
            guard let form = trees[place.tree][Array(place.steps.prefix(count))], let id = form["$id"]?.string,
                !id.hasPrefix("#")
            else { continue }
            base = SchemaLibrary.merge(base, id).0
        }
        return base
    }

    /// RFC 3986 §5.2 for what schemas use: absolute, rooted, relative and fragment-only references.
    static func merge(_ base: String, _ reference: String) -> (uri: String, fragment: String) {
        let hash = reference.firstIndex(of: "#") ?? reference.endIndex
        let fragment = hash < reference.endIndex ? String(reference[reference.index(after: hash)...]) : ""
        let path = reference[..<hash]
        if path.isEmpty { return (base, fragment) }
        let scheme = path.prefix { $0.isLetter || $0.isNumber || "+-.".contains($0) }
        if path[scheme.endIndex...].hasPrefix(":"), !scheme.isEmpty { return (String(path), fragment) }
        var root = ""
        var folder = Substring(base)
        if let range = base.firstRange(of: "://") {
            let end = base[range.upperBound...].firstIndex(of: "/") ?? base.endIndex
            root = String(base[..<end])
            folder = base[end...]
        }
        if path.hasPrefix("/") { return (root + path, fragment) }
        folder = folder.lastIndex(of: "/").map { folder[...$0] } ?? (root.isEmpty ? "" : "/")
        var steps: [Substring] = []
        for step in (folder + path).split(separator: "/", omittingEmptySubsequences: false) {
            if step == ".", !steps.isEmpty || folder.isEmpty { continue }
            if step == "..", let last = steps.last, last != "..", !last.isEmpty {
                steps.removeLast()
            } else {
                steps.append(step)
            }
        }
        return (root + steps.joined(separator: "/"), fragment)
    }
}
