internal import CYAML

extension YAMLNode {
    /// Reads the one document in `bytes` (UTF-8, or UTF-16 with a byte-order mark).
    ///
    /// - Parameters:
    ///   - file: The name used in marks and messages.
    ///   - nodeLimit: How many nodes the tree may have once aliases are written out.
    /// - Throws: ``YAMLError`` with line and column.
    package static func parse(_ bytes: [UInt8], file: String, nodeLimit: Int = 200_000) throws(YAMLError) -> YAMLNode {
        let events = try Events(bytes, file: file)
        var composer = Composer(events: events, nodesLeft: nodeLimit)
        return try composer.document()
    }

    package static func parse(_ text: String, file: String) throws(YAMLError) -> YAMLNode {
        try parse(Array(text.utf8), file: file)
    }
}

/// What libyaml reports, without its C types.
private enum Event {
    case streamStart, streamEnd, documentStart, documentEnd
    case alias(String)
    case scalar(text: String, isPlain: Bool, tag: String, anchor: String)
    case sequenceStart(tag: String, anchor: String)
    case sequenceEnd
    case mappingStart(tag: String, anchor: String)
    case mappingEnd
}

/// Owns a libyaml parser and the bytes it reads.
@safe private final class Events {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    let file: String

    init(_ bytes: [UInt8], file: String) throws(YAMLError) {
        self.file = file
        // libyaml keeps the pointer it is given, so the bytes get an allocation that lives as long as the parser.
        unsafe input = .allocate(capacity: bytes.count)
        _ = unsafe input.initialize(fromContentsOf: bytes)
        unsafe parser = .allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(
                "out of memory", at: YAMLMark(file: file, line: 1, column: 1), remedy: "Free some, and try again.")
        }
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    func next() throws(YAMLError) -> (Event, YAMLMark) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe mark(event.start_mark)
        // The union member read in each case is the one that libyaml documents for that event type.
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, mark)
        case YAML_STREAM_END_EVENT: return (.streamEnd, mark)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, mark)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, mark)
        case YAML_ALIAS_EVENT: return (.alias(unsafe string(event.data.alias.anchor)), mark)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            let plain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return (
                .scalar(
                    text: text, isPlain: plain, tag: unsafe string(scalar.tag), anchor: unsafe string(scalar.anchor)),
                mark
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return (.sequenceStart(tag: unsafe string(start.tag), anchor: unsafe string(start.anchor)), mark)
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, mark)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return (.mappingStart(tag: unsafe string(start.tag), anchor: unsafe string(start.anchor)), mark)
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, mark)
        default: throw YAMLError("unexpected end", at: mark, remedy: "Write the rest of the document.")
        }
    }

    private func string(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(decodingCString: pointer, as: UTF8.self)
    }

    private func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(file: file, line: mark.line &+ 1, column: mark.column &+ 1)
    }

    private func syntaxError() -> YAMLError {
        var problem = "not YAML"
        if let text = unsafe parser.pointee.problem { problem = unsafe String(cString: text) }
        var place = unsafe mark(parser.pointee.problem_mark)
        if unsafe parser.pointee.error == YAML_READER_ERROR { place = unsafe mark(parser.pointee.mark) }
        var remedy =
            Self.causes.first { problem.contains($0.complaint) }?.remedy ?? "Check what stands before this place."
        if let context = unsafe parser.pointee.context {
            let from = unsafe mark(parser.pointee.context_mark)
            unsafe remedy += " It happened \(String(cString: context)), from line \(from.line), column \(from.column)."
        }
        return YAMLError(problem, at: place, remedy: remedy)
    }

    /// What most often leads to libyaml's complaints, by a part of them.
    private static let causes: [(complaint: String, remedy: String)] = [
        ("cannot start any token", "Indent with spaces, and quote a text that begins with @, % or a backquote."),
        ("mapping values are not allowed", "Quote a text that has ': ' in it, or begin the key on a line of its own."),
        ("expected ':'", "Put a colon and a space behind the key."),
        ("expected ','", "Close the bracket or brace, or put a comma between what stands in it."),
        ("unexpected end of stream", "Close the quotes."),
        ("unexpected document indicator", "Close the quotes."),
        ("expected key", "Let the keys of a mapping begin in one column."),
        ("expected '-' indicator", "Let the items of a list begin in one column."),
        ("sequence entries are not allowed", "Begin the list on a line of its own, below its key."),
        ("UTF-8", "Save the file as UTF-8."), ("control characters", "Remove characters that cannot be seen."),
        ("expected <document start>", "Keep one document, and end directives with '---'."),
        ("escape character", "In double quotes write \\\\ for \\, or use single quotes."),
    ]
}

/// Builds the tree from events.
private struct Composer {
    let events: Events
    var nodesLeft: Int
    /// Anchored nodes with the number of nodes in each; nil while the node is still open.
    var anchors: [String: (node: YAMLNode, size: Int)?] = [:]

    static let depthLimit = 64

    mutating func document() throws(YAMLError) -> YAMLNode {
        _ = try events.next()
        let (start, mark) = try events.next()
        guard case .documentStart = start else { return YAMLNode(.null, at: mark) }
        let (event, place) = try events.next()
        let root = try node(event, at: place, depth: 0).node
        _ = try events.next()
        let (end, extra) = try events.next()
        guard case .streamEnd = end else {
            throw YAMLError("a second document begins here", at: extra, remedy: "Keep one document in a file.")
        }
        return root
    }

    private mutating func node(_ event: Event, at mark: YAMLMark, depth: Int) throws(YAMLError) -> (
        node: YAMLNode, size: Int
    ) {
        if depth > Self.depthLimit {
            throw YAMLError(
                "nested more than \(Self.depthLimit) levels deep", at: mark,
                remedy: "Close a bracket or brace that was left open, or nest less.")
        }
        try spend(1, at: mark)
        switch event {
        case .alias(let name):
            guard let known = anchors[name] else {
                throw YAMLError(
                    "no anchor '&\(name)' stands before this alias", at: mark,
                    remedy: "Put '&\(name)' before the value that is meant, or quote a text that begins with '*'.")
            }
            guard let known else {
                throw YAMLError(
                    "the alias '*\(name)' stands inside its own anchor", at: mark,
                    remedy: "Write the value out: a value cannot hold itself.")
            }
            try spend(known.size, at: mark)
            return known
        case .scalar(let text, let isPlain, let tag, let anchor):
            let value = try scalar(text, isPlain: isPlain, tag: tag, at: mark)
            return remember(anchor, YAMLNode(value, at: mark, text: text), size: 1)
        case .sequenceStart(let tag, let anchor):
            try check(tag, is: "seq", at: mark)
            open(anchor)
            var items: [YAMLNode] = []
            var size = 1
            while true {
                let (next, place) = try events.next()
                if case .sequenceEnd = next { break }
                let item = try node(next, at: place, depth: depth + 1)
                size += item.size
                items.append(item.node)
            }
            return remember(anchor, YAMLNode(.sequence(items), at: mark), size: size)
        case .mappingStart(let tag, let anchor):
            try check(tag, is: "map", at: mark)
            open(anchor)
            var entries: [YAMLNode.Entry] = []
            var lines: [String: Int] = [:]
            var size = 1
            while true {
                let (next, place) = try events.next()
                if case .mappingEnd = next { break }
                let key = try node(next, at: place, depth: depth + 1).node
                guard key.isScalar else {
                    throw YAMLError(
                        "a key must be a scalar", at: place, remedy: "Write a single word or number before the colon.")
                }
                if let line = lines.updateValue(place.line, forKey: key.text) {
                    throw YAMLError(
                        "the key '\(key.text)' stands here a second time", at: place,
                        remedy: "It was first given on line \(line); keep one of them.")
                }
                let (after, valuePlace) = try events.next()
                let value = try node(after, at: valuePlace, depth: depth + 1)
                size += value.size + 1
                entries.append(.init(key: key.text, keyMark: place, value: value.node))
            }
            return remember(anchor, YAMLNode(.mapping(entries), at: mark), size: size)
        default:
            throw YAMLError("expected a value", at: mark, remedy: "Write one here.")
        }
    }

    private mutating func spend(_ nodes: Int, at mark: YAMLMark) throws(YAMLError) {
        nodesLeft -= nodes
        if nodesLeft < 0 {
            throw YAMLError(
                "the document is too big, aliases written out", at: mark, remedy: "Use fewer or smaller aliases.")
        }
    }

    private mutating func open(_ anchor: String) {
        if !anchor.isEmpty { anchors[anchor] = .some(nil) }
    }

    private mutating func remember(_ anchor: String, _ node: YAMLNode, size: Int) -> (node: YAMLNode, size: Int) {
        if !anchor.isEmpty { anchors[anchor] = (node, size) }
        return (node, size)
    }

    private func check(_ tag: String, is kind: String, at mark: YAMLMark) throws(YAMLError) {
        if tag.isEmpty || tag == "!" || tag == "tag:yaml.org,2002:" + kind { return }
        throw YAMLError(
            "the tag '\(tag)' is not understood", at: mark, remedy: "Use the YAML 1.2 core schema, without tags.")
    }

    private func scalar(_ text: String, isPlain: Bool, tag: String, at mark: YAMLMark) throws(YAMLError)
        -> YAMLNode.Value
    {
        let prefix = "tag:yaml.org,2002:"
        if tag.isEmpty { return isPlain ? CoreSchema.resolve(text) : .string(text) }
        if tag == "!" || tag == prefix + "str" { return .string(text) }
        let value = CoreSchema.resolve(text)
        switch (tag, value) {
        case (prefix + "null", .null), (prefix + "bool", .bool), (prefix + "int", .int), (prefix + "float", .int),
            (prefix + "float", .decimal):
            return value
        default:
            throw YAMLError(
                "the tag '\(tag)' does not fit this value", at: mark, remedy: "Leave the tag out, or quote the value.")
        }
    }
}
