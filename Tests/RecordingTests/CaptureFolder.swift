import Bytes
import Capture
import Foundation
import HTTP1
import Recording
import Tape
import Thrift

/// Everything that a capture gives, as plain lists to compare.
struct Recorded {
    var exchanges: [Exchange]
    var balance: Balance
    var ending: PacketReader.Ending

    init(_ bytes: [UInt8], isRaw: Bool = true, decodeAs: [DecodeAs] = []) throws {
        var options = RecordingOptions()
        options.isRaw = isRaw
        options.decodeAs = decodeAs
        var recorder = Recorder(options)
        var reader = try PacketReader(ArrayInput(bytes))
        exchanges = []
        while let packet = try reader.next() {
            reader.withBytes(of: packet) { recorder.add(packet, $0) }
            exchanges += recorder.takeFinished()
        }
        recorder.finish()
        exchanges += recorder.takeFinished()
        balance = recorder.balance
        ending = reader.ending
    }

    struct HTTPMessage: Equatable {
        var name: String
        var uri: String
        var status: Int
        var bodyBytes: Int
        /// Empty when something is missing or there is no body.
        var bodySHA256: String
    }

    struct ThriftMessage: Equatable {
        var name: String
        var type: String
        var seqid: Int
        var transport: String
        var encoding: String
        var size: Int
    }

    private func inFlow(_ flow: UInt64, _ kind: WireFormat.WireProtocol) -> [Exchange] {
        exchanges.filter { $0.flow == flow && $0.format.protocol == kind }.sorted { $0.ordinal < $1.ordinal }
    }

    func http(_ flow: UInt64, _ kind: HTTPKind) -> [HTTPMessage] {
        inFlow(flow, .http1).flatMap { exchange -> [HTTPMessage] in
            var method = HTTPMethod.get
            if let request = exchange.request, let content = try? HTTPContent(request.wire.rawSpan, .request) {
                method = content.head.method
            }
            let messages: [Message?] =
                kind == .request ? [exchange.request] : exchange.interim.map { $0 } + [exchange.response]
            return messages.compactMap { message in
                guard let message else { return nil }
                let holes = message.holes.map { (offset: $0.offset, length: $0.length) }
                guard
                    let content = try? HTTPContent(message.wire.rawSpan, kind, responseTo: method, holes: holes)
                else { return HTTPMessage(name: "?", uri: "", status: 0, bodyBytes: 0, bodySHA256: "") }
                let bytes = message.wire.rawSpan
                return HTTPMessage(
                    name: kind == .request ? content.head.methodString(bytes) : "",
                    uri: content.head.uriString(bytes), status: Int(content.head.status),
                    bodyBytes: Int(content.length),
                    bodySHA256: content.length > 0 && holes.isEmpty ? SHA256.hex(content.bytes) : "")
            }
        }
    }

    func thrift(_ flow: UInt64, isRequest: Bool) -> [ThriftMessage] {
        inFlow(flow, .thrift).compactMap { exchange in
            guard let message = isRequest ? exchange.request : exchange.response else { return nil }
            let isFramed = exchange.format.transport == .framed
            let isCompact = exchange.format.encoding == .compact
            guard
                let header = try? MessageHeader.parse(
                    message.wire.rawSpan, at: isFramed ? 4 : 0, isCompact ? .compact : .binary)
            else { return nil }
            return ThriftMessage(
                name: header.name(in: message.wire.rawSpan), type: "\(header.type)".uppercased(),
                seqid: Int(header.seqid), transport: isFramed ? "framed" : "unframed",
                encoding: isCompact ? "compact" : "binary", size: message.wire.count)
        }
    }

    var httpRequests: Int { exchanges.count { $0.format.protocol == .http1 && $0.request != nil } }
    var httpResponses: Int {
        exchanges.reduce(0) { sum, exchange in
            guard exchange.format.protocol == .http1 else { return sum }
            return sum + exchange.interim.count + (exchange.response == nil ? 0 : 1)
        }
    }
    var thriftMessages: Int {
        exchanges.reduce(0) { sum, exchange in
            guard exchange.format.protocol == .thrift else { return sum }
            return sum + (exchange.request == nil ? 0 : 1) + (exchange.response == nil ? 0 : 1)
        }
    }
}

/// What the oracle says of a capture.
struct Oracle {
    let name: String
    let grade: String
    let verdict: String
    let root: [String: Any]

    init(folder: URL, name: String) throws {
        self.name = name
        let data = try Data(contentsOf: folder.appendingPathComponent(name + ".oracle.json"))
        root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        let truth = root["truth"] as? [String: Any] ?? [:]
        grade = truth["grade"] as? String ?? "?"
        verdict = truth["verdict"] as? String ?? ""
    }

    func truth(_ key: String) -> Int { (root["truth"] as? [String: Any])?[key] as? Int ?? -1 }

    /// Every way in which `recorded` differs.
    func differences(_ recorded: Recorded) -> [String] {
        var found: [String] = []
        func compare<T: Equatable>(_ what: String, _ got: T, _ expected: T) {
            if got != expected { found.append("\(what): got \(got), expected \(expected)") }
        }
        compare("connections", Int(recorded.balance.flows), truth("tcp_connections"))
        compare("requests", recorded.httpRequests, truth("http_requests"))
        compare("responses", recorded.httpResponses, truth("http_responses"))
        compare("thrift messages", recorded.thriftMessages, truth("thrift_messages_tcp"))
        let crosscheck = root["http_crosscheck"] as? [String: Any] ?? [:]
        for stream in crosscheck["streams"] as? [[String: Any]] ?? [] {
            let number = stream["stream"] as? Int ?? 0
            for kind in [HTTPKind.request, .response] {
                let expected = (stream[kind == .request ? "requests" : "responses"] as? [[String: Any]] ?? []).map {
                    let length = $0["body_len"] as? Int ?? 0
                    return Recorded.HTTPMessage(
                        name: $0["method"] as? String ?? "", uri: $0["uri"] as? String ?? "",
                        status: $0["status"] as? Int ?? 0, bodyBytes: length,
                        bodySHA256: length > 0 ? $0["body_sha256"] as? String ?? "" : "")
                }
                compareLists("stream \(number) \(kind)", recorded.http(UInt64(number), kind), expected, &found)
            }
        }
        if truth("thrift_messages_tcp") > 0, name != "derived-snap96-thrift_tutorial.pcap" {
            let library = (root["thrift"] as? [String: Any])?["apache_lib"] as? [String: Any] ?? [:]
            for stream in library["streams"] as? [[String: Any]] ?? [] {
                let number = stream["stream"] as? Int ?? 0
                for side in ["c2s", "s2c"] {
                    let expected = (stream[side] as? [[String: Any]] ?? []).map {
                        Recorded.ThriftMessage(
                            name: $0["method"] as? String ?? "", type: $0["mtype"] as? String ?? "",
                            seqid: $0["seq_id"] as? Int ?? 0, transport: $0["transport"] as? String ?? "",
                            encoding: $0["protocol"] as? String ?? "", size: $0["size"] as? Int ?? 0)
                    }
                    let got = recorded.thrift(UInt64(number), isRequest: side == "c2s")
                    compareLists("stream \(number) \(side)", got, expected, &found)
                }
            }
        }
        return found
    }

    private func compareLists<T: Equatable>(_ what: String, _ got: [T], _ expected: [T], _ found: inout [String]) {
        if got.count != expected.count { found.append("\(what): got \(got.count), expected \(expected.count)") }
        for (index, (a, b)) in zip(got, expected).enumerated() where a != b {
            found.append("\(what) #\(index): got \(a), expected \(b)")
        }
    }
}
