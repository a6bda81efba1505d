extension Carrier {
    /// Used when no `--carrier` is given.
    package static let defaults: [Carrier] = [
        Carrier(.httpHeader("x-stress-test")), Carrier(.baggage("stress-test")), Carrier(.theader("x-stress-test")),
        Carrier(.ttheaderInteger(21)), Carrier(.ttheaderString("RPC_PERSIST_STRESS_TAG")),
    ]

    /// Names that may stand alone, for help texts and completions.
    package static let presets = ["default", "didi", "bytedance", "takin", "uber"]

    /// Reads what `--carrier` and policies hold: a preset or one place.
    ///
    /// | text | carriers |
    /// |---|---|
    /// | `default` | HTTP header and baggage, THeader, TTHeader |
    /// | `didi`, `didi:path=1.20` | hint-code header; with a path also `Trace.hintCode` below that argument field |
    /// | `bytedance`, `bytedance:KEY` | `rpc-persist-…` header, TTHeader `RPC_PERSIST_…`, `X-Tt-Stress`, IntKV 21 |
    /// | `takin` | `p-pradar-cluster-test: 1` |
    /// | `uber`, `uber:PRODUCT` | `request-tenancy` |
    /// | `http:NAME`, `baggage:KEY`, `theader:KEY`, `ttheader:KEY`, `ttheader-int:N`, `json:PATH` | the one place, holding the tag; `=VALUE` behind it holds that instead |
    /// | `thrift:1.20.5`, options `,or=BITS`, `,missing=create\|skip\|refuse`, `,with=1:text;2:text` | an i64 field |
    package static func parse(_ text: String) throws(TagError) -> [Carrier] {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let kind = String(parts.first ?? "")
        let rest = parts.count > 1 ? String(parts[1]) : ""
        switch kind {
        case "default" where rest.isEmpty: return defaults
        case "didi": return try didi(rest, text)
        case "bytedance": return try bytedance(rest, text)
        case "takin" where rest.isEmpty: return [Carrier(.httpHeader("p-pradar-cluster-test"), .fixed("1"))]
        case "uber":
            let product = rest.isEmpty ? "tinct" : rest
            guard isToken(product) else { throw unreadable(text) }
            return [Carrier(.httpHeader("request-tenancy"), .fixed("\(product)/test/stress"))]
        case "ddmq":
            throw TagError(
                .unsupported, "carrier ddmq rides in message queues, which are not replayed",
                remedy: "Give a carrier of HTTP or Thrift.")
        case "thrift": return [try thriftField(rest, text)]
        case "http", "baggage", "theader", "ttheader", "ttheader-int", "json":
            let pair = rest.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
            guard let name = pair.first, !name.isEmpty else { throw unreadable(text) }
            let value = pair.count > 1 ? Value.fixed(pair[1]) : .run
            if pair.count > 1 && !isFieldText(pair[1]) { throw unreadable(text) }
            return [Carrier(try place(kind, name, text), value)]
        default: throw unreadable(text)
        }
    }

    static func place(_ kind: String, _ name: String, _ text: String) throws(TagError) -> Place {
        switch kind {
        case "http":
            guard isToken(name) else { throw unreadable(text) }
            let framing = ["content-length", "transfer-encoding", "host", "connection", "expect", "upgrade", "te"]
            let lowered = name.lowercased()
            if framing.contains(lowered) { throw unreadable(text) }
            return .httpHeader(lowered)
        case "baggage":
            guard isToken(name) else { throw unreadable(text) }
            return .baggage(name)
        case "ttheader-int":
            guard let key = UInt16(name) else { throw unreadable(text) }
            return .ttheaderInteger(key)
        case "json":
            guard name.utf8.allSatisfy({ $0 > 32 }), name.utf8.count <= 512 else { throw unreadable(text) }
            return .jsonBody(name)
        default:
            guard isFieldText(name), name.utf8.count <= 255 else { throw unreadable(text) }
            return kind == "theader" ? .theader(name) : .ttheaderString(name)
        }
    }

    private static func didi(_ rest: String, _ text: String) throws(TagError) -> [Carrier] {
        var carriers = [Carrier(.httpHeader("didi-header-hint-code"), .mask(1))]
        if rest.isEmpty { return carriers }
        guard rest.hasPrefix("path="), let path = fieldPath(rest.dropFirst(5)), path.count < 32 else {
            throw unreadable(text)
        }
        var place = ThriftPlace(path: path + [5])
        place.siblings = [.init(id: 1, value: .text("tinct")), .init(id: 2, value: .text("tinct"))]
        carriers.append(Carrier(.thriftField(place), .mask(1)))
        return carriers
    }

    private static func bytedance(_ rest: String, _ text: String) throws(TagError) -> [Carrier] {
        let key = rest.isEmpty ? "STRESS_TAG" : rest
        guard isToken(key) else { throw unreadable(text) }
        let header = "rpc-persist-" + key.lowercased().replacing("_", with: "-")
        return [
            Carrier(.httpHeader(header)), Carrier(.httpHeader("x-tt-stress")), Carrier(.ttheaderInteger(21)),
            Carrier(.ttheaderString("RPC_PERSIST_" + key.uppercased())),
        ]
    }

    private static func thriftField(_ rest: String, _ text: String) throws(TagError) -> Carrier {
        var options = rest.split(separator: ",", omittingEmptySubsequences: false)[...]
        guard let first = options.popFirst(), let path = fieldPath(first), path.count > 1, path.count <= 32 else {
            throw unreadable(text)
        }
        var place = ThriftPlace(path: path)
        var mask: Int64 = 1
        for option in options {
            let pair = option.split(separator: "=", maxSplits: 1).map { String($0) }
            guard pair.count == 2 else { throw unreadable(text) }
            switch (pair[0], pair[1]) {
            case ("or", let bits):
                let value = bits.hasPrefix("0x") ? Int64(bits.dropFirst(2), radix: 16) : Int64(bits)
                guard let value, value != 0 else { throw unreadable(text) }
                mask = value
            case ("missing", "create"): place.missing = .create
            case ("missing", "skip"): place.missing = .skip
            case ("missing", "refuse"): place.missing = .refuse
            case ("with", let list):
                for entry in list.split(separator: ";") {
                    let sibling = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    guard sibling.count == 2, let id = Int16(sibling[0]), id > 0 else { throw unreadable(text) }
                    place.siblings.append(.init(id: id, value: .text(String(sibling[1]))))
                }
            default: throw unreadable(text)
            }
        }
        return Carrier(.thriftField(place), .mask(mask))
    }

    static func fieldPath(_ text: some StringProtocol) -> [Int16]? {
        var path: [Int16] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard let id = Int16(part), id > 0 else { return nil }
            path.append(id)
        }
        return path.isEmpty ? nil : path
    }

    /// RFC 9110 section 5.6.2; also what baggage keys allow.
    package static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Visible ASCII and inner blanks: nothing that could end a header line or a frame's field.
    package static func isFieldText(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 1024 && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            && text.utf8.first != 0x20 && text.utf8.last != 0x20
    }

    static func unreadable(_ text: String) -> TagError {
        TagError(
            .unreadable, "'\(text)' names no carrier",
            remedy: "Give default, didi:path=1.20, bytedance, takin, uber, http:NAME, baggage:KEY, theader:KEY, "
                + "ttheader:KEY, ttheader-int:N, json:PATH or thrift:PATH.")
    }
}

/// Why a request cannot be tagged, or a carrier not be read. Never holds payload.
package struct TagError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The text of a carrier cannot be understood.
        case unreadable
        /// No enabled carrier fits the request.
        case nothingCanCarry
        /// The request carries tags that disagree.
        case conflict
        /// The request's bytes are not what their format says.
        case malformed
        case unsupported
    }

    package var code: Code
    package var message: String
    package var remedy: String

    package init(_ code: Code, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package static func == (a: TagError, b: TagError) -> Bool { a.code == b.code }
    package var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}
