import Schema
import YAML

/// The fields that the oracle looks at, as a tree of Thrift ids or JSON names.
struct OracleWatches: Sendable {
    /// A place in the tree: the edges that leave it, and the watch that ends there, or -1.
    struct Node: Sendable {
        var first = 0
        var count = 0
        var watch = -1
    }

    struct Edge: Sendable {
        var id: Int16
        var nameStart: Int
        var nameLength: Int
        var node: Int
    }

    let shape: RequestShape
    private var paths: [[SchemaField]] = []
    private var known: [String: Int] = [:]
    private(set) var nodes: [Node] = []
    private(set) var edges: [Edge] = []
    private(set) var names: [UInt8] = []
    /// The field of the argument list that leads to the root; nil when the root is the argument list.
    let argument: Int16?

    var count: Int { paths.count }

    init(_ shape: RequestShape) {
        self.shape = shape
        argument = shape.argument?.id
    }

    mutating func watch(_ reference: Generator.Reference) throws(YAMLError) -> Int {
        if let watch = known[reference.name] { return watch }
        var fields: [SchemaField] = []
        var name = ""
        for part in reference.name.split(separator: ".") {
            name += name.isEmpty ? String(part) : "." + part
            fields.append(try shape.field(name, at: reference.mark).field)
        }
        paths.append(fields)
        known[reference.name] = paths.count - 1
        return paths.count - 1
    }

    /// A field that the schema does not have, at the root.
    mutating func watchUnknown(name: String, id: Int64) -> Int {
        if let watch = known[name] { return watch }
        paths.append([SchemaField(id: Int16(clamping: id), name: name, type: SchemaType(.any))])
        known[name] = paths.count - 1
        return paths.count - 1
    }

    /// Lays the tree out flat, once everything is watched.
    mutating func finish() {
        nodes = [Node()]
        edges = []
        lay(0, Array(paths.indices), depth: 0)
    }

    private mutating func lay(_ node: Int, _ members: [Int], depth: Int) {
        var groups: [(field: SchemaField, members: [Int])] = []
        for member in members {
            if paths[member].count == depth {
                nodes[node].watch = member
            } else if let at = groups.firstIndex(where: { $0.field.name == paths[member][depth].name }) {
                groups[at].members.append(member)
            } else {
                groups.append((paths[member][depth], [member]))
            }
        }
        nodes[node].first = edges.count
        nodes[node].count = groups.count
        let first = edges.count
        for group in groups {
            edges.append(
                Edge(
                    id: group.field.id, nameStart: names.count, nameLength: group.field.name.utf8.count,
                    node: nodes.count))
            names.append(contentsOf: group.field.name.utf8)
            nodes.append(Node())
        }
        for (i, group) in groups.enumerated() { lay(edges[first + i].node, group.members, depth: depth + 1) }
    }

    func cases(of reference: Generator.Reference) -> [(name: [UInt8], value: Int64)] {
        guard let field = try? shape.field(reference.name, at: reference.mark).field,
            case .enumeration(let index) = field.type.kind
        else { return [] }
        return shape.schemas.enumerations[index].cases.map { (Array($0.name.utf8), Int64($0.value)) }
    }
}
