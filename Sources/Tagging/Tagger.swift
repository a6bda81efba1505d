package import Bytes
import HTTP1

/// Writes the tag into requests, through every enabled carrier that fits.
package struct Tagger: Sendable {
    package struct Tagged: Sendable, Equatable {
        package var bytes: [UInt8]
        /// Undoes the tagging.
        package var journal: EditJournal
        /// The carriers that were written, as ``Carrier/description``.
        package var written: [String]

        /// The request as it was before.
        package func stripped() throws(ParsingError) -> [UInt8] {
            var result = bytes
            try journal.undo(in: &result)
            return result
        }
    }

    package let carriers: [Carrier]
    /// The tag's value. Must be ``Carrier/isFieldText(_:)``.
    package let run: String
    private let reader: TagReader
    /// What is added to a head in which none of the carriers stands yet, when all that fit HTTP are header fields.
    private let addedFields: [UInt8]
    /// Names of those fields, in lower case.
    private let addedNames: [[UInt8]]
    private let httpCarriers: [String]
    /// Those that fit each format, with their names.
    private let fitting: [TagFormat: [(carrier: Carrier, label: String)]]

    package init(carriers: [Carrier], run: String) {
        self.carriers = carriers
        self.run = run
        reader = TagReader(carriers: carriers)
        var fields = ""
        var names: [[UInt8]] = []
        let fitting = carriers.filter { TagFormat.http1.carries($0.place) }
        for carrier in fitting {
            switch carrier.place {
            case .httpHeader(let name):
                fields += "\(name): \(carrier.text(run: run))\r\n"
                names.append(Array(name.utf8))
            case .baggage(let key):
                fields += "baggage: \(key)=\(Baggage.encoded(carrier.text(run: run)))\r\n"
                names.append(Array("baggage".utf8))
            default: break
            }
        }
        let isPlain = names.count == fitting.count && Set(names).count == names.count
        addedFields = isPlain ? Array(fields.utf8) : []
        addedNames = names
        httpCarriers = fitting.map(\.description)
        self.fitting = TagFormat.all.reduce(into: [:]) { table, format in
            // Who brings the siblings of a struct makes it, before others write into it.
            let those = carriers.filter { format.carries($0.place) }
            table[format] = (those.filter(\.bringsSiblings) + those.filter { !$0.bringsSiblings })
                .map { ($0, $0.description) }
        }
    }

    /// `message` with the tag in it.
    ///
    /// A tag that stands at one of the carriers' places already is replaced; bits of an integer carrier are only added.
    ///
    /// - Throws: `conflict` when the request carries tags that disagree, `nothingCanCarry` when no enabled carrier fits,
    ///   `malformed` when the bytes are not what `format` says.
    package func tag(_ message: [UInt8], _ format: TagFormat) throws(TagError) -> Tagged {
        if format == .http1, let tagged = try fastTagged(message) { return tagged }
        guard let fitting = fitting[format], !fitting.isEmpty else {
            throw TagError(
                .nothingCanCarry, "nothing can carry the tag in \(format.name)",
                remedy: Tagger.remedy(for: format))
        }
        // A field in the arguments says that it is a test, rarely which; then there is nothing to disagree about.
        if !format.isPlainThrift || fitting.contains(where: { $0.carrier.value == .run }) {
            try refuseConflicts(message, format)
        }
        var tagged = Tagged(bytes: message, journal: EditJournal(), written: [])
        for (carrier, label) in fitting where try write(carrier, into: &tagged, format) {
            tagged.written.append(label)
        }
        if tagged.written.isEmpty {
            throw TagError(
                .nothingCanCarry, "nothing can carry the tag in this request", remedy: Tagger.remedy(for: format))
        }
        return tagged
    }

    /// The common case in one pass: no carrier stands in the head, so all are added at its end. Nil when it is another.
    private func fastTagged(_ message: [UInt8]) throws(TagError) -> Tagged? {
        if addedFields.isEmpty { return nil }
        let head = try HeaderEditing.head(of: message)
        let bytes = unsafe message.span.bytes
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            for name in addedNames where name.count == Int(field.name.count) {
                if HeaderEditing.isNamed(name, field, bytes) { return nil }
            }
        }
        // Tags at places that are not ours to write still have a say in whether tags disagree.
        if !reader.sightings(bytes, head).isEmpty { return nil }
        var result = Tagged(bytes: [], journal: EditJournal(), written: httpCarriers)
        result.bytes.reserveCapacity(message.count + addedFields.count)
        result.bytes += message
        let at = HeaderEditing.end(of: head, message)
        result.journal.replace(at..<at, with: addedFields, in: &result.bytes)
        return result
    }

    private static func remedy(for format: TagFormat) -> String {
        switch format {
        case .thrift: "Give --carrier didi:path=1.20 (the field that holds the Trace struct) or thrift:PATH."
        case .other: "Only HTTP/1, Thrift, THeader and TTHeader requests can be tagged."
        default: "Enable a carrier for \(format.name): the preset default has one."
        }
    }

    /// Tags that name a run must name the same one; hint codes and switches say only that it is a test.
    private func refuseConflicts(_ message: [UInt8], _ format: TagFormat) throws(TagError) {
        var first: Sighting?
        for sighting in unsafe reader.sightings(message.span.bytes, format) where Tagger.namesRun(sighting, carriers) {
            if let first, first.value != sighting.value {
                throw TagError(
                    .conflict, "the request carries tags that disagree (\(first.carrier) and \(sighting.carrier))",
                    remedy: "Record without foreign tags, or leave this exchange out.")
            }
            first = first ?? sighting
        }
    }

    private static func namesRun(_ sighting: Sighting, _ carriers: [Carrier]) -> Bool {
        if let carrier = carriers.first(where: { $0.description == sighting.carrier }) { return carrier.value == .run }
        return Carrier.defaults.contains { $0.description == sighting.carrier }
    }

    /// False when the carrier was to be skipped.
    private func write(_ carrier: Carrier, into tagged: inout Tagged, _ format: TagFormat) throws(TagError) -> Bool {
        if case .thriftField(let place) = carrier.place {
            guard case .thrift(let isFramed, let isCompact) = format else { return false }
            return try ThriftTagging.write(
                place, carrier.value, run: run, into: &tagged.bytes, &tagged.journal, isFramed: isFramed,
                isCompact: isCompact)
        }
        let before = tagged.bytes
        switch carrier.place {
        case .httpHeader(let name):
            try HeaderEditing.set(name, to: try headerText(carrier, name, before), in: &tagged.bytes)
        case .baggage(let key): try writeBaggage(key, carrier.text(run: run), into: &tagged.bytes)
        case .jsonBody(let path): try JSONTagging.write(path, carrier.text(run: run), into: &tagged.bytes)
        case .theader, .ttheaderString, .ttheaderInteger, .thriftField:
            let frame: HeaderFrame
            do { frame = try unsafe HeaderFrame(before.span.bytes) } catch {
                throw TagError(.malformed, "the request's \(format.name) header cannot be read (\(error))")
            }
            tagged.bytes = try frame.setting(carrier.place, to: carrier.text(run: run), in: before)
        }
        tagged.journal.note(from: before, to: tagged.bytes)
        return true
    }

    private func headerText(_ carrier: Carrier, _ name: String, _ message: [UInt8]) throws(TagError) -> String {
        guard case .mask(let bits) = carrier.value else { return carrier.text(run: run) }
        let head = try HeaderEditing.head(of: message)
        guard let field = HeaderEditing.fields(name, in: message, head).first else { return String(bits) }
        guard let code = Int64(HeaderEditing.text(field.value, message)) else {
            throw TagError(.conflict, "the header \(name) holds no integer, so that its bits cannot be set")
        }
        return String(code | bits)
    }

    private func writeBaggage(_ key: String, _ value: String, into message: inout [UInt8]) throws(TagError) {
        let head = try HeaderEditing.head(of: message)
        let present = HeaderEditing.fields("baggage", in: message, head)
        guard !present.isEmpty else {
            HeaderEditing.insert("baggage", "\(key)=\(Baggage.encoded(value))", in: &message, head)
            return
        }
        // Several baggage headers count as one list: our member goes to the front of the first holding it, or the first.
        let texts = present.map { HeaderEditing.text($0.value, message) }
        for (index, field) in present.enumerated().reversed() {
            if index == 0 || Baggage.value(of: key, in: texts[index]) != nil {
                message.replaceSubrange(
                    field.value.range, with: Baggage.setting(key, to: value, in: texts[index]).utf8)
            }
        }
    }
}

extension EditJournal {
    /// Notes how `after` differs from `before` as one replacement; nothing when they are equal.
    mutating func note(from before: [UInt8], to after: [UInt8]) {
        if before == after { return }
        let shorter = min(before.count, after.count)
        var prefix = 0
        while prefix < shorter && before[prefix] == after[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix && before[before.count - 1 - suffix] == after[after.count - 1 - suffix] {
            suffix += 1
        }
        var buffer = before
        replace(prefix..<before.count - suffix, with: Array(after[prefix..<after.count - suffix]), in: &buffer)
    }
}
