package import JSON
package import Thrift

/// What the stub knows about operations besides the tape: from a schema, or nothing.
package protocol AnswerSource {
    /// Answers a call whose exchange has no response; nil when there is no telling how.
    func thriftAnswer(operation: String, method: String, expected: String) -> MadeReply?
    /// The same for an HTTP request.
    func httpAnswer(operation: String, expected: String) -> MadeResponse?
    /// Paths of fields, from the argument's id on, that do not tell requests apart.
    func excludedFields(operation: String, method: String) -> [[Int16]]
    /// The same in a JSON body.
    func excludedPaths(operation: String) -> [JSONPath]
    /// The text field that the answer gives back, where ``MadeReply/echoAt`` says.
    func echoField(operation: String, method: String) -> [Int16]?
    /// The same in a JSON body.
    func echoPath(operation: String) -> JSONPath?
}

/// A result struct that was made, in both encodings.
package struct MadeReply: Sendable, Equatable {
    package var type: MessageType
    package var binary: [UInt8]
    package var compact: [UInt8]
    /// Where the request's text is inserted with its length.
    package var echoAt: (binary: Int, compact: Int)?

    package init(type: MessageType, binary: [UInt8], compact: [UInt8], echoAt: (binary: Int, compact: Int)? = nil) {
        self.type = type
        self.binary = binary
        self.compact = compact
        self.echoAt = echoAt
    }

    package static func == (a: MadeReply, b: MadeReply) -> Bool {
        a.type == b.type && a.binary == b.binary && a.compact == b.compact && a.echoAt?.binary == b.echoAt?.binary
            && a.echoAt?.compact == b.echoAt?.compact
    }
}

/// An HTTP response that was made.
package struct MadeResponse: Sendable, Equatable {
    /// The body of a status 200 with JSON; or the whole message when ``isWhole``.
    package var bytes: [UInt8]
    package var isWhole = false
    package var headLength = 0
    /// Where the request's JSON value is inserted in the body.
    package var echoAt: Int?

    package init(json body: [UInt8], echoAt: Int? = nil) {
        bytes = body
        self.echoAt = echoAt
    }

    /// A whole message with a JSON body.
    package init(status: StaticString, json body: [UInt8]) {
        let head = Array(
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
        bytes = head + body
        isWhole = true
        headLength = head.count
    }
}

/// Knows nothing.
package struct NoAnswers: AnswerSource {
    package init() {}
    package func thriftAnswer(operation: String, method: String, expected: String) -> MadeReply? { nil }
    package func httpAnswer(operation: String, expected: String) -> MadeResponse? { nil }
    package func excludedFields(operation: String, method: String) -> [[Int16]] { [] }
    package func excludedPaths(operation: String) -> [JSONPath] { [] }
    package func echoField(operation: String, method: String) -> [Int16]? { nil }
    package func echoPath(operation: String) -> JSONPath? { nil }
}
