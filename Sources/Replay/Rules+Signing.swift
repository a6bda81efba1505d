import Pacing
package import Signing
package import YAML

extension Rules {
    /// Where a secret's value is to be found; the value itself is in no file of ours and no argument.
    package struct SecretPlace: Sendable {
        package enum Source: Sendable {
            case environment(String)
            /// Must belong to us or root and be closed to others (mode 0600). Relative to the rules file.
            case file(String)
        }

        package enum Encoding: String, Sendable, CaseIterable { case text, hex, base64 }

        package var name: String
        package var source: Source
        package var encoding: Encoding
        package var mark: YAMLMark
    }

    /// Something that says who is calling, and is renewed while a run lasts.
    package struct Token: Sendable {
        package enum Kind: Sendable {
            case jwt(JWT)
            case oauth(OAuth)
        }

        package var name: String
        package var kind: Kind
        package var mark: YAMLMark
    }

    /// A JSON Web Token of our own making.
    package struct JWT: Sendable {
        package var algorithm: JSONWebToken.Algorithm
        /// Index of the secret.
        package var key: Int
        package var lifetimeSeconds: UInt64
        package var hasID: Bool
        package var header: [(name: String, value: String)]
        /// Texts may hold `${request.PATH}`.
        package var claims: [(name: String, value: YAMLNode)]
    }

    /// Client credentials (RFC 6749 section 4.4).
    package struct OAuth: Sendable {
        package var url: String
        package var clientID: String
        package var secret: Int
        package var scope: String
        /// In the body instead of HTTP's Basic scheme.
        package var sendsSecretInBody: Bool
        /// How long before its end a token is renewed; nil: when four fifths of its life are over.
        package var refreshBeforeSeconds: UInt64?
    }

    /// A signature over a template, and where its parts go.
    package struct Signature: Sendable {
        package enum Piece: Sendable, Equatable {
            case literal(String)
            case method, path, query, body, bodyDigest, timestamp, nonce, keyID, operation
            case field(RequestField)
        }

        package enum Scheme: String, Sendable, CaseIterable {
            case hmacSHA256 = "hmac-sha256"
            case hmacSHA512 = "hmac-sha512"
            case hmacSM3 = "hmac-sm3"
            case rsaSHA256 = "rsa-sha256"
            case ecdsaSHA256 = "ecdsa-sha256"
            case awsSignature4 = "aws-sigv4"
        }

        package enum Clock: String, Sendable, CaseIterable { case seconds, millis, rfc3339, basic }

        package var scheme: Scheme
        /// Index of the secret.
        package var key: Int
        package var keyID: String
        package var over: [Piece]
        package var encoding: TextEncoding
        package var clock: Clock
        package var nonceLength: Int
        package var signature: RequestField
        package var timestamp: RequestField?
        package var nonce: RequestField?
        package var keyIDField: RequestField?
        package var region: String
        package var service: String
        package var mark: YAMLMark
    }

    // MARK: Secrets and tokens

    mutating func readSecrets(_ map: YAMLMapping) throws(YAMLError) {
        for entry in try map["secrets"]?.entries("secrets by name") ?? [] {
            secrets.append(try Self.secret(entry))
        }
        for entry in try map["tokens"]?.entries("tokens by name") ?? [] {
            let token = try entry.value.mapping("a token", keys: ["jwt", "oauth"])
            switch (token["jwt"], token["oauth"]) {
            case (let node?, nil): tokens.append(Token(name: entry.key, kind: .jwt(try jwt(node)), mark: entry.keyMark))
            case (nil, let node?):
                tokens.append(Token(name: entry.key, kind: .oauth(try oauth(node)), mark: entry.keyMark))
            default:
                throw YAMLError("a token is a jwt or comes by oauth", at: entry.value.mark, remedy: "Give one of them.")
            }
        }
    }

    private static func secret(_ entry: YAMLNode.Entry) throws(YAMLError) -> SecretPlace {
        let map = try entry.value.mapping("a secret", keys: ["env", "file", "encoding"])
        let source: SecretPlace.Source
        switch (map["env"], map["file"]) {
        case (let node?, nil): source = .environment(try node.string("the name of an environment variable"))
        case (nil, let node?): source = .file(try node.string("a file"))
        default:
            throw YAMLError(
                "the secret '\(entry.key)' needs env or file", at: entry.value.mark,
                remedy: "Values are never written into rules: give {env: NAME}, or {file: PATH} with mode 0600.")
        }
        let encoding = try map["encoding"]?.choice("encoding", of: SecretPlace.Encoding.allCases.map(\.rawValue))
        return SecretPlace(
            name: entry.key, source: source, encoding: encoding.flatMap { .init(rawValue: $0) } ?? .text,
            mark: entry.keyMark)
    }

    private func secretIndex(_ node: YAMLNode) throws(YAMLError) -> Int {
        let name = try node.string("the name of a secret")
        guard let index = secrets.firstIndex(where: { $0.name == name }) else {
            throw YAMLError(
                "there is no secret '\(name)'", at: node.mark,
                remedy: "Say under secrets where it is to be found: \(name): {env: NAME} or {file: PATH}.")
        }
        return index
    }

    private func jwt(_ node: YAMLNode) throws(YAMLError) -> JWT {
        let map = try node.mapping("a jwt", keys: ["algorithm", "key", "lifetime", "id", "header", "claims"])
        let word = try map.required("algorithm").choice(
            "algorithm", of: JSONWebToken.Algorithm.allCases.map(\.rawValue))
        let claims = try map["claims"]?.entries("claims by name") ?? []
        for claim in claims where ["iat", "exp", "jti"].contains(claim.key) {
            throw YAMLError(
                "the claim \(claim.key) is written at each send", at: claim.keyMark,
                remedy: "Give lifetime for exp, and id: true for jti.")
        }
        var header: [(name: String, value: String)] = []
        for parameter in try map["header"]?.entries("header parameters by name") ?? [] {
            if ["alg", "typ"].contains(parameter.key) {
                throw YAMLError(
                    "the header's \(parameter.key) follows from the algorithm", at: parameter.keyMark,
                    remedy: "Remove it.")
            }
            header.append((parameter.key, try parameter.value.string("a text")))
        }
        return JWT(
            algorithm: JSONWebToken.Algorithm(rawValue: word) ?? .hs256, key: try secretIndex(try map.required("key")),
            lifetimeSeconds: try map["lifetime"].map { node throws(YAMLError) in try Self.seconds(node) } ?? 300,
            hasID: try map["id"]?.bool() ?? false, header: header,
            claims: claims.map { ($0.key, $0.value) })
    }

    private func oauth(_ node: YAMLNode) throws(YAMLError) -> OAuth {
        let map = try node.mapping(
            "oauth", keys: ["url", "clientId", "clientSecret", "scope", "secretIn", "refreshBefore"])
        return OAuth(
            url: try map.required("url").string("the URL of the token endpoint"),
            clientID: try map.required("clientId").string("a client's id"),
            secret: try secretIndex(try map.required("clientSecret")), scope: try map["scope"]?.string() ?? "",
            sendsSecretInBody: try map["secretIn"]?.choice("place of the secret", of: ["header", "body"]) == "body",
            refreshBeforeSeconds: try map["refreshBefore"].map { node throws(YAMLError) in try Self.seconds(node) })
    }

    private static func seconds(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        let text = try node.string("a duration")
        guard let nanos = Pacer.nanos(Substring(text)), nanos >= 1_000_000_000 else {
            throw YAMLError("'\(text)' is no duration of at least a second", at: node.mark, remedy: "As in 30s or 5m.")
        }
        return nanos / 1_000_000_000
    }

    // MARK: Signatures

    func signature(_ node: YAMLNode) throws(YAMLError) -> Signature {
        let map = try node.mapping(
            "a signature",
            keys: ["scheme", "key", "keyId", "over", "encoding", "timestamp", "nonce", "into", "region", "service"])
        let word = try map["scheme"]?.choice("scheme", of: Signature.Scheme.allCases.map(\.rawValue))
        let scheme = word.flatMap { Signature.Scheme(rawValue: $0) } ?? .hmacSHA256
        let key = try secretIndex(try map.required("key"))
        let keyID = try map["keyId"]?.string("the id of the key") ?? ""
        if scheme == .awsSignature4 { return try awsSignature(map, key, keyID, node.mark) }
        let into = try map["into"]?.mapping("places", keys: ["signature", "timestamp", "nonce", "keyId"])
        func place(_ name: String, _ usual: String?) throws(YAMLError) -> RequestField? {
            if let node = into?[name] { return try Self.editable(try node.string("a field"), at: node.mark) }
            return into == nil ? usual.flatMap { RequestField($0) } : nil
        }
        guard let target = try place("signature", "header.x-signature") else {
            throw YAMLError("into needs 'signature'", at: into?.mark ?? node.mark, remedy: "As in header.x-signature.")
        }
        let length = Int(try map["nonce"]?.int("the nonce's length in hexadecimal digits", in: 16...128) ?? 32)
        let clock = try map["timestamp"]?.choice("form of time", of: Signature.Clock.allCases.map(\.rawValue))
        let encoding = try map["encoding"]?.choice("encoding", of: ["hex", "base64", "base64url"]) ?? "hex"
        var signature = Signature(
            scheme: scheme, key: key, keyID: keyID, over: [],
            encoding: encoding == "hex" ? .hex : encoding == "base64" ? .base64 : .base64url,
            clock: clock.flatMap { .init(rawValue: $0) } ?? .seconds, nonceLength: length, signature: target,
            timestamp: try place("timestamp", "header.x-timestamp"), nonce: try place("nonce", "header.x-nonce"),
            keyIDField: try place("keyId", keyID.isEmpty ? nil : "header.x-key-id"), region: "", service: "",
            mark: node.mark)
        signature.over = try Self.pieces(map["over"], signature)
        return signature
    }

    private func awsSignature(
        _ map: YAMLMapping, _ key: Int, _ keyID: String, _ mark: YAMLMark
    ) throws(YAMLError) -> Signature {
        for name in ["over", "encoding", "timestamp", "nonce", "into"] {
            if let node = map[name] {
                throw YAMLError("aws-sigv4 has no '\(name)'", at: node.mark, remedy: "The scheme says what is signed.")
            }
        }
        if keyID.isEmpty { throw YAMLError("aws-sigv4 needs 'keyId'", at: mark, remedy: "Give the access key's id.") }
        return Signature(
            scheme: .awsSignature4, key: key, keyID: keyID, over: [], encoding: .hex, clock: .basic, nonceLength: 32,
            signature: RequestField(.header("authorization")), timestamp: RequestField(.header("x-amz-date")),
            nonce: nil, keyIDField: nil, region: try map.required("region").string("a region"),
            service: try map.required("service").string("a service"), mark: mark)
    }

    /// `${method}\n${path}\n${query}\n${bodySHA256}\n${timestamp}\n${nonce}` unless said otherwise.
    private static func pieces(_ node: YAMLNode?, _ signature: Signature) throws(YAMLError) -> [Signature.Piece] {
        guard let node else {
            return [
                .method, .literal("\n"), .path, .literal("\n"), .query, .literal("\n"), .bodyDigest, .literal("\n"),
                .timestamp, .literal("\n"), .nonce,
            ]
        }
        var pieces: [Signature.Piece] = []
        var rest = Substring(try node.string("what is signed"))
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw YAMLError("'${' is not closed", at: node.mark, remedy: "Put '}' behind the name.")
            }
            if start.lowerBound > rest.startIndex { pieces.append(.literal(String(rest[..<start.lowerBound]))) }
            pieces.append(try piece(String(rest[start.upperBound..<end]), node, signature))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        if pieces.isEmpty {
            throw YAMLError("nothing is signed", at: node.mark, remedy: "Write what is, like '${method}\\n${path}'.")
        }
        return pieces
    }

    private static func piece(
        _ name: String, _ node: YAMLNode, _ signature: Signature
    ) throws(YAMLError) -> Signature.Piece {
        switch name {
        case "method": return .method
        case "path": return .path
        case "query": return .query
        case "body": return .body
        case "bodySHA256": return .bodyDigest
        case "operation": return .operation
        case "keyId": return .keyID
        case "timestamp" where signature.timestamp != nil: return .timestamp
        case "nonce" where signature.nonce != nil: return .nonce
        case "timestamp", "nonce":
            throw YAMLError("'\(name)' is signed and has no place", at: node.mark, remedy: "Give it one under into.")
        default:
            guard name.hasPrefix("request.") || name.hasPrefix("header."), let field = RequestField(name) else {
                throw YAMLError(
                    "'${\(name)}' is not known", at: node.mark,
                    remedy:
                        "There are method, path, query, body, bodySHA256, timestamp, nonce, keyId, operation, "
                        + "request.PATH and request.header.NAME.")
            }
            return .field(field)
        }
    }
}
