import Bytes
internal import CScan
import Glibc

/// Finds values in text by what they look like, and in JSON by what they are called, too, in one pass.
///
/// Sixty-four bytes at a time become bit masks of digits, dashes, dots and quotes; only where those make a pattern is a byte
/// looked at. What is found is noted and changed later, so that nothing moves under the reader.
struct ValueFinder {
    struct Finding {
        enum Kind {
            /// The range is a value of this class.
            case value
            /// The range has a name that means this; whether it can be is still to be seen.
            case named
            /// The range must be decoded (escapes of JSON) before it can be looked at.
            case escaped
        }

        var range: Range<Int>
        var meaning: FieldNames.Meaning
        var kind: Kind
        var isNumber = false
    }

    var found: [Finding] = []

    /// - Parameter names: what fields of JSON are called; nil when `bytes` are plain text.
    /// - Parameter isNumber: all of it is a number without quotes.
    mutating func find(_ bytes: RawSpan, _ range: Range<Int>, json names: FieldNames?, isNumber: Bool = false) {
        var cursor = Cursor(bytes, range, names)
        cursor.isNumber = isNumber
        cursor.run(&found)
    }

    private struct Cursor: ~Escapable {
        let bytes: RawSpan
        let range: Range<Int>
        let names: FieldNames?
        var isNumber = false
        /// What comes before it has been dealt with.
        var done: Int
        /// The closing quote of the string that is being read; -1 outside of strings.
        var close = -1
        var meaning = FieldNames.Meaning.none
        var mailbox: Int

        @_lifetime(copy bytes)
        init(_ bytes: RawSpan, _ range: Range<Int>, _ names: FieldNames?) {
            self.bytes = bytes
            self.range = range
            self.names = names
            done = range.lowerBound
            mailbox = range.lowerBound - 1
        }

        mutating func run(_ found: inout [Finding]) {
            let isJSON = names != nil
            nextMailbox()
            // Bits of the block before, moved to where this one's begin.
            var digits: UInt64 = 0
            var dashes: UInt64 = 0
            var dots: UInt64 = 0
            var long: UInt64 = 0
            var base = range.lowerBound
            while base < range.upperBound {
                let classes = classes(base)
                let d = classes.digit
                let h = classes.dash
                let o = classes.dot
                func behind(_ mask: UInt64, _ before: UInt64, _ by: UInt64) -> UInt64 {
                    mask << by | before >> (64 - by)
                }
                let d1 = behind(d, digits, 1)
                let d2 = behind(d, digits, 2)
                // The fourth digit of a run, and those behind it.
                let four = d & d1 & d2 & behind(d, digits, 3)
                var events = four & ~behind(four, long, 1)
                // A digit behind a dot behind a digit; the second digit behind a dash.
                let quad = d & behind(o, dots, 1) & d2
                let check = d & d1 & behind(h, dashes, 2)
                events |= quad | check
                if h != 0 {
                    events |= h & behind(h, dashes, 5) & behind(h, dashes, 10) & behind(h, dashes, 15)
                    events |= h & behind(h, dashes, 1) & behind(h, dashes, 2) & behind(h, dashes, 3)
                }
                events |= o
                if isJSON { events |= classes.quote }
                if mailbox < base + 64 { events |= 1 << UInt64(mailbox - base) }
                while events != 0 {
                    let bit = UInt64(events.trailingZeroBitCount)
                    events &= events - 1
                    let at = base + Int(bit)
                    if isJSON && classes.quote >> bit & 1 == 1 {
                        quote(at, base, classes.quote, classes.backslash, &found)
                    } else if at >= done {
                        if let match = look(at, d >> bit & 1 == 1, four >> bit & 1 == 1, quad >> bit & 1 == 1, isJSON) {
                            note(match, &found)
                        }
                    }
                    if at == mailbox {
                        nextMailbox()
                        if mailbox < base + 64 { events |= 1 << UInt64(mailbox - base) }
                    }
                }
                (digits, dashes, dots, long) = (d, h, o, four)
                base += 64
            }
        }

        private func classes(_ base: Int) -> tinct_byte_classes {
            let count = range.upperBound - base
            return unsafe bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress else { return tinct_byte_classes() }
                let from = unsafe (start + base).assumingMemoryBound(to: UInt8.self)
                // 64 bytes from `base` on are inside the span, or a copy of those that are is looked at.
                if count >= 64 { return unsafe tinct_byte_classes_64(from) }
                if base + 64 > bytes.byteCount { return unsafe tinct_byte_classes_of(from, count) }
                var classes = unsafe tinct_byte_classes_64(from)
                let kept = (1 as UInt64) << UInt64(count) - 1
                classes.digit &= kept
                classes.dash &= kept
                classes.dot &= kept
                classes.quote &= kept
                classes.backslash &= kept
                return classes
            }
        }

        /// Where the next `@` is.
        private mutating func nextMailbox() {
            let from = mailbox + 1
            mailbox = find(0x40, from..<max(from, range.upperBound)) ?? Int.max / 2
        }

        private func find(_ byte: UInt8, _ range: Range<Int>) -> Int? {
            unsafe bytes.withUnsafeBytes { buffer -> Int? in
                guard let start = buffer.baseAddress, !range.isEmpty else { return nil }
                return unsafe memchr(start + range.lowerBound, Int32(byte), range.count)
                    .map { unsafe UnsafeRawPointer($0) - start }
            }
        }

        @inline(__always) private func byte(_ at: Int) -> UInt8 { range.contains(at) ? bytes[byte: at] : 0 }

        /// Where values are looked for: the string that is being read, or everything.
        private var field: Range<Int> {
            close >= 0 ? done..<max(done, close) : done..<range.upperBound
        }

        private func look(
            _ at: Int, _ isDigit: Bool, _ isRun: Bool, _ isQuad: Bool, _ isJSON: Bool
        ) -> NumberShapes.Match? {
            let field = field
            let isNumber = isNumber || (isJSON && close < 0)
            let shapes = NumberShapes(bytes: bytes, range: field, isNumber: isNumber)
            if isDigit {
                if isRun {
                    var start = at - 3
                    while start > field.lowerBound && shapes.isDigit(start - 1) { start -= 1 }
                    var end = at + 1
                    while shapes.isDigit(end) { end += 1 }
                    if let match = shapes.match(start, end) { return match }
                }
                if isNumber { return nil }
                if isQuad, let match = shapes.ipv4(at) { return match }
                return byte(at - 2) == 0x2D && shapes.isDigit(at - 1) ? shapes.dashed(at) : nil
            }
            switch byte(at) {
            case 0x40: return Words.email(bytes, field, at)
            case 0x2E:
                return byte(at + 1) == 0x65 && byte(at + 2) == 0x79 && byte(at + 3) == 0x4A
                    ? Words.webToken(bytes, field, at) : nil
            case 0x2D:
                if let uuid = Words.uuid(bytes, field, at) { return uuid }
                return Words.privateKey(bytes, field, at)
            default: return nil
            }
        }

        private mutating func note(_ match: NumberShapes.Match, _ found: inout [Finding]) {
            found.append(Finding(range: match.range, meaning: .init(match.personal), kind: .value))
            done = match.range.upperBound
        }

        // MARK: JSON

        /// A quote opens a string, unless it closes the one that is read, or stands in it behind a backslash.
        private mutating func quote(
            _ at: Int, _ base: Int, _ quotes: UInt64, _ slashes: UInt64, _ found: inout [Finding]
        ) {
            if at == close {
                close = -1
                return
            }
            if close >= 0 { return }
            let (end, isEscaped) = stringEnd(at, base, quotes, slashes)
            close = end
            done = max(done, at + 1)
            var next = end + 1
            while next < range.upperBound, byte(next) == 0x20 || byte(next) == 10 || byte(next) == 13 { next += 1 }
            if byte(next) == 0x3A {
                meaning = names?.meaning(bytes, at + 1..<end) ?? .none
                if meaning != .none { named(next + 1, end, &found) }
                return
            }
            let value = at + 1..<end
            if value.isEmpty { return }
            if meaning.personal != nil {
                found.append(Finding(range: value, meaning: meaning, kind: isEscaped ? .escaped : .named))
                done = end
            } else if isEscaped {
                found.append(Finding(range: value, meaning: meaning, kind: .escaped))
                done = end
            } else if meaning == .ordinary {
                done = end
            } else if let match = Words.whole(bytes, value) {
                note(match, &found)
                done = end
            }
        }

        /// What follows a key that means something: numbers, alone or in a list, are dealt with here.
        private mutating func named(_ start: Int, _ keyEnd: Int, _ found: inout [Finding]) {
            var at = start
            func skipBlanks() {
                while byte(at) == 0x20 || byte(at) == 10 || byte(at) == 13 || byte(at) == 9 { at += 1 }
            }
            skipBlanks()
            let isList = byte(at) == 0x5B
            if isList { at += 1 }
            while at < range.upperBound {
                skipBlanks()
                let first = at
                if byte(at) == 0x2D { at += 1 }
                guard byte(at) &- 48 < 10 else { break }
                while at < range.upperBound, byte(at) &- 48 < 10 || byte(at) == 0x2E || (byte(at) | 32) == 0x65 {
                    at += 1
                }
                if meaning.personal != nil {
                    found.append(Finding(range: first..<at, meaning: meaning, kind: .named, isNumber: true))
                }
                // The key itself is behind us once its value is.
                done = at
                guard isList else { break }
                skipBlanks()
                guard byte(at) == 0x2C else { break }
                at += 1
            }
        }

        /// The closing quote of the string that opens at `at`, and whether there is a backslash before it. Mostly the masks
        /// of the present block tell.
        private func stringEnd(_ at: Int, _ base: Int, _ quotes: UInt64, _ slashes: UInt64) -> (Int, Bool) {
            let above = ~(UInt64.max >> UInt64(63 - (at - base)))
            let ahead = quotes & above
            if ahead != 0 {
                let bit = UInt64(ahead.trailingZeroBitCount)
                if slashes & above & ((1 << bit) - 1) == 0 { return (base + Int(bit), false) }
            }
            var from = at + 1
            while let quote = find(0x22, from..<max(from, range.upperBound)) {
                var slash = quote
                while slash > at + 1 && byte(slash - 1) == 0x5C { slash -= 1 }
                if (quote - slash) & 1 == 0 { return (quote, find(0x5C, at + 1..<quote) != nil) }
                from = quote + 1
            }
            return (range.upperBound, find(0x5C, min(at + 1, range.upperBound)..<range.upperBound) != nil)
        }
    }
}
