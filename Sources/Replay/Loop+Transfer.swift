import EventLoop

/// Bytes between a connection and its socket. Every byte of a run passes one of these two functions, so this is where a
/// connection's security layer comes in; a plain connection pays for no more than the system call.
extension Loop {
    /// Bytes written, or a negative errno (`-EAGAIN`: none for now).
    @inline(__always)
    mutating func write(_ connection: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        if let tls = unsafe connections[connection].tls { return unsafe tls.send(bytes, count) }
        return unsafe Socket.send(connections[connection].fd, bytes, count)
    }

    /// Bytes read, 0 at the end of the stream, or a negative errno (`-EAGAIN`: none for now).
    @inline(__always)
    mutating func read(_ connection: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
        if let tls = unsafe connections[connection].tls { return unsafe readSecurely(connection, tls, bytes, count) }
        return unsafe Socket.receive(connections[connection].fd, bytes, count)
    }
}
