import Bytes
import Glibc

/// One header field: name and value without surrounding blanks, as ranges into the message.
package struct HTTPField: Sendable, Equatable {
    package var name: HTTPRange
    package var value: HTTPRange
}

/// Walks the fields of a parsed head, in order, without allocating. A value that was folded over several lines (obsolete
/// since RFC 7230) is one range with the line ends in it; ``HTTPHead/string(_:_:)`` makes blanks of them.
package struct HTTPFieldIterator: Sendable {
    /// Where the next line begins.
    package private(set) var at: Int
    private let end: Int
    /// What was odd about the lines so far.
    package private(set) var oddities: HTTPHead.Notes = []
    /// The offset behind the blank line, once it was reached.
    package private(set) var blankLineEnd: Int?

    package init(_ head: HTTPHead) { self.init(from: head.fieldsStart, to: head.length) }

    init(from start: Int, to end: Int) {
        at = start
        self.end = end
    }

    /// Goes over lines that the caller knows: whole ones, of which none goes on at `line`.
    package mutating func skip(to line: Int) { at = min(max(at, line), end) }

    /// `bytes` must hold the message from its first byte.
    package mutating func next(_ bytes: RawSpan) -> HTTPField? {
        let limit = min(end, bytes.byteCount)
        return unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            // Every offset below lies between `at` and `limit`, which is inside the span.
            func byte(_ offset: Int) -> UInt8 { unsafe base.load(fromByteOffset: offset, as: UInt8.self) }
            while at < limit {
                let start = at
                let hit = unsafe memchr(base + start, 10, limit - start)
                var line = unsafe hit.map { unsafe UnsafeRawPointer($0) - base } ?? limit
                at = line + 1
                var stop = line
                if stop > start && byte(stop - 1) == 13 {
                    stop -= 1
                } else if unsafe hit != nil {
                    oddities.insert(.bareLineFeed)
                }
                if stop == start {
                    if unsafe hit != nil { blankLineEnd = at }
                    return nil
                }
                while at < limit && HTTPHead.isBlank(byte(at)) {
                    let hit = unsafe memchr(base + at, 10, limit - at)
                    line = unsafe hit.map { unsafe UnsafeRawPointer($0) - base } ?? limit
                    at = line + 1
                    stop = line
                    oddities.insert(.foldedField)
                }
                let colonHit = unsafe memchr(base + start, 0x3A, stop - start)
                let colon = unsafe colonHit.map { unsafe UnsafeRawPointer($0) - base } ?? stop
                var nameEnd = colon
                while nameEnd > start && HTTPHead.isBlank(byte(nameEnd - 1)) { nameEnd -= 1 }
                if colon == stop || nameEnd == start || HTTPHead.isBlank(byte(start)) {
                    oddities.insert(.badField)
                    continue
                }
                if nameEnd < colon { oddities.insert(.spaceBeforeColon) }
                var from = colon + 1
                while from < stop && HTTPHead.isSpace(byte(from)) { from += 1 }
                while stop > from && HTTPHead.isSpace(byte(stop - 1)) { stop -= 1 }
                return HTTPField(name: HTTPRange(inHead: start, nameEnd), value: HTTPRange(inHead: from, stop))
            }
            return nil
        }
    }
}

extension HTTPHead {
    /// The value of the first field with this name (given in lower case), or nil.
    package func firstValue(_ name: StaticString, _ bytes: RawSpan) -> HTTPRange? {
        var fields = HTTPFieldIterator(self)
        while let field = fields.next(bytes) {
            if HTTPHead.matches(bytes, field.name, name) { return field.value }
        }
        return nil
    }

    /// The codings of the body in the order in which they were applied, in lower case, `identity` and `chunked` left out;
    /// allocates.
    package func codings(_ bytes: RawSpan) -> [String] {
        func listed(_ name: StaticString) -> [String] {
            var names: [String] = []
            var fields = HTTPFieldIterator(self)
            while let field = fields.next(bytes) {
                if !HTTPHead.matches(bytes, field.name, name) { continue }
                names += HTTPHead.string(bytes, field.value).split(separator: ",").map { element in
                    element.filter { $0 != " " && $0 != "\t" }.lowercased()
                }
            }
            return names.filter { !$0.isEmpty && $0 != "identity" && $0 != "chunked" }
        }
        return listed("content-encoding") + listed("transfer-encoding")
    }

    /// Text of a range for people and reports; bytes that are no UTF-8 are replaced, folds become one blank.
    package static func string(_ bytes: RawSpan, _ range: HTTPRange) -> String {
        guard range.upper <= bytes.byteCount else { return "" }
        var text = [UInt8](copying: bytes.extracting(range.range))
        if text.contains(10) {
            var lines = text.split(separator: 10).map { $0.drop(while: isSpace) }
            for index in lines.indices {
                while let last = lines[index].last, isSpace(last) { lines[index].removeLast() }
            }
            text = Array(lines.joined(separator: [32]))
        }
        return String(decoding: text, as: UTF8.self)
    }

    package func uriString(_ bytes: RawSpan) -> String { HTTPHead.string(bytes, uri) }
    package func methodString(_ bytes: RawSpan) -> String { HTTPHead.string(bytes, methodRange) }

    /// True when the range's ASCII text equals `lowercased` (letters, digits, dashes) but for case.
    package static func matches(_ bytes: RawSpan, _ range: HTTPRange, _ lowercased: StaticString) -> Bool {
        guard Int(range.count) == lowercased.utf8CodeUnitCount, range.upper <= bytes.byteCount else { return false }
        let start = range.lower
        let count = Int(range.count)
        // `i` stays below the static string's length and the range inside the span, both checked above.
        let text = unsafe UnsafeRawPointer(lowercased.utf8Start)
        var i = 0
        while i + 8 <= count {
            let word = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start + i, as: UInt64.self)
            let expected = unsafe text.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            // Setting bit 5 lowers letters; it also makes a dash or digit of a control character, which has neither bit 5
            // nor bit 6.
            if word | 0x2020_2020_2020_2020 != expected { return false }
            if (word | word &<< 1) & 0x4040_4040_4040_4040 != 0x4040_4040_4040_4040 { return false }
            i += 8
            // The last eight bytes, some of them for the second time, rather than each rest alone.
            if i < count && i + 8 > count { i = count - 8 }
        }
        while i < count {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: start + i, as: UInt8.self)
            let lower = byte &- 0x41 < 26 ? byte | 32 : byte
            let expected = unsafe text.load(fromByteOffset: i, as: UInt8.self)
            if lower != expected { return false }
            i += 1
        }
        return true
    }

    /// True when the comma-separated list in `range` has an element equal to `lowercased` but for case.
    package static func hasToken(_ bytes: RawSpan, _ range: HTTPRange, _ lowercased: StaticString) -> Bool {
        var at = range.lower
        while at < range.upper {
            while at < range.upper && (isSpace(bytes[byte: at]) || bytes[byte: at] == 0x2C) { at += 1 }
            var end = at
            while end < range.upper && bytes[byte: end] != 0x2C { end += 1 }
            var stop = end
            while stop > at && isSpace(bytes[byte: stop - 1]) { stop -= 1 }
            if matches(bytes, HTTPRange(at, stop), lowercased) { return true }
            at = end
        }
        return false
    }

    /// A blank, or the line end of a folded value.
    @inline(__always) static func isSpace(_ byte: UInt8) -> Bool { isBlank(byte) || byte == 13 || byte == 10 }

    @inline(__always) static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

    /// RFC 9110 section 5.6.2.
    package static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
