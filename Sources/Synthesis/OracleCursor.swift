import Bytes
import Compression
import Tape

/// Reads requests front to back and keeps what is watched.
///
/// Every read that would pass the end fails, and the request with it. A copy shares the memory that it reads into.
struct OracleCursor {
    let nodes: Table<OracleWatches.Node>
    let edges: Table<OracleWatches.Edge>
    let names: Table<UInt8>
    /// Of each node the children by Thrift id, as far as ids are below ``directIDs``; -1 for none.
    let children: Table<Int16>
    static let directIDs = 64
    let argument: Int16?
    let format: WireFormat
    /// The numbers of what was done to each payload, in order.
    let transforms: [UInt8]
    private let owner = TableOwner()
    /// The request as it goes out.
    private(set) var frame: TableSlice
    /// What is read: the same bytes, or what the transforms of its frame made the payload of.
    private(set) var bytes: TableSlice
    private var plain = Arena(capacity: 64)
    var at = 0
    /// Just behind the last byte.
    private(set) var end = 0
    var readings: OracleReadings
    /// Why a Thrift message could not be read on, when it is not that it ends.
    enum Fault { case none, type, size, count, depth, varint }

    var fault = Fault.none
    /// How deep structs were nested.
    var deepest = 0
    /// What the envelope of a Thrift message says.
    var message = (type: 0, name: 0..<0, seqid: Int64(0))
    /// Where the message or body begins.
    private(set) var bodyStart = 0
    /// What the frame or the Content-Length says, and where the bytes that it counts begin: a frame's header is among
    /// them.
    private(set) var statedLength: Int?
    private(set) var countedFrom = 0
    /// The sequence number of THeader or TTHeader.
    var headerSequence: UInt32?

    mutating func fail(_ reason: Fault) -> Bool {
        fault = reason
        return false
    }

    init(_ watches: OracleWatches, _ format: WireFormat, transforms: [UInt8]) {
        self.transforms = transforms
        nodes = owner.make(watches.nodes)
        edges = owner.make(watches.edges)
        names = owner.make(watches.names)
        var direct = [Int16](repeating: -1, count: watches.nodes.count * Self.directIDs)
        for (number, node) in watches.nodes.enumerated() {
            for edge in watches.edges[node.first..<node.first + node.count]
            where (0..<Self.directIDs).contains(Int(edge.id)) {
                direct[number * Self.directIDs + Int(edge.id)] = Int16(clamping: edge.node)
            }
        }
        children = owner.make(direct)
        argument = watches.argument
        self.format = format
        bytes = TableSlice(names, 0..<0)
        frame = bytes
        readings = OracleReadings(watches: watches.count, owner)
    }

    /// Fills ``readings``; `request` is looked at until the next one is read.
    mutating func read(_ request: TableSlice) {
        (frame, bytes) = (request, request)
        end = request.endIndex
        readings.reset()
        (fault, deepest, message) = (.none, 0, (0, 0..<0, 0))
        at = request.startIndex
        var stated: Int?
        var start = at
        let isHTTP = format.protocol == .http1
        if isHTTP {
            (start, stated) = httpHead()
        } else if format.transport != .unframed {
            stated = bigEndian(Int32.self).map(Int.init)
            start += 4
        }
        (countedFrom, statedLength, headerSequence) = (start, stated, nil)
        at = start
        let hasHeader =
            isHTTP || format.transport == .framed || format.transport == .unframed || (frameHeader() && plainPayload())
        bodyStart = at
        let isComplete = hasHeader && (isHTTP ? jsonDocument() : thriftMessage()) && at == end
        let isRight = format.transport == .unframed || stated == frame.endIndex - countedFrom
        readings.state = !isComplete ? .cut : isRight ? .whole : .wrongLength
    }

    /// Goes on in what the transforms were applied to, which nothing here has written: zlib's own library undoes them.
    private mutating func plainPayload() -> Bool {
        if transforms.isEmpty { return true }
        var payload = bytes[at..<end].array()
        for transform in transforms.reversed() {
            guard transform == 1, let before = try? decompress(payload.rawSpan, as: .zlib, limit: Self.mostPlain) else {
                return false
            }
            payload = before
        }
        plain.truncate(to: 0)
        plain.append(payload)
        bytes = plain.all
        (at, end) = (0, plain.count)
        return true
    }

    /// Far more than a message of a scenario has.
    private static let mostPlain = 1 << 26

    private mutating func thriftMessage() -> Bool {
        switch format.encoding {
        case .compact: compactMessage()
        case .json: thriftJSONMessage()
        default: binaryMessage(isOld: format.encoding == .binaryOld)
        }
    }

    @inline(__always)
    mutating func keep(_ node: Int, _ value: OracleReadings.Value) {
        if node < 0 { return }
        let watch = nodes[node].watch
        if watch >= 0 { readings.keep(watch, value, owner) }
    }

    @inline(__always)
    mutating func integer(_ value: Int64?, _ node: Int) -> Bool {
        guard let value else { return false }
        keep(node, OracleReadings.Value(int: value))
        return true
    }

    /// Where a struct's field leads in the watched tree, -1 for nowhere.
    @inline(__always)
    func child(of node: Int, _ id: Int16) -> Int {
        if id >= 0 && id < Self.directIDs { return Int(children[node * Self.directIDs + Int(id)]) }
        let place = nodes[node]
        for edge in place.first..<place.first + place.count where edges[edge].id == id { return edges[edge].node }
        return -1
    }

    @inline(__always)
    mutating func byte() -> UInt8? {
        guard at < end else { return nil }
        at += 1
        return bytes[at - 1]
    }

    @inline(__always)
    mutating func bigEndian<T: FixedWidthInteger & SignedInteger & BitwiseCopyable>(_ type: T.Type) -> Int64? {
        let width = MemoryLayout<T>.size
        guard width <= end - at else { return nil }
        let value = bytes.table.load(type, at: at)
        at += width
        return Int64(T(bigEndian: value))
    }

    @inline(__always)
    mutating func skip(_ count: Int64) -> Bool {
        guard count >= 0, count <= Int64(end - at) else { return false }
        at += Int(count)
        return true
    }

    /// Where the body begins, and the Content-Length.
    private mutating func httpHead() -> (Int, Int?) {
        var line = at
        var length: Int?
        while line < end {
            guard let stop = bytes[line..<end].firstIndex(of: 0x0D), stop + 1 < end else { break }
            if stop == line { return (stop + 2, length) }
            let text = bytes[line..<stop]
            if text.count > Self.lengthName.count, zip(text, Self.lengthName).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
                length = Int(String(decoding: text.dropFirst(Self.lengthName.count), as: UTF8.self))
            }
            line = stop + 2
        }
        return (end, length)
    }

    private static let lengthName = Array("content-length: ".utf8)
}
