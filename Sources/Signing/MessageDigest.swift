internal import COpenSSL

/// Digests that signatures and header fields are made with.
package enum DigestKind: UInt8, Sendable, CaseIterable {
    /// RFC 1321; for Content-MD5 alone.
    case md5
    /// FIPS 180-4.
    case sha256, sha512
    /// GB/T 32905-2016.
    case sm3

    package var length: Int {
        switch self {
        case .md5: 16
        case .sha256, .sm3: 32
        case .sha512: 64
        }
    }

    /// Bytes that are compressed at a time, which is the length of an HMAC's padded key.
    var blockLength: Int { self == .sha512 ? 128 : 64 }

    fileprivate var name: String {
        switch self {
        case .md5: "MD5"
        case .sha256: "SHA256"
        case .sha512: "SHA512"
        case .sm3: "SM3"
        }
    }
}

/// One digest algorithm with a context that is used again and again. Belongs to one thread.
@safe
final class DigestContext {
    let kind: DigestKind
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    /// Nil where the system's OpenSSL does not have the algorithm (SM3 and MD5 in some builds).
    init?(_ kind: DigestKind) {
        self.kind = kind
        // Fetched once: looking an algorithm up takes longer than digesting a request.
        guard let algorithm = unsafe EVP_MD_fetch(nil, kind.name, nil), let context = unsafe EVP_MD_CTX_new() else {
            return nil
        }
        unsafe self.algorithm = algorithm
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
        unsafe EVP_MD_free(algorithm)
    }

    func begin() { _ = unsafe EVP_DigestInit_ex2(context, algorithm, nil) }

    func update(_ bytes: UnsafeRawPointer, _ count: Int) { _ = unsafe EVP_DigestUpdate(context, bytes, count) }

    /// Writes ``DigestKind/length`` bytes.
    func finish(into result: UnsafeMutablePointer<UInt8>) { _ = unsafe EVP_DigestFinal_ex(context, result, nil) }

    func digest(_ bytes: UnsafeRawPointer, _ count: Int, into result: UnsafeMutablePointer<UInt8>) {
        begin()
        unsafe update(bytes, count)
        unsafe finish(into: result)
    }
}

/// HMAC (RFC 2104) under one key. Belongs to one thread.
@safe
final class KeyedHash {
    private let digest: DigestContext
    /// The key with the inner and the outer padding.
    private let inner: UnsafeMutablePointer<UInt8>
    private let outer: UnsafeMutablePointer<UInt8>

    init?(_ kind: DigestKind, _ key: UnsafeRawBufferPointer) {
        guard let digest = DigestContext(kind) else { return nil }
        self.digest = digest
        let length = kind.blockLength
        unsafe inner = .allocate(capacity: length)
        unsafe outer = .allocate(capacity: length)
        unsafe inner.initialize(repeating: 0, count: length)
        unsafe outer.initialize(repeating: 0, count: length)
        unsafe setKey(key)
    }

    deinit {
        let length = digest.kind.blockLength
        unsafe wipe(inner, length)
        unsafe wipe(outer, length)
        unsafe inner.deallocate()
        unsafe outer.deallocate()
    }

    func setKey(_ key: UnsafeRawBufferPointer) {
        let length = digest.kind.blockLength
        unsafe inner.update(repeating: 0, count: length)
        let count = key.count
        if count > length, let base = key.baseAddress {
            unsafe digest.digest(base, count, into: inner)
        } else {
            for index in 0..<count { unsafe inner[index] = key[index] }
        }
        for index in 0..<length {
            unsafe outer[index] = inner[index] ^ 0x5C
            unsafe inner[index] ^= 0x36
        }
    }

    /// Writes as many bytes as the digest has.
    func authenticate(_ bytes: UnsafeRawPointer, _ count: Int, into result: UnsafeMutablePointer<UInt8>) {
        digest.begin()
        unsafe digest.update(inner, digest.kind.blockLength)
        unsafe digest.update(bytes, count)
        unsafe digest.finish(into: result)
        digest.begin()
        unsafe digest.update(outer, digest.kind.blockLength)
        unsafe digest.update(result, digest.kind.length)
        unsafe digest.finish(into: result)
    }
}
