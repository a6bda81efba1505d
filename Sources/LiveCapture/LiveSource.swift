import CLinux
import CPcap
package import Capture
import Glibc

/// What to capture, and how.
package struct LiveOptions: Sendable {
    package var interface: String
    /// In the language of pcap-filter(7); empty for everything.
    package var filter: String
    /// Memory of the kernel's ring.
    package var ringBytes: Int
    /// The longest time for which the kernel keeps packets to itself.
    package var blockMillis: Int32 = 50

    package init(interface: String, filter: String = "", ringBytes: Int = 64 << 20) {
        self.interface = interface
        self.filter = filter
        self.ringBytes = ringBytes
    }
}

/// An open interface.
///
/// The kernel writes packets into a ring of blocks that is mapped into the process (TPACKET_V3); they are handed out in
/// place and copied by whoever keeps them. A block is handed over when it is full or ``LiveOptions/blockMillis`` old.
/// libpcap's immediate mode is not used: it falls back to a ring of fixed frames as large as the longest packet
/// (TPACKET_V2), which on the loopback holds a hundredth of the packets.
///
/// Packets that this machine sends over its loopback pass twice; only the incoming copy is taken.
///
/// Not for several threads at once.
@safe package final class LiveSource {
    package let options: LiveOptions
    package private(set) var account: KernelAccount
    /// Packets handed out.
    package private(set) var read: UInt64 = 0

    private let handle: OpaquePointer
    private let descriptor: Int32
    private let link: LinkType

    /// Opens the interface; from the return on every packet that passes the filter is read or counted as dropped.
    package init(_ options: LiveOptions) throws(LiveError) {
        self.options = options
        let handle = unsafe try Self.open(options)
        unsafe self.handle = handle
        descriptor = unsafe pcap_get_selectable_fd(handle)
        link = LinkType(UInt16(truncatingIfNeeded: unsafe pcap_datalink(handle)))
        account = KernelAccount((0, 0, 0), atNanos: 0)
        // Everything is set, so a failure from here on runs the deinitialiser, which closes.
        try begin()
    }

    deinit { unsafe pcap_close(handle) }

    /// The names of the interfaces of this machine that are up.
    package static func interfaces() -> [String] {
        var list: UnsafeMutablePointer<pcap_if_t>?
        var errors = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard unsafe pcap_findalldevs(&list, &errors) == 0 else { return [] }
        defer { unsafe pcap_freealldevs(list) }
        var names: [String] = []
        var entry = unsafe list
        while let current = unsafe entry {
            // Sources that are no network interfaces (bluetooth, dbus, nflog) are listed too; they have no addresses.
            let isNetwork = unsafe current.pointee.addresses != nil || current.pointee.flags & 1 != 0
            let name = unsafe String(cString: current.pointee.name)
            if unsafe current.pointee.flags & 2 != 0, isNetwork || name == "any" { names.append(name) }
            unsafe entry = current.pointee.next
        }
        return names
    }

    /// Waits until there are packets; false when `timeoutNanos` passed without any. Returns early when `other` (a
    /// descriptor, or -1) can be read.
    package func wait(timeoutNanos: Int64, or other: Int32 = -1) -> Bool {
        tinct_poll_pair(descriptor, other, timeoutNanos) & 1 != 0
    }

    /// Hands out packets that are there, at most `limit`; returns how many. 0 means that the ring is empty.
    ///
    /// The bytes are valid during the call of `body` only.
    package func read(limit: Int32, _ body: (CapturedPacket, RawSpan) -> Void) throws(LiveError) -> Int {
        let link = self.link
        let handle = unsafe self.handle
        let count = withoutActuallyEscaping(body) { body in
            var receiver = Receiver(link: link, body: body)
            return unsafe withUnsafeMutablePointer(to: &receiver) { pointer in
                unsafe pcap_dispatch(
                    handle, limit, receive, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt8.self))
            }
        }
        if count < 0 {
            throw .failed(options.interface, reason: unsafe String(cString: pcap_geterr(handle)))
        }
        read += UInt64(count)
        return Int(count)
    }

    /// Brings ``account`` up to date.
    package func update() {
        var counters = pcap_stat()
        guard unsafe pcap_stats(handle, &counters) == 0 else { return }
        account.update((counters.ps_recv, counters.ps_drop, counters.ps_ifdrop), atNanos: Self.now())
    }

    /// Lets no further packet in; those in the ring can still be read. Blocks of the ring that are not full are handed
    /// over after ``LiveOptions/blockMillis``.
    package func stop() { _ = tinct_packet_stop(descriptor) }

    private static func now() -> UInt64 { tinct_clock_nanos(CLOCK_REALTIME) }

    private static func open(_ options: LiveOptions) throws(LiveError) -> OpaquePointer {
        var errors = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_create(options.interface, &errors) else {
            throw .failed(options.interface, reason: text(errors))
        }
        // The largest packet that there is, segments joined by the receive offload included.
        unsafe pcap_set_snaplen(handle, 262_144)
        // For mirror ports, whose packets are addressed to others.
        unsafe pcap_set_promisc(handle, 1)
        unsafe pcap_set_timeout(handle, options.blockMillis)
        unsafe pcap_set_buffer_size(handle, Int32(clamping: options.ringBytes))
        unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
        let status = unsafe pcap_activate(handle)
        if status >= 0, unsafe pcap_setnonblock(handle, 1, &errors) == 0 { return unsafe handle }
        let reason = status < 0 ? unsafe String(cString: pcap_geterr(handle)) : text(errors)
        unsafe pcap_close(handle)
        switch status {
        case PCAP_ERROR_NO_SUCH_DEVICE: throw .noSuchInterface(options.interface, known: interfaces())
        case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: throw .notPermitted(options.interface)
        case PCAP_ERROR_IFACE_NOT_UP: throw .interfaceDown(options.interface)
        default: throw .failed(options.interface, reason: reason)
        }
    }

    /// Sets the filter, and begins the account where it stands: packets that came in before it are let go of.
    private func begin() throws(LiveError) {
        var program = unsafe bpf_program()
        let compiled = unsafe pcap_compile(handle, &program, options.filter, 1, PCAP_NETMASK_UNKNOWN)
        guard compiled == 0 else {
            throw .badFilter(options.filter, reason: unsafe String(cString: pcap_geterr(handle)))
        }
        defer { unsafe pcap_freecode(&program) }
        _ = tinct_packet_stop(descriptor)
        // Of all interfaces only the loopback shows again what was sent; for "any", and on kernels before 4.20, libpcap
        // leaves out those copies after they went through the ring.
        if options.interface == "lo" { _ = tinct_packet_ignore_outgoing(descriptor) }
        // The block that was open is handed over within the block's time; a quiet span of twice that ends it surely.
        while wait(timeoutNanos: Int64(options.blockMillis) * 2_000_000) {
            while try read(limit: 65_536, { _, _ in }) > 0 {}
        }
        read = 0
        var counters = pcap_stat()
        _ = unsafe pcap_stats(handle, &counters)
        account = KernelAccount((counters.ps_recv, counters.ps_drop, counters.ps_ifdrop), atNanos: Self.now())
        if options.filter.isEmpty {
            _ = tinct_packet_start(descriptor)
        } else if unsafe pcap_setfilter(handle, &program) != 0 {
            throw .badFilter(options.filter, reason: unsafe String(cString: pcap_geterr(handle)))
        }
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Who gets the packets of one call of libpcap.
private struct Receiver {
    var link: LinkType
    var body: (CapturedPacket, RawSpan) -> Void
}

/// libpcap's callback. With the precision that was asked for, `tv_usec` holds ns.
private func receive(
    _ user: UnsafeMutablePointer<UInt8>?, _ header: UnsafePointer<pcap_pkthdr>?, _ bytes: UnsafePointer<UInt8>?
) {
    // libpcap hands back the receiver that `read` lent it for the call, and bytes that stay until this returns.
    guard let user = unsafe user, let header = unsafe header?.pointee, let bytes = unsafe bytes else { return }
    let receiver = unsafe UnsafeMutableRawPointer(user).assumingMemoryBound(to: Receiver.self)
    let packet = CapturedPacket(
        timeNanos: UInt64(clamping: header.ts.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: header.ts.tv_usec),
        wireLength: Int(max(header.len, header.caplen)), count: Int(header.caplen), link: unsafe receiver.pointee.link)
    unsafe receiver.pointee.body(packet, RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: packet.count))
}
