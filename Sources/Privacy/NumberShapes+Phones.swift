import Bytes

/// Phone numbers that are written in groups.
extension NumberShapes {
    /// The phone number around one of its groups of four or five digits.
    func grouped(_ start: Int, _ end: Int) -> Range<Int>? {
        func isSeparator(_ at: Int) -> Bool { byte(at) == 0x20 || byte(at) == 0x2D }
        // A group has a neighbour.
        let before = byte(start - 1)
        guard isSeparator(start - 1) || before == 0x28 || before == 0x29 || (isSeparator(end) && isDigit(end + 1))
        else {
            return nil
        }
        /// The end of the group that ends before `at`, over one separator or what stands around an area code.
        func previous(_ at: Int) -> Int? {
            var at = at - 1
            if isSeparator(at) { at -= 1 }
            if byte(at) == 0x29 { at -= 1 }
            return at < start - 1 && at >= range.lowerBound && isDigit(at) ? at + 1 : nil
        }
        func groupStart(_ end: Int) -> Int {
            var at = end
            while at > range.lowerBound && isDigit(at - 1) { at -= 1 }
            return at
        }
        // How many digits each group has, a hexadecimal digit each: 0x344 is 3, 4 and 4.
        var groups = 1
        var counts = end - start
        var total = end - start
        func prepend(_ count: Int) {
            counts |= min(count, 15) << (4 * groups)
            groups += 1
            total += count
        }
        var first = start
        var hasArea = false
        while groups < 6 {
            if byte(first - 1) == 0x28 {
                hasArea = true
                if isSeparator(first - 2), isDigit(first - 3) {
                    let at = groupStart(first - 2)
                    prepend(first - 2 - at)
                    first = at
                } else {
                    first -= 1
                    break
                }
            }
            guard let stop = previous(first) else { break }
            let at = groupStart(stop)
            prepend(stop - at)
            first = at
        }
        if byte(first - 1) == 0x28 { first -= 1 }
        let hasCountry = byte(first - 1) == 0x2B || (byte(first) == 0x28 && byte(first - 1) == 0x2B)
        if hasCountry { first -= 1 }
        var last = end
        while groups < 7, isSeparator(last), isDigit(last + 1) {
            var at = last + 1
            while isDigit(at) { at += 1 }
            counts = counts << 4 | min(at - last - 1, 15)
            groups += 1
            total += at - last - 1
            last = at
        }
        guard groups > 1, !isWord(last), !isWord(first - 1), byte(last) != 0x2E || !isDigit(last + 1) else {
            return nil
        }
        if !hasCountry, byte(first - 1) == 0x2E || byte(first - 1) == 0x2D { return nil }
        if hasCountry { return (9...15).contains(total) ? first..<last : nil }
        var at = first
        if byte(at) == 0x28 { at += 1 }
        switch counts {
        case 0x344: return byte(at) == 0x31 && byte(at + 1) >= 0x33 ? first..<last : nil
        case 0x254: return byte(at) != 0x30 ? first..<last : nil
        case 0x244:
            return hasArea || isMexicanCity(at) || byte(last - 5) == 0x2D && byte(at) != 0x30 ? first..<last : nil
        case 0x334: return hasArea || (byte(last - 5) == 0x2D && byte(last - 9) == 0x2D) ? first..<last : nil
        case 0x4344, 0x2344: return first..<last
        default: return nil
        }
    }
}
