import Bytes

/// A window over an input: bytes from ``start`` to ``end`` are there, and ``require(_:)`` gets more.
struct PacketBuffer {
    private var bytes: [UInt8]
    private(set) var start = 0
    private(set) var end = 0
    private let input: any CaptureInput
    private let blocks: (any BlockInput)?
    private var isAtEnd = false
    /// Bytes that were taken out of the window so far.
    private(set) var passed: UInt64 = 0

    static let maximumBlock = 1 << 26

    init(_ input: any CaptureInput, capacity: Int = 1 << 18) {
        self.input = input
        blocks = input as? any BlockInput
        bytes = [UInt8](repeating: 0, count: capacity)
    }

    var count: Int { end - start }
    /// Bytes of memory that the window takes.
    var capacity: Int { bytes.count }

    /// Makes sure that `count` bytes stand at ``start``; false when the input ends before.
    @inline(__always)
    mutating func require(_ count: Int) throws(CaptureError) -> Bool {
        if end - start >= count { return true }
        return try fill(count)
    }

    private mutating func fill(_ count: Int) throws(CaptureError) -> Bool {
        if isAtEnd || count > PacketBuffer.maximumBlock { return false }
        if let blocks {
            let left = end - start
            if let range = try blocks.exchange(&bytes, keeping: start..<end) {
                (start, end) = (range.lowerBound, range.upperBound)
                isAtEnd = range.count == left
                if isAtEnd || range.count >= count { return range.count >= count }
            }
        }
        if start > 0 {
            let from = start
            let length = end - start
            unsafe bytes.withUnsafeMutableBytes { buffer in
                guard let base = buffer.baseAddress else { return }
                // Moves the filled part, which lies inside the array, to its front.
                unsafe base.copyMemory(from: base + from, byteCount: length)
            }
            end = length
            start = 0
        }
        while end < count {
            // Grows with what comes: a length that is only claimed costs no memory.
            if end == bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
            let got = try input.read(into: &bytes, from: end)
            if got <= 0 {
                isAtEnd = true
                return false
            }
            end = min(end + got, bytes.count)
        }
        return true
    }

    /// Shows `body` the packets of a classic pcap that are whole in the window, and skips them, as long as it returns true.
    ///
    /// The loop that every packet of a plain capture goes through.
    @inline(__always)
    mutating func forEachPacket(_ pcap: Pcap, _ body: (CapturedPacket, RawSpan) -> Bool) -> Int {
        let bytes = self.bytes
        let span = bytes.rawSpan
        var at = start
        var count = 0
        func load(_ offset: Int) -> UInt32 {
            // The header that `at` stands at lies before `end`, see below; integers have no invalid bit patterns.
            let value = unsafe span.unsafeLoadUnaligned(fromUncheckedByteOffset: at + offset, as: UInt32.self)
            return pcap.isBigEndian ? value.bigEndian : value
        }
        while end - at >= pcap.headerLength {
            let captured = Int(load(8))
            let from = at + pcap.headerLength
            // Also lengths that make no sense, which the careful reader refuses.
            if captured > end - from { break }
            let packet = CapturedPacket(
                timeNanos: UInt64(load(0)) * 1_000_000_000 + UInt64(load(4)) * pcap.nanosPerUnit,
                wireLength: max(Int(load(12)), captured), count: captured, link: pcap.link, offset: from)
            at = from + captured
            count += 1
            if !body(packet, span.extracting(from..<at)) { break }
        }
        passed += UInt64(at - start)
        start = at
        return count
    }

    mutating func skip(_ count: Int) {
        let taken = min(count, end - start)
        start += taken
        passed += UInt64(taken)
    }

    /// Calls `body` with `count` bytes from `offset` on, counted from the window's memory; fewer when fewer are there.
    @inline(__always)
    func withBytes<R, E: Error>(_ offset: Int, _ count: Int, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let from = min(max(offset, 0), end)
        let length = min(max(count, 0), end - from)
        return try body(bytes.rawSpan.extracting(from..<from + length))
    }

    /// An unsigned integer at `offset` from ``start``; 0 outside the window.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type, _ offset: Int, bigEndian: Bool) -> T {
        guard offset >= 0, offset + MemoryLayout<T>.size <= end - start else { return 0 }
        // The bounds were checked just above; integers have no invalid bit patterns.
        let value = unsafe bytes.rawSpan.unsafeLoadUnaligned(fromUncheckedByteOffset: start + offset, as: T.self)
        return bigEndian ? T(bigEndian: value) : T(littleEndian: value)
    }
}
