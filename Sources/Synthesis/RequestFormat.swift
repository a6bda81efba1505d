package import Tape
import Thrift
import YAML

/// What stands around the arguments or the body: message and frame, or request line and headers.
package struct RequestFormat: Sendable {
    package let wire: WireFormat
    let operation: String
    let method: String
    let isOneway: Bool
    /// Request line and Host, for HTTP.
    private let head: [UInt8]
    private let headerNames: [[UInt8]]

    init(_ scenario: Scenario, _ shape: RequestShape) throws(YAMLError) {
        operation = shape.operationName
        method = shape.method
        isOneway = shape.isOneway
        switch scenario.protocol {
        case .thrift(let isCompact, let isFramed):
            wire = WireFormat(.thrift, isFramed ? .framed : .unframed, isCompact ? .compact : .binary)
            head = []
            headerNames = []
        case .http(let host, let headers):
            wire = .http1
            guard host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw YAMLError("the host has spaces or characters beyond ASCII", at: scenario.operationMark)
            }
            head = Array("\(shape.method) \(shape.path) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
            var names = headers.map { Array("\($0.name): ".utf8) }
            if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                names.append(Array("Content-Type: application/json".utf8))
            }
            headerNames = names
        }
    }

    /// Writes the whole request into `space` and returns where the digits of the Content-Length stand, for HTTP.
    func write(_ machine: borrowing Machine, index: UInt64, into space: inout RequestSpace) -> Range<Int> {
        if wire.protocol == .thrift {
            space.writer.removeAll()
            // Sequence numbers as a client counts them: from 1, never negative.
            let seqid = Int32(truncatingIfNeeded: (index &+ 1) & 0x7FFF_FFFF)
            space.writer.beginMessage(
                method, isOneway ? .oneway : .call, seqid: seqid, wire.transport == .framed ? .framed : .unframed)
            RequestWriter.thrift(machine, into: &space.writer)
            space.writer.endMessage()
            return 0..<0
        }
        space.body.removeAll(keepingCapacity: true)
        RequestWriter.json(machine, into: &space.body)
        space.writer.bytes.removeAll(keepingCapacity: true)
        space.writer.bytes.append(contentsOf: head)
        for (i, name) in headerNames.enumerated() {
            space.writer.bytes.append(contentsOf: name)
            if i < machine.program.headerCells.count {
                let cell = machine.cells[Int(machine.program.headerCells[i])]
                // A value that is made from fields cannot end its line.
                for byte in machine.arena[Int(cell.start)..<Int(cell.start + cell.length)]
                where byte >= 0x20 && byte != 0x7F {
                    space.writer.bytes.append(byte)
                }
            }
            space.writer.bytes.append(contentsOf: [0x0D, 0x0A])
        }
        space.writer.bytes.append(contentsOf: "Content-Length: ".utf8)
        let start = space.writer.bytes.count
        appendDecimal(Int64(space.body.count), to: &space.writer.bytes)
        let digits = start..<space.writer.bytes.count
        space.writer.bytes.append(contentsOf: [0x0D, 0x0A, 0x0D, 0x0A])
        space.writer.bytes.append(contentsOf: space.body)
        return digits
    }
}

/// Memory that one request after the other is written into.
struct RequestSpace: Sendable {
    var writer: ThriftWriter
    var body: [UInt8] = []

    init(_ format: RequestFormat) {
        writer = ThriftWriter(format.wire.encoding == .compact ? .compact : .binary, capacity: 4096)
    }

    var bytes: [UInt8] { writer.bytes }
}
