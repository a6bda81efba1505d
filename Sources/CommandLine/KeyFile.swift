import CLinux
import Files
import Glibc

/// Files that hold a key.
enum KeyFile {
    /// Refuses a file that others may read.
    static func checkMode(_ path: String, flag: String) throws(CommandError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw CommandError("--\(flag) \(path) cannot be read", remedy: "Check the path.")
        }
        if status.st_mode & 0o077 != 0 {
            throw CommandError("--\(flag) \(path) can be read by others", remedy: "chmod 600 \(path)")
        }
    }

    /// What the file holds, without line ends behind it.
    static func read(_ path: String, flag: String) throws(CommandError) -> [UInt8] {
        try checkMode(path, flag: flag)
        var bytes: [UInt8]
        do { bytes = try readFile(path, limit: 1 << 16) } catch {
            throw CommandError("--\(flag) \(path) cannot be read: \(error)", remedy: "Check the path.")
        }
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        return bytes
    }
}
