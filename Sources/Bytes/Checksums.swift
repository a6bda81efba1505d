internal import CDeflate
internal import COpenSSL

/// CRC-32 (ISO 3309, as in zlib and MCAP), at memory speed through libdeflate.
package struct CRC32: Sendable, Equatable {
    /// The checksum of everything added so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package mutating func update(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { buffer in
            value = unsafe libdeflate_crc32(value, buffer.baseAddress, buffer.count)
        }
    }

    package static func of(_ bytes: RawSpan) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes)
        return crc.value
    }
}

/// SHA-256 (FIPS 180-4) through OpenSSL's libcrypto.
package enum SHA256 {
    /// 32 bytes.
    package static func digest(_ bytes: RawSpan) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        unsafe bytes.withUnsafeBytes { input in
            unsafe result.withUnsafeMutableBufferPointer { output in
                // An empty span may have no base address; EVP_Digest wants a valid pointer even for zero bytes.
                var none: UInt8 = 0
                unsafe withUnsafePointer(to: &none) { empty in
                    let source = unsafe input.baseAddress ?? UnsafeRawPointer(empty)
                    let done = unsafe EVP_Digest(
                        source, input.count, output.baseAddress, &length, unsafe EVP_sha256(), nil)
                    precondition(done == 1 && length == 32, "libcrypto has no SHA-256")
                }
            }
        }
        return result
    }

    package static func digest(_ bytes: [UInt8]) -> [UInt8] { digest(bytes.rawSpan) }

    /// Lower-case hexadecimal, 64 characters.
    package static func hex(_ bytes: [UInt8]) -> String { Hex.encode(digest(bytes)) }
}

/// SHA-256 over input that arrives in pieces.
@safe package final class SHA256Stream {
    private let context: OpaquePointer

    package init() {
        unsafe context = EVP_MD_CTX_new()
        let started = unsafe EVP_DigestInit_ex(context, unsafe EVP_sha256(), nil)
        precondition(started == 1, "libcrypto has no SHA-256")
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: RawSpan) {
        _ = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// 32 bytes; nothing may be added afterwards.
    package func finish() -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        unsafe result.withUnsafeMutableBufferPointer { _ = unsafe EVP_DigestFinal_ex(context, $0.baseAddress, nil) }
        return result
    }
}
