package import Tape
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
    /// What the header of each frame says, in THeader and TTHeader.
    let header: Scenario.FrameHeader

    init(_ scenario: Scenario, _ shape: RequestShape) throws(YAMLError) {
        operation = shape.operationName
        method = shape.method
        isOneway = shape.isOneway
        switch scenario.protocol {
        case .thrift(let format, let header):
            wire = format
            self.header = header
            head = []
            headerNames = []
        case .http(let host, let headers):
            wire = .http1
            header = .init()
            guard host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw YAMLError(
                    "the host has spaces or characters beyond ASCII", at: scenario.operationMark,
                    remedy: "Write it like risk.example:8080; a name beyond ASCII begins with xn--.")
            }
            head = Array("\(shape.method) \(shape.path) HTTP/1.1\r\nHost: \(host)\r\n".utf8)
            var names = headers.map { Array("\($0.name): ".utf8) }
            if !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
                names.append(Array("Content-Type: application/json".utf8))
            }
            headerNames = names
        }
    }

    /// Appends a lane's whole request to `space` and returns where the digits of the Content-Length stand, for HTTP.
    func write(
        _ machine: borrowing Machine, _ lane: Int, index: UInt64, into space: inout RequestSpace
    ) -> Range<Int> {
        if wire.protocol == .thrift {
            // Sequence numbers as a client counts them: from 1, never negative.
            space.thrift.message(machine, lane, seqid: Int32(truncatingIfNeeded: (index &+ 1) & 0x7FFF_FFFF))
            return 0..<0
        }
        space.body.truncate(to: 0)
        RequestWriter.json(machine, lane, into: &space.body)
        space.http.append(contentsOf: head)
        for (i, name) in headerNames.enumerated() {
            space.http.append(contentsOf: name)
            if i < machine.image.program.headerCells.count {
                let cell = machine.cell(machine.image.program.headerCells[i], lane)
                // A value that is made from fields cannot end its line.
                for at in Int(cell.start)..<Int(cell.start + cell.length) {
                    let byte = machine.arena[at]
                    if byte >= 0x20 && byte != 0x7F { space.http.append(byte) }
                }
            }
            space.http.append(0x0D)
            space.http.append(0x0A)
        }
        space.http.append(contentsOf: "Content-Length: ".utf8)
        let start = space.http.count
        space.http.append(decimal: Int64(space.body.count))
        let digits = start..<space.http.count
        space.http.append(contentsOf: [0x0D, 0x0A, 0x0D, 0x0A])
        space.http.append(space.body, 0, space.body.count)
        return digits
    }
}

/// Memory that one request after the other is written into.
struct RequestSpace {
    var thrift: ThriftEmitter
    var http = Arena()
    var body = Arena()
    private let isHTTP: Bool

    init(_ format: RequestFormat) {
        isHTTP = format.wire.protocol == .http1
        thrift = ThriftEmitter(
            format.wire, method: format.method, isOneway: format.isOneway, header: format.header)
    }

    /// How many bytes were written.
    var count: Int { isHTTP ? http.count : thrift.out.count }

    /// The bytes of a request, until the next one is written.
    func bytes(_ range: Range<Int>) -> TableSlice { isHTTP ? http.slice(range) : thrift.out.slice(range) }

    mutating func removeAll() {
        http.truncate(to: 0)
        thrift.out.truncate(to: 0)
    }
}
