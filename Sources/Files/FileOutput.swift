import Bytes
import Glibc

/// A file that is being written through a buffer, or standard output when the path is `-`.
///
/// What is buffered reaches the file with ``flush()`` or ``close()``; without either it is lost, so that a failure is
/// never silent.
package final class FileOutput {
    package let path: String
    /// Bytes written so far, buffered ones included.
    package private(set) var position: UInt64 = 0
    private var buffer: [UInt8] = []
    private let capacity: Int
    private var descriptor: Int32

    /// Creates the file, or empties it if it is there. `mode` holds even for a file that was there before.
    package init(path: String, mode: UInt32 = 0o644, bufferBytes: Int = 1 << 18) throws(FileError) {
        self.path = path
        capacity = max(1, bufferBytes)
        buffer.reserveCapacity(capacity)
        descriptor = path == "-" ? 1 : unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        if descriptor < 0 { throw FileError(path: path, operation: .open, code: errno) }
        if path == "-" { return }
        // An old file keeps its mode through O_CREAT; a private tape must not inherit a public one.
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_mode & 0o777 & ~mode != 0,
            fchmod(descriptor, mode) != 0
        {
            let code = errno
            Glibc.close(descriptor)
            descriptor = -1
            throw FileError(path: path, operation: .open, code: code)
        }
    }

    /// Makes a regular file another user's; needs root's rights.
    package func give(toUser user: UInt32, group: UInt32) throws(FileError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        if fchown(descriptor, user, group) != 0 { throw FileError(path: path, operation: .give, code: errno) }
    }

    deinit { if descriptor > 2 { Glibc.close(descriptor) } }

    package func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes.rawSpan) }

    package func write(_ bytes: RawSpan) throws(FileError) {
        if buffer.count + bytes.byteCount > capacity { try flush() }
        if bytes.byteCount >= capacity {
            try send(bytes)
        } else {
            unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        }
        position += UInt64(bytes.byteCount)
    }

    package func write(_ text: String) throws(FileError) { try write(Array(text.utf8)) }

    /// Hands what is buffered to the system.
    package func flush() throws(FileError) {
        if buffer.isEmpty { return }
        // Emptied even on failure: a second attempt would write the first part twice.
        defer { buffer.removeAll(keepingCapacity: true) }
        try send(buffer.rawSpan)
    }

    /// Flushes and waits until the bytes are on the disk.
    package func sync() throws(FileError) {
        try flush()
        // Pipes and terminals cannot be synced, and need not be.
        if fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS {
            throw FileError(path: path, operation: .sync, code: errno)
        }
    }

    /// Flushes and closes; nothing may be written afterwards. Closing twice is harmless.
    package func close() throws(FileError) {
        if descriptor < 0 { return }
        try flush()
        let open = descriptor
        descriptor = -1
        if open > 2 && Glibc.close(open) != 0 && errno != EINTR {
            throw FileError(path: path, operation: .close, code: errno)
        }
    }

    private func send(_ bytes: RawSpan) throws(FileError) {
        if descriptor < 0 { throw FileError(path: path, operation: .write, code: EBADF) }
        var done = 0
        while done < bytes.byteCount {
            let written = unsafe bytes.withUnsafeBytes { source in
                unsafe Glibc.write(descriptor, source.baseAddress.map { unsafe $0 + done }, source.count - done)
            }
            if written > 0 {
                done += written
            } else if errno != EINTR {
                throw FileError(path: path, operation: .write, code: errno)
            }
        }
    }
}

/// Writes a whole file.
package func writeFile(_ path: String, bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let output = try FileOutput(path: path, mode: mode, bufferBytes: 1)
    try output.write(bytes)
    try output.close()
}

/// Writes a whole file that has its name, or takes the place of the one that had it, once it is whole and on the disk.
/// What is not whole is called `path` with `.part` behind it.
package func replaceFile(_ path: String, bytes: [UInt8], mode: UInt32 = 0o644) throws(FileError) {
    let output = try FileOutput(path: path + ".part", mode: mode, bufferBytes: 1)
    try output.write(bytes)
    try output.sync()
    try output.close()
    if unsafe rename(path + ".part", path) != 0 { throw FileError(path: path, operation: .rename, code: errno) }
}

/// Makes a folder; one that is there already is as good.
package func makeFolder(_ path: String) throws(FileError) {
    if unsafe mkdir(path, 0o755) != 0 && errno != EEXIST { throw FileError(path: path, operation: .make, code: errno) }
}
