import Bytes

/// A packet as it stands in its capture; the bytes are reached through ``PacketReader/withBytes(of:_:)``.
package struct CapturedPacket: Sendable {
    /// ns since 1970 UTC.
    package var timeNanos: UInt64
    /// Bytes on the wire; more than ``count`` when the snap length cut it.
    package var wireLength: Int
    /// Bytes that were captured.
    package var count: Int
    package var link: LinkType
    var offset: Int

    /// A packet whose bytes do not lie in a reader's window.
    package init(timeNanos: UInt64, wireLength: Int, count: Int, link: LinkType) {
        self.init(timeNanos: timeNanos, wireLength: wireLength, count: count, link: link, offset: 0)
    }

    init(timeNanos: UInt64, wireLength: Int, count: Int, link: LinkType, offset: Int) {
        self.timeNanos = timeNanos
        self.wireLength = wireLength
        self.count = count
        self.link = link
        self.offset = offset
    }
}

/// Reads the packets of one capture, in file order.
///
/// ```
/// pcap                          pcapng
/// +-------+------+------+--     +-----+-----+-----+-----+--
/// |header |packet|packet|       | SHB | IDB | EPB | EPB |     blocks: type, length, body, length
/// +-------+------+------+--     +-----+-----+-----+-----+--
/// ```
///
/// Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
package struct PacketReader {
    package enum Ending: Sendable, Equatable {
        case whole
        /// The file stops inside a packet; so many bytes of it are there.
        case cut(bytes: Int)
        /// The file makes no sense from this byte on.
        case damaged(at: UInt64)
    }

    var buffer: PacketBuffer
    var format: Format
    /// Known once ``next()`` has returned nil.
    package internal(set) var ending = Ending.whole
    var isFinished = false
    var lastNanos: UInt64 = 0
    /// Bytes of the packet or block that was returned last, taken out of the window at the next call.
    var held = 0

    enum Format {
        case pcap(Pcap)
        case pcapng(Pcapng)
    }

    /// Reads the beginning of the capture. Throws when it is neither pcap nor pcapng.
    ///
    /// - Parameter window: bytes that are read ahead; a larger packet makes room for itself.
    package init(_ input: any CaptureInput, window: Int = 1 << 18) throws(CaptureError) {
        buffer = PacketBuffer(input, capacity: max(window, 64))
        guard try buffer.require(4) else {
            throw CaptureError(
                buffer.count == 0 ? "the file is empty" : "the file ends inside the capture's header")
        }
        let magic = buffer.load(UInt32.self, 0, bigEndian: true)
        if magic == 0x0A0D_0D0A {
            format = .pcapng(Pcapng())
        } else if let pcap = Pcap(magic: magic) {
            guard try buffer.require(24) else { throw CaptureError("the file ends inside the capture's header") }
            var header = pcap
            header.link = LinkType(
                UInt16(truncatingIfNeeded: buffer.load(UInt32.self, 20, bigEndian: pcap.isBigEndian)))
            buffer.skip(24)
            format = .pcap(header)
        } else {
            throw CaptureError("this is neither pcap nor pcapng")
        }
    }

    /// The next packet, or nil at the end; ``ending`` then says how the file ended.
    package mutating func next() throws(CaptureError) -> CapturedPacket? {
        if held > 0 {
            buffer.skip(held)
            held = 0
        }
        if isFinished { return nil }
        switch format {
        case .pcap(let pcap): return try nextPcap(pcap)
        case .pcapng(var pcapng):
            // Also when reading pauses behind a block that told something.
            defer {
                if pcapng.isChanged {
                    pcapng.isChanged = false
                    format = .pcapng(pcapng)
                }
            }
            return try nextPcapng(&pcapng)
        }
    }

    /// Calls `body` with the captured bytes of the packet that ``next()`` returned last. Mutating only so that the reader
    /// is used in place and not copied.
    @inline(__always)
    package mutating func withBytes<R, E: Error>(of packet: CapturedPacket, _ body: (RawSpan) throws(E) -> R) throws(E)
        -> R
    {
        try buffer.withBytes(packet.offset, packet.count, body)
    }

    /// Shows `body` packets that were read already, as long as it returns true. Returns how many; ``next()`` goes on where
    /// this stops, and must be asked when it shows none.
    package mutating func forEachBuffered(_ body: (CapturedPacket, RawSpan) -> Bool) -> Int {
        guard case .pcap(let pcap) = format, !isFinished else { return 0 }
        buffer.skip(held)
        held = 0
        return buffer.forEachPacket(pcap, body)
    }

    mutating func finish(_ how: Ending) -> CapturedPacket? {
        ending = how
        isFinished = true
        return nil
    }
}

/// Classic pcap.
///
/// ```
///  0      4     6     8        12       16       20
/// +------+-----+-----+--------+--------+--------+--------+
/// |magic |major|minor|thiszone|sigfigs |snaplen |linktype|   file
/// +------+-----+-----+--------+--------+--------+--------+
/// |seconds      |fraction     |captured|on wire |            packet, then the captured bytes
/// +-------------+-------------+--------+--------+
/// ```
struct Pcap {
    var isBigEndian: Bool
    var nanosPerUnit: UInt64
    var headerLength = 16
    var link = LinkType.ethernet

    /// `magic` as read in big-endian order.
    init?(magic: UInt32) {
        switch magic {
        case 0xA1B2_C3D4: (isBigEndian, nanosPerUnit) = (true, 1000)
        case 0xD4C3_B2A1: (isBigEndian, nanosPerUnit) = (false, 1000)
        case 0xA1B2_3C4D: (isBigEndian, nanosPerUnit) = (true, 1)
        case 0x4D3C_B2A1: (isBigEndian, nanosPerUnit) = (false, 1)
        // Alexey Kuznetzov's variant: eight more bytes in each packet header.
        case 0xA1B2_CD34: (isBigEndian, nanosPerUnit, headerLength) = (true, 1000, 24)
        case 0x34CD_B2A1: (isBigEndian, nanosPerUnit, headerLength) = (false, 1000, 24)
        default: return nil
        }
    }
}

extension PacketReader {
    mutating func nextPcap(_ pcap: Pcap) throws(CaptureError) -> CapturedPacket? {
        guard try buffer.require(pcap.headerLength) else {
            return finish(buffer.count == 0 ? .whole : .cut(bytes: buffer.count))
        }
        let isBig = pcap.isBigEndian
        let seconds = UInt64(buffer.load(UInt32.self, 0, bigEndian: isBig))
        let fraction = UInt64(buffer.load(UInt32.self, 4, bigEndian: isBig))
        let captured = Int(buffer.load(UInt32.self, 8, bigEndian: isBig))
        let wire = Int(buffer.load(UInt32.self, 12, bigEndian: isBig))
        guard captured <= PacketBuffer.maximumBlock - 64 else { return finish(.damaged(at: buffer.passed)) }
        guard try buffer.require(pcap.headerLength + captured) else { return finish(.cut(bytes: buffer.count)) }
        held = pcap.headerLength + captured
        return CapturedPacket(
            timeNanos: seconds * 1_000_000_000 + fraction * pcap.nanosPerUnit, wireLength: max(wire, captured),
            count: captured, link: pcap.link, offset: buffer.start + pcap.headerLength)
    }
}
