import Bytes
internal import CScan
import Glibc

/// Finds values in text by what they look like, and in JSON by what they are called, too, in one pass.
///
/// Sixty-four bytes at a time become bit masks of digits, dashes, dots and quotes; only where those make a pattern is a byte
/// looked at. What is found is noted and changed later, so that nothing moves under the reader.
struct ValueFinder {
    struct Finding: Equatable {
        enum Kind: Equatable {
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
    private var known = NameCache()
    private var shapes = JSONShapes()

    /// What a name means, as the names say that all of JSON is looked at by.
    mutating func meaning(_ bytes: RawSpan, _ range: Range<Int>, _ names: FieldNames) -> FieldNames.Meaning {
        known.meaning(bytes, range, names)
    }

    /// Plain text.
    ///
    /// - Parameter isNumber: all of it is a number without quotes.
    mutating func find(_ bytes: RawSpan, _ range: Range<Int>, isNumber: Bool = false) {
        var cursor = Cursor(bytes, range, isJSON: false, isNumber: isNumber)
        if range.count > 64 { return cursor.run(&found, nil, &known) }
        // Most texts are short, and most of them have nothing in them that could be a value.
        let text = ByteClasses.events(bytes, range)
        if text.events.all != 0 {
            cursor.look(text.events.all, range.lowerBound, text.digits, text.events, &found)
        }
    }

    /// Plain text of at most 64 bytes, of which is known where values could be told.
    mutating func find(_ bytes: RawSpan, _ range: Range<Int>, _ text: ByteClasses.TextEvents) {
        var cursor = Cursor(bytes, range, isJSON: false, isNumber: false)
        cursor.look(text.events.all, range.lowerBound, text.digits, text.events, &found)
    }

    /// - Parameter names: what fields of JSON are called.
    mutating func find(_ bytes: RawSpan, _ range: Range<Int>, json names: FieldNames) {
        let hasShape = JSONShapes.isOfUse(range)
        if hasShape && shapes.find(bytes, range, &found) { return }
        let mark = found.count
        var cursor = Cursor(bytes, range, isJSON: true, isNumber: false)
        cursor.run(&found, names, &known)
        if hasShape { shapes.learn(bytes, range, found[mark...], names, &known) }
    }

    struct Cursor: ~Escapable {
        let bytes: RawSpan
        let range: Range<Int>
        let isJSON: Bool
        let isNumber: Bool
        /// What comes before it has been dealt with.
        private var done: Int
        /// The closing quote of the string that was opened last: what stands behind it is in no string.
        private var close = -1
        private var meaning = FieldNames.Meaning.none

        @_lifetime(copy bytes)
        init(_ bytes: RawSpan, _ range: Range<Int>, isJSON: Bool, isNumber: Bool) {
            self.bytes = bytes
            self.range = range
            self.isJSON = isJSON
            self.isNumber = isNumber
            done = range.lowerBound
        }

        mutating func run(_ found: inout [Finding], _ names: FieldNames?, _ known: inout NameCache) {
            var before = ByteClasses()
            var runsBefore: UInt64 = 0
            var base = range.lowerBound
            while base < range.upperBound {
                let classes = ByteClasses(bytes, from: base, in: range)
                let events = classes.events(before: before, runsBefore: runsBefore)
                var left = isJSON ? events.all | classes.quotes : events.all
                while left != 0 {
                    let bit = UInt64(left.trailingZeroBitCount)
                    left &= left - 1
                    let at = base + Int(bit)
                    if isJSON && classes.quotes >> bit & 1 == 1 {
                        if at <= close { continue }
                        if let names, let end = plainString(bit, base, classes, events.all, names, &known) {
                            close = base + Int(end)
                            done = max(done, at + 1)
                            left &= ~(1 << end)
                            continue
                        }
                        quote(at, base, classes, &found, names, &known)
                        // What has been dealt with is not looked at again, nor is the quote that closes it.
                        if done > at + 1 {
                            let next = max(done, close + 1) - base
                            left = next < 64 ? left & UInt64.max << UInt64(next) : 0
                        } else if close - base < 64 {
                            left &= ~(1 << UInt64(close - base))
                        }
                    } else {
                        event(bit, base, classes.digits, events, &found)
                    }
                }
                (before, runsBefore) = (classes, events.runs)
                base += 64
            }
        }

        /// Something in the block from `base` on may be a value.
        @inline(__always) private mutating func event(
            _ bit: UInt64, _ base: Int, _ digits: UInt64, _ events: ByteClasses.Events, _ found: inout [Finding]
        ) {
            let at = base + Int(bit)
            guard at >= done else { return }
            let isOther = events.others >> bit & 1 == 1
            let isRun = events.runs >> bit & 1 == 1
            if isRun && !isOther && isNothing(at, bit, digits) { return }
            if let match = look(at, digits >> bit & 1 == 1, isRun, isOther) { note(match, &found) }
        }

        /// What ``run(_:_:_:)`` finds in a string of JSON without escapes, or in a number, whose name means nothing.
        mutating func look(
            in value: Range<Int>, isString: Bool, _ blocks: Span<JSONShapes.Block>, _ found: inout [Finding]
        ) {
            if isString, let match = Words.whole(bytes, value) {
                note(match, &found)
                return
            }
            // What stands in front of a number belongs to no value.
            let before = max(range.lowerBound, value.lowerBound - 1)
            (done, close) = isString ? (value.lowerBound, value.upperBound) : (before, -1)
            let start = value.lowerBound - range.lowerBound
            let end = value.upperBound - range.lowerBound
            for index in start / 64...(end - 1) / 64 {
                var left = blocks[index].events.all
                if index == start / 64 { left &= UInt64.max << UInt64(start & 63) }
                if index == end / 64 { left &= 1 << UInt64(end & 63) - 1 }
                look(left, range.lowerBound + 64 * index, blocks[index].digits, blocks[index].events, &found)
            }
        }

        /// Looks at some of the events in the block from `base` on.
        @inline(__always) fileprivate mutating func look(
            _ some: UInt64, _ base: Int, _ digits: UInt64, _ events: ByteClasses.Events, _ found: inout [Finding]
        ) {
            var left = some
            while left != 0 {
                let bit = UInt64(left.trailingZeroBitCount)
                left &= left - 1
                event(bit, base, digits, events, &found)
            }
        }

        private func find(_ byte: UInt8, _ range: Range<Int>) -> Int? {
            unsafe bytes.withUnsafeBytes { buffer -> Int? in
                guard let start = buffer.baseAddress, !range.isEmpty else { return nil }
                return unsafe memchr(start + range.lowerBound, Int32(byte), range.count)
                    .map { unsafe UnsafeRawPointer($0) - start }
            }
        }

        @inline(__always) private func byte(_ at: Int) -> UInt8 { range.contains(at) ? bytes[byte: at] : 0 }

        /// Runs of digits before a small letter, as in hexadecimal ids, and short numbers without quotes are no values.
        private func isNothing(_ at: Int, _ bit: UInt64, _ digits: UInt64) -> Bool {
            let below = ~digits & (1 << bit - 1)
            let above = ~digits >> bit
            // The run goes on in the block before, or behind.
            guard below != 0, above != 0 else { return false }
            let start = at - Int(bit) + 64 - below.leadingZeroBitCount
            let end = at + above.trailingZeroBitCount
            if isNumber || (isJSON && at > close) { return end - start < 13 }
            // What ends with x may be a resident's id.
            let right = end < (at < close ? close : range.upperBound) ? bytes[byte: end] : 0
            return right &- 0x61 < 26 && right != 0x78
        }

        private func look(_ at: Int, _ isDigit: Bool, _ isRun: Bool, _ isOther: Bool) -> NumberShapes.Match? {
            // Values are looked for in the string that is being read, or in everything.
            let field = at < close ? done..<max(done, close) : done..<range.upperBound
            let isNumber = isNumber || (isJSON && at > close)
            let shapes = NumberShapes(bytes: bytes, range: field, isNumber: isNumber)
            if isDigit {
                if isRun {
                    var start = at - 3
                    while start > field.lowerBound && shapes.isDigit(start - 1) { start -= 1 }
                    var end = at + 1
                    while shapes.isDigit(end) { end += 1 }
                    if let match = shapes.match(start, end) { return match }
                }
                if isNumber || !isOther { return nil }
                if byte(at - 1) == 0x2E { return shapes.ipv4(at) }
                return byte(at - 2) == 0x2D ? shapes.dashed(at) : nil
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

        /// The closing quote's place in the block, of a string that is nothing but a name without a meaning or a value that
        /// nothing points to: most are. Nil when it has to be looked at.
        @inline(__always) private mutating func plainString(
            _ bit: UInt64, _ base: Int, _ classes: ByteClasses, _ events: UInt64, _ names: FieldNames,
            _ known: inout NameCache
        ) -> UInt64? {
            let above = (UInt64.max << bit) << 1
            let end = UInt64((classes.quotes & above).trailingZeroBitCount)
            guard end < 64 else { return nil }
            let inside = above & ((1 << end) - 1)
            if classes.backslashes & inside != 0 { return nil }
            let text = base + Int(bit) + 1..<base + Int(end)
            guard !text.isEmpty, text.upperBound + 1 < range.upperBound else { return nil }
            switch bytes[byte: text.upperBound + 1] {
            case 0x3A:
                meaning = known.meaning(bytes, text, names)
                return meaning == .none ? end : nil
            case 0x2C, 0x7D, 0x5D:
                return meaning == .none && events & inside == 0 && !Words.mayBeWhole(bytes, text) ? end : nil
            default: return nil
            }
        }

        /// A string opens with the quote at `at`.
        private mutating func quote(
            _ at: Int, _ base: Int, _ classes: ByteClasses, _ found: inout [Finding], _ names: FieldNames?,
            _ known: inout NameCache
        ) {
            let (end, isEscaped) = stringEnd(at, base, classes.quotes, classes.backslashes)
            close = end
            done = max(done, at + 1)
            var next = end + 1
            while next < range.upperBound, byte(next) == 0x20 || byte(next) == 10 || byte(next) == 13 { next += 1 }
            if byte(next) == 0x3A {
                meaning = names.map { known.meaning(bytes, at + 1..<end, $0) } ?? .none
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
