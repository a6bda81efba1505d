import Bytes
import CLinux
package import EventLoop

/// The thread that moves bytes between sockets and sessions.
package struct StubServer: ~Copyable {
    private struct Connection {
        /// Below 0 while the place is free.
        var fd: Int32 = -1
        /// Tells events of this connection from late ones of the place's former owner.
        var generation: UInt32 = 0
        var session = StubSession()
        var interest: Poller.Interest = .readable
        /// Stands in the timers already.
        var isTimed = false
    }

    /// When to stop besides a signal.
    package struct Limits: Sendable {
        /// Requests after which the server ends by itself.
        package var requests: UInt64?
        package var durationNanos: UInt64?

        package init(requests: UInt64? = nil, durationNanos: UInt64? = nil) {
            self.requests = requests
            self.durationNanos = durationNanos
        }
    }

    private static let listenerToken = UInt64.max
    private static let signalToken = UInt64.max - 1
    /// How long the last answers may take to leave once the server is to stop.
    private static let lingerNanos: UInt64 = 1_000_000_000

    private let listener: Int32
    private var poller: Poller
    private var isListening = true
    private var connections: [Connection] = []
    private var free: [Int] = []
    private var timers = TimerHeap()
    private var scratch = [UInt8](repeating: 0, count: 1 << 16)
    package private(set) var engine: StubEngine
    /// Where it listens, with the port that was taken when 0 was asked for.
    package let address: SocketAddress

    package init(listeningOn address: SocketAddress, engine: StubEngine) throws(SystemError) {
        let poller = try Poller(maximumEvents: 512)
        let listener = try Socket.listen(on: address)
        do throws(SystemError) {
            try poller.add(listener, token: Self.listenerToken, interest: .readable)
        } catch {
            Socket.close(listener)
            throw error
        }
        self.address = Socket.localAddress(of: listener) ?? address
        self.listener = listener
        self.poller = poller
        self.engine = engine
    }

    /// Writes what comes from here on on a tape.
    package mutating func record(with recorder: StubRecorder?) { engine.recorder = recorder }

    deinit {
        for connection in connections where connection.fd >= 0 { Socket.close(connection.fd) }
        Socket.close(listener)
    }

    /// Serves until a limit is reached or a signal comes; then sends what was promised and returns.
    package mutating func run(_ limits: Limits = Limits(), signals: SignalWatch? = nil) throws(SystemError) {
        if let signals { try poller.add(signals.descriptor, token: Self.signalToken, interest: .readable) }
        defer { if let signals { try? poller.remove(signals.descriptor) } }
        // Those that are still open leave nothing uncounted.
        defer { for place in connections.indices where connections[place].fd >= 0 { noteUnhandledInput(place) } }
        let start = Clock.monotonicNanos()
        engine.startNanos = start
        var end = limits.durationNanos.map { start &+ $0 }
        var isEnding = false
        var isStopped = false
        while true {
            let now = Clock.monotonicNanos()
            while let timer = timers.popDue(now) { fire(timer, now) }
            if !isEnding, isStopped || limits.requests.map({ engine.counts.requests >= $0 }) ?? false {
                isEnding = true
                end = now &+ Self.lingerNanos
            }
            if let end, now >= end { return }
            if isEnding && !hasOutput { return }
            let wake = [end, timers.nextDueNanos].compactMap { $0 }.min()
            // An end is looked at again every millisecond: what leaves a socket is no event.
            let timeout = isEnding ? 1_000_000 : wake.map { $0 > now ? $0 - now : 0 }
            let count = poller.wait(timeoutNanos: timeout)
            let woken = Clock.monotonicNanos()
            for index in 0..<count {
                switch poller.token(at: index) {
                case Self.listenerToken: acceptAll()
                case Self.signalToken:
                    isStopped = true
                    // Taken from the queue: left there, it would end the process once it is no longer blocked.
                    _ = signals?.wait(timeoutNanos: 0)
                case let token:
                    let place = Int(token & 0xFFFF_FFFF)
                    guard place < connections.count, connections[place].fd >= 0,
                        connections[place].generation == UInt32(truncatingIfNeeded: token >> 32)
                    else { continue }
                    if poller.isReadable(at: index) && connections[place].interest.contains(.readable) {
                        read(place, woken)
                    } else if poller.flags(at: index) & UInt32(tinct_epoll_hangup | tinct_epoll_error) != 0 {
                        close(place)
                        continue
                    }
                    if connections[place].fd >= 0 { flush(place, woken) }
                }
            }
        }
    }

    private var hasOutput: Bool {
        connections.contains { $0.fd >= 0 && (!$0.session.output.isEmpty || $0.session.nextDueNanos != nil) }
    }

    private mutating func acceptAll() {
        while true {
            let fd = Socket.accept(from: listener)
            if fd < 0 {
                // Out of descriptors: waits until a connection closes instead of spinning on the listener. Other errors
                // are those of the one connection, which is gone.
                if [-EMFILE, -ENFILE, -ENOBUFS, -ENOMEM].contains(fd), (try? poller.remove(listener)) != nil {
                    isListening = false
                }
                return
            }
            let place = free.popLast() ?? connections.count
            if place == connections.count { connections.append(Connection()) }
            connections[place].fd = fd
            connections[place].session = StubSession(number: engine.counts.connections)
            connections[place].interest = .readable
            connections[place].isTimed = false
            engine.counts.connections += 1
            if (try? poller.add(fd, token: token(place), interest: .readable)) == nil { close(place) }
        }
    }

    private func token(_ place: Int) -> UInt64 {
        UInt64(connections[place].generation) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
    }

    private mutating func close(_ place: Int) {
        noteUnhandledInput(place)
        if connections[place].session.resets {
            Socket.reset(connections[place].fd)
        } else {
            Socket.close(connections[place].fd)
        }
        connections[place].fd = -1
        connections[place].generation &+= 1
        connections[place].session = StubSession()
        free.append(place)
        if !isListening, (try? poller.add(listener, token: Self.listenerToken, interest: .readable)) != nil {
            isListening = true
        }
    }

    private mutating func noteUnhandledInput(_ place: Int) {
        if connections[place].session.holdsUnhandledInput { engine.counts.unfinished += 1 }
    }

    private mutating func read(_ place: Int, _ now: UInt64) {
        let fd = connections[place].fd
        // Taken out for the call, so that the session may be changed while it reads.
        var piece: [UInt8] = []
        swap(&piece, &scratch)
        defer { swap(&piece, &scratch) }
        // The buffer outlives the call, and its count bounds what the kernel may write.
        let count = unsafe piece.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe Socket.receive(fd, base, buffer.count)
        }
        if count > 0 {
            connections[place].session.receive(
                piece.rawSpan.extracting(0..<count), nowNanos: now, engine: &engine)
            schedule(place)
        } else if count == 0 {
            connections[place].session.peerEnded()
        } else if count != -Int(EAGAIN) && count != -Int(EINTR) {
            close(place)
        }
    }

    private mutating func schedule(_ place: Int) {
        guard !connections[place].isTimed, let due = connections[place].session.nextDueNanos else { return }
        connections[place].isTimed = true
        timers.push(TimerHeap.Entry(dueNanos: due, token: token(place)))
    }

    private mutating func fire(_ timer: TimerHeap.Entry, _ now: UInt64) {
        let place = Int(timer.token & 0xFFFF_FFFF)
        guard connections[place].fd >= 0, token(place) == timer.token else { return }
        connections[place].isTimed = false
        connections[place].session.release(nowNanos: now)
        schedule(place)
        flush(place, now)
    }

    /// Sends what can be sent, answers what had to wait for that, and watches for what has to happen next.
    private mutating func flush(_ place: Int, _ now: UInt64) {
        while true {
            guard send(place) else { return close(place) }
            if !connections[place].session.canResume { break }
            connections[place].session.resume(nowNanos: now, engine: &engine)
            schedule(place)
        }
        if connections[place].session.isFinished { return close(place) }
        if connections[place].session.takesHalfClose() { Socket.endOutput(connections[place].fd) }
        watch(place)
    }

    /// False when the connection is broken.
    private mutating func send(_ place: Int) -> Bool {
        let fd = connections[place].fd
        var sent = 0
        let total = connections[place].session.output.count
        while sent < total {
            let offset = sent
            // The buffer outlives the call, and `offset` is below its count.
            let count = unsafe connections[place].session.output.withUnsafeBytes { buffer in
                guard let base = buffer.baseAddress else { return 0 }
                return unsafe Socket.send(fd, base + offset, buffer.count - offset)
            }
            if count <= 0 {
                if count == -Int(EINTR) { continue }
                if count == -Int(EAGAIN) { break }
                return false
            }
            sent += count
        }
        engine.counts.bytesSent += UInt64(sent)
        if sent == total {
            connections[place].session.output.removeAll(keepingCapacity: total <= 1 << 20)
        } else if sent > 0 {
            connections[place].session.output.removeFirst(sent)
        }
        return true
    }

    private mutating func watch(_ place: Int) {
        var wanted: Poller.Interest = []
        if connections[place].session.wantsInput { wanted.insert(.readable) }
        if !connections[place].session.output.isEmpty { wanted.insert(.writable) }
        if wanted == connections[place].interest { return }
        connections[place].interest = wanted
        if (try? poller.modify(connections[place].fd, token: token(place), interest: wanted)) == nil { close(place) }
    }
}
