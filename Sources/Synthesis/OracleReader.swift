import Tape

/// Reads requests front to back and keeps what is watched.
///
/// Every read that would pass the end fails, and the request with it.
struct OracleCursor: Sendable {
    let nodes: [OracleWatches.Node]
    let edges: [OracleWatches.Edge]
    let names: [UInt8]
    let argument: Int16?
    private let format: WireFormat
    private(set) var bytes: [UInt8] = []
    var at = 0
    var readings: OracleReadings
    /// Why a Thrift message could not be read on, when it is not that it ends.
    enum Fault { case none, type, size, count, depth, varint }

    var fault = Fault.none
    /// How deep structs were nested.
    var deepest = 0
    /// What the envelope of a Thrift message says.
    var message = (type: 0, name: 0..<0, seqid: Int64(0))
    /// Where the message or body begins, and its length as stated.
    private(set) var bodyStart = 0
    private(set) var statedLength: Int?

    mutating func fail(_ reason: Fault) -> Bool {
        fault = reason
        return false
    }

    init(_ watches: OracleWatches, _ format: WireFormat) {
        nodes = watches.nodes
        edges = watches.edges
        names = watches.names
        argument = watches.argument
        self.format = format
        readings = OracleReadings(watches: watches.count)
    }

    /// Fills ``readings``.
    mutating func read(_ request: [UInt8]) {
        bytes = request
        readings.reset()
        (fault, deepest, message) = (.none, 0, (0, 0..<0, 0))
        at = 0
        var stated: Int?
        var start = 0
        let isHTTP = format.protocol == .http1
        if isHTTP {
            (start, stated) = httpHead()
        } else if format.transport == .framed {
            stated = bigEndian(4).map(Int.init)
            start = 4
        }
        at = start
        (bodyStart, statedLength) = (start, stated)
        let isReadable = isHTTP ? jsonDocument() : thriftMessage(isCompact: format.encoding == .compact)
        let isComplete = isReadable && at == bytes.count
        let isRight = format.transport == .unframed || stated == bytes.count - start
        readings.state = !isComplete ? .cut : isRight ? .whole : .wrongLength
    }

    func keeps(_ node: Int) -> Bool { node >= 0 && nodes[node].watch >= 0 }

    mutating func keep(_ node: Int, _ value: OracleReadings.Value) {
        if keeps(node) { readings.keep(nodes[node].watch, value) }
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
