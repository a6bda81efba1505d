import CLinux
import Glibc

/// An open file, or standard input when the path is `-`.
package final class FileInput {
    package let path: String
    /// Length in bytes when it was opened; nil for pipes, terminals and devices.
    package let size: UInt64?
    /// When set, ``read(into:from:)`` comes back at least this often, with the error EAGAIN when there is nothing to hand
    /// out: its caller has other things to do than to wait for a pipe.
    package var patienceNanos: UInt64?
    private var lastPauseNanos = tinct_clock_nanos(CLOCK_MONOTONIC)
    private let descriptor: Int32

    /// Throws for a directory too, which could be opened but never read.
    package init(path: String) throws(FileError) {
        self.path = path
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileError(path: path, operation: .open, code: errno) }
        var status = stat()
        if unsafe fstat(descriptor, &status) != 0 {
            let code = errno
            if descriptor != 0 { Glibc.close(descriptor) }
            throw FileError(path: path, operation: .inspect, code: code)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            if descriptor != 0 { Glibc.close(descriptor) }
            throw FileError(path: path, operation: .read, code: EISDIR)
        }
        size = status.st_mode & S_IFMT == S_IFREG ? UInt64(clamping: status.st_size) : nil
        self.descriptor = descriptor
    }

    deinit { if descriptor != 0 { Glibc.close(descriptor) } }

    /// Reads into `buffer` from index `start` to its end; returns how many bytes came, 0 only at the end of the file.
    package func read(into buffer: inout [UInt8], from start: Int = 0) throws(FileError) -> Int {
        precondition(start >= 0 && start < buffer.count)
        if let patienceNanos { try pause(patienceNanos) }
        let descriptor = self.descriptor
        return try check(
            retrying {
                unsafe buffer.withUnsafeMutableBytes { space in
                    unsafe Glibc.read(descriptor, space.baseAddress.map { unsafe $0 + start }, space.count - start)
                }
            })
    }

    /// Fills as much of `buffer` as the file holds from byte `offset` on, without moving the sequential position;
    /// returns how many bytes that was. The file must be seekable.
    package func read(into buffer: inout [UInt8], count: Int, at offset: UInt64) throws(FileError) -> Int {
        precondition(count >= 0 && count <= buffer.count)
        guard let first = Int(exactly: offset), first <= Int.max - count else { return 0 }
        let descriptor = self.descriptor
        var done = 0
        while done < count {
            let position = first + done
            let got = try check(
                retrying {
                    unsafe buffer.withUnsafeMutableBytes { space in
                        unsafe pread(descriptor, space.baseAddress.map { unsafe $0 + done }, count - done, position)
                    }
                })
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// True when the path leads to a regular file. Found without opening it: whoever writes into a pipe notices when a
    /// reader that only wanted to look closes it.
    package static func isRegular(_ path: String) -> Bool {
        var status = stat()
        guard path != "-", unsafe stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG
    }

    /// True when ``read(into:count:at:)`` works on it.
    package var isSeekable: Bool { lseek(descriptor, 0, SEEK_CUR) >= 0 }

    /// Throws EAGAIN when nothing can be read or the time for a pause has come.
    private func pause(_ patienceNanos: UInt64) throws(FileError) {
        let due = lastPauseNanos &+ patienceNanos
        let now = tinct_clock_nanos(CLOCK_MONOTONIC)
        if now < due && tinct_poll_readable(descriptor, Int64(clamping: due - now)) == 1 { return }
        lastPauseNanos = tinct_clock_nanos(CLOCK_MONOTONIC)
        throw FileError(path: path, operation: .read, code: EAGAIN)
    }

    private func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private func check(_ result: Int) throws(FileError) -> Int {
        if result < 0 { throw FileError(path: path, operation: .read, code: errno) }
        return result
    }
}

/// The whole of a file, or of standard input for `-`.
///
/// Throws with `EFBIG` when it holds more than `limit` bytes, before more than that is read.
package func readFile(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    let input = try FileInput(path: path)
    if let size = input.size, size > UInt64(limit) { throw FileError(path: path, operation: .read, code: EFBIG) }
    // One byte more than the size, so that the end of a regular file is seen without growing the buffer.
    let expected = min(Int(clamping: input.size ?? 65536), limit)
    var buffer = [UInt8](repeating: 0, count: expected + 1)
    var filled = 0
    while true {
        if filled == buffer.count {
            buffer += [UInt8](repeating: 0, count: min(buffer.count, limit + 1 - buffer.count))
        }
        let got = try input.read(into: &buffer, from: filled)
        if got == 0 { break }
        filled += got
        if filled > limit { throw FileError(path: path, operation: .read, code: EFBIG) }
    }
    buffer.removeLast(buffer.count - filled)
    return buffer
}
