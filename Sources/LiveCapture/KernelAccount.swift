/// What the kernel had for a recording: each packet that it took was read here or dropped there.
package struct KernelAccount: Sendable, Equatable {
    /// A span of time in which the kernel dropped packets.
    package struct Window: Sendable, Equatable {
        /// ns since 1970 UTC of the looks at the kernel's counters before and after.
        package var sinceNanos: UInt64
        package var untilNanos: UInt64
        package var packets: UInt64
    }

    /// Windows beyond this number are merged into the last one.
    package static let maximumWindows = 1000

    /// Packets that passed the filter, those dropped included.
    package private(set) var received: UInt64 = 0
    /// Packets that found the ring full.
    package private(set) var dropped: UInt64 = 0
    /// Packets that the interface itself dropped, as far as its driver says.
    package private(set) var interfaceDropped: UInt64 = 0
    package private(set) var windows: [Window] = []

    private var last: (received: UInt32, dropped: UInt32, interfaceDropped: UInt32)
    private var lastNanos: UInt64

    /// Begins with counters that mean nothing.
    init(_ counters: (received: UInt32, dropped: UInt32, interfaceDropped: UInt32), atNanos now: UInt64) {
        last = counters
        lastNanos = now
    }

    /// Takes the counters as they stand now; they have 32 bits and wrap, so this must be called more often than that.
    mutating func update(_ counters: (received: UInt32, dropped: UInt32, interfaceDropped: UInt32), atNanos now: UInt64)
    {
        received += UInt64(counters.received &- last.received)
        interfaceDropped += UInt64(counters.interfaceDropped &- last.interfaceDropped)
        let fresh = UInt64(counters.dropped &- last.dropped)
        if fresh > 0 { note(fresh, now) }
        last = counters
        lastNanos = now
    }

    private mutating func note(_ packets: UInt64, _ now: UInt64) {
        dropped += packets
        if let open = windows.last, open.untilNanos >= lastNanos || windows.count >= Self.maximumWindows {
            windows[windows.count - 1].untilNanos = now
            windows[windows.count - 1].packets = open.packets + packets
        } else {
            windows.append(Window(sinceNanos: lastNanos, untilNanos: now, packets: packets))
        }
    }

    package static func == (a: KernelAccount, b: KernelAccount) -> Bool {
        a.received == b.received && a.dropped == b.dropped && a.interfaceDropped == b.interfaceDropped
            && a.windows == b.windows
    }
}
