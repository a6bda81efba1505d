import Bytes
package import Capture
package import Privacy
package import Schema
package import Tape

/// What to do with what is recorded.
package struct RecordingOptions: Sendable {
    /// Keep credentials and personal data as they are.
    package var isRaw = false
    /// How to mask; nil: by the built-in policy, with a key of this recording's own.
    package var masking: MaskingPlan?
    /// False: messages are counted, and exchanges have none of their bytes. Nothing is masked then.
    package var keepsBytes = true
    /// Bytes of a message beyond which only its digest is kept.
    package var bodyLimit = 16 << 20
    package var limits = Reassembler.Limits()
    package var schema = SchemaSet()
    /// What is spoken on some ports, instead of what the bytes look like.
    package var decodeAs: [DecodeAs] = []

    package init() {}

    var maskingPlan: MaskingPlan { masking ?? MaskingPlan(key: .random(), schema: schema) }
}

/// Packets in, exchanges out.
package struct Recorder: ~Copyable {
    var reassembler: Reassembler
    var decoder: StreamDecoder
    private var fragments = FragmentAssembler()
    /// Bytes of messages that are complete before ``isBatchDue``: few enough for the nearest cache.
    private static let batchBytes = 1 << 14
    /// And so many of them.
    private static let batchCount = batchBytes / 512
    /// Of the last packet; 0 before the first one.
    package private(set) var lastNanos: UInt64 = 0
    /// Complete once ``finish()`` has run.
    package var balance: Balance { decoder.balance }
    // Asked for each packet. Mutating, because a borrowed struct that cannot be copied is moved to be asked.
    /// Exchanges so far; asking ``balance`` would copy all of it.
    package var exchangeCount: UInt64 { mutating get { decoder.balance.exchanges } }

    package init(_ options: RecordingOptions) {
        reassembler = Reassembler(limits: options.limits)
        decoder = StreamDecoder(options)
    }

    /// Takes the next packet; `bytes` are its captured bytes.
    @inline(__always)
    package mutating func add(_ packet: CapturedPacket, _ bytes: RawSpan) {
        decoder.balance.packets += 1
        if packet.wireLength > packet.count { decoder.balance.cutPackets += 1 }
        lastNanos = packet.timeNanos
        var plain = Segment()
        if PacketDecoder.decodePlain(bytes, packet.link, &plain) {
            plain.timeNanos = packet.timeNanos
            decoder.balance.usedPackets += 1
            reassembler.add(plain, bytes)
            if !reassembler.events.isEmpty { Recorder.handleEvents(&reassembler, &decoder) }
        } else {
            addOther(packet, bytes)
        }
    }

    /// Takes a packet that is not of the commonest kind.
    @inline(never)
    private mutating func addOther(_ packet: CapturedPacket, _ bytes: RawSpan) {
        switch PacketDecoder.decode(bytes, packet.link, wireLength: packet.wireLength) {
        case .segment(var segment):
            segment.timeNanos = packet.timeNanos
            decoder.balance.usedPackets += 1
            reassembler.add(segment, bytes)
            if !reassembler.events.isEmpty { Recorder.handleEvents(&reassembler, &decoder) }
        case .refused(let reason):
            decoder.balance.refusals[Int(reason.rawValue)] += 1
            if reason == .linkType { decoder.balance.refusedLinks[packet.link, default: 0] += 1 }
        case .fragment(let fragment): add(fragment, bytes, packet.timeNanos)
        }
    }

    /// Takes a piece of an IP packet, and then what that packet holds, if it is whole now.
    @inline(never)
    private mutating func add(_ fragment: Fragment, _ bytes: RawSpan, _ timeNanos: UInt64) {
        var whole = fragments.add(fragment, bytes, timeNanos)
        // A packet that was put together may be a tunnel with pieces in it.
        for _ in 0..<4 {
            guard let packet = whole else { return }
            switch PacketDecoder.decode(packet.bytes.rawSpan, packet.link, wireLength: packet.wireLength) {
            case .segment(var segment):
                segment.timeNanos = timeNanos
                decoder.balance.usedPackets += packet.pieces
                reassembler.add(segment, packet.bytes.rawSpan)
                if !reassembler.events.isEmpty { Recorder.handleEvents(&reassembler, &decoder) }
                return
            case .refused(let reason):
                decoder.balance.refusals[Int(reason.rawValue)] += packet.pieces
                return
            case .fragment(let inner):
                whole = fragments.add(inner, packet.bytes.rawSpan, timeNanos, pieces: packet.pieces)
            }
        }
        decoder.balance.refusals[Int(Refusal.tunnelDepth.rawValue)] += whole?.pieces ?? 0
    }

    /// Says what time it is, see ``Reassembler/advance(toNanos:patienceNanos:)``.
    package mutating func advance(toNanos now: UInt64, patienceNanos: UInt64? = nil) {
        reassembler.advance(toNanos: now, patienceNanos: patienceNanos)
        if !reassembler.events.isEmpty { Recorder.handleEvents(&reassembler, &decoder) }
    }

    /// What a kernel says of the packets that it took for this recording.
    package mutating func note(_ kernel: Balance.KernelCount) { decoder.balance.kernel = kernel }

    /// Takes packets of `merge` until there are `limit` of them, a batch of exchanges is due, or more would have to be
    /// waited for. Returns how many: none only at the end.
    ///
    /// Here and not at the caller's, whose closure would have this recorder moved into it and back for each packet.
    package mutating func add(from merge: inout CaptureMerge, limit: Int) throws(CaptureError) -> Int {
        guard let (packet, reader) = try merge.next() else { return 0 }
        merge.withBytes(of: packet, reader) { add(packet, $0) }
        var left = limit - 1
        if left <= 0 || isBatchDue { return 1 }
        return 1
            + merge.forEachBuffered { packet, bytes in
                add(packet, bytes)
                left -= 1
                return left > 0 && !isBatchDue
            }
    }

    /// The exchanges that became complete since the last call, in the order in which they did.
    package mutating func takeFinished() -> [Exchange] {
        var batch: [Exchange] = []
        takeFinished { batch.append($0) }
        return batch
    }

    /// Shows `body` the exchanges that became complete since the last call, in the order in which they did; their memory
    /// is used again afterwards. When it throws, those that it has not seen are gone.
    package mutating func takeFinished<Failure>(
        _ body: (inout Exchange) throws(Failure) -> Void
    ) throws(Failure) {
        decoder.settle()
        defer { decoder.recycleFinished() }
        for exchange in decoder.finished { try body(&exchange.value) }
    }

    /// Gives `batch` the exchanges that became complete since the last call, and takes the memory of those that it had.
    package mutating func takeFinished(into batch: ExchangeBatch) { decoder.takeFinished(into: batch) }

    /// Forgets them.
    package mutating func dropFinished() { decoder.recycleFinished() }

    package var hasFinished: Bool { mutating get { !decoder.finished.isEmpty } }

    /// So much is complete that taking it costs little for each exchange, few enough that they are still in the nearest cache.
    package var isBatchDue: Bool {
        mutating get { decoder.finished.count >= Self.batchCount || decoder.copiedBytes >= Self.batchBytes }
    }

    /// Ends all flows; afterwards ``balance`` is complete.
    package mutating func finish() {
        fragments.finish()
        for (index, count) in fragments.settled.refusals.enumerated() { decoder.balance.refusals[index] += count }
        reassembler.finish()
        Recorder.handleEvents(&reassembler, &decoder)
        decoder.balance.evictedFlows = reassembler.evictedFlows
        decoder.balance.idleFlows = reassembler.idleFlows
        decoder.balance.hurriedGaps = reassembler.hurriedGaps
    }

    private static func handleEvents(_ reassembler: inout Reassembler, _ decoder: inout StreamDecoder) {
        var index = 0
        while index < reassembler.events.count {
            let event = reassembler.events[index]
            reassembler.read(event) { flow, bytes in decoder.handle(event, flow, bytes) }
            if case .closed = event.kind { reassembler.release(event.flow) }
            index += 1
        }
        reassembler.clearEvents()
    }
}
