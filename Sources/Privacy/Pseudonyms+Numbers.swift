/// Values that stand as binary numbers or bytes.
extension Pseudonyms {
    /// A number whose decimal digits are a value of the class; zeros in front that numbers lose are given back.
    mutating func number(_ value: Int64, _ personal: PersonalClass) -> Int64? {
        guard value > 0 else { return nil }
        let width =
            switch personal {
            case .cpf: 11
            case .cnpj: 14
            case .clabe: 18
            default: 0
            }
        var places: [UInt8] = []
        var rest = value
        while rest > 0 || places.count < width {
            places.append(48 + UInt8(rest % 10))
            rest /= 10
        }
        text.assign(places.reversed())
        guard replace(personal) else { return nil }
        var masked: Int64 = 0
        for byte in text {
            guard byte &- 48 < 10 else { return nil }
            let (product, overflow) = masked.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - 48))
            if overflow || carry { return nil }
            masked = sum
        }
        return masked
    }

    /// Degrees, to the sixth decimal, as ``coordinate()`` has them.
    mutating func degrees(_ value: Double) -> Double? {
        guard value.isFinite, value.magnitude <= 180 else { return nil }
        let micros = UInt64((value.magnitude * 1e6).rounded())
        var places: [UInt8] = []
        var rest = micros
        for digit in 0..<9 {
            if digit == 6 { places.append(0x2E) }
            if digit > 6 && rest == 0 { break }
            places.append(48 + UInt8(rest % 10))
            rest /= 10
        }
        if value < 0 { places.append(0x2D) }
        text.assign(places.reversed())
        guard coordinate() else { return nil }
        var masked: UInt64 = 0
        for byte in text where byte &- 48 < 10 { masked = masked * 10 + UInt64(byte - 48) }
        let degrees = Double(masked) / 1e6
        return value < 0 ? -degrees : degrees
    }

    /// Any bytes into any others.
    mutating func replaceBytes() {
        if text.count > 4096 {
            for at in text.indices { text[at] = Placeholder.text }
            return
        }
        beginPlaces()
        for at in text.indices { addPlace(at, UInt32(text[at]), of: 256) }
        permutePlaces(.token, beside: 256)
        for at in text.indices { text[at] = UInt8(truncatingIfNeeded: digits[at]) }
    }
}
