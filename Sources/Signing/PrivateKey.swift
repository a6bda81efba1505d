internal import COpenSSL

/// An RSA or P-256 key, read once and shared by all threads.
@safe
package final class PrivateKey: Sendable {
    /// RSASSA-PKCS1-v1_5 or ECDSA (RFC 8017, FIPS 186-5), with SHA-256.
    package enum Kind: Sendable { case rsa, p256 }

    package let kind: Kind
    /// Of a signature: that of the modulus, or r and s of 32 bytes each.
    package let signatureLength: Int
    // A key is not changed after the initialiser, and signing with one from several threads is allowed
    // (openssl-threads(7)).
    fileprivate nonisolated(unsafe) let key: OpaquePointer

    /// Reads an unencrypted PEM text (PKCS #8, PKCS #1 or SEC 1). Nil when it is something else.
    package init?(pem: Secret) {
        let parsed = unsafe pem.withBytes { text -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(text.baseAddress, Int32(clamping: text.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            return unsafe PEM_read_bio_PrivateKey(bio, nil, tinct_tls_no_passphrase, nil)
        }
        ERR_clear_error()
        guard let parsed = unsafe parsed else { return nil }
        let size = Int(unsafe EVP_PKEY_get_size(parsed))
        if unsafe EVP_PKEY_is_a(parsed, "RSA") == 1, size >= 128, size <= 1024 {
            kind = .rsa
            signatureLength = size
        } else if unsafe EVP_PKEY_is_a(parsed, "EC") == 1, unsafe EVP_PKEY_get_bits(parsed) == 256 {
            kind = .p256
            signatureLength = 64
        } else {
            unsafe EVP_PKEY_free(parsed)
            return nil
        }
        unsafe key = parsed
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// Signs; nil when OpenSSL cannot.
    func sign(_ bytes: UnsafeRawPointer, _ count: Int) -> [UInt8]? {
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer {
            unsafe EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var length = 0
        let input = unsafe bytes.assumingMemoryBound(to: UInt8.self)
        guard unsafe EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            unsafe EVP_DigestSign(context, nil, &length, input, count) == 1
        else { return nil }
        var signature = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_DigestSign(context, &signature, &length, input, count) == 1 else { return nil }
        signature.removeSubrange(length...)
        return kind == .rsa ? signature : PrivateKey.fixed(signature)
    }

    /// Two DER integers as r and s of 32 bytes (RFC 7518 section 3.4).
    private static func fixed(_ der: [UInt8]) -> [UInt8]? {
        var result = [UInt8](repeating: 0, count: 64)
        var at = 2
        for half in 0..<2 {
            guard at + 2 <= der.count, der[at] == 2 else { return nil }
            let length = Int(der[at + 1])
            at += 2
            guard at + length <= der.count else { return nil }
            let digits = der[at..<at + length].drop { $0 == 0 }
            guard digits.count <= 32 else { return nil }
            let start = half * 32 + 32 - digits.count
            result.replaceSubrange(start..<start + digits.count, with: digits)
            at += length
        }
        return result
    }
}
