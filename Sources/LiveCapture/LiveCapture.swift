/// # LiveCapture
///
/// Packets from a network interface, through libpcap and the kernel's ring (TPACKET_V3).
///
/// - ``LiveSource`` opens an interface, hands out packets in place, and says what the kernel had and dropped.
/// - ``KernelAccount`` keeps that account, and when packets were dropped.
/// - ``Privileges`` gives up the right to capture once it has been used.
///
/// A module of its own, so that the reading of packets (`Capture`) stays free of sockets and of C libraries, and can be
/// tested and fuzzed without any rights.
///
/// ```swift
/// let source = try LiveSource(LiveOptions(interface: "eth0", filter: "tcp port 9090"))
/// try Privileges.drop(to: .init(user: 65534, group: 65534))
/// while source.wait(timeoutNanos: 100_000_000) {
///     try source.read(limit: 4096) { packet, bytes in recorder.add(packet, bytes) }
/// }
/// ```
package enum LiveCaptureModule {}
