/// One step of finishing a request. Steps run in order; what is to be signed gathers in a buffer.
///
/// | op | does |
/// |---|---|
/// | `literal`, `copy` | appends fixed bytes, or a span of the request |
/// | `integer`, `zigzag` | appends a span's number in decimal: big-endian, or a varint |
/// | `digest` | appends the hexadecimal SHA-256 of a span |
/// | `mark`, `fold` | `fold` replaces what has gathered since `mark` by its hexadecimal SHA-256 |
/// | `sign` | writes the signature of the buffer over the target and empties the buffer |
/// | `put` | writes the digest of a span over the target, in Base64 |
/// | `token` | writes a token over the target |
///
/// Trivial, so that a request's steps lie in one piece of memory.
@safe
package struct FinishingStep: Sendable {
    package enum Op: UInt8, Sendable {
        case literal, copy, integer, zigzag, digest, mark, fold, sign, put, token
    }

    package var op: Op
    /// Of `sign`: its ``TextEncoding``. Of `put`: its ``DigestKind``. Of `token`: ``sharedToken`` when it is fetched.
    package var form: UInt8 = 0
    /// Of `sign` and `token`: which of the finisher's keys or tokens.
    package var index: UInt16 = 0
    /// The span that is read; of `sign`, `count` is how many bytes the signature has.
    package var from: Int32 = 0
    package var count: Int32 = 0
    /// The span that is written.
    package var to: Int32 = 0
    package var width: Int32 = 0
    /// Of `literal`: `count` bytes. Of `token`: the claims of a JSON Web Token, `count` bytes without the closing brace; nil
    /// for tokens that are the same for all requests.
    // Set by whoever owns the memory that the steps lie in, and valid as long as they are.
    package nonisolated(unsafe) var bytes: UnsafePointer<UInt8>?

    package static let constantToken: UInt8 = 0
    package static let sharedToken: UInt8 = 1

    package init(_ op: Op) {
        self.op = op
        unsafe bytes = nil
    }

    package init(_ op: Op, reading range: Range<Int>) {
        self.init(op)
        from = Int32(clamping: range.lowerBound)
        count = Int32(clamping: range.count)
    }

    package mutating func writes(_ range: Range<Int>) {
        to = Int32(clamping: range.lowerBound)
        width = Int32(clamping: range.count)
    }

    package var target: Range<Int> { Int(to)..<Int(to) + Int(width) }
}
