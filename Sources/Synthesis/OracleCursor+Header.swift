import Tape

/// What stands between a frame's length and its message in THeader and TTHeader, as their specifications say
/// (HeaderFormat.md of Apache Thrift, CloudWeGo's page on TTHeader).
extension OracleCursor {
    /// Reads from the magic to the end of the header. False when it is none, or is not what a client sends here: its
    /// protocol is another one, other transforms are named, or something does not fit.
    mutating func frameHeader() -> Bool {
        let isTHeader = format.transport == .theader
        guard let magic = bigEndian(Int16.self), magic == (isTHeader ? 0x0FFF : 0x1000),
            let flags = bigEndian(Int16.self),
            flags == 0, let sequence = bigEndian(Int32.self), let words = bigEndian(Int16.self)
        else { return false }
        headerSequence = UInt32(truncatingIfNeeded: sequence)
        let stop = at + 4 * Int(words)
        // All of them are below 128, where THeader's varints are bytes.
        guard words >= 0, stop <= end, let form = byte(), form == (format.encoding == .compact ? 2 : 0),
            let count = byte(), Int(count) == transforms.count
        else { return false }
        for transform in transforms where byte() != transform { return false }
        while at < stop, let kind = byte() {
            if kind == 0 { continue }
            // IntKV of TTHeader; a synthesized THeader holds no infos.
            guard !isTHeader, kind == 0x10, let pairs = bigEndian(Int16.self) else { return false }
            for _ in 0..<max(0, pairs) {
                guard bigEndian(Int16.self) != nil, let length = bigEndian(Int16.self), skip(length) else {
                    return false
                }
            }
        }
        return at == stop
    }
}
