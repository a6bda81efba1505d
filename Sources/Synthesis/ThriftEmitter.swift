import Tape
import Thrift

/// Writes the cells of a machine as a Thrift message, following the program's emissions, straight into an arena: the
/// layout is that of ``ThriftWriter``, which the tests hold it to.
struct ThriftEmitter {
    var out = Arena()
    private let encoding: WireFormat.Encoding
    private let isCompact: Bool
    /// The frame's length and header, if there are any, as far as they are the same in every message.
    private let envelope: [UInt8]
    private let hasHeader: Bool
    /// Applies the header's transforms; nil when it names none.
    private var transformer: FrameTransformer?
    let method: [UInt8]
    let isOneway: Bool
    /// Compact counts field ids from the one before; enclosing structs wait here.
    let enclosing: Table<Int16>
    private let owner = TableOwner()
    var depth = 0
    private var lastID: Int16 = 0

    /// - Parameter header: what THeader and TTHeader say.
    init(_ format: WireFormat, method: String, isOneway: Bool, header: Scenario.FrameHeader = .init()) {
        encoding = format.encoding
        isCompact = format.encoding == .compact
        envelope = Self.envelope(format, header)
        hasHeader = format.hasHeader
        transformer = header.transforms.isEmpty ? nil : FrameTransformer(header.transforms)
        self.method = Array(method.utf8)
        self.isOneway = isOneway
        enclosing = owner.make(count: 72, 0)
    }

    private static func envelope(_ format: WireFormat, _ own: Scenario.FrameHeader) -> [UInt8] {
        guard format.hasHeader else { return format.statesLength ? [0, 0, 0, 0] : [] }
        var header = HeaderTransport(format.transport == .theader ? .theader : .ttheader)
        header.protocolID = format.encoding == .compact ? 2 : 0
        header.transforms = own.transforms.map { UInt64($0.rawValue) }
        // The key of the RPC time-out in CloudWeGo's TTHeader.
        if let timeoutMillis = own.timeoutMillis { header.infos = [.numbered([.init(12, "\(timeoutMillis)")])] }
        return header.encoded(payload: [])
    }

    /// Appends a lane's message.
    mutating func message(_ machine: borrowing Machine, _ lane: Int, seqid: Int32) {
        let start = out.count
        (depth, lastID) = (0, 0)
        out.append(envelope)
        if hasHeader { out.store(bigEndian: seqid, at: start + 8) }
        if encoding == .json {
            json(machine, lane, seqid: seqid)
        } else {
            head(seqid)
            if let plan = machine.plan(.thriftBinary), !isCompact {
                plan.write(machine, lane, into: &out)
            } else {
                fields(machine, lane)
            }
            out.append(0)
        }
        transformer?.apply(to: &out, from: start + envelope.count)
        if !envelope.isEmpty { out.store(bigEndian: UInt32(truncatingIfNeeded: out.count - start - 4), at: start) }
    }

    /// What stands before the arguments. Old Binary differs from Binary in nothing else.
    private mutating func head(_ seqid: Int32) {
        let type: UInt8 = isOneway ? 4 : 1
        if isCompact {
            out.append(0x82)
            out.append(type << 5 | 1)
            out.append(varint: UInt64(UInt32(bitPattern: seqid)))
            out.append(varint: UInt64(method.count))
            return out.append(method)
        }
        if encoding == .binary { out.append(bigEndian: 0x8001_0000 | UInt32(type)) }
        out.append(bigEndian: UInt32(method.count))
        out.append(method)
        if encoding == .binaryOld { out.append(type) }
        out.append(bigEndian: seqid)
    }

    private mutating func fields(_ machine: borrowing Machine, _ lane: Int) {
        let emissions = machine.layout
        var at = 0
        while at < emissions.count {
            let emission = emissions[at]
            at += 1
            switch emission.op {
            case .value:
                let cell = machine.value(emission.slot, lane)
                guard cell.isPresent else { continue }
                value(cell, emission, machine.arena)
            case .beginStruct:
                guard machine.value(emission.slot, lane).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                if !emission.isElement { header(emission.id, .structure) }
                enclosing[depth] = lastID
                depth += 1
                lastID = 0
            case .endStruct:
                out.append(0)
                depth -= 1
                lastID = enclosing[depth]
            case .beginList:
                let cell = machine.value(emission.slot, lane)
                guard cell.isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                header(emission.id, emission.isSet ? .set : .list)
                listHead(Self.type(emission.form), Int(truncatingIfNeeded: cell.int))
            case .element:
                if machine.value(emission.slot, lane).int <= Int64(emission.ordinal) { at = Int(emission.skip) }
            case .beginMap:
                guard machine.value(emission.slot, lane).isPresent else {
                    at = Int(emission.skip)
                    continue
                }
                header(emission.id, .map)
                mapHead(Self.type(emission.form), Int(emission.ordinal))
            case .mapKey:
                text(machine.arena, Int(emission.keyStart), Int(emission.keyLength))
            case .endList, .endMap: break
            }
        }
    }

    @inline(__always)
    private mutating func header(_ id: Int16, _ type: ThriftType) {
        if !isCompact {
            out.append(type.rawValue)
            out.append(bigEndian: id)
            return
        }
        compactHeader(id, type.compact)
    }

    private mutating func compactHeader(_ id: Int16, _ type: UInt8) {
        let delta = Int(id) - Int(lastID)
        if (1...15).contains(delta) {
            out.append(UInt8(delta) << 4 | type)
        } else {
            out.append(type)
            zigzag(Int64(id))
        }
        lastID = id
    }

    @inline(__always)
    private mutating func zigzag(_ value: Int64) { out.append(varint: UInt64(bitPattern: value << 1 ^ value >> 63)) }

    private mutating func listHead(_ type: ThriftType, _ count: Int) {
        if !isCompact {
            out.append(type.rawValue)
            out.append(bigEndian: Int32(truncatingIfNeeded: count))
        } else if count < 15 {
            out.append(UInt8(truncatingIfNeeded: count) << 4 | type.compact)
        } else {
            out.append(0xF0 | type.compact)
            out.append(varint: UInt64(truncatingIfNeeded: count))
        }
    }

    private mutating func mapHead(_ type: ThriftType, _ count: Int) {
        if !isCompact {
            out.append(ThriftType.binary.rawValue)
            out.append(type.rawValue)
            out.append(bigEndian: Int32(truncatingIfNeeded: count))
        } else {
            out.append(varint: UInt64(truncatingIfNeeded: count))
            if count > 0 { out.append(ThriftType.binary.compact << 4 | type.compact) }
        }
    }

    static func type(_ form: Program.Emission.Form) -> ThriftType {
        switch form {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32, .enumeration: .i32
        case .i64: .i64
        case .double, .negativeZero: .double
        case .string, .binary, .swappedCase: .binary
        // Thrift has no null; anomalies of it are refused when the scenario is read.
        case .structure, .null: .structure
        }
    }

    @inline(__always)
    private mutating func text(_ arena: Arena, _ start: Int, _ length: Int) {
        if isCompact {
            out.append(varint: UInt64(truncatingIfNeeded: length))
        } else {
            out.append(bigEndian: Int32(truncatingIfNeeded: length))
        }
        out.append(arena, start, length)
    }

    private mutating func value(_ cell: Cell, _ emission: Program.Emission, _ arena: Arena) {
        if emission.form == .bool {
            if isCompact && !emission.isElement { return compactHeader(emission.id, cell.int != 0 ? 1 : 2) }
            if !emission.isElement { header(emission.id, .bool) }
            return out.append(cell.int != 0 ? 1 : isCompact ? 2 : 0)
        }
        if !emission.isElement { header(emission.id, Self.type(emission.form)) }
        switch emission.form {
        case .i8: out.append(UInt8(truncatingIfNeeded: cell.int))
        case .i16: isCompact ? zigzag(cell.int) : out.append(bigEndian: Int16(truncatingIfNeeded: cell.int))
        case .i32, .enumeration:
            isCompact ? zigzag(cell.int) : out.append(bigEndian: Int32(truncatingIfNeeded: cell.int))
        case .i64: isCompact ? zigzag(cell.int) : out.append(bigEndian: cell.int)
        case .double:
            // Both are whole numbers below 2^53 and so exact; IEEE 754 rounds the one division correctly everywhere.
            let bits = (Double(cell.int) / Self.powerOfTen(emission.scale)).bitPattern
            isCompact ? out.append(littleEndian: bits) : out.append(bigEndian: bits)
        case .negativeZero:
            let bits = (-0.0 as Double).bitPattern
            isCompact ? out.append(littleEndian: bits) : out.append(bigEndian: bits)
        default: text(arena, Int(cell.start), Int(cell.length))
        }
    }

    static func powerOfTen(_ scale: Int32) -> Double {
        var power = 1.0
        for _ in 0..<min(scale, 18) { power *= 10 }
        return power
    }
}

// MARK: Parts that are the same in every message

extension ThriftEmitter {
    /// Type and id of a field in Binary.
    static func binaryHeader(_ emission: Program.Emission) -> [UInt8] {
        let type: ThriftType =
            switch emission.op {
            case .beginStruct: .structure
            case .beginList: emission.isSet ? .set : .list
            case .beginMap: .map
            default: self.type(emission.form)
            }
        var emitter = ThriftEmitter(WireFormat(.thrift, .unframed, .binary), method: "", isOneway: false)
        emitter.header(emission.id, type)
        return emitter.out.array()
    }

    static func binaryMapHead(_ emission: Program.Emission) -> [UInt8] {
        var emitter = ThriftEmitter(WireFormat(.thrift, .unframed, .binary), method: "", isOneway: false)
        emitter.mapHead(type(emission.form), Int(emission.ordinal))
        return emitter.out.array()
    }

    /// A field of Binary with its header; its text, if it has one, is in `arena`.
    static func binaryField(_ cell: Cell, _ emission: Program.Emission, _ arena: Arena) -> [UInt8] {
        var emitter = ThriftEmitter(WireFormat(.thrift, .unframed, .binary), method: "", isOneway: false)
        emitter.value(cell, emission, arena)
        return emitter.out.array()
    }
}
