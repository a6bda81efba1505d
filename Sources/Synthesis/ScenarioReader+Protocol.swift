import Tape
import YAML

/// The section that says how requests are laid out.
extension ScenarioReader {
    private static let encodings: [(name: String, encoding: WireFormat.Encoding)] = [
        ("binary", .binary), ("compact", .compact), ("json", .json), ("binaryOld", .binaryOld),
    ]
    private static let transports: [(name: String, transport: WireFormat.Transport)] = [
        ("framed", .framed), ("unframed", .unframed), ("theader", .theader), ("ttheader", .ttheader),
    ]

    func wireProtocol(_ node: YAMLNode) throws(YAMLError) -> Scenario.WireProtocol {
        let parts = try node.mapping(
            "the protocol", keys: ["kind", "encoding", "transport", "timeout", "transforms", "host", "headers"])
        if try parts.required("kind").choice("protocol", of: ["thrift", "http"]) == "thrift" {
            return try thrift(parts)
        }
        _ = try header(parts, nil)
        return .http(host: try parts["host"]?.string() ?? "127.0.0.1", headers: try headers(parts))
    }

    private func thrift(_ parts: YAMLMapping) throws(YAMLError) -> Scenario.WireProtocol {
        let encodingName = try parts["encoding"]?.choice("encoding", of: Self.encodings.map(\.name))
        let transportName = try parts["transport"]?.choice("transport", of: Self.transports.map(\.name))
        let format = WireFormat(
            .thrift, Self.transports.first { $0.name == transportName }?.transport ?? .framed,
            Self.encodings.first { $0.name == encodingName }?.encoding ?? .binary)
        if format.hasHeader, format.encoding == .json, let node = parts["encoding"] {
            throw YAMLError(
                "the header of \(format.transport) has no number for the JSON protocol: it names Binary or Compact",
                at: node.mark, remedy: "Write binary, compact or binaryOld, or the transport framed or unframed.")
        }
        return .thrift(format, header: try header(parts, format.transport))
    }

    /// What stands in the header of each frame; refuses what a transport has no place for.
    private func header(
        _ parts: YAMLMapping, _ transport: WireFormat.Transport?
    ) throws(YAMLError) -> Scenario.FrameHeader {
        var header = Scenario.FrameHeader()
        if let node = parts["timeout"] {
            guard transport == .ttheader else {
                throw YAMLError(
                    "only TTHeader tells the service a time-out", at: node.mark,
                    remedy: "Leave it out, or write transport: ttheader.")
            }
            header.timeoutMillis = try timeout(node)
        }
        if let node = parts["transforms"] {
            guard transport == .theader else {
                throw YAMLError(
                    "only THeader says how its payload is compressed", at: node.mark,
                    remedy: "Leave it out, or write transport: theader.")
            }
            header.transforms = try transforms(node)
        }
        return header
    }

    private func transforms(_ node: YAMLNode) throws(YAMLError) -> [FrameTransform] {
        var transforms: [FrameTransform] = []
        for item in try node.sequence("a list of transforms") {
            let name = try item.choice("transform", of: FrameTransform.allCases.map(\.name))
            guard let transform = FrameTransform.allCases.first(where: { $0.name == name }),
                !transforms.contains(transform)
            else {
                throw YAMLError(
                    "'\(name)' stands there twice", at: item.mark, remedy: "A payload is compressed once in each way.")
            }
            transforms.append(transform)
        }
        return transforms
    }

    private func timeout(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        let nanos = try GeneratorReader.duration(node)
        guard nanos >= 1_000_000, nanos % 1_000_000 == 0 else {
            throw YAMLError(
                "a time-out is whole milliseconds, at least one", at: node.mark, remedy: "Write it like 500ms or 2s.")
        }
        return nanos / 1_000_000
    }

    private func headers(_ parts: YAMLMapping) throws(YAMLError) -> [(String, [Generator.Piece])] {
        var headers: [(String, [Generator.Piece])] = []
        for entry in try parts["headers"]?.entries() ?? [] {
            let isToken = entry.key.utf8.allSatisfy {
                (0x21...0x7E).contains($0) && !"()<>@,;:\\\"/[]?={}".utf8.contains($0)
            }
            guard isToken, !["content-length", "transfer-encoding", "host"].contains(entry.key.lowercased()) else {
                throw YAMLError(
                    "'\(entry.key)' cannot be set here", at: entry.keyMark, remedy: "Length and host are set for you.")
            }
            guard try entry.value.string().utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw YAMLError(
                    "a header value has no control characters", at: entry.value.mark,
                    remedy: "Remove line breaks and tabs.")
            }
            headers.append((entry.key, try GeneratorReader.template(entry.value)))
        }
        return headers
    }
}
