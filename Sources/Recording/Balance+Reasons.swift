import Capture

extension Balance {
    /// Why payload of this capture was not decoded, most frequent first; empty when all of it was.
    package var undecodedReasons: [String] {
        var reasons: [(count: UInt64, text: String)] = []
        for (link, count) in refusedLinks { reasons.append((count, "link type \(link.name) is not read")) }
        for refusal in Refusal.allCases where refusal != .linkType {
            let count = refusals[Int(refusal.rawValue)]
            if count > 0, let text = Self.texts[refusal] { reasons.append((count, text)) }
        }
        for (name, count) in otherFlows {
            reasons.append((count, Self.flowTexts[name] ?? "the protocol was not recognised"))
        }
        if oneDirectionFlows > 0 { reasons.append((oneDirectionFlows, "only one direction was captured")) }
        if cutPackets > 0 { reasons.append((cutPackets, "packets were cut by the snap length")) }
        let malformed = (requests.partialReasons["malformed"] ?? 0) + (responses.partialReasons["malformed"] ?? 0)
        if malformed > 0 { reasons.append((malformed, "messages were malformed")) }
        return reasons.sorted { ($1.count, $0.text) < ($0.count, $1.text) }.map { "\($0.text) (\($0.count))" }
    }

    private static let texts: [Refusal: String] = [
        .notIP: "packets that are not IP", .udp: "UDP is not read", .ipsec: "IPsec is not opened",
        .sctp: "SCTP is not read", .tunnelDepth: "tunnels stand in tunnels too often",
        .wifiProtected: "wireless frames are encrypted", .wifiFragment: "wireless frames come in pieces",
        .wifiAggregate: "wireless frames hold several packets each",
        .fragment: "IP fragments whose other pieces are missing",
        .fragmentOverlap: "IP fragments overlap, which is refused",
        .fragmentLimit: "IP fragments were dropped because too many waited",
        .cutHeader: "packets were cut inside their headers", .badHeader: "packets have malformed headers",
        .badChecksum: "frames were received with a wrong checksum",
    ]

    private static let flowTexts: [String: String] = [
        "tls": "flows are encrypted (TLS)", "http2": "flows speak HTTP/2, which is not decoded",
        "theader": "flows speak Thrift with THeader and a transform or protocol that is not read",
        "ttheader": "flows speak Thrift with TTHeader and a transform or protocol that is not read",
        "thriftOldBinary":
            "flows seem to speak Thrift's old Binary protocol unframed, which --decode-as "
            + "PORT=thrift/binaryOld/unframed reads",
        "asked": "flows are not to be read",
        "meshHeader": "flows begin with a mesh header, which is not decoded",
    ]
}
