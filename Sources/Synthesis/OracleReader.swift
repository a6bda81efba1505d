import Tape

/// Reads a request front to back and keeps what is watched.
struct OracleReader: Sendable {
    let watches: OracleWatches
    let format: WireFormat

    init(_ watches: OracleWatches, _ format: WireFormat) {
        self.watches = watches
        self.format = format
    }

    func read(_ bytes: [UInt8]) -> OracleReadings {
        var cursor = OracleCursor(bytes, watches)
        let isHTTP = format.protocol == .http1
        var stated: Int?
        var start = 0
        if isHTTP {
            (start, stated) = cursor.httpHead()
        } else if format.transport == .framed {
            stated = cursor.bigEndian(4).map(Int.init)
            start = 4
        }
        cursor.at = start
        let isReadable = isHTTP ? cursor.jsonDocument() : cursor.thriftMessage(isCompact: format.encoding == .compact)
        let isComplete = isReadable && cursor.at == bytes.count
        var readings = OracleReadings(values: cursor.values, bytes: bytes)
        let isRight = format.transport == .unframed || stated == bytes.count - start
        readings.state = !isComplete ? .cut : isRight ? .whole : .wrongLength
        return readings
    }
}

/// A place in a request. Every read that would pass the end fails and stays failed.
struct OracleCursor {
    let bytes: [UInt8]
    let watches: OracleWatches
    var at = 0
    var values: [[OracleReadings.Value]]

    init(_ bytes: [UInt8], _ watches: OracleWatches) {
        self.bytes = bytes
        self.watches = watches
        values = [[OracleReadings.Value]](repeating: [], count: watches.count)
    }

    mutating func byte() -> UInt8? {
        guard at < bytes.count else { return nil }
        at += 1
        return bytes[at - 1]
    }

    mutating func bigEndian(_ width: Int) -> Int64? {
        guard width <= bytes.count - at else { return nil }
        var value = Int64(Int8(bitPattern: bytes[at]))
        for i in 1..<max(1, width) { value = value << 8 | Int64(bytes[at + i]) }
        at += width
        return value
    }

    mutating func skip(_ count: Int64) -> Bool {
        guard count >= 0, count <= Int64(bytes.count - at) else { return false }
        at += Int(count)
        return true
    }

    /// Where the body begins, and the Content-Length.
    mutating func httpHead() -> (Int, Int?) {
        var line = 0
        var length: Int?
        let name = Array("content-length: ".utf8)
        while line < bytes.count {
            guard let end = bytes[line...].firstIndex(of: 0x0D), end + 1 < bytes.count else { break }
            if end == line { return (end + 2, length) }
            let text = bytes[line..<end]
            if text.count > name.count, zip(text, name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                length = Int(String(decoding: text.dropFirst(name.count), as: UTF8.self))
            }
            line = end + 2
        }
        return (bytes.count, length)
    }
}
