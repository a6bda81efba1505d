import Glibc

/// A regular file whose bytes are read in place, without copying.
///
/// The file must not shrink while it is mapped: the system answers a read beyond its end with a fatal signal. Use
/// ``FileInput`` for files that somebody may be writing.
@safe package final class MappedFile {
    package let path: String
    /// Length in bytes.
    package let count: Int
    private let base: UnsafeMutableRawPointer?

    package init(path: String) throws(FileError) {
        self.path = path
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw FileError(path: path, operation: .open, code: errno) }
        // The mapping stays when the descriptor goes.
        defer { Glibc.close(descriptor) }
        var status = stat()
        if unsafe fstat(descriptor, &status) != 0 { throw FileError(path: path, operation: .inspect, code: errno) }
        if status.st_mode & S_IFMT != S_IFREG { throw FileError(path: path, operation: .map, code: ENODEV) }
        count = Int(clamping: status.st_size)
        if count == 0 {
            unsafe base = nil
            return
        }
        let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        // mmap says failure with all bits set (MAP_FAILED), never with null.
        if Int(bitPattern: address) == -1 { throw FileError(path: path, operation: .map, code: errno) }
        _ = unsafe madvise(address, count, MADV_SEQUENTIAL)
        unsafe base = address
    }

    deinit { if let base = unsafe base { unsafe munmap(base, count) } }

    /// The file's bytes, lent for as long as the mapping lives.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            guard let base = unsafe base else { return unsafe _overrideLifetime(RawSpan(), borrowing: self) }
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }
}
