import Analysis
import Bytes
import CLinux
import EventLoop
import Expression
import Files
import Glibc
import JSON
import Pacing
import Replay
import Schema
import Signing

/// The rules file of a replay with everything that it names: secrets, keys, tokens.
struct ReplayRules {
    let rules: Rules
    private(set) var context = RuleContext()
    private var fetchers: [TokenFetcher] = []
    private var threads: [LoopThread] = []

    /// Reads the file; secrets come from the environment and from files beside it. Nil without `--rules`.
    ///
    /// Token endpoints pass the same guard as targets do.
    init?(_ invocation: Invocation, _ sending: SendingFlags) throws(CommandError) {
        guard let file = invocation["rules"] else { return nil }
        do { rules = try Rules.parse(try readFile(file, limit: 1 << 20), file: file) } catch {
            throw CommandError("the rules cannot be used: \(error)")
        }
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        var secrets: [Secret] = []
        for place in rules.secrets { secrets.append(try SecretFile.read(place, folder: folder)) }
        for change in rules.changes {
            guard let signature = change.signature else { continue }
            context.keys.append(try Self.key(signature, secrets[signature.key]))
        }
        for token in rules.tokens { try add(token, secrets, invocation, sending) }
    }

    /// Fetches what must be there before anything is sent, and renews it until ``end()``.
    mutating func begin() throws(CommandError) {
        var next = fetchers.makeIterator()
        for index in context.tokens.indices {
            guard case .shared = context.tokens[index], let fetcher = next.next() else { continue }
            do throws(ReplayError) { try fetcher.begin() } catch {
                throw CommandError("nothing was sent: \(error.message)", remedy: error.remedy)
            }
            context.tokenWidths[index] = fetcher.width
            do throws(SystemError) { threads.append(try LoopThread(isBackground: true) { fetcher.run() }) } catch {
                throw CommandError("a thread cannot be started (\(error))", exit: .failed)
            }
        }
    }

    /// For a dry run, which asks nobody: tokens that would be fetched have some length.
    mutating func pretend() {
        for (index, token) in context.tokens.enumerated() {
            if case .shared(let shared) = token {
                context.tokenWidths[index] = 32
                shared.set(Array("fetched-when-it-is-sent".utf8), expiresNanos: .max)
            }
        }
    }

    /// Lets the fetchers end, and says what they could not do.
    func end() {
        for fetcher in fetchers {
            fetcher.end()
            let failures = fetcher.failures
            if failures.count > 0 {
                Output.warn("\(failures.count) times no new token could be had: \(failures.last)")
            }
        }
        for thread in threads { thread.join() }
    }

    /// Where conditions of rules are decided.
    mutating func decideConditions(_ schemas: SchemaSet) {
        let view = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
        context.holds = { condition, exchange in
            var fields = ExchangeFields(exchange, view)
            return condition.isTrue { path in fields.value(at: path).map { ExpressionValue($0) } ?? .missing }
        }
    }

    // MARK: Keys and tokens

    private static func key(_ signature: Rules.Signature, _ secret: Secret) throws(CommandError) -> SigningKey {
        let scheme: SigningKey.Scheme =
            switch signature.scheme {
            case .hmacSHA256: .hmac(.sha256)
            case .hmacSHA512: .hmac(.sha512)
            case .hmacSM3: .hmac(.sm3)
            case .rsaSHA256, .ecdsaSHA256: .privateKey
            case .awsSignature4: .awsSignature4(region: signature.region, service: signature.service)
            }
        guard let key = SigningKey(scheme, secret) else {
            throw unusable("\(signature.mark): the secret cannot be used for \(signature.scheme.rawValue)")
        }
        let wanted: PrivateKey.Kind? =
            signature.scheme == .rsaSHA256 ? .rsa : signature.scheme == .ecdsaSHA256 ? .p256 : nil
        if key.privateKeyKind != wanted {
            throw unusable("\(signature.mark): the key is not of the kind that \(signature.scheme.rawValue) needs")
        }
        return key
    }

    private static func unusable(_ message: String) -> CommandError {
        CommandError(message, remedy: "Give an unencrypted PEM key of that kind; SM3 needs an OpenSSL that has it.")
    }

    private mutating func add(
        _ token: Rules.Token, _ secrets: [Secret], _ invocation: Invocation, _ sending: SendingFlags
    ) throws(CommandError) {
        switch token.kind {
        case .jwt(let jwt):
            context.tokens.append(.jwt(try Self.jwt(jwt, secrets[jwt.key], token)))
            context.tokenWidths.append(0)
        case .oauth(let oauth):
            let (url, path) = Self.split(oauth.url)
            let target = try SendingFlags.target(url)
            let gatekeeper = try sending.makeGuard([target], .constant(perThousandSeconds: 1000), rateIsStated: true)
            let fetcher = TokenFetcher(
                oauth, secret: secrets[oauth.secret], admitted: gatekeeper.admitted[0], path: path,
                tls: try target.isTLS ? TLSFlags.context(invocation, [target]) : nil, tag: sending.tag)
            fetchers.append(fetcher)
            context.tokens.append(.shared(fetcher.token))
            context.tokenWidths.append(0)
        }
    }

    private static func jwt(
        _ jwt: Rules.JWT, _ secret: Secret, _ token: Rules.Token
    ) throws(CommandError) -> JSONWebToken {
        let scheme: SigningKey.Scheme =
            switch jwt.algorithm {
            case .hs256: .hmac(.sha256)
            case .hs512: .hmac(.sha512)
            case .rs256, .es256: .privateKey
            }
        let wanted: PrivateKey.Kind? = jwt.algorithm == .rs256 ? .rsa : jwt.algorithm == .es256 ? .p256 : nil
        guard let key = SigningKey(scheme, secret), key.privateKeyKind == wanted else {
            throw unusable("\(token.mark): the secret cannot be used for \(jwt.algorithm.rawValue)")
        }
        var header = JSONObject()
        header["alg"] = .string(jwt.algorithm.rawValue)
        header["typ"] = .string("JWT")
        for (name, value) in jwt.header { header[name] = .string(value) }
        return JSONWebToken(
            key: key, header: String(decoding: JSONValue.object(header).encoded(), as: UTF8.self),
            lifetime: jwt.lifetimeSeconds, hasID: jwt.hasID)
    }

    /// `http://host:port` and the rest.
    private static func split(_ url: String) -> (url: String, path: String) {
        guard let scheme = url.firstRange(of: "://"),
            let slash = url[scheme.upperBound...].firstIndex(where: { $0 == "/" || $0 == "?" })
        else { return (url, "/") }
        let path = String(url[slash...])
        return (String(url[..<slash]), path.hasPrefix("/") ? path : "/" + path)
    }
}

/// Reads secrets from where rules say that they are.
enum SecretFile {
    /// A key or a PEM file; more is none.
    private static let limit = 64 << 10

    static func read(_ place: Rules.SecretPlace, folder: String) throws(CommandError) -> Secret {
        var bytes: [UInt8]
        switch place.source {
        case .environment(let name):
            bytes = Array(Sender.environment(name).utf8)
            if bytes.isEmpty {
                throw CommandError(
                    "\(place.mark): the secret '\(place.name)' is not there", remedy: "Set the variable \(name).")
            }
        case .file(let path):
            let full = path.hasPrefix("/") || folder.isEmpty ? path : folder + "/" + path
            try check(full, "\(place.mark): the secret '\(place.name)'")
            do { bytes = try readFile(full, limit: limit) } catch {
                throw CommandError("\(place.mark): the secret '\(place.name)' cannot be read (\(error))")
            }
        }
        defer { for index in bytes.indices { bytes[index] = 0 } }
        guard var decoded = decoded(bytes, place.encoding), !decoded.isEmpty else {
            throw CommandError(
                "\(place.mark): the secret '\(place.name)' is no \(place.encoding.rawValue)",
                remedy: "Say how it is written: encoding: text, hex or base64.")
        }
        return Secret(taking: &decoded)
    }

    private static func decoded(_ bytes: [UInt8], _ encoding: Rules.SecretPlace.Encoding) -> [UInt8]? {
        var text = bytes[...]
        // Editors and `echo` end a file with a line end, which nobody means.
        if encoding != .text || !text.starts(with: "-----BEGIN".utf8) {
            while let last = text.last, last == 10 || last == 13 { text = text.dropLast() }
        }
        return switch encoding {
        case .text: Array(text)
        case .hex: Hex.decode(String(decoding: text, as: UTF8.self))
        case .base64: Base64.decode(String(decoding: text, as: UTF8.self))
        }
    }

    /// Nobody else may read it, or have put it there.
    static func check(_ path: String, _ what: String) throws(CommandError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CommandError("\(what) is in no file \(path)", remedy: "Check the path.")
        }
        if status.st_mode & 0o077 != 0 {
            throw CommandError("\(what) can be read by others", remedy: "chmod 600 \(path)")
        }
        if status.st_uid != geteuid() && status.st_uid != 0 {
            throw CommandError("\(what) belongs to somebody else", remedy: "chown \(path), or copy it.")
        }
    }
}
