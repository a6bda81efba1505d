import Bytes
import Synchronization

/// Where a token comes from.
package enum TokenSource: Sendable {
    case jwt(JSONWebToken)
    /// Fetched aside and shared by all threads.
    case shared(SharedToken)
}

/// What a JSON Web Token (RFC 7519) is made of. Its times are written at each send, in seconds; everything else is
/// constant.
package struct JSONWebToken: Sendable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case hs256 = "HS256"
        case hs512 = "HS512"
        case rs256 = "RS256"
        case es256 = "ES256"
    }

    package let key: SigningKey
    /// How long it holds, in seconds. Another one is made when half of it has passed.
    package let lifetime: UInt64
    /// Whether each token has a `jti` of its own, so that none is used twice.
    package let hasID: Bool
    /// Base64url, with the dot behind it.
    package let header: [UInt8]

    /// - Parameter header: the JSON of the JOSE header, `alg` included.
    package init(key: SigningKey, header: String, lifetime: UInt64, hasID: Bool) {
        self.key = key
        self.lifetime = lifetime
        self.hasID = hasID
        self.header = JSONWebToken.encoded(Array(header.utf8)) + [0x2E]
    }

    /// Of the whole token, for claims that are `count` bytes of JSON without their closing brace.
    package func length(claims count: Int) -> Int {
        let payload = count + JSONWebToken.timesLength + (hasID ? JSONWebToken.idLength : 0) + 1
        return header.count + TextEncoding.base64url.length(of: payload) + 1
            + TextEncoding.base64url.length(of: key.signatureLength)
    }

    static let timesLength = "\"iat\":0000000000,\"exp\":0000000000".utf8.count
    static let idLength = ",\"jti\":\"00000000000000000000000000000000\"".utf8.count

    static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: TextEncoding.base64url.length(of: bytes.count))
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe text.withUnsafeMutableBufferPointer { target in
                if let from = source.baseAddress, let to = target.baseAddress {
                    unsafe TextEncoding.base64url.write(from, source.count, to: to)
                }
            }
        }
        return text
    }
}

/// A token that one thread fetches and others send.
package final class SharedToken: Sendable {
    private struct State: Sendable {
        var text: [UInt8] = []
        var expiresNanos: UInt64 = 0
    }

    private let state = Lock(State())
    /// Rises with each token.
    private let version = Atomic<UInt64>(0)

    package init() {}

    /// - Parameter expiresNanos: ns since 1970.
    package func set(_ text: [UInt8], expiresNanos: UInt64) {
        state.withLock { $0 = State(text: text, expiresNanos: expiresNanos) }
        version.add(1, ordering: .releasing)
    }

    package var current: (text: [UInt8], expiresNanos: UInt64) { state.withLock { ($0.text, $0.expiresNanos) } }

    /// Replaces `text` when there is a newer one than `known`.
    func update(_ text: inout [UInt8], known: inout UInt64) {
        let latest = version.load(ordering: .acquiring)
        if latest == known { return }
        known = latest
        text = current.text
    }
}
