package import Expression
package import JSON

/// A JSON value with places that are filled from the request: `"${request.requestId}"` takes the value as it is,
/// `"r-${request.requestId}-${number}"` its text. `$${` stands for `${`. What is not there is null, or nothing within a text.
package indirect enum AnswerTemplate: Sendable, Equatable {
    case value(JSONValue)
    case path(ExpressionPath)
    case text([Piece])
    case list([AnswerTemplate])
    case object([Member])

    package enum Piece: Sendable, Equatable {
        case literal(String)
        case path(ExpressionPath)
    }

    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: AnswerTemplate
    }

    package init(_ value: JSONValue) throws(ExpressionError) {
        switch value {
        case .string(let text): self = try Self.template(text)
        case .array(let values):
            var list: [AnswerTemplate] = []
            for value in values { list.append(try AnswerTemplate(value)) }
            self = list.contains(where: \.hasPlaces) ? .list(list) : .value(value)
        case .object(let object):
            var members: [Member] = []
            for member in object.members {
                members.append(Member(key: member.key, value: try AnswerTemplate(member.value)))
            }
            self = members.contains(where: \.value.hasPlaces) ? .object(members) : .value(value)
        default: self = .value(value)
        }
    }

    private static func template(_ text: String) throws(ExpressionError) -> AnswerTemplate {
        var pieces: [Piece] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw ExpressionError(
                        column: text.distance(from: text.startIndex, to: rest.startIndex) + 1, expected: "} behind ${",
                        found: "end of text", suggestion: "write $${ for the characters themselves")
                }
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = ""
                pieces.append(.path(try ExpressionPath(String(rest.dropFirst(2)[..<end]))))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if pieces.isEmpty { return .value(.string(literal)) }
        if pieces.count == 1, literal.isEmpty, case .path(let path) = pieces[0] { return .path(path) }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        return .text(pieces)
    }

    var hasPlaces: Bool { if case .value = self { false } else { true } }

    var paths: [ExpressionPath] {
        switch self {
        case .value: []
        case .path(let path): [path]
        case .text(let pieces): pieces.compactMap { if case .path(let path) = $0 { path } else { nil } }
        case .list(let values): values.flatMap(\.paths)
        case .object(let members): members.flatMap(\.value.paths)
        }
    }

    var readsRequest: Bool { hasPlaces }

    func filled(_ resolve: (ExpressionPath) -> JSONValue?) -> JSONValue {
        switch self {
        case .value(let value): value
        case .path(let path): resolve(path) ?? .null
        case .text(let pieces):
            .string(
                pieces.map { piece in
                    switch piece {
                    case .literal(let text): text
                    case .path(let path): resolve(path).flatMap { ExpressionValue($0).scalarText } ?? ""
                    }
                }.joined())
        case .list(let values): .array(values.map { $0.filled(resolve) })
        case .object(let members): .object(JSONObject(members.map { .init($0.key, $0.value.filled(resolve)) }))
        }
    }
}
