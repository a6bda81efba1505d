import Bytes
package import Expression
import HTTP1
package import JSON

/// Decides about whole replies: whether `--success` holds, and what stands at the `--decision` path. It decodes, so it
/// costs; without either flag no reply comes here.
///
/// A path is looked up in the decoded reply: `status` is the HTTP status, `body` (or `response`) the JSON body or the
/// Thrift result, and any other first name a member of it.
package struct Judge: Sendable {
    package var success: Expression?
    package var decision: ExpressionPath?
    /// A Thrift reply as its IDL names it; nil when it cannot be decoded.
    package var renderThrift: @Sendable ([UInt8]) -> JSONValue?

    package init(
        success: Expression?, decision: ExpressionPath?,
        renderThrift: @escaping @Sendable ([UInt8]) -> JSONValue? = { _ in nil }
    ) {
        self.success = success
        self.decision = decision
        self.renderThrift = renderThrift
    }

    /// - Parameter isHTTP: else the bytes are a Thrift message with its frame length, if it has one.
    package func judge(_ reply: [UInt8], isHTTP: Bool) -> (isSuccess: Bool, decision: String?) {
        let (status, body) = isHTTP ? Judge.http(reply) : (nil, renderThrift(reply))
        let resolve = { (path: ExpressionPath) in Judge.value(path.segments[...], status, body) }
        return (success?.isTrue(resolve) ?? true, decision.flatMap { resolve($0).scalarText })
    }

    private static func http(_ reply: [UInt8]) -> (status: Int?, body: JSONValue?) {
        let bytes = unsafe reply.span.bytes
        var scanner = HTTPScanner(.response)
        guard (try? scanner.advance(bytes, endOfStream: true)) != nil, scanner.hasHead,
            let content = try? HTTPScanner.contentArray(bytes, head: scanner.head, framing: scanner.framing)
        else { return (nil, nil) }
        return (Int(scanner.head.status), try? JSONValue(parsing: content))
    }

    private static func value(_ path: ArraySlice<String>, _ status: Int?, _ body: JSONValue?) -> ExpressionValue {
        switch path.first {
        case "status" where path.count == 1 && status != nil: return .number(ExactNumber(status ?? 0))
        case "body", "response", "result": return lookUp(path.dropFirst(), body)
        default: return lookUp(path, body)
        }
    }

    private static func lookUp(_ path: ArraySlice<String>, _ root: JSONValue?) -> ExpressionValue {
        var value = root
        for segment in path {
            switch value {
            case .object(let object): value = object[segment]
            case .array(let elements):
                guard let index = Int(segment), elements.indices.contains(index) else { return .missing }
                value = elements[index]
            default: return .missing
            }
        }
        return value.map { expressionValue($0, depth: 0) } ?? .missing
    }

    private static func expressionValue(_ value: JSONValue, depth: Int) -> ExpressionValue {
        switch value {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .number(let number): ExactNumber(number.text).map { .number($0) } ?? .missing
        case .string(let text): .string(text)
        case .array(let elements):
            depth < 64 ? .list(elements.map { expressionValue($0, depth: depth + 1) }) : .missing
        case .object: .object
        }
    }
}
