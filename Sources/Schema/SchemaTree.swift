import Bytes
import JSON
import YAML

/// A JSON or YAML document as a tree that knows where its parts stand.
struct SchemaTree: Sendable {
    let source: SchemaSource
    let value: JSONValue
    private let yaml: YAMLNode?

    init(_ source: SchemaSource) throws(SchemaError) {
        self.source = source
        if source.name.hasSuffix(".json") {
            yaml = nil
            do throws(ParsingError) {
                value = try JSONValue(parsing: source.bytes)
            } catch {
                throw SchemaError(
                    source.name, source.position(error.offset), "expected \(error.what) here",
                    remedy: "JSON has no comments, no trailing commas and only double quotes; YAML files end in .yaml.")
            }
        } else {
            do throws(YAMLError) {
                let node = try YAMLNode.parse(source.bytes, file: source.name)
                yaml = node
                value = JSONValue(node)
            } catch {
                let position = TextPosition(line: error.mark.line, column: error.mark.column)
                throw SchemaError(source.name, position, error.message, remedy: error.remedy)
            }
        }
    }

    /// Where the value at `steps` begins, or the nearest one around it that there is.
    func position(_ steps: [String]) -> TextPosition {
        if let yaml {
            var node = yaml
            for step in steps {
                switch node.value {
                case .mapping(let entries):
                    guard let entry = entries.first(where: { $0.key == step }) else { return node.position }
                    node = entry.value
                case .sequence(let nodes):
                    guard let index = Int(step), nodes.indices.contains(index) else { return node.position }
                    node = nodes[index]
                default: return node.position
                }
            }
            return node.position
        }
        var path = JSONPath(steps: steps.map { JSONPath.Step($0) })
        while true {
            if let range = try? JSONScanner.find(path, in: source.bytes.rawSpan) {
                return source.position(range.lowerBound)
            }
            if path.steps.isEmpty { return TextPosition(line: 1, column: 1) }
            path.steps.removeLast()
        }
    }

    /// The value at `steps`; nil where they lead nowhere.
    subscript(steps: [String]) -> JSONValue? {
        var current = value
        for step in steps {
            guard let next = current[step] ?? Int(step).flatMap({ current[$0] }) else { return nil }
            current = next
        }
        return current
    }
}

extension YAMLNode {
    fileprivate var position: TextPosition { TextPosition(line: mark.line, column: mark.column) }
}

/// A place in one of the documents that a schema is read from.
struct SchemaPlace: Hashable, Sendable {
    /// An index into ``SchemaLibrary/trees``.
    var tree: Int
    var steps: [String]

    subscript(step: String) -> SchemaPlace { SchemaPlace(tree: tree, steps: steps + [step]) }
    subscript(index: Int) -> SchemaPlace { self[String(index)] }

    /// RFC 6901.
    var pointer: String { "#" + steps.map { "/" + JSONPointer.escape($0) }.joined() }
}

/// RFC 6901.
enum JSONPointer {
    static func escape(_ key: String) -> String {
        key.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
    }

    /// The steps of a pointer without its `#`; percent-encoding is undone, as in fragments of references.
    static func steps(_ pointer: Substring) -> [String] {
        if pointer.isEmpty { return [] }
        return pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { step in
            var result = ""
            var rest = Substring(percentDecoded(step))
            while let character = rest.popFirst() {
                if character == "~", let digit = rest.first, digit == "0" || digit == "1" {
                    rest.removeFirst()
                    result.append(digit == "0" ? "~" : "/")
                } else {
                    result.append(character)
                }
            }
            return result
        }
    }

    static func percentDecoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count, let high = Hex.value(bytes[at + 1]),
                let low = Hex.value(bytes[at + 2])
            {
                result.append(high << 4 | low)
                at += 3
            } else {
                result.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
