import Glibc

/// Which file a path or descriptor leads to, whatever it is called: links to the same file are equal.
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let node: UInt64

    /// Nil when there is no such file, and for terminals and other devices, which nothing written to them destroys.
    package init?(path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The same for an open descriptor.
    package init?(descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init?(_ status: stat) {
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFIFO else { return nil }
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
    }
}
