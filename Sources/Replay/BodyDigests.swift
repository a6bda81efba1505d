import Bytes
import HTTP1
import Signing
import Tagging
import Tape

/// Header fields that hold a digest of the body follow it: Content-MD5 (RFC 1864), Digest (RFC 3230), Content-Digest and
/// Repr-Digest (RFC 9530).
enum BodyDigests {
    private static let names = ["content-md5", "digest", "content-digest", "repr-digest"]

    /// Adds a step for each such field when the body changes at each send, or writes it anew when it has changed once.
    ///
    /// - Throws: `unsupported` when a field cannot follow, because its algorithm is not known.
    static func follow(
        _ draft: inout TemplateBlock.Draft, from recorded: [UInt8], _ format: WireFormat
    ) throws(TagError) {
        guard format.protocol == .http1, let head = try? HeaderEditing.head(of: draft.bytes) else { return }
        var places: [(range: Range<Int>, kind: DigestKind)] = []
        let body = head.length..<draft.bytes.count
        let moves = draft.movingRanges.contains { $0.overlaps(body) }
        guard moves || hasChanged(draft.bytes[body], recorded) else { return }
        for name in names {
            for field in HeaderEditing.fields(name, in: draft.bytes, head) {
                let found = digests(name, field.value.range, draft.bytes)
                if found.isEmpty || head.hasTransferEncoding {
                    throw TagError(
                        .unsupported, "the body changes and its \(name) cannot follow",
                        remedy:
                            "MD5, SHA-256 and SHA-512 of bodies that are not chunked can; or remove the header by a rule."
                    )
                }
                places += found
            }
        }
        for place in places {
            var step = FinishingStep(.put, reading: body)
            step.form = place.kind.rawValue
            step.writes(place.range)
            draft.steps.append(DraftStep(step))
        }
    }

    private static func hasChanged(_ body: ArraySlice<UInt8>, _ recorded: [UInt8]) -> Bool {
        guard let head = try? HeaderEditing.head(of: recorded) else { return false }
        return !recorded[head.length...].elementsEqual(body)
    }

    /// The Base64 texts in a field's value whose algorithms are known; empty when one is not.
    private static func digests(
        _ name: String, _ value: Range<Int>, _ request: [UInt8]
    ) -> [(range: Range<Int>, kind: DigestKind)] {
        if name == "content-md5" { return value.count == 24 ? [(value, .md5)] : [] }
        var found: [(range: Range<Int>, kind: DigestKind)] = []
        for member in request[value].split(separator: 0x2C) {
            let trimmed = member.drop { $0 == 0x20 }
            guard let equals = trimmed.firstIndex(of: 0x3D) else { return [] }
            var start = equals + 1
            let kind: DigestKind
            switch String(decoding: trimmed[..<equals], as: UTF8.self).lowercased() {
            case "md5": kind = .md5
            case "sha-256": kind = .sha256
            case "sha-512": kind = .sha512
            default: return []
            }
            // RFC 9530 writes byte sequences between colons.
            if start < trimmed.endIndex && request[start] == 0x3A { start += 1 }
            let end = start + TextEncoding.base64.length(of: kind.length)
            guard end <= trimmed.endIndex else { return [] }
            found.append((start..<end, kind))
        }
        return found
    }
}
