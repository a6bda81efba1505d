import Bytes
package import EventLoop
import Glibc
import HTTP1
package import Metrics
package import Tape
import Thrift

/// One request at a time over a connection of its own, waiting for the whole reply: for canaries, not for load.
@safe
package struct ExchangeClient: ~Copyable {
    /// Why no reply came: the outcome that a run would count, and what was seen.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package var outcome: Outcome
        package var detail: String
        package var description: String { detail.isEmpty ? outcome.name : "\(outcome.name): \(detail)" }
    }

    private let fd: Int32
    private let tls: TLSStream?
    private let deadline: UInt64

    private static let longestReply = 64 << 20

    /// Connects. Everything must be over `timeoutNanos` from now.
    package init(to address: SocketAddress, security: TLSEndpoint? = nil, timeoutNanos: UInt64) throws(Failure) {
        let deadline = Clock.monotonicNanos() &+ timeoutNanos
        let made = try ExchangeClient.open(address, security, deadline)
        fd = made.fd
        tls = made.tls
        self.deadline = deadline
    }

    private static func open(
        _ address: SocketAddress, _ security: TLSEndpoint?, _ deadline: UInt64
    ) throws(Failure) -> (fd: Int32, tls: TLSStream?) {
        let fd = try connect(to: address, deadline)
        do throws(Failure) {
            return (fd, try security.map { endpoint throws(Failure) in try secure(fd, endpoint, deadline) })
        } catch {
            Socket.close(fd)
            throw error
        }
    }

    private static func secure(
        _ fd: Int32, _ endpoint: TLSEndpoint, _ deadline: UInt64
    ) throws(Failure) -> TLSStream {
        do throws(TLSError) {
            let tls = try TLSStream(endpoint.context, fd, host: endpoint.host, protocols: endpoint.protocols)
            do throws(TLSError) {
                while true {
                    let isReady: Bool
                    switch try tls.shakeHands() {
                    case .done: return tls
                    case .wantsRead: isReady = Socket.waitReadable(fd, untilNanos: deadline)
                    case .wantsWrite: isReady = Socket.waitWritable(fd, untilNanos: deadline)
                    }
                    if !isReady { throw TLSError("the handshake took too long") }
                }
            } catch {
                tls.close(isBroken: true)
                throw error
            }
        } catch {
            throw Failure(outcome: .tlsError, detail: error.description)
        }
    }

    private func write(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        if let tls { return unsafe tls.send(bytes, count) }
        return unsafe Socket.send(fd, bytes, count)
    }

    private func read(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
        if let tls { return unsafe tls.receive(bytes, count) }
        return unsafe Socket.receive(fd, bytes, count)
    }

    private func failure(_ code: Int) -> Failure {
        if code == -Int(EPROTO), let tls { return Failure(outcome: .tlsError, detail: tls.reason) }
        return Failure(outcome: .reset, detail: "")
    }

    private static func connect(to address: SocketAddress, _ deadline: UInt64) throws(Failure) -> Int32 {
        let fd: Int32
        do throws(SystemError) { fd = try Socket.connect(to: address) } catch {
            throw Failure(outcome: .refused, detail: "\(error)")
        }
        guard Socket.waitWritable(fd, untilNanos: deadline) else {
            Socket.close(fd)
            throw Failure(outcome: .connectTimeout, detail: "")
        }
        let code = Socket.connectionError(of: fd)
        if code == 0 { return fd }
        Socket.close(fd)
        throw Failure(outcome: code == ECONNRESET ? .reset : .refused, detail: "\(SystemError("connect", code))")
    }

    deinit {
        tls?.close(isBroken: false)
        Socket.close(fd)
    }

    /// Sends a request and returns the reply to it, without interim ones; empty for a oneway call.
    package mutating func exchange(
        _ request: [UInt8], format: WireFormat, isHead: Bool = false, isOneway: Bool = false
    ) throws(Failure) -> [UInt8] {
        try send(request)
        if isOneway { return [] }
        var reply: [UInt8] = []
        var isAtEnd = false
        while true {
            if let length = try end(of: &reply, format, isHead: isHead, isAtEnd: isAtEnd) {
                return Array(reply.prefix(length))
            }
            if isAtEnd { throw Failure(outcome: .reset, detail: "the connection ended within the reply") }
            isAtEnd = try receive(into: &reply)
        }
    }

    private mutating func send(_ request: [UInt8]) throws(Failure) {
        var sent = 0
        while sent < request.count {
            let count = unsafe request.withUnsafeBytes { bytes in
                // The request holds more than `sent` bytes, so it has a base address.
                unsafe bytes.baseAddress.map { unsafe write($0 + sent, request.count - sent) } ?? 0
            }
            if count > 0 {
                sent += count
            } else if count == -Int(EAGAIN) || count == -Int(EINTR) {
                guard Socket.waitWritable(fd, untilNanos: deadline) else {
                    throw Failure(outcome: .noReply, detail: "not sent in time")
                }
            } else {
                throw failure(count)
            }
        }
    }

    /// True at the end of the stream.
    private mutating func receive(into reply: inout [UInt8]) throws(Failure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe bytes.baseAddress.map { unsafe read($0, bytes.count) } ?? 0
            }
            if count == -Int(EAGAIN) || count == -Int(EINTR) {
                guard Socket.waitReadable(fd, untilNanos: deadline) else {
                    throw Failure(outcome: .noReply, detail: "")
                }
                continue
            }
            if count < 0 { throw failure(count) }
            reply += buffer.prefix(count)
            if reply.count > ExchangeClient.longestReply {
                throw Failure(outcome: .protocolError, detail: "the reply is longer than 64 MiB")
            }
            return count == 0
        }
    }

    /// How long the reply is; nil while more is needed. Takes interim replies off its front.
    private func end(
        of reply: inout [UInt8], _ format: WireFormat, isHead: Bool, isAtEnd: Bool
    ) throws(Failure) -> Int? {
        do throws(ParsingError) {
            if format.protocol == .http1 {
                while true {
                    if reply.isEmpty { return nil }
                    var scanner = HTTPScanner(.response, responseTo: isHead ? .head : .get)
                    guard case .complete(let length) = try scanner.advance(reply.rawSpan, endOfStream: isAtEnd) else {
                        return nil
                    }
                    if !(100..<200).contains(scanner.head.status) { return length }
                    reply.removeFirst(length)
                }
            }
            guard let form = format.thrift else { throw ParsingError(.unsupported, at: 0, "reply") }
            var scanner = ThriftScanner(form)
            switch scanner.scan(reply.rawSpan) {
            case .message(let found): return found.length
            case .invalid(let error): throw error
            default: return nil
            }
        } catch {
            throw Failure(outcome: .protocolError, detail: "\(error)")
        }
    }
}
