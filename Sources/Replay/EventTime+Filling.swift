import Bytes

extension EventTime {
    /// Writes the time that lies ``Slot/state`` behind `baseNanos` (since 1970) over the slot. A number that has become too
    /// long for its place keeps what stands there.
    static func fill(_ slot: borrowing Slot, in bytes: UnsafeMutablePointer<UInt8>, baseNanos: UInt64) {
        let target = unsafe bytes + Int(slot.offset)
        let count = Int(slot.length)
        let nanos = Int64(bitPattern: baseNanos &+ slot.state)
        guard nanos >= 0, let form = TimeForm(rawValue: slot.form) else { return }
        if form == .calendar || form == .calendarDigits {
            let local = nanos &+ Int64(slot.zoneMinutes) * 60_000_000_000
            if local >= 0 { unsafe fillCalendar(target, count, local, hasSeparators: form == .calendar) }
            return
        }
        let value = nanos / form.unitNanos
        switch FieldSpan.Encoding(rawValue: UInt8(truncatingIfNeeded: slot.low)) {
        case .integer:
            if count < 8 && value >> Int64(count * 8 - 1) != 0 { return }
            var rest = value
            for at in (0..<count).reversed() {
                unsafe target[at] = UInt8(truncatingIfNeeded: rest)
                rest >>= 8
            }
        case .zigzag:
            // As many groups as there were, or the message would change its length.
            if count < 9 && value >> Int64(count * 7 - 1) != 0 { return }
            unsafe Slot.store(zigzag: value, target, count)
        case .double, .doubleLittleEndian:
            var bits = (Double(nanos) / Double(form.unitNanos)).bitPattern
            if slot.low == UInt64(FieldSpan.Encoding.double.rawValue) { bits = bits.byteSwapped }
            for at in 0..<min(8, count) {
                unsafe target[at] = UInt8(truncatingIfNeeded: bits)
                bits >>= 8
            }
        default: unsafe fillDigits(target, count, nanos, form.unitNanos, Int64(bitPattern: slot.size))
        }
    }

    /// `scale` is 10 to the number of decimals.
    private static func fillDigits(
        _ target: UnsafeMutablePointer<UInt8>, _ count: Int, _ nanos: Int64, _ unit: Int64, _ scale: Int64
    ) {
        var whole = nanos / unit
        var part = scale > 1 ? nanos % unit / max(1, unit / scale) : 0
        var width = count
        if scale > 1 {
            var decimals = scale
            while decimals > 1 && width > 0 {
                decimals /= 10
                width -= 1
                unsafe target[width] = 0x30 + UInt8(truncatingIfNeeded: part % 10)
                part /= 10
            }
            // The point.
            width -= 1
        }
        while width > 0 {
            width -= 1
            unsafe target[width] = 0x30 + UInt8(truncatingIfNeeded: whole % 10)
            whole /= 10
        }
    }

    private static func fillCalendar(
        _ target: UnsafeMutablePointer<UInt8>, _ count: Int, _ nanos: Int64, hasSeparators: Bool
    ) {
        let seconds = Int(nanos / 1_000_000_000)
        let date = Timestamp.civil(daysSince1970: seconds / 86_400)
        let step = hasSeparators ? 1 : 0
        var at = 0
        func put(_ value: Int, _ digits: Int) {
            var rest = value
            for offset in (0..<digits).reversed() {
                if at + offset < count { unsafe target[at + offset] = 0x30 + UInt8(truncatingIfNeeded: rest % 10) }
                rest /= 10
            }
            at += digits + step
        }
        put(date.year, 4)
        put(date.month, 2)
        put(date.day, 2)
        if !hasSeparators, at < count, unsafe target[at] &- 0x30 > 9 { at += 1 }
        if at >= count { return }
        put(seconds / 3600 % 24, 2)
        put(seconds / 60 % 60, 2)
        // The zone follows at once where there are no seconds.
        guard at < count, !hasSeparators || (unsafe target[at - 1]) == 0x3A else { return }
        put(seconds % 60, 2)
        if !hasSeparators, at < count, unsafe target[at] == 0x2E || target[at] == 0x2C { at += 1 }
        if hasSeparators, at > count || (unsafe target[at - 1] != 0x2E && target[at - 1] != 0x2C) { return }
        var scale: Int64 = 100_000_000
        while at < count, scale > 0, unsafe target[at] &- 0x30 < 10 {
            unsafe target[at] = 0x30 + UInt8(truncatingIfNeeded: nanos / scale % 10)
            scale /= 10
            at += 1
        }
    }
}
