/// # EventLoop
///
/// What a thread that carries data needs from the kernel, and nothing else: readiness (``Poller``), non-blocking TCP
/// sockets (``Socket``, ``SocketAddress``), their transfers in batches through io_uring (``Ring``), a way to be woken from
/// another thread (``Wakeup``), signals as data (``SignalWatch``), threads (``LoopThread``) and clocks (``Clock``).
///
/// There are no callbacks and no hidden buffers. A loop owns one poller, waits for events with a deadline in
/// nanoseconds, and performs what its own state machine asks for:
///
/// ```swift
/// let address = try SocketAddress(resolving: "127.0.0.1", port: 0)
/// let listener = try Socket.listen(on: address)
/// var poller = try Poller()
/// try poller.add(listener, token: 0, interest: .readable)
/// let count = poller.wait(timeoutNanos: 1_000_000)
/// for i in 0..<count where poller.token(at: i) == 0 { _ = Socket.accept(from: listener) }
/// ```
