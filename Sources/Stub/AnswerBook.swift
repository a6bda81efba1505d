import Bytes
import JSON
import Thrift

/// Every answer of a tape, ready to be sent, and the ways to find it.
package struct AnswerBook: Sendable {
    /// One answer. Its bytes stand in ``bytes``.
    struct Answer: Sendable {
        enum Content: Sendable {
            /// The whole message; `headLength` of it is the head. `closes`: the connection ends behind it.
            case http(headLength: Int, closes: Bool)
            /// A JSON body for status 200 without a head; the request's text is inserted at this offset of it.
            case json(echoAt: Int?)
            /// The result struct in each encoding, where it could be had; `name` is the method's in `bytes`. The text of
            /// the request is inserted, with its length, at these offsets.
            case thrift(type: MessageType, name: Range<Int>, compact: Range<Int>, echoAt: Echo?)
        }

        struct Echo: Sendable, Equatable {
            var binary: Int
            var compact: Int
        }

        var content: Content
        /// An HTTP message or body, or a result struct in Binary. A struct that could not be had is empty.
        var range: Range<Int>
    }

    struct Operation: Sendable {
        var name: String
        /// Answers in the order of the tape, for round robin; each stands once for each time it was given.
        var answers: [Int32] = []
        var isOneway = false
        /// Fields of a Thrift call that do not tell requests apart (ids that a replay refreshes, the tag), hold the tag or
        /// are given back.
        var tree = FieldTree()
        /// Members of a JSON body that do not tell requests apart.
        var excludedPaths: [JSONPath] = []
        /// The member whose text is given back.
        var echoPath: JSONPath?
    }

    /// An HTTP route with `{…}` segments.
    struct Template: Sendable {
        var method: [UInt8]
        /// Nil stands for any segment.
        var segments: [[UInt8]?]
        var operation: Int

        var literalCount: Int { segments.count { $0 != nil } }
    }

    var bytes: [UInt8] = []
    var answers: [Answer] = []
    var operations: [Operation] = []
    /// By the fingerprint of method and path.
    var routes: [UInt64: Int] = [:]
    /// Most literal first.
    var templates: [Template] = []
    /// By the fingerprint of the method's name.
    var methods: [UInt64: Int] = [:]
    /// By the fingerprint of the request: an answer, or (below 0) `-1 - index` into ``chains``.
    var matches: [UInt64: Int32] = [:]
    /// Answers that were given to the same request, in order.
    var chains: [[Int32]] = []
    /// Exchanges that gave no answer, by reason.
    package internal(set) var unusable: [(reason: String, count: Int)] = []

    /// Answers that can be given.
    package var answerCount: Int { answers.count }
    package var operationNames: [String] { operations.map(\.name) }

    /// The operation that a request line names. `path` is without the query.
    func operation(method: RawSpan, path: RawSpan) -> Int? {
        var hash = Fingerprint()
        hash.mix(method)
        hash.mix(path)
        if let known = routes[hash.value] { return known }
        for template in templates where Self.matches(template.method, method) {
            if Self.fits(template.segments, path) { return template.operation }
        }
        return nil
    }

    /// The operation with this method name; `Service:method` is tried whole and then without the service.
    func operation(name: RawSpan) -> Int? {
        var hash = Fingerprint()
        hash.mix(name)
        if let known = methods[hash.value] { return known }
        guard let colon = name.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        var bare = Fingerprint()
        bare.mix(name.extracting(colon + 1..<name.byteCount))
        return methods[bare.value]
    }

    private static func matches(_ text: [UInt8], _ bytes: RawSpan) -> Bool {
        guard text.count == bytes.byteCount else { return false }
        for at in text.indices where text[at] != bytes[byte: at] { return false }
        return true
    }

    static func fits(_ segments: [[UInt8]?], _ path: RawSpan) -> Bool {
        var at = 0
        for segment in segments {
            guard at < path.byteCount, path[byte: at] == UInt8(ascii: "/") else { return false }
            let start = at + 1
            let end = path.firstIndex(of: UInt8(ascii: "/"), from: start) ?? path.byteCount
            if let segment {
                if !matches(segment, path.extracting(start..<end)) { return false }
            } else if start == end {
                return false
            }
            at = end
        }
        return at == path.byteCount
    }

    /// The path of a request target: without query and fragment, and without scheme and authority in absolute form.
    static func path(_ bytes: RawSpan, _ target: Range<Int>) -> Range<Int> {
        var start = target.lowerBound
        if start < target.upperBound, bytes[byte: start] != UInt8(ascii: "/") {
            // http://host/path: behind the third slash.
            var slashes = 0
            var at = start
            while at < target.upperBound {
                if bytes[byte: at] == UInt8(ascii: "/") {
                    slashes += 1
                    if slashes == 3 {
                        start = at
                        break
                    }
                }
                at += 1
            }
        }
        var end = start
        while end < target.upperBound, bytes[byte: end] != UInt8(ascii: "?"), bytes[byte: end] != UInt8(ascii: "#") {
            end += 1
        }
        return start..<end
    }
}
