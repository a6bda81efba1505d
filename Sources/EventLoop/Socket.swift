import CLinux

/// An IPv4 or IPv6 address with a port, or the path of a Unix socket, as it is given to the kernel.
package struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// `sockaddr_in`, `sockaddr_in6` or `sockaddr_un`.
    let storage: [UInt8]
    let family: Int32
    package let port: UInt16

    /// Resolves `host` (a name or a numeric address, IPv6 without brackets) once, by the system's resolver.
    package init(resolving host: String, port: UInt16) throws(SystemError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(tinct_stream)
        var list: UnsafeMutablePointer<addrinfo>? = nil
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        defer { if let list = unsafe list { unsafe freeaddrinfo(list) } }
        guard status == 0, let first = unsafe list?.pointee, let address = unsafe first.ai_addr else {
            throw SystemError(resolving: host, status: status)
        }
        storage = unsafe [UInt8](UnsafeRawBufferPointer(start: address, count: Int(first.ai_addrlen)))
        family = unsafe first.ai_family
        self.port = port
    }

    /// The Unix socket at `path`. Throws ENAMETOOLONG for more than 107 bytes, EINVAL for an empty path or one with a zero.
    package init(unixPath path: String) throws(SystemError) {
        let bytes = Array(path.utf8)
        if bytes.isEmpty || bytes.contains(0) { throw SystemError("unix socket \(path)", EINVAL) }
        if bytes.count > 107 { throw SystemError("unix socket \(path)", ENAMETOOLONG) }
        family = AF_UNIX
        storage = [UInt8(truncatingIfNeeded: AF_UNIX), 0] + bytes + [0]
        port = 0
    }

    package var isUnix: Bool { family == AF_UNIX }

    /// The four bytes of an IPv4 address (mapped ones too) or the sixteen of an IPv6 one; empty for a Unix socket.
    package var ipBytes: [UInt8] {
        if family == AF_INET, storage.count >= 8 { return Array(storage[4..<8]) }
        guard family == AF_INET6, storage.count >= 24 else { return [] }
        let address = Array(storage[8..<24])
        let isMapped = address.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
        return isMapped ? Array(address[12...]) : address
    }

    fileprivate init?(storage: [UInt8]) {
        guard storage.count >= 8 else { return nil }
        self.storage = storage
        family = Int32(storage[0]) | Int32(storage[1]) << 8
        port = UInt16(storage[2]) << 8 | UInt16(storage[3])
    }

    /// 127.0.0.0/8, ::1, IPv4-mapped forms of the former, and Unix sockets.
    package var isLoopback: Bool {
        if isUnix { return true }
        if family == AF_INET, storage.count >= 8 { return storage[4] == 127 }
        guard family == AF_INET6, storage.count >= 24 else { return false }
        let address = storage[8..<24]
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127]
        return address.elementsEqual([UInt8](repeating: 0, count: 15) + [1]) || address.starts(with: mapped)
    }

    /// `127.0.0.1:80`, `[::1]:80`, `unix:/run/service.sock`.
    package var description: String {
        if isUnix { return "unix:" + String(decoding: storage.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let offset = family == AF_INET ? 4 : 8
        guard storage.count > offset else { return "?:\(port)" }
        let length = socklen_t(text.count)
        let known = unsafe storage.withUnsafeBytes {
            unsafe inet_ntop(family, $0.baseAddress?.advanced(by: offset), &text, length) != nil
        }
        if !known { return "?:\(port)" }
        let host = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return family == AF_INET ? "\(host):\(port)" : "[\(host)]:\(port)"
    }

    fileprivate func with<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        unsafe storage.withUnsafeBytes {
            // The storage was written by the kernel or the resolver as a socket address and is never empty.
            unsafe body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}

/// Non-blocking stream sockets. Descriptors are plain integers; who opens one closes it.
package enum Socket {
    /// A listening socket that may be bound again at once; port 0 takes a free one (see ``localAddress(of:)``).
    package static func listen(on address: SocketAddress, backlog: Int32 = 4096) throws(SystemError) -> Int32 {
        let fd = try open(address.family)
        var one: Int32 = 1
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let bound = unsafe address.with { unsafe bind(fd, $0, $1) }
        if bound != 0 || CLinux.listen(fd, backlog) != 0 {
            let code = tinct_errno()
            CLinux.close(fd)
            throw SystemError("listen on \(address)", code)
        }
        return fd
    }

    /// Begins to connect. The socket becomes writable when that has ended; ``connectionError(of:)`` says how.
    package static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
        let fd = try open(address.family)
        if !address.isUnix { setNoDelay(fd) }
        let status = unsafe address.with { unsafe CLinux.connect(fd, $0, $1) }
        if status != 0 && tinct_errno() != EINPROGRESS {
            let code = tinct_errno()
            CLinux.close(fd)
            throw SystemError("connect to \(address)", code)
        }
        return fd
    }

    /// The next connection that waits on a listener (non-blocking, no delay), or a negative errno (`-EAGAIN`: none).
    package static func accept(from listener: Int32) -> Int32 {
        let fd = tinct_accept(listener)
        if fd < 0 { return fd }
        setNoDelay(fd)
        return fd
    }

    /// 0 when a connection stands, else the errno with which it failed.
    package static func connectionError(of fd: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : tinct_errno()
    }

    package static func localAddress(of fd: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(fd, $0, &length) }
        }
        guard status == 0 else { return nil }
        return unsafe withUnsafeBytes(of: &storage) { unsafe SocketAddress(storage: [UInt8]($0.prefix(Int(length)))) }
    }

    /// Bytes sent, or a negative errno. Never raises SIGPIPE.
    @inlinable
    package static func send(_ fd: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        unsafe tinct_send(fd, bytes, count)
    }

    /// Bytes received, 0 at the end of the stream, or a negative errno.
    @inlinable
    package static func receive(_ fd: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
        unsafe tinct_receive(fd, bytes, count)
    }

    /// Waits until something can be read; false when `deadline` (monotonic) has passed.
    package static func waitReadable(_ fd: Int32, untilNanos deadline: UInt64) -> Bool {
        wait(untilNanos: deadline) { tinct_poll_readable(fd, $0) }
    }

    /// Waits until something can be written, or a connection attempt has ended; false when `deadline` has passed.
    package static func waitWritable(_ fd: Int32, untilNanos deadline: UInt64) -> Bool {
        wait(untilNanos: deadline) { tinct_poll_writable(fd, $0) }
    }

    private static func wait(untilNanos deadline: UInt64, _ poll: (Int64) -> Int32) -> Bool {
        while true {
            let now = Clock.monotonicNanos()
            if now >= deadline { return false }
            if poll(Int64(clamping: deadline - now)) == 1 { return true }
        }
    }

    package static func close(_ fd: Int32) { _ = CLinux.close(fd) }

    /// Ends our side of a connection; what the peer sends can still be read.
    package static func endOutput(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_WR)) }

    /// Ends both directions: what is being received ends too.
    package static func shutDown(_ fd: Int32) { _ = shutdown(fd, Int32(SHUT_RDWR)) }

    /// Closes so that the peer sees a reset.
    package static func reset(_ fd: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        _ = CLinux.close(fd)
    }

    private static func open(_ family: Int32) throws(SystemError) -> Int32 {
        let fd = socket(family, Int32(tinct_stream_flags), 0)
        if fd < 0 { throw SystemError("socket", tinct_errno()) }
        return fd
    }

    private static func setNoDelay(_ fd: Int32) {
        var one: Int32 = 1
        _ = unsafe setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}
