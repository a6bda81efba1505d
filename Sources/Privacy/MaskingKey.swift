import Bytes
internal import COpenSSL

/// The secret that pseudonyms depend on. It is never written anywhere; the tape has its ``id``.
package struct MaskingKey: Sendable {
    private let secret: [UInt8]
    /// Where it came from, as a tape states it.
    package enum Origin: String, Sendable { case file, environment, random }
    package let origin: Origin

    /// Bytes that a key must have, at least: what is shorter can be guessed.
    package static let leastBytes = 16

    package init(_ secret: [UInt8], origin: Origin) {
        self.secret = secret
        self.origin = origin
    }

    /// A key that nobody has afterwards: pseudonyms agree within what it is used for, and with nothing else.
    package static func random() -> MaskingKey {
        var bytes = [UInt8](repeating: 0, count: 32)
        let done = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe RAND_priv_bytes($0.baseAddress, Int32($0.count))
        }
        precondition(done == 1, "libcrypto has no random bytes")
        return MaskingKey(bytes, origin: .random)
    }

    /// Tells keys apart without telling them: the first 8 bytes of an HMAC, in hexadecimal.
    package var id: String { Hex.encode(Array(derive("tinct masking key id")[..<8])) }

    /// 32 bytes for one purpose: HMAC-SHA256 (RFC 2104) of its name.
    func derive(_ purpose: String) -> [UInt8] {
        let message = Array(purpose.utf8)
        var result = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        unsafe result.withUnsafeMutableBufferPointer { output in
            let done = unsafe HMAC(
                EVP_sha256(), secret, Int32(secret.count), message, message.count, output.baseAddress, &length)
            precondition(unsafe done != nil && length == 32, "libcrypto has no HMAC")
        }
        return result
    }
}
