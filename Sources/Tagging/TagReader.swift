import Bytes
package import HTTP1
import Thrift

/// Finds the tags that a request already carries: every preset's places, and what else is configured.
///
/// Fit for every request of a recording: an HTTP head is walked once, without allocating unless a tag is there.
package struct TagReader: Sendable {
    private let configured: [Carrier]
    /// Of those, the ones in an HTTP head that every reader does not look for anyway: the field's name in lower case, the
    /// baggage key if it is one, and how a sighting is named.
    private let inHead: [(name: [UInt8], key: String?, carrier: Carrier, label: String)]

    /// - Parameter carriers: places to look at besides those of the presets, e.g. a Thrift field path, which only
    ///   configuration can know.
    package init(carriers: [Carrier] = []) {
        configured = carriers
        inHead = carriers.compactMap { carrier in
            let label = carrier.description
            if TagReader.always.contains(label) { return nil }
            return switch (carrier.place, carrier.value) {
            case (.httpHeader("didi-header-hint-code"), .mask(1)), (.httpHeader("p-pradar-cluster-test"), .fixed("1")):
                nil
            case (.httpHeader(let name), _): (Array(name.utf8), nil, carrier, label)
            case (.baggage(let key), _): (Array("baggage".utf8), key, carrier, label)
            default: nil
            }
        }
    }

    private static let always: Set<String> = [
        "http:x-stress-test", "http:x-tt-stress", "http:rpc-persist-stress-tag", "http:rpc-transit-stress-tag",
        "baggage:stress-test",
    ]

    /// Every place of `message` that holds a tag. A message that cannot be read has none.
    package func sightings(_ message: RawSpan, _ format: TagFormat) -> [Sighting] {
        switch format {
        case .http1: http(message)
        case .theader, .ttheader: frame(message)
        case .thrift(let isFramed, let isCompact): thrift(message, isFramed, isCompact)
        case .other: []
        }
    }

    private func thrift(_ message: RawSpan, _ isFramed: Bool, _ isCompact: Bool) -> [Sighting] {
        configured.compactMap { carrier in
            guard case .thriftField(let place) = carrier.place,
                let value = ThriftTagging.read(place, message, isFramed: isFramed, isCompact: isCompact)
            else { return nil }
            let text = value.integer.map { String($0) } ?? value.string ?? ""
            return carrier.isTag(text) ? Sighting(carrier: carrier.description, value: text) : nil
        }
    }

    private func http(_ message: RawSpan) -> [Sighting] {
        var scanned = 0
        guard let head = try? HTTPHead.parse(message, kind: .request, scanned: &scanned) else { return [] }
        return sightings(message, head)
    }

    /// For callers that have parsed the request's head already.
    package func sightings(_ message: RawSpan, _ head: HTTPHead) -> [Sighting] {
        var found: [Sighting] = []
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(message) {
            switch field.name.count {
            case 7 where HTTPHead.matches(message, field.name, "baggage"):
                let text = HTTPHead.string(message, field.value)
                if let value = Baggage.value(of: "stress-test", in: text), !value.isEmpty {
                    found.append(Sighting(carrier: "baggage:stress-test", value: value))
                }
            case 11 where HTTPHead.matches(message, field.name, "x-tt-stress"),
                13 where HTTPHead.matches(message, field.name, "x-stress-test"):
                note(message, field, &found)
            case 15 where HTTPHead.matches(message, field.name, "request-tenancy"):
                if HTTPHead.string(message, field.value).split(separator: "/").dropFirst().first == "test" {
                    note(message, field, &found)
                }
            case 21 where HTTPHead.matches(message, field.name, "didi-header-hint-code"):
                if let code = Int64(HTTPHead.string(message, field.value)), code & 1 == 1 {
                    note(message, field, &found)
                }
            case 21 where HTTPHead.matches(message, field.name, "p-pradar-cluster-test"):
                if ["1", "true"].contains(HTTPHead.string(message, field.value).lowercased()) {
                    note(message, field, &found)
                }
            case 22 where HTTPHead.matches(message, field.name, "rpc-persist-stress-tag"),
                22 where HTTPHead.matches(message, field.name, "rpc-transit-stress-tag"):
                note(message, field, &found)
            default: continue
            }
        }
        for entry in inHead where !found.contains(where: { $0.carrier == entry.label }) {
            configuredSighting(entry, message, head, &found)
        }
        return found
    }

    private func note(_ message: RawSpan, _ field: HTTPField, _ found: inout [Sighting]) {
        if field.value.isEmpty { return }
        let name = HTTPHead.string(message, field.name).lowercased()
        found.append(Sighting(carrier: "http:\(name)", value: HTTPHead.string(message, field.value)))
    }

    private func configuredSighting(
        _ entry: (name: [UInt8], key: String?, carrier: Carrier, label: String), _ message: RawSpan, _ head: HTTPHead,
        _ found: inout [Sighting]
    ) {
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(message) {
            if !HeaderEditing.isNamed(entry.name, field, message) { continue }
            let text = HTTPHead.string(message, field.value)
            guard let value = entry.key.map({ Baggage.value(of: $0, in: text) }) ?? text else { continue }
            if entry.carrier.isTag(value) { found.append(Sighting(carrier: entry.label, value: value)) }
        }
    }

    private func frame(_ message: RawSpan) -> [Sighting] {
        guard let frame = try? HeaderFrame(message) else { return [] }
        var found: [Sighting] = []
        for carrier in Carrier.defaults + configured {
            guard let pair = frame.pair(carrier.place), !pair.value.isEmpty else { continue }
            let value = String(decoding: [UInt8](copying: message.extracting(pair.value)), as: UTF8.self)
            let sighting = Sighting(carrier: carrier.description, value: value)
            if !found.contains(sighting) { found.append(sighting) }
        }
        return found
    }
}

extension Carrier {
    /// Whether what stands at the carrier's place makes a request a tagged one.
    func isTag(_ text: String) -> Bool {
        switch value {
        case .run: !text.isEmpty
        case .fixed(let fixed): text == fixed
        case .mask(let bits): Int64(text).map { $0 & bits == bits } ?? false
        }
    }
}
