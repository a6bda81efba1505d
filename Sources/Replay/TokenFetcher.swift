import Bytes
package import EventLoop
import HTTP1
import JSON
import Metrics
package import Signing
import Synchronization
import Tagging
import Tape

/// Fetches access tokens by client credentials (RFC 6749 section 4.4), and others before they run out, on a thread of its
/// own. The request carries the tag; what is asked has passed the guard.
package final class TokenFetcher: Sendable {
    package let token = SharedToken()
    private let oauth: Rules.OAuth
    private let secret: Secret
    private let admitted: Guard.Admitted
    private let path: String
    private let security: TLSEndpoint?
    private let tagger: Tagger
    private let isEnded = Atomic<Bool>(false)
    private let state = Lock(State())

    private struct State: Sendable {
        var width = 0
        var fetched: UInt64 = 0
        var failures: UInt64 = 0
        var lastFailure = ""
        var lifetimeSeconds: UInt64 = 0
    }

    /// - Parameters:
    ///   - admitted: the endpoint's host, admitted by the guard.
    ///   - path: of the endpoint, with its query.
    package init(
        _ oauth: Rules.OAuth, secret: Secret, admitted: Guard.Admitted, path: String, tls: TLSContext?, tag: String
    ) {
        self.oauth = oauth
        self.secret = secret
        self.admitted = admitted
        self.path = path
        security = TLSEndpoint(admitted.target, tls)
        tagger = Tagger(carriers: Carrier.defaults, run: tag)
    }

    /// How long a token may become: as long as the first one and a quarter.
    package var width: Int { state.withLock { $0.width } }
    package var fetched: UInt64 { state.withLock { $0.fetched } }
    /// How often none could be had, and why last time. Never holds what came.
    package var failures: (count: UInt64, last: String) { state.withLock { ($0.failures, $0.lastFailure) } }

    /// Fetches the first token, without which nothing can be sent.
    package func begin() throws(ReplayError) {
        do throws(Failure) {
            let first = try fetch()
            state.withLock { $0.width = first.text.count + first.text.count / 4 + 32 }
            try take(first)
        } catch {
            throw ReplayError(
                "no token could be had from \(admitted.target): \(error.why)",
                remedy: "Check the endpoint, the client's id and its secret.")
        }
    }

    /// Renews the token until ``end()``.
    package func run() {
        var wait = renewal()
        while !isEnded.load(ordering: .relaxed) {
            // Short naps, so that the end does not have to wait.
            let nap = min(wait, 50_000_000)
            Clock.sleep(nanos: nap)
            wait -= nap
            if wait > 0 { continue }
            do throws(Failure) {
                try take(try fetch())
                wait = renewal()
            } catch {
                state.withLock { state in
                    state.failures += 1
                    state.lastFailure = error.why
                }
                wait = 500_000_000
            }
        }
    }

    package func end() { isEnded.store(true, ordering: .relaxed) }

    /// How long the present token may be used before another one is fetched, in ns.
    private func renewal() -> UInt64 {
        let lifetime = state.withLock { $0.lifetimeSeconds }
        let before = oauth.refreshBeforeSeconds ?? max(1, lifetime / 5)
        return max(500_000_000, (lifetime > before ? lifetime - before : 0) * 1_000_000_000)
    }

    private struct Failure: Error { var why: String }

    private func take(_ new: (text: [UInt8], lifetimeSeconds: UInt64)) throws(Failure) {
        guard new.text.count <= width else { throw Failure(why: "the token has become too long for its place") }
        state.withLock { state in
            state.fetched += 1
            state.lifetimeSeconds = new.lifetimeSeconds
        }
        token.set(
            new.text, expiresNanos: Clock.realtimeNanos() &+ min(new.lifetimeSeconds, 1 << 32) &* 1_000_000_000)
    }

    private func fetch() throws(Failure) -> (text: [UInt8], lifetimeSeconds: UInt64) {
        var request = self.request()
        // It holds the client's secret.
        defer { for index in request.indices { request[index] = 0 } }
        do throws(TagError) { request = try tagger.tag(request, .http1).bytes } catch {
            throw Failure(why: error.message)
        }
        let reply: [UInt8]
        do throws(ExchangeClient.Failure) {
            var client = try ExchangeClient(to: admitted.address, security: security, timeoutNanos: 10_000_000_000)
            reply = try client.exchange(request, format: WireFormat(.http1))
        } catch {
            throw Failure(why: error.description)
        }
        var scanner = HTTPScanner(.response)
        guard (try? scanner.advance(reply.rawSpan, endOfStream: true)) != nil, scanner.hasHead else {
            throw Failure(why: "the reply is no HTTP")
        }
        guard scanner.head.status == 200 else { throw Failure(why: "the endpoint answers \(scanner.head.status)") }
        guard
            let content = try? HTTPScanner.contentArray(reply.rawSpan, head: scanner.head, framing: scanner.framing),
            let body = try? JSONValue(parsing: content), case .object(let members) = body,
            case .string(let text)? = members["access_token"], !text.isEmpty,
            // RFC 6750 section 2.1, and what cannot break a header.
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Failure(why: "the reply holds no access_token") }
        var lifetime: UInt64 = 3600
        if case .number(let number)? = members["expires_in"], let seconds = UInt64(number.text) { lifetime = seconds }
        return (Array(text.utf8), lifetime)
    }

    private func request() -> [UInt8] {
        var body = Array("grant_type=client_credentials".utf8)
        if !oauth.scope.isEmpty { body += Array("&scope=".utf8) + PercentEncoding.encoded(Array(oauth.scope.utf8)) }
        // RFC 6749 section 2.3.1: both are encoded as in a form before they are joined.
        let id = PercentEncoding.encoded(Array(oauth.clientID.utf8))
        let password = unsafe secret.withBytes { unsafe PercentEncoding.encoded(Array($0)) }
        var head = Array("POST \(path) HTTP/1.1\r\nHost: \(admitted.target.authority)\r\n".utf8)
        if oauth.sendsSecretInBody {
            body += Array("&client_id=".utf8) + id + Array("&client_secret=".utf8) + password
        } else {
            head += Array("Authorization: Basic \(Base64.encode(id + [0x3A] + password))\r\n".utf8)
        }
        head += Array("Content-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n".utf8)
        head += Array("Connection: close\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
        return head + body
    }
}
