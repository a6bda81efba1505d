/// How a signature is made, and with what.
package struct SigningKey: Sendable {
    package enum Scheme: Sendable, Equatable {
        case hmac(DigestKind)
        /// With a ``PrivateKey``: RSASSA-PKCS1-v1_5 or ECDSA, with SHA-256.
        case privateKey
        /// AWS Signature Version 4: the key is derived from the day, the region and the service, and the day stands in the
        /// string that is signed.
        case awsSignature4(region: String, service: String)
    }

    package let scheme: Scheme
    let secret: Secret
    let privateKey: PrivateKey?

    /// Nil when the secret is no private key and the scheme needs one, or OpenSSL does not have the digest.
    package init?(_ scheme: Scheme, _ secret: Secret) {
        self.scheme = scheme
        self.secret = secret
        switch scheme {
        case .privateKey:
            guard let key = PrivateKey(pem: secret) else { return nil }
            privateKey = key
        case .hmac(let kind):
            guard DigestContext(kind) != nil else { return nil }
            privateKey = nil
        case .awsSignature4: privateKey = nil
        }
    }

    /// Of a signature, in bytes.
    package var signatureLength: Int {
        switch scheme {
        case .hmac(let kind): kind.length
        case .privateKey: privateKey?.signatureLength ?? 0
        case .awsSignature4: 32
        }
    }

    package var privateKeyKind: PrivateKey.Kind? { privateKey?.kind }
}

/// One thread's use of a key.
final class Signer {
    private let key: SigningKey
    private let hash: KeyedHash?
    /// Of Signature Version 4: the day that the derived key is for.
    private var day: [UInt8] = []

    init(_ key: SigningKey) {
        self.key = key
        switch key.scheme {
        case .hmac(let kind): hash = unsafe key.secret.withBytes { unsafe KeyedHash(kind, $0) }
        case .awsSignature4: hash = unsafe KeyedHash(.sha256, UnsafeRawBufferPointer(start: nil, count: 0))
        case .privateKey: hash = nil
        }
    }

    /// Writes ``SigningKey/signatureLength`` bytes; false when it cannot.
    func sign(_ bytes: UnsafeRawPointer, _ count: Int, into result: UnsafeMutablePointer<UInt8>) -> Bool {
        switch key.scheme {
        case .hmac: unsafe hash?.authenticate(bytes, count, into: result)
        case .awsSignature4(let region, let service):
            unsafe deriveKey(UnsafeRawBufferPointer(start: bytes, count: count), region, service)
            unsafe hash?.authenticate(bytes, count, into: result)
        case .privateKey:
            guard let signature = unsafe key.privateKey?.sign(bytes, count), signature.count == key.signatureLength
            else { return false }
            for (index, byte) in signature.enumerated() { unsafe result[index] = byte }
        }
        return true
    }

    /// The day is what follows the algorithm's name and a line end.
    private func deriveKey(_ text: UnsafeRawBufferPointer, _ region: String, _ service: String) {
        let start = "AWS4-HMAC-SHA256\n".utf8.count
        guard let hash, text.count >= start + 8 else { return }
        let wanted = unsafe text[start..<start + 8]
        if unsafe wanted.elementsEqual(day) { return }
        day = unsafe Array(wanted)
        var step = unsafe Array("AWS4".utf8) + key.secret.withBytes { unsafe Array($0) }
        for message in [day, Array(region.utf8), Array(service.utf8), Array("aws4_request".utf8)] {
            unsafe step.withUnsafeBytes { unsafe hash.setKey($0) }
            var next = [UInt8](repeating: 0, count: 32)
            unsafe message.withUnsafeBytes { input in
                unsafe next.withUnsafeMutableBufferPointer { output in
                    // Neither is empty: no message above is, and a digest has 32 bytes.
                    if let from = input.baseAddress, let to = output.baseAddress {
                        unsafe hash.authenticate(from, input.count, into: to)
                    }
                }
            }
            unsafe step.withUnsafeMutableBytes { if let base = $0.baseAddress { unsafe wipe(base, $0.count) } }
            step = next
        }
        unsafe step.withUnsafeBytes { unsafe hash.setKey($0) }
        unsafe step.withUnsafeMutableBytes { if let base = $0.baseAddress { unsafe wipe(base, $0.count) } }
    }
}
