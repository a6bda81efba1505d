import Bytes
import EventLoop
import Glibc
import Replay
import Report
import Synchronization

/// Serves the run's figures to Prometheus while it lasts: any GET gets them.
final class MetricsEndpoint: RunWatcher, Sendable {
    private let listener: Int32
    let address: SocketAddress
    private let figures: Lock<PrometheusTextBox>
    private let page = Lock<[UInt8]>([])
    private let isStopped = Atomic<Bool>(false)
    private let thread = Lock<LoopThread?>(nil)

    /// The control thread alone writes to it.
    private struct PrometheusTextBox: @unchecked Sendable { var text: PrometheusText }

    init(host: String, port: UInt16, tag: String) throws(CommandError) {
        let text = PrometheusText(tag: tag, version: tinctVersion)
        figures = Lock(PrometheusTextBox(text: text))
        do throws(SystemError) {
            listener = try Socket.listen(on: try SocketAddress(resolving: host, port: port))
        } catch {
            throw CommandError(
                "--metrics \(host):\(port): \(error)", remedy: "Give an address of this machine and a free port.")
        }
        guard let bound = Socket.localAddress(of: listener) else { throw CommandError("--metrics: no address") }
        address = bound
        page.withLock { $0 = Array(text.text.utf8) }
    }

    func start() throws(CommandError) {
        do throws(SystemError) {
            let made = try LoopThread(isBackground: true) { [self] in serve() }
            thread.withLock { $0 = made }
        } catch {
            throw CommandError("--metrics: a thread cannot be started (\(error))")
        }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        thread.withLock { held in
            held?.join()
            held = nil
        }
        Socket.close(listener)
    }

    func closed(_ second: RunSecond, _ operations: [String]) -> RunStop? {
        let text = figures.withLock { box in
            box.text.add(second, operations)
            return box.text.text
        }
        page.withLock { $0 = Array(text.utf8) }
        return nil
    }

    /// Readers that are slower than this are cut off.
    private static let patienceNanos: UInt64 = 5_000_000_000
    private static let connectionLimit = 64

    private struct Reader {
        var received: [UInt8] = []
        var reply: [UInt8] = []
        var written = 0
        var since: UInt64
    }

    private func serve() {
        guard var poller = try? Poller(),
            (try? poller.add(listener, token: UInt64(listener), interest: .readable)) != nil
        else { return }
        var readers: [Int32: Reader] = [:]
        while !isStopped.load(ordering: .relaxed) {
            for index in 0..<poller.wait(timeoutNanos: 100_000_000) {
                let fd = Int32(truncatingIfNeeded: poller.token(at: index))
                if fd == listener {
                    let accepted = Socket.accept(from: listener)
                    if accepted < 0 { continue }
                    if readers.count < Self.connectionLimit,
                        (try? poller.add(accepted, token: UInt64(accepted), interest: .readable)) != nil
                    {
                        readers[accepted] = Reader(since: Clock.monotonicNanos())
                    } else {
                        Socket.close(accepted)
                    }
                } else if var reader = readers[fd] {
                    let goesOn = reader.reply.isEmpty ? receive(fd, &reader, poller) : send(fd, &reader)
                    readers[fd] = goesOn ? reader : nil
                    if !goesOn { Socket.close(fd) }
                }
            }
            let now = Clock.monotonicNanos()
            for (fd, reader) in readers where now > reader.since + Self.patienceNanos {
                Socket.close(fd)
                readers[fd] = nil
            }
        }
        for fd in readers.keys { Socket.close(fd) }
    }

    /// False when the connection is over.
    private func receive(_ fd: Int32, _ reader: inout Reader, _ poller: borrowing Poller) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe Socket.receive(fd, base, bytes.count)
        }
        if count == -Int(EAGAIN) || count == -Int(EINTR) { return true }
        if count <= 0 { return false }
        reader.received += buffer.prefix(count)
        if reader.received.count > 16_384 { return false }
        guard reader.received.suffix(4).elementsEqual("\r\n\r\n".utf8) else { return true }
        let isGet = reader.received.starts(with: "GET ".utf8)
        let body = isGet ? page.withLock { $0 } : Array("GET only\n".utf8)
        let head =
            "HTTP/1.1 \(isGet ? "200 OK" : "405 Method Not Allowed")\r\n"
            + "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: \(body.count)\r\n"
            + "Connection: close\r\n\r\n"
        reader.reply = Array(head.utf8) + body
        return send(fd, &reader) && (try? poller.modify(fd, token: UInt64(fd), interest: .writable)) != nil
    }

    /// False when all is written, or the reader has gone.
    private func send(_ fd: Int32, _ reader: inout Reader) -> Bool {
        while reader.written < reader.reply.count {
            let sent = unsafe reader.reply.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return 0 }
                return unsafe Socket.send(fd, base + reader.written, bytes.count - reader.written)
            }
            if sent == -Int(EAGAIN) || sent == -Int(EINTR) { return true }
            if sent <= 0 { return false }
            reader.written += sent
        }
        return false
    }
}
