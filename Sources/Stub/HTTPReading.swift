import Bytes
import HTTP1
import JSON

/// What an HTTP request is recognised by: its method, target and body, headers aside.
struct HTTPReading {
    private var hash: Fingerprint
    /// A bit for each carrier that held the tag in the body.
    private(set) var tags: UInt64 = 0
    /// The JSON value to give back, as it stands in the body.
    private(set) var echo: [UInt8] = []

    var fingerprint: UInt64 { hash.value }

    /// Reads the whole message in `bytes`; nil stands for an operation that the tape does not know. `method` is the one
    /// whose answer is given: GET's for a HEAD that the tape does not know.
    init(
        _ bytes: RawSpan, _ head: HTTPHead, _ framing: HTTPFraming, method: RawSpan, _ operation: AnswerBook.Operation?,
        _ probe: TagProbe, seed: UInt64
    ) {
        hash = Fingerprint(seed: seed)
        hash.mix(method)
        hash.mix(bytes.extracting(head.uri.range))
        if case .chunked = framing {
            // De-chunked, so that the cuts do not count.
            let content = (try? HTTPScanner.contentArray(bytes, head: head, framing: framing)) ?? []
            read(content.rawSpan, operation, probe)
        } else {
            read(bytes.extracting(head.length..<bytes.byteCount), operation, probe)
        }
    }

    private mutating func read(_ body: RawSpan, _ operation: AnswerBook.Operation?, _ probe: TagProbe) {
        if body.byteCount == 0 { return hash.mix(0) }
        var holes: [Range<Int>] = []
        for place in probe.bodies {
            guard let range = (try? JSONScanner.find(place.path, in: body)) ?? nil else { continue }
            if place.condition.holds(body.extracting(Self.unquoted(body, range))) { tags |= 1 << UInt64(place.carrier) }
            holes.append(Self.member(body, range))
        }
        if let operation {
            for path in operation.excludedPaths {
                guard let range = (try? JSONScanner.find(path, in: body)) ?? nil else { continue }
                holes.append(Self.member(body, range))
            }
            if let path = operation.echoPath, let range = (try? JSONScanner.find(path, in: body)) ?? nil {
                echo = [UInt8](copying: body.extracting(range))
            }
        }
        holes.sort { $0.lowerBound < $1.lowerBound }
        var start = 0
        for hole in holes where hole.lowerBound >= start {
            hash.mix(body.extracting(start..<hole.lowerBound))
            start = hole.upperBound
        }
        hash.mix(body.extracting(start..<body.byteCount))
    }

    /// The inside of a string, or the value itself.
    private static func unquoted(_ body: RawSpan, _ range: Range<Int>) -> Range<Int> {
        range.count >= 2 && body[byte: range.lowerBound] == 0x22 ? range.lowerBound + 1..<range.upperBound - 1 : range
    }

    /// The whole member whose value stands at `value`, with one of its commas, so that a body with the member and one
    /// without it leave the same bytes. An element of an array is left as the value alone.
    static func member(_ body: RawSpan, _ value: Range<Int>) -> Range<Int> {
        var start = value.lowerBound
        func skipBack() { while start > 0, isSpace(body[byte: start - 1]) { start -= 1 } }
        skipBack()
        guard start > 0, body[byte: start - 1] == 0x3A else { return value }
        start -= 1
        skipBack()
        guard start > 1, body[byte: start - 1] == 0x22 else { return value }
        start -= 1
        repeat { start -= 1 } while start > 0 && (body[byte: start] != 0x22 || body[byte: start - 1] == 0x5C)
        var end = value.upperBound
        while end < body.byteCount, isSpace(body[byte: end]) { end += 1 }
        if end < body.byteCount, body[byte: end] == 0x2C { return start..<end + 1 }
        let first = start
        skipBack()
        return start > 0 && body[byte: start - 1] == 0x2C ? start - 1..<value.upperBound : first..<value.upperBound
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
