import CLinux
internal import COpenSSL

/// A TLS connection over a non-blocking socket, as the client. A plain value for memory that is managed by hand: who opens
/// it closes it, and no copy is used after that.
@safe
package struct TLSStream: @unchecked Sendable {
    // Used by one thread at a time.
    private let connection: OpaquePointer

    /// A session that later connections to the same server can go on with.
    @safe
    package struct Session: @unchecked Sendable {
        // Counted by OpenSSL, whose count is atomic.
        fileprivate let pointer: OpaquePointer
        package func free() { unsafe SSL_SESSION_free(pointer) }
    }

    package enum Handshake: Sendable {
        case done
        case wantsRead
        case wantsWrite
    }

    /// Protocol identifiers for ALPN (RFC 7301), each with its length before it.
    package static let http1: [UInt8] = [8] + Array("http/1.1".utf8)

    /// Begins over a socket that is connected. The server must be able to prove that it is `host` (a name or a numeric
    /// address) if the context verifies at all; a name is sent along (SNI, RFC 6066).
    package init(
        _ context: TLSContext, _ fd: Int32, host: String, protocols: [UInt8] = [], session: Session? = nil
    ) throws(TLSError) {
        guard let connection = unsafe SSL_new(context.context) else { throw TLSError.last("no TLS connection") }
        unsafe self.connection = connection
        guard unsafe SSL_set_fd(connection, fd) == 1, unsafe TLSStream.name(host, connection) else {
            let error = TLSError.last("no TLS connection")
            unsafe SSL_free(connection)
            throw error
        }
        if !protocols.isEmpty { _ = unsafe SSL_set_alpn_protos(connection, protocols, UInt32(protocols.count)) }
        // A session that cannot be used leads to a whole handshake.
        if let session { _ = unsafe SSL_set_session(connection, session.pointer) }
        unsafe SSL_set_connect_state(connection)
    }

    private static func name(_ host: String, _ connection: OpaquePointer) -> Bool {
        var address = [UInt8](repeating: 0, count: 16)
        let isNumeric =
            unsafe inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
        if isNumeric { return unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host) == 1 }
        unsafe SSL_set_hostflags(connection, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return unsafe SSL_set1_host(connection, host) == 1 && tinct_tls_set_server_name(connection, host) == 1
    }

    /// Goes on with the handshake as far as the socket allows.
    package func shakeHands() throws(TLSError) -> Handshake {
        ERR_clear_error()
        let status = unsafe SSL_do_handshake(connection)
        if status == 1 { return .done }
        switch unsafe SSL_get_error(connection, status) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default: throw TLSError(reason)
        }
    }

    /// True when the handshake went on with a session of before.
    package var isResumed: Bool { unsafe SSL_session_reused(connection) == 1 }

    /// Bytes that were decrypted and not received yet: the socket does not report them.
    package var hasPending: Bool { unsafe SSL_pending(connection) > 0 }

    /// Bytes written, or a negative errno: `-EAGAIN` for none now, `-EPROTO` when TLS failed (see ``reason``).
    package func send(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        ERR_clear_error()
        let sent = unsafe SSL_write(connection, bytes, Int32(clamping: count))
        return sent > 0 ? Int(sent) : failure(sent)
    }

    /// Bytes read, 0 at the stream's proper end, or a negative errno: `-EPROTO` when TLS failed, `-ECONNRESET` when the
    /// connection ended without its proper end, which may have been cut off.
    package func receive(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
        ERR_clear_error()
        let received = unsafe SSL_read(connection, bytes, Int32(clamping: count))
        return received > 0 ? Int(received) : failure(received)
    }

    private func failure(_ status: Int32) -> Int {
        let code = tinct_errno()
        switch unsafe SSL_get_error(connection, status) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return -Int(EAGAIN)
        case SSL_ERROR_ZERO_RETURN: return 0
        case SSL_ERROR_SYSCALL: return code == 0 ? -Int(ECONNRESET) : -Int(code)
        default:
            let isCut = ERR_peek_error() & 0x7F_FFFF == UInt(SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return isCut ? -Int(ECONNRESET) : -Int(EPROTO)
        }
    }

    /// What went wrong, from the calling thread's last failure.
    package var reason: String {
        let verified = unsafe SSL_get_verify_result(connection)
        let text = TLSError.lastReason()
        if verified != Int(X509_V_OK), let why = unsafe X509_verify_cert_error_string(verified) {
            return unsafe "certificate verify failed: \(String(cString: why))"
        }
        if !text.isEmpty { return text }
        return "the connection ended within the handshake"
    }

    /// What a later connection can go on with; nil when the server gave nothing for that. To be freed.
    package var session: Session? {
        guard let session = unsafe SSL_get1_session(connection) else { return nil }
        if unsafe SSL_SESSION_is_resumable(session) == 1 { return unsafe Session(pointer: session) }
        unsafe SSL_SESSION_free(session)
        return nil
    }

    /// Says goodbye if the connection still stands, and frees it. The socket is left to whoever opened it.
    package func close(isBroken: Bool) {
        ERR_clear_error()
        if isBroken {
            unsafe SSL_set_quiet_shutdown(connection, 1)
        }
        _ = unsafe SSL_shutdown(connection)
        ERR_clear_error()
        unsafe SSL_free(connection)
    }
}
