import Bytes
import Compression
import HTTP1

extension Masker {
    /// Most that a compressed body may grow to; what is bigger is left out.
    private static let decodedLimit = 64 << 20

    /// Masks a body where it stands, or, where it is cut into chunks or compressed, in a copy.
    mutating func maskBody(
        _ wire: inout [UInt8], _ head: HTTPHead, _ framing: HTTPFraming, _ kind: BodyKind, isWhole: Bool
    ) {
        let media = MediaKind(wire.rawSpan, kind.mediaType, hasThrift: head.notes.contains(.thriftContent))
        if case .length(let length) = framing, kind.codings.isEmpty {
            let count = Int(min(length, UInt64(wire.count - head.length)))
            if count > 0 { maskPlain(&wire, head.length..<head.length + count, media, kind.mediaType) }
            return
        }
        var pieces = BodyPieces()
        pieces.read(wire.rawSpan, head.length, framing)
        if pieces.trailer.count > 2 { maskTrailer(&wire, pieces.trailer) }
        guard !pieces.ranges.isEmpty else { return }
        if !kind.codings.isEmpty {
            maskCompressed(&wire, head, kind, pieces, media, isWhole: isWhole)
        } else if media == .opaque {
            return
        } else if let only = pieces.ranges.first, pieces.ranges.count == 1 {
            maskMedia(&wire, only, media, kind.mediaType)
        } else {
            var content = pieces.content(wire.rawSpan)
            let type = Array(wire[kind.mediaType])
            let mark = spans.count
            maskCopy(&content, media, type)
            if spans.count > mark { pieces.scatter(content, &wire, &spans, mark) }
        }
    }

    /// A body that stands as it is; one that was met before is not read again.
    private mutating func maskPlain(_ wire: inout [UInt8], _ range: Range<Int>, _ media: MediaKind, _ type: Range<Int>)
    {
        guard media == .json || media == .text || media == .form,
            let key = KnownBodies.Key(wire.rawSpan, range, kind: media == .json ? 0 : media == .text ? 1 : 2)
        else { return maskMedia(&wire, range, media, type) }
        if bodies.replace(&wire, range, key, &spans) { return }
        let original = bodies.original(wire, range, key)
        let mark = spans.count
        maskMedia(&wire, range, media, type)
        if let original { bodies.note(original, wire, range, key, spans[mark...]) }
    }

    private mutating func maskCopy(_ content: inout [UInt8], _ media: MediaKind, _ type: [UInt8]) {
        // The media type is looked up in what holds it.
        let count = content.count
        content += type
        maskMedia(&content, 0..<count, media, count..<content.count)
        content.removeLast(type.count)
    }

    private mutating func maskMedia(_ bytes: inout [UInt8], _ range: Range<Int>, _ media: MediaKind, _ type: Range<Int>)
    {
        switch media {
        case .opaque: break
        case .form: maskForm(&bytes, range)
        case .multipart: maskMultipart(&bytes, range, type)
        case .thrift: if !maskThriftMessage(&bytes, range) { maskFound(&bytes, range) }
        case .json: maskFound(&bytes, range, isJSON: true)
        case .text: maskContent(&bytes, range)
        }
    }

    /// Undoes the codings, masks, and does them again, where anything had to be masked.
    private mutating func maskCompressed(
        _ wire: inout [UInt8], _ head: HTTPHead, _ kind: BodyKind, _ pieces: BodyPieces, _ media: MediaKind,
        isWhole: Bool
    ) {
        if media == .opaque { return }
        var codings: [ContentCoding] = []
        for range in kind.codings.prefix(9) {
            guard let coding = ContentCoding(name: String(decoding: wire[range], as: UTF8.self)) else { break }
            codings.append(coding)
        }
        guard isWhole, pieces.isComplete, codings.count == kind.codings.count, codings.count <= 8 else {
            drop(&wire, head, isWhole ? "coding" : "incomplete")
            return
        }
        var content = pieces.content(wire.rawSpan)
        do throws(ParsingError) {
            for coding in codings.reversed() { content = try coding.decode(content.rawSpan, limit: Self.decodedLimit) }
        } catch {
            drop(&wire, head, "coding")
            return
        }
        let mark = spans.count
        maskCopy(&content, media, Array(wire[kind.mediaType]))
        guard spans.count > mark else { return }
        if plan.mode == .scan {
            for index in mark..<spans.count { spans[index].range = head.length..<wire.count }
            return
        }
        for coding in codings { content = coding.encode(content.rawSpan) }
        outcome.reencoded = codings.map(\.rawValue).joined(separator: ", ")
        replaceBody(&wire, head, pieces, content, mark)
    }

    /// Puts another body in the place of the one that was there, and its length where that stands.
    private mutating func replaceBody(
        _ wire: inout [UInt8], _ head: HTTPHead, _ pieces: BodyPieces, _ content: [UInt8], _ mark: Int
    ) {
        var body: [UInt8] = []
        if pieces.isChunked {
            body = Array(String(content.count, radix: 16).utf8) + [13, 10] + content + [13, 10, 0x30, 13, 10]
            body += pieces.trailer.isEmpty ? [13, 10] : wire[pieces.trailer]
        } else {
            body = content
        }
        // Trailers were masked where they stood; they move with the body.
        let moved = body.count - (wire.count - head.length)
        for index in 0..<mark where spans[index].range.lowerBound >= head.length {
            let range = spans[index].range
            spans[index].range = range.lowerBound + moved..<range.upperBound + moved
        }
        wire.replaceSubrange(head.length..., with: body)
        for index in mark..<spans.count { spans[index].range = head.length..<wire.count }
        guard let value = head.firstValue("content-length", wire.rawSpan) else { return }
        let text = Array(String(content.count).utf8)
        wire.replaceSubrange(value.range, with: text)
        let shift = text.count - Int(value.count)
        if shift == 0 { return }
        for index in spans.indices where spans[index].range.lowerBound >= value.upper {
            let range = spans[index].range
            spans[index].range = range.lowerBound + shift..<range.upperBound + shift
        }
    }

    /// Leaves a body out.
    private mutating func drop(_ wire: inout [UInt8], _ head: HTTPHead, _ reason: String) {
        outcome.dropped = reason
        if plan.mode == .scan { return }
        wire.removeSubrange(head.length...)
        spans.removeAll { $0.range.upperBound > head.length }
    }

    private mutating func maskTrailer(_ wire: inout [UInt8], _ trailer: Range<Int>) {
        var at = trailer.lowerBound
        while at < trailer.upperBound {
            var end = at
            while end < trailer.upperBound && wire[end] != 10 { end += 1 }
            let line = at..<(end > at && wire[end - 1] == 13 ? end - 1 : end)
            if let colon = wire[line].firstIndex(of: 0x3A) {
                var value = colon + 1
                while value < line.upperBound && (wire[value] == 0x20 || wire[value] == 9) { value += 1 }
                maskField(&wire, line.lowerBound..<colon, value..<line.upperBound)
            }
            at = end + 1
        }
    }

    /// Parts between boundaries (RFC 7578), each with a header and a name.
    private mutating func maskMultipart(_ bytes: inout [UInt8], _ range: Range<Int>, _ type: Range<Int>) {
        guard let boundary = Multipart.parameter("boundary", bytes, type) else {
            maskFound(&bytes, range)
            return
        }
        let delimiter = [0x2D, 0x2D] + boundary
        var at = Multipart.find(delimiter, bytes, range) ?? range.upperBound
        if at == range.upperBound { maskFound(&bytes, range) }
        while at < range.upperBound {
            let start = at + delimiter.count
            let end = Multipart.find(delimiter, bytes, start..<range.upperBound) ?? range.upperBound
            if end > start { maskPart(&bytes, start..<end) }
            at = end
        }
    }

    private mutating func maskPart(_ bytes: inout [UInt8], _ part: Range<Int>) {
        guard let blank = Multipart.find([13, 10, 13, 10], bytes, part) else { return }
        var meaning = FieldNames.Meaning.none
        var media = MediaKind.text
        var line = part.lowerBound
        while line < blank {
            var end = line
            while end < blank && bytes[end] != 13 { end += 1 }
            if let colon = bytes[line..<end].firstIndex(of: 0x3A) {
                let name = HTTPRange(line, colon)
                if HTTPHead.matches(bytes.rawSpan, name, "content-disposition") {
                    if let field = Multipart.range(of: "name", bytes, colon..<end) {
                        meaning = plan.fields.meaning(bytes.rawSpan, field)
                    }
                } else if HTTPHead.matches(bytes.rawSpan, name, "content-type") {
                    media = MediaKind(bytes.rawSpan, colon + 1..<end, hasThrift: false)
                }
            }
            line = end + 2
        }
        var end = part.upperBound
        if end - 2 >= blank + 4, bytes[end - 2] == 13 { end -= 2 }
        let value = blank + 4..<max(blank + 4, end)
        if value.isEmpty { return }
        if meaning != .none {
            maskNamed(&bytes, value, meaning)
        } else if media == .text && value.count < 256 && bytes[value.lowerBound] != 0x7B {
            maskValue(&bytes, value)
        } else {
            maskMedia(&bytes, value, media, 0..<0)
        }
    }
}
