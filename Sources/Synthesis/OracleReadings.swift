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

/// What was found in one request.
struct OracleReadings: Sendable {
    enum State: Sendable {
        case whole
        /// Readable, but its length is not the stated one.
        case wrongLength
        /// It ends too soon.
        case cut
    }

    struct Value: Sendable {
        var int: Int64 = 0
        /// The bytes of a text, without quotes.
        var start = 0
        var end = 0
        var isText = false
        /// `int` is the pattern of a double (Thrift), or the text stands for a number with decimals (JSON).
        var isDouble = false
        var isNull = false
        /// Of the next value of the same watch, or -1.
        var next = -1
    }

    var state = State.whole
    private var found: [Value] = []
    private var firsts: [Int]
    private var lasts: [Int]

    init(watches: Int) {
        firsts = [Int](repeating: -1, count: watches)
        lasts = firsts
    }

    mutating func reset() {
        found.removeAll(keepingCapacity: true)
        for i in firsts.indices {
            firsts[i] = -1
            lasts[i] = -1
        }
    }

    mutating func keep(_ watch: Int, _ value: Value) {
        if lasts[watch] >= 0 { found[lasts[watch]].next = found.count } else { firsts[watch] = found.count }
        lasts[watch] = found.count
        found.append(value)
    }

    func first(_ watch: Int) -> Value? {
        let at = firsts[watch]
        return at < 0 ? nil : found[at]
    }

    func next(_ value: Value) -> Value? { value.next < 0 ? nil : found[value.next] }

    func double(_ watch: Int, _ bytes: [UInt8]) -> Double? {
        guard let value = first(watch), !value.isText, !value.isNull else { return nil }
        if !value.isDouble { return Double(value.int) }
        if value.end == 0 { return Double(bitPattern: UInt64(bitPattern: value.int)) }
        return Double(String(decoding: bytes[value.start..<value.end], as: UTF8.self))
    }

    /// A value as bytes that tell it from others.
    func text(_ watch: Int, _ bytes: [UInt8]) -> [UInt8] {
        guard let value = first(watch) else { return [] }
        return value.isText ? Array(bytes[value.start..<value.end]) : Array("\(value.int)".utf8)
    }
}
