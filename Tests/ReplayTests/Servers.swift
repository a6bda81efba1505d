import Bytes
import EventLoop
import Glibc
import Metrics
import Pacing
import Replay
import Synchronization
import Tagging
import Tape

/// A server on a thread of its own that answers each request as it is told: the stand-in for every way to misbehave.
final class MisbehavingServer: Sendable {
    enum Answer: Sendable {
        case bytes(String)
        /// Answers and closes without having said so.
        case bytesThenClose(String)
        case reset
        case close
        case nothing
        /// Bytes of any kind.
        case raw([UInt8])
    }

    let port: UInt16
    private let listener: Int32
    private let stopFlag = Atomic<Bool>(false)
    /// Requests seen so far, in order of arrival.
    private let requests = Lock<[[UInt8]]>([])
    private let answer: @Sendable (Int, [UInt8]) -> Answer
    private let thread = Lock<LoopThread?>(nil)

    init(
        host: String = "127.0.0.1", port wanted: UInt16 = 0, unixPath: String? = nil,
        _ answer: @escaping @Sendable (Int, [UInt8]) -> Answer
    ) throws {
        let address =
            try unixPath.map { try SocketAddress(unixPath: $0) } ?? SocketAddress(resolving: host, port: wanted)
        listener = try Socket.listen(on: address)
        port = Socket.localAddress(of: listener)?.port ?? 0
        self.answer = answer
        let made = try LoopThread { [self] in serve() }
        thread.withLock { $0 = made }
    }

    var seen: [[UInt8]] { requests.withLock { $0 } }

    func forget() { requests.withLock { $0 = [] } }

    func stop() {
        stopFlag.store(true, ordering: .relaxed)
        thread.withLock { held in
            held?.join()
            held = nil
        }
        Socket.close(listener)
    }

    /// A port that nobody listens on.
    static func closedPort() throws -> UInt16 {
        let fd = try Socket.listen(on: SocketAddress(resolving: "127.0.0.1", port: 0))
        defer { Socket.close(fd) }
        return Socket.localAddress(of: fd)?.port ?? 1
    }

    private func serve() {
        guard var poller = try? Poller(), (try? poller.add(listener, token: 0, interest: .readable)) != nil else {
            return
        }
        var streams: [Int32: [UInt8]] = [:]
        while !stopFlag.load(ordering: .relaxed) {
            for index in 0..<poller.wait(timeoutNanos: 5_000_000) {
                let fd = Int32(poller.token(at: index))
                if fd == 0 {
                    let accepted = Socket.accept(from: listener)
                    if accepted >= 0, (try? poller.add(accepted, token: UInt64(accepted), interest: .readable)) != nil {
                        streams[accepted] = []
                    }
                } else if !read(fd, &streams) {
                    Socket.close(fd)
                    streams[fd] = nil
                }
            }
        }
        for fd in streams.keys { Socket.close(fd) }
    }

    private func read(_ fd: Int32, _ streams: inout [Int32: [UInt8]]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(fd, $0.baseAddress!, $0.count) }
        if count <= 0 { return count == -Int(EAGAIN) }
        streams[fd, default: []] += buffer.prefix(count)
        while let length = MisbehavingServer.requestLength(streams[fd] ?? []) {
            let request = Array((streams[fd] ?? []).prefix(length))
            streams[fd]?.removeFirst(length)
            let number = requests.withLock { all in
                all.append(request)
                return all.count - 1
            }
            switch answer(number, request) {
            case .bytes(let text): write(fd, Array(text.utf8))
            case .raw(let bytes): write(fd, bytes)
            case .bytesThenClose(let text):
                write(fd, Array(text.utf8))
                return false
            case .close: return false
            case .nothing: break
            case .reset:
                Socket.reset(fd)
                streams[fd] = nil
                return true
            }
        }
        return true
    }

    private func write(_ fd: Int32, _ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe Socket.send(fd, $0.baseAddress!, $0.count) }
    }

    /// HTTP with Content-Length, or a frame.
    private static func requestLength(_ stream: [UInt8]) -> Int? {
        guard stream.count >= 4 else { return nil }
        if stream[0] == 0 {
            let size = stream[0..<4].reduce(0) { $0 << 8 | Int($1) }
            return stream.count >= 4 + size ? 4 + size : nil
        }
        let text = String(decoding: stream, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound].lowercased()
        var body = 0
        if let field = head.range(of: "content-length: ") {
            body = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
        }
        let length = text[..<end.upperBound].utf8.count + body
        return stream.count >= length ? length : nil
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let (own, wanted) = (Array(utf8), Array(text.utf8))
        guard own.count >= wanted.count else { return nil }
        for start in 0...(own.count - wanted.count) where own[start..<start + wanted.count].elementsEqual(wanted) {
            return utf8.index(
                utf8.startIndex, offsetBy: start)..<utf8.index(
                    utf8.startIndex, offsetBy: start + wanted.count)
        }
        return nil
    }
}

/// Exchanges from memory.
final class ListSource: ExchangeSource {
    private let list: [Exchange]
    private let position = Atomic<Int>(0)

    init(_ list: [Exchange]) { self.list = list }

    func next(into exchange: inout Exchange) throws(ReplayError) -> Bool {
        let index = position.add(1, ordering: .relaxed).oldValue
        if index < list.count { exchange = list[index] }
        return index < list.count
    }

    func rewind() throws(ReplayError) { position.store(0, ordering: .relaxed) }
}

enum Sample {
    static func http(_ count: Int, flows: Int = 0, stepNanos: UInt64 = 1_000_000) -> [Exchange] {
        (0..<count).map { index in
            var exchange = Exchange()
            exchange.id = UInt64(index)
            exchange.format = .http1
            exchange.operation = "POST /v1/{}"
            if flows > 0 {
                exchange.flow = UInt64(index % flows)
                exchange.client = "10.0.0.1:\(1000 + index % flows)"
            }
            let body = #"{"id":"a1b2-\#(1000 + index)","flow":\#(index % max(1, flows)),"n":\#(index)}"#
            let text =
                "POST http://old.example/v1/\(index) HTTP/1.1\r\nHost: old.example\r\nConnection: close\r\n"
                + "Expect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            exchange.request = Message(wire: Array(text.utf8), startNanos: 1_000_000_000 + UInt64(index) * stepNanos)
            return exchange
        }
    }

    static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    static func options(_ rate: String, connections: Int = 2, threads: Int = 1) throws -> Run.Options {
        var options = Run.Options(
            pacer: try Pacer(parsing: rate), carriers: Carrier.defaults, tag: "test-run")
        options.connections = connections
        options.threads = threads
        options.timeoutNanos = 300_000_000
        options.transfers = BothTransfers.current
        return options
    }

    static func gatekeeper(_ port: UInt16, scheme: String = "http", _ options: Run.Options) throws -> Guard {
        let target = try Target(parsing: "\(scheme)://127.0.0.1:\(port)")
        let request = Guard.Request(
            targets: [target], pacer: options.pacer, rateIsStated: true, carriers: options.carriers)
        return try Guard(request, policy: nil, secondsOfDay: 0) { target throws(ReplayError) in try target.resolved() }
    }

    static func run(
        _ exchanges: [Exchange], port: UInt16, _ options: Run.Options, judge: Judge? = nil,
        identities: DeclaredIdentities = DeclaredIdentities()
    ) throws -> RunResult {
        let run = Run(
            options: options, gatekeeper: try gatekeeper(port, options), source: ListSource(exchanges),
            identities: identities, judge: judge)
        return try run.run(signals: nil) { _ in }
    }
}
