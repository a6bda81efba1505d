/// Where a value stands: names and indices from the outside in, as in `response.reasons.0`.
package struct ExpressionPath: Sendable, Hashable, CustomStringConvertible {
    /// Names or decimal digits; never empty. Digits index a list, and name a Thrift field by its id.
    package let segments: [String]
    /// Position among ``Expression/paths``, so that a resolver can prepare an answer for each; 0 for a path on its own.
    package let index: Int

    package init(segments: [String], index: Int = 0) {
        self.segments = segments
        self.index = index
    }

    /// Reads a path on its own, as `--decision` takes it; it may begin with digits (`1.20.5`).
    ///
    /// - Throws: ``ExpressionError`` when it is empty or has an empty segment.
    package init(_ text: String) throws(ExpressionError) {
        var lexer = ExpressionLexer(text)
        segments = try lexer.wholePath()
        index = 0
    }

    /// The first segment.
    package var name: String { segments.first ?? "" }

    /// In the language's own notation; segments that are no plain names are quoted.
    package var description: String { Self.text(segments) }

    package static func text(_ segments: some Sequence<String>) -> String {
        var result = ""
        for segment in segments {
            if !result.isEmpty { result += "." }
            result += isPlain(segment) ? segment : "\"\(escaped(segment))\""
        }
        return result
    }

    /// True when `segment` needs no quotes.
    private static func isPlain(_ segment: String) -> Bool {
        guard let first = segment.utf8.first else { return false }
        if (0x30...0x39).contains(first) { return segment.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        return ExpressionLexer.startsName(first) && segment.utf8.allSatisfy(ExpressionLexer.continuesName)
    }

    private static func escaped(_ segment: String) -> String {
        var result = ""
        for character in segment {
            if character == "\"" || character == "\\" { result += "\\" }
            result.append(character)
        }
        return result
    }

    package static func == (a: ExpressionPath, b: ExpressionPath) -> Bool { a.segments == b.segments }
    package func hash(into hasher: inout Hasher) { hasher.combine(segments) }
}

/// A path with wildcards, as `--ignore` takes it: `response.traceId`, `*.timestamp`, `**.id`, `reasons.*`.
///
/// Each segment is a ``Glob``; `**` stands for any number of segments, none included. A pattern covers what it names
/// and everything below.
package struct PathPattern: Sendable, Equatable, CustomStringConvertible {
    let segments: [Glob]

    /// - Throws: ``ExpressionError`` when `text` is empty or has an empty segment.
    package init(_ text: String) throws(ExpressionError) {
        var lexer = ExpressionLexer(text)
        segments = try lexer.wholePath(wildcards: true).map { Glob($0) }
    }

    package var description: String { segments.map(\.pattern).joined(separator: ".") }

    /// True when `path`, or a path above it, is named by the pattern.
    package func covers(_ path: [String]) -> Bool { covers(path[...], segments[...]) }

    // Depth is bounded by the number of segments of the pattern, which the command line bounds.
    private func covers(_ path: ArraySlice<String>, _ pattern: ArraySlice<Glob>) -> Bool {
        guard let glob = pattern.first else { return true }
        let rest = pattern.dropFirst()
        if glob.pattern == "**" {
            if rest.isEmpty { return true }
            return path.indices.contains { covers(path[$0...], rest) }
        }
        guard let segment = path.first, glob.matches(segment) else { return false }
        return covers(path.dropFirst(), rest)
    }
}
