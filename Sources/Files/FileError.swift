import Glibc

/// A system call on a file that failed.
package struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Operation: String, Sendable {
        case open, read, write, map, sync, close, inspect, make, rename
        /// Of rights.
        case drop
        /// To another user.
        case give
    }

    /// As the caller gave it; `-` for the standard streams.
    package var path: String
    package var operation: Operation
    /// The value of `errno`.
    package var code: Int32

    /// Nothing is wrong: there was nothing to read yet.
    package var isPause: Bool { code == EAGAIN }

    package init(path: String, operation: Operation, code: Int32) {
        self.path = path
        self.operation = operation
        self.code = code
    }

    /// `cannot open a.pcap: No such file or directory`.
    package var description: String {
        let place =
            switch (path, operation) {
            case ("-", .write), ("-", .sync), ("-", .close): "standard output"
            case ("-", _): "standard input"
            default: path
            }
        return "cannot \(operation.rawValue) \(place): \(FileError.text(of: code))"
    }

    /// What the C library calls an `errno` value.
    package static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let failed: Int32 = unsafe buffer.withUnsafeMutableBufferPointer { space in
            guard let base = space.baseAddress else { return ERANGE }
            return unsafe strerror_r(code, base, space.count)
        }
        if failed != 0 { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
