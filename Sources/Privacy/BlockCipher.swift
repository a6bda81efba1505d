internal import COpenSSL

/// AES of single blocks (FIPS 197) through OpenSSL, with a key that is expanded once, in one direction.
///
/// Not for several threads at once: the context is written to.
@safe final class BlockCipher {
    private let context: OpaquePointer
    private let block: UnsafeMutablePointer<UInt8>

    /// - Parameters:
    ///   - key: 16, 24 or 32 bytes.
    ///   - isInverse: decrypts.
    init(key: [UInt8], isInverse: Bool = false) {
        precondition([16, 24, 32].contains(key.count))
        guard let context = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory") }
        unsafe self.context = unsafe context
        unsafe block = .allocate(capacity: 16)
        unsafe block.initialize(repeating: 0, count: 16)
        let cipher =
            switch key.count {
            case 16: unsafe EVP_aes_128_ecb()
            case 24: unsafe EVP_aes_192_ecb()
            default: unsafe EVP_aes_256_ecb()
            }
        let started = unsafe EVP_CipherInit_ex(context, cipher, nil, key, nil, isInverse ? 0 : 1)
        precondition(started == 1, "libcrypto has no AES")
        unsafe EVP_CIPHER_CTX_set_padding(context, 0)
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
        unsafe block.deallocate()
    }

    /// A block as the two big-endian halves in which everything here computes.
    struct Block: Equatable {
        var high: UInt64
        var low: UInt64

        @inline(__always) static func ^ (a: Block, b: Block) -> Block {
            Block(high: a.high ^ b.high, low: a.low ^ b.low)
        }
    }

    /// EVP_Cipher, because EVP_CipherUpdate costs several times as much around one block.
    func apply(_ input: Block) -> Block {
        unsafe block.withMemoryRebound(to: UInt64.self, capacity: 2) { words in
            unsafe words[0] = input.high.bigEndian
            unsafe words[1] = input.low.bigEndian
        }
        _ = unsafe EVP_Cipher(context, block, block, 16)
        return unsafe block.withMemoryRebound(to: UInt64.self, capacity: 2) { words in
            Block(high: UInt64(bigEndian: unsafe words[0]), low: UInt64(bigEndian: unsafe words[1]))
        }
    }
    /// Blocks one after the other, each two words in the order of its bytes, at far less for each than alone.
    func apply(_ blocks: inout [UInt64]) {
        precondition(blocks.count % 2 == 0 && blocks.count < 1 << 20)
        unsafe blocks.withUnsafeMutableBytes { bytes in
            let bytes = unsafe bytes.assumingMemoryBound(to: UInt8.self)
            guard let start = bytes.baseAddress else { return }
            _ = unsafe EVP_Cipher(context, start, start, UInt32(bytes.count))
        }
    }
}
