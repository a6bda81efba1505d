/// An operation of an OpenAPI document.
package struct HTTPOperation: Sendable, Equatable {
    package struct Parameter: Sendable, Equatable {
        package enum Place: String, Sendable, Equatable { case path, query, header, cookie }

        package var name: String
        package var place: Place
        package var isRequired: Bool
        package var type: SchemaType
        package var annotations: Annotations
        package var documentation = ""
        /// How lists and objects are written: `form`, `simple`, `deepObject`, …
        package var style = "simple"
        package var explodes = false
    }

    /// A representation.
    package struct Body: Sendable, Equatable {
        /// As written, parameters included.
        package var mediaType: String
        package var type: SchemaType
    }

    package struct Response: Sendable, Equatable {
        /// `200`, `4XX`, `default`.
        package var status: String
        /// Nil without a JSON body.
        package var body: SchemaType?
        /// Of every media type, JSON included.
        package var bodies: [Body] = []
    }

    /// In capitals.
    package var method: String
    /// As in the document, with the path of its server before it: `/v1/risk/decisions/{requestId}`.
    package var template: RouteTemplate
    /// Empty when the document has none.
    package var operationID: String
    /// The document that declares it.
    package var scope: String
    package var parameters: [Parameter]
    /// The JSON body of the request; nil when there is none.
    package var requestBody: SchemaType?
    /// Of every media type, JSON included.
    package var requestBodies: [Body] = []
    package var isBodyRequired: Bool
    package var responses: [Response]
    package var annotations: Annotations
    package var documentation = ""

    /// `POST /v1/risk/decisions`: the operation's name on a tape.
    package var name: String { "\(method) \(template)" }

    /// What the document says of a response with this status: its own entry, else its class (`4XX`), else `default`.
    package func response(status: Int) -> Response? {
        let candidates = ["\(status)", "\(status / 100)XX", "default"]
        return candidates.lazy.compactMap { key in responses.first { $0.status.uppercased() == key.uppercased() } }
            .first
    }
}

/// A path with places for values: `/v1/users/{id}`.
package struct RouteTemplate: Sendable, Hashable, CustomStringConvertible {
    package enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(String)
        /// Text around a parameter within one segment: `report.{format}`.
        case mixed(prefix: String, parameter: String, suffix: String)
    }

    package let description: String
    package let segments: [Segment]

    package init(_ path: String) {
        description = path
        segments = RouteTemplate.split(path).map { part in
            guard let open = part.firstIndex(of: "{"), let close = part[open...].firstIndex(of: "}") else {
                return .literal(String(part))
            }
            let name = String(part[part.index(after: open)..<close])
            let prefix = String(part[..<open])
            let suffix = String(part[part.index(after: close)...])
            return prefix.isEmpty && suffix.isEmpty
                ? .parameter(name) : .mixed(prefix: prefix, parameter: name, suffix: suffix)
        }
    }

    static func split(_ path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(path.hasPrefix("/") ? 1 : 0).map { $0 }
    }

    /// The values of the parameters, in order, as they stand in `path` (still percent-encoded); nil when it does not match.
    /// The query is the caller's to cut off.
    package func match(_ path: String) -> [String]? { match(RouteTemplate.split(path)) }

    func match(_ parts: [Substring]) -> [String]? {
        guard parts.count == segments.count else { return nil }
        var values: [String] = []
        for (part, segment) in zip(parts, segments) {
            switch segment {
            case .literal(let text): if part != text { return nil }
            case .parameter:
                if part.isEmpty { return nil }
                values.append(String(part))
            case .mixed(let prefix, _, let suffix):
                guard part.hasPrefix(prefix), part.hasSuffix(suffix), part.count > prefix.count + suffix.count else {
                    return nil
                }
                values.append(String(part.dropFirst(prefix.count).dropLast(suffix.count)))
            }
        }
        return values
    }

    /// Literal segments before others, from the left: OpenAPI 3 "concrete definitions are matched before templated ones".
    func isMoreConcrete(than other: RouteTemplate) -> Bool {
        for (a, b) in zip(segments, other.segments) where a.rank != b.rank { return a.rank < b.rank }
        return false
    }
}

extension RouteTemplate.Segment {
    fileprivate var rank: Int {
        switch self {
        case .literal: 0
        case .mixed: 1
        case .parameter: 2
        }
    }
}

extension SchemaSet {
    /// The operation that a request with this method and path is for. A query or fragment is ignored; of several templates
    /// the most concrete wins.
    package func route(_ method: String, _ path: String) -> HTTPOperation? {
        let bare = path.prefix { $0 != "?" && $0 != "#" }
        let parts = RouteTemplate.split(String(bare))
        var best: HTTPOperation?
        for route in routes where route.method == method && route.template.match(parts) != nil {
            if let current = best, !route.template.isMoreConcrete(than: current.template) { continue }
            best = route
        }
        return best
    }

    /// An operation by `POST /v1/risk/decisions` or by its operationId.
    package func route(named name: String) -> HTTPOperation? {
        routes.first { $0.name == name } ?? routes.first { !$0.operationID.isEmpty && $0.operationID == name }
    }
}
