import Schema
import YAML

/// The fields that the oracle looks at, as a tree of Thrift ids or JSON names.
struct OracleWatches: Sendable {
    struct Node: Sendable {
        var id: Int16
        var name: [UInt8]
        var children: [Int] = []
        /// Index of the watch, or -1.
        var watch = -1
    }

    private let shape: RequestShape
    private(set) var nodes: [Node]
    private var known: [String: Int] = [:]
    private(set) var count = 0
    /// The root is the argument list, and the only argument stands above the scenario's fields.
    let argument: Int16?

    init(_ shape: RequestShape) {
        self.shape = shape
        argument = shape.argument?.id
        nodes = [Node(id: 0, name: [])]
    }

    mutating func watch(_ reference: Generator.Reference) throws(YAMLError) -> Int {
        if let watch = known[reference.name] { return watch }
        var at = 0
        var name = ""
        for part in reference.name.split(separator: ".") {
            name += name.isEmpty ? String(part) : "." + part
            let field = try shape.field(name, at: reference.mark).field
            if let child = nodes[at].children.first(where: { nodes[$0].name.elementsEqual(field.name.utf8) }) {
                at = child
            } else {
                nodes.append(Node(id: field.id, name: Array(field.name.utf8)))
                nodes[at].children.append(nodes.count - 1)
                at = nodes.count - 1
            }
        }
        nodes[at].watch = count
        known[reference.name] = count
        count += 1
        return count - 1
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
    }

    var state = State.whole
    /// In order of appearance, for each watch.
    var values: [[Value]]
    var bytes: [UInt8]

    func text(_ watch: Int) -> [UInt8] {
        guard let value = values[watch].first else { return [] }
        return value.isText ? Array(bytes[value.start..<value.end]) : Array("\(value.int)".utf8)
    }
}
