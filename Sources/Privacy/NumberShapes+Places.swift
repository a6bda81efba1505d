import Bytes

/// Addresses of networks, and places on earth.
extension NumberShapes {
    /// Four parts between dots; `after` is the first digit behind a dot.
    func ipv4(_ after: Int) -> Match? {
        var start = after - 2
        while start > range.lowerBound && after - start < 5 && isDigit(start - 1) { start -= 1 }
        let before = byte(start - 1)
        if before == 0x2F {
            if byte(start - 2) != 0x2F { return nil }
        } else if isWord(start - 1) || before == 0x2E
            || before == 0x2D
        {
            return nil
        }
        guard start >= range.lowerBound, let address = IPv4Text(bytes, start, before: range.upperBound) else {
            return nil
        }
        let at = address.end
        if isWord(at) || (byte(at) == 0x2E && isWord(at + 1)) || byte(at) == 0x2F && isDigit(at + 1) { return nil }
        return (start..<at, .ip)
    }

    /// Latitude, comma, longitude, each with four decimals or more; the run is those of the first.
    func coordinates(_ start: Int, _ end: Int) -> Match? {
        guard let first = degrees(fractionAt: start), first.value <= 90, byte(end) == 0x2C else { return nil }
        var at = end + 1
        if byte(at) == 0x20 { at += 1 }
        if byte(at) == 0x2D || byte(at) == 0x2B { at += 1 }
        let whole = at
        while isDigit(at) && at - whole < 4 { at += 1 }
        guard at > whole, byte(at) == 0x2E, isDigit(at + 1) else { return nil }
        guard let second = degrees(fractionAt: at + 1), second.value <= 180 else { return nil }
        var stop = at + 1
        while isDigit(stop) { stop += 1 }
        guard stop - at > 4, !isWord(stop), byte(stop) != 0x2E, byte(stop) != 0x2C || !isDigit(stop + 1) else {
            return nil
        }
        return (first.start..<stop, .coordinate)
    }

    private func degrees(fractionAt fraction: Int) -> (start: Int, value: Int)? {
        var start = fraction - 1
        var value = 0
        var scale = 1
        while isDigit(start - 1) && fraction - start < 5 {
            start -= 1
            value += Int(byte(start) - 48) * scale
            scale *= 10
        }
        guard start < fraction - 1, fraction - start < 5 else { return nil }
        if byte(start - 1) == 0x2D || byte(start - 1) == 0x2B { start -= 1 }
        return isWord(start - 1) || byte(start - 1) == 0x2E ? nil : (start, value)
    }
}
