import EventLoop
import Glibc
import Metrics

/// TLS between a connection and its socket.
extension Loop {
    /// The socket is connected: begins the handshake, with the session that the connection had before.
    mutating func beginHandshake(_ connection: Int, _ endpoint: TLSEndpoint) {
        let c = unsafe connections + connection
        do throws(TLSError) {
            unsafe c.pointee.tls = try TLSStream(
                endpoint.context, c.pointee.fd, host: endpoint.host, protocols: endpoint.protocols,
                session: c.pointee.session)
        } catch {
            failHandshake(connection, error)
            return
        }
        continueHandshake(connection)
    }

    /// The socket can be read or written while the handshake lasts.
    mutating func continueHandshake(_ connection: Int) {
        let c = unsafe connections + connection
        guard let tls = unsafe c.pointee.tls else { return }
        do throws(TLSError) {
            switch try tls.shakeHands() {
            case .done:
                report.tlsHandshakes += 1
                if tls.isResumed { report.tlsResumed += 1 }
                established(connection)
            case .wantsRead:
                unsafe c.pointee.awaitsWritable = false
                _ = setInterest(connection, .readable)
            case .wantsWrite:
                unsafe c.pointee.awaitsWritable = true
                _ = setInterest(connection, [.readable, .writable])
            }
        } catch {
            failHandshake(connection, error)
        }
    }

    private mutating func failHandshake(_ connection: Int, _ error: TLSError) {
        report.tlsErrors[error.description, default: 0] += 1
        connectFailed(connection, .tlsError)
    }

    /// What ``read(_:_:_:)`` does on a connection with TLS.
    mutating func readSecurely(
        _ connection: Int, _ tls: TLSStream, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> Int {
        if unsafe connections[connection].state == .connecting {
            continueHandshake(connection)
            return -Int(EAGAIN)
        }
        return unsafe tls.receive(bytes, count)
    }

    /// Takes what TLS has decrypted and had no room to hand over: the socket does not report it.
    mutating func receivePending(_ connection: Int) {
        while let tls = unsafe connections[connection].tls, unsafe connections[connection].state != .connecting,
            tls.hasPending
        {
            receive(connection)
        }
    }

    /// How a connection ends on which reading or writing failed.
    mutating func loseBroken(_ connection: Int, _ code: Int) {
        guard code == -Int(EPROTO), let tls = unsafe connections[connection].tls else {
            lose(connection, .reset)
            return
        }
        report.tlsErrors[tls.reason, default: 0] += 1
        lose(connection, .tlsError)
    }

    /// Keeps the session for the next connection, and lets go of the rest.
    func closeSecurity(_ connection: Int, saysGoodbye: Bool) {
        let c = unsafe connections + connection
        guard let tls = unsafe c.pointee.tls else { return }
        if let session = tls.session {
            unsafe c.pointee.session?.free()
            unsafe c.pointee.session = session
        }
        tls.close(isBroken: !saysGoodbye)
        unsafe c.pointee.tls = nil
    }
}
