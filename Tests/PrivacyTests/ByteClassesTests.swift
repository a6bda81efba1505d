import CScan
import Testing

/// Masks of 64 bytes against one byte at a time, by what this machine has and by what every machine has.
@Suite struct ByteClassesTests {
    private func mask(_ bytes: ArraySlice<UInt8>, _ isOne: (UInt8) -> Bool) -> UInt64 {
        var mask: UInt64 = 0
        for (index, byte) in bytes.enumerated() where isOne(byte) { mask |= 1 << UInt64(index) }
        return mask
    }

    @Test func everyByteAtEveryLengthIsOfItsClasses() {
        // Every byte, and those of the classes more often.
        var bytes = (0...255).map { UInt8($0) } + Array("09/:az`{xw-.@%\"\\".utf8)
        bytes += bytes.reversed()
        for start in stride(from: 0, to: bytes.count, by: 5) {
            for count in 0...min(70, bytes.count - start) {
                let part = bytes[start..<start + min(64, count)]
                let truth = [
                    mask(part) { (0x30...0x39).contains($0) }, mask(part) { (0x61...0x7A).contains($0) && $0 != 0x78 },
                    mask(part) { $0 == 0x2D }, mask(part) { $0 == 0x2E }, mask(part) { $0 == 0x40 },
                    mask(part) { $0 == 0x25 }, mask(part) { $0 == 0x22 }, mask(part) { $0 == 0x5C },
                    mask(part) { $0 == 0x3A }, mask(part) { $0 == 0x20 },
                ]
                // Of exact size, so that a byte too many is one that AddressSanitizer sees.
                for readable in Set([count, bytes.count - start]) {
                    let copy = Array(bytes[start..<start + readable])
                    let found = unsafe copy.withUnsafeBufferPointer { buffer in
                        guard let from = buffer.baseAddress else { return [tinct_byte_classes]() }
                        return unsafe [
                            tinct_byte_classes_of(from, count, readable),
                            tinct_byte_classes_plain(from, count, readable),
                        ]
                    }
                    for one in found {
                        let masks = [
                            one.digit, one.small, one.dash, one.dot, one.at, one.percent, one.quote, one.backslash,
                            one.colon, one.space,
                        ]
                        if masks != truth { Issue.record("\(start) \(count) \(readable): \(masks), not \(truth)") }
                    }
                }
            }
        }
    }

    /// A text's events in one call, against those of its classes, and by what this machine has against what every one has.
    @Test func eventsOfATextAreThoseOfItsClasses() {
        let letters = Array("0123456789-.@%ax-.0123456789".utf8)
        let bytes = (0..<4096).map { (index: UInt64) in
            letters[Int(truncatingIfNeeded: (index &* 0x9E37_79B9_7F4A_7C15) >> 33) % letters.count]
        }
        for start in stride(from: 0, to: bytes.count - 64, by: 3) {
            for count in [0, 1, 5, 15, 16, 17, 36, 63, 64] {
                for readable in [count, bytes.count - start] {
                    let copy = Array(bytes[start..<start + readable])
                    unsafe copy.withUnsafeBufferPointer { buffer in
                        guard let from = buffer.baseAddress else { return }
                        let classes = unsafe tinct_byte_classes_plain(from, count, readable)
                        let truth = tinct_events_of(classes, tinct_byte_classes(), 0)
                        for found in unsafe [
                            tinct_events_of_text(from, count, readable),
                            tinct_events_of_text_plain(from, count, readable),
                        ] {
                            let isSame =
                                found.digits == classes.digit && found.dots == classes.dot
                                && found.events.runs == truth.runs
                                && found.events.others == truth.others && found.events.all == truth.all
                            if !isSame { Issue.record("\(copy[..<count])") }
                        }
                    }
                }
            }
        }
    }

    /// The blocks of a text, each with the one in front of it, against their classes and events one by one.
    @Test func blocksOfATextAreThoseOfTheirClasses() {
        let letters = Array("0123456789-.@%ax-.0123456789\"\\".utf8)
        for count in [0, 1, 63, 64, 65, 128, 200, 517] {
            let bytes = (0..<UInt64(count)).map { index in
                letters[Int(truncatingIfNeeded: (index &* 0x9E37_79B9_7F4A_7C15) >> 33) % letters.count]
            }
            var (ours, plain) = (
                [tinct_block](repeating: tinct_block(), count: 9), [tinct_block](repeating: tinct_block(), count: 9)
            )
            unsafe bytes.withUnsafeBufferPointer { buffer in
                guard let from = buffer.baseAddress, count > 0 else { return }
                unsafe tinct_blocks_of(from, count, count, &ours)
                unsafe tinct_blocks_of_plain(from, count, count, &plain)
                var (before, runs) = (tinct_byte_classes(), 0 as UInt64)
                for index in 0..<(count + 63) / 64 {
                    let rest = count - 64 * index
                    let now = unsafe tinct_byte_classes_plain(from + 64 * index, rest, rest)
                    let events = tinct_events_of(now, before, runs)
                    for block in [ours[index], plain[index]] {
                        #expect(block.quotes == now.quote && block.backslashes == now.backslash)
                        #expect(block.digits == now.digit && block.small == now.small)
                        #expect(block.events.all == events.all && block.events.runs == events.runs)
                        #expect(block.events.others == events.others)
                    }
                    (before, runs) = (now, events.runs)
                }
            }
        }
    }
}
