import Bytes
import JSON
package import Tape

extension ExchangeView {
    /// One line for people; with payload, the contents stand on indented lines below it.
    ///
    /// `#12  08:30:01.123456  flow 3.1  thrift framed binary  RiskDecision.evaluate  call 5 → reply  1.204 ms`
    package func line(_ exchange: Exchange) -> String {
        let json = self.json(exchange)
        let format = exchange.format
        let wire = [
            "\(format.protocol)", format.transport == .none ? "" : "\(format.transport)",
            format.encoding == .none ? "" : "\(format.encoding)",
        ]
        var words = [
            "#\(exchange.id)", String(Timestamp.rfc3339(exchange.startNanos).dropFirst(11).prefix(15)),
            "flow \(exchange.flow).\(exchange.ordinal)", wire.filter { !$0.isEmpty }.joined(separator: " "),
            exchange.operation, ends(exchange, json),
        ]
        if let latency = exchange.latencyNanos { words.append(Self.milliseconds(latency)) }
        if !exchange.losses.isEmpty {
            words.append("lost: " + exchange.losses.map { "\($0.reason) in \($0.side)" }.joined(separator: ", "))
        }
        let oddities = ["request", "response"].flatMap { json[$0]?["oddities"]?.array ?? [] }.compactMap(\.string)
        if !oddities.isEmpty { words.append("odd: " + oddities.joined(separator: ", ")) }
        if let tag = exchange.tags.first { words.append("tagged \(tag.carrier)") }
        words += exchange.labels.map { "label \($0.layer) \($0.type)" }
        if !exchange.expected.isEmpty { words.append("expected \(exchange.expected)") }
        if let run = exchange.run { words.append(run.outcome) }
        var lines = [words.joined(separator: "  ")]
        for side in ["request", "response"] {
            for key in ["infos", "finagleHeader", "args", "result", "headers", "thrift", "body"] {
                guard let value = json[side]?[key], value != .null else { continue }
                if key == "thrift" && !showsPayload { continue }
                lines.append("    \(side) \(key) \(value.text)")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func ends(_ exchange: Exchange, _ json: JSONValue) -> String {
        switch exchange.format.protocol {
        case .http1:
            let status = json["response"]?["status"]?.number?.text
            return "→ \(status ?? "no response")"
        case .thrift:
            let call = json["request"]?["type"]?.string ?? "no request"
            let seqid = (json["request"]?["seqid"] ?? json["response"]?["seqid"])?.number.map { " \($0.text)" } ?? ""
            if call == "oneway" { return call + seqid }
            return "\(call)\(seqid) → \(json["response"]?["type"]?.string ?? "no response")"
        case .unknown: return ""
        }
    }

    static func milliseconds(_ nanos: UInt64) -> String {
        let micros = String(nanos / 1000 % 1000)
        return "\(nanos / 1_000_000).\(String(repeating: "0", count: 3 - micros.count))\(micros) ms"
    }
}
