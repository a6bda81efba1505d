/// What channels are told apart by.
struct ChannelKey: Hashable {
    var `protocol`: WireFormat.WireProtocol
    var operation: String
}

/// The chunk that is being filled.
///
/// A value of its own, because each property of a class is checked for exclusive access whenever it is used.
struct OpenChunk: ~Copyable {
    enum Outcome { case added, otherChannel, tooLarge }

    var buffer: RecordBuffer
    var contents = ChunkContents()
    /// Exchanges of the whole tape, and their bytes before compression.
    private(set) var exchangeCount: UInt64 = 0
    private(set) var encodedBytes: UInt64 = 0
    /// The channel of the exchange before.
    private var key = ChannelKey(protocol: .unknown, operation: "")
    private var channel: UInt16?

    init(capacity: Int) { buffer = RecordBuffer(capacity: capacity) }

    /// Says which channel exchanges with this key belong to.
    mutating func select(_ channel: UInt16, for key: ChannelKey) {
        self.channel = channel
        self.key = key
    }

    /// Adds an exchange, unless it belongs to another channel than the one that was selected last.
    mutating func append(_ exchange: inout Exchange) -> Outcome {
        guard let channel, exchange.format.protocol == key.protocol, exchange.operation == key.operation else {
            return .otherChannel
        }
        let start = buffer.count
        let logNanos = exchange.startNanos
        buffer.uint8(MCAP.Opcode.message)
        buffer.littleEndian(UInt64(0))
        buffer.littleEndian(channel)
        buffer.littleEndian(UInt32(truncatingIfNeeded: exchange.id))
        buffer.littleEndian(logNanos)
        buffer.littleEndian(logNanos)
        buffer.append(&exchange)
        let size = buffer.count - start
        if size > TapeLimits.exchangeBytes {
            buffer.truncate(to: start)
            return .tooLarge
        }
        buffer.store(littleEndian: UInt64(size - MCAP.prefixBytes), at: start + 1)
        contents.append(channel: channel, logNanos: logNanos, offset: UInt64(start))
        exchangeCount += 1
        encodedBytes += UInt64(size)
        return .added
    }

    /// Gives the chunk away, for the memory of one that is written.
    mutating func submit(to packer: ChunkPacker) { packer.submit(&buffer, &contents) }
}
