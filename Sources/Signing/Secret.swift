internal import COpenSSL

/// Key material: never printed, never copied into a string, wiped when the last owner lets go of it.
@safe
package final class Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    // Written by the initialiser alone.
    private nonisolated(unsafe) let memory: UnsafeMutableRawBufferPointer

    /// Takes the bytes over and wipes the array that held them. An array of which others hold a copy is theirs to wipe.
    package init(taking bytes: inout [UInt8]) {
        unsafe memory = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        count = bytes.count
        unsafe bytes.withUnsafeMutableBytes { source in
            unsafe memory.copyMemory(from: UnsafeRawBufferPointer(source))
            unsafe OPENSSL_cleanse(source.baseAddress, source.count)
        }
        bytes = []
    }

    deinit {
        unsafe OPENSSL_cleanse(memory.baseAddress, memory.count)
        unsafe memory.deallocate()
    }

    package let count: Int

    /// Lends the bytes for the time of the call; what is made of them is the caller's to wipe.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(rebasing: memory[0..<count]))
    }

    package var description: String { "a secret" }
    package var debugDescription: String { "a secret" }
}

/// Overwrites memory in a way that no optimiser removes.
func wipe(_ pointer: UnsafeMutableRawPointer, _ count: Int) { unsafe OPENSSL_cleanse(pointer, count) }
