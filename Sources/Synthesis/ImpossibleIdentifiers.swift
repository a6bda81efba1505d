/// Identifiers that pass their check digit and that nobody can have.
enum ImpossibleIdentifiers {
    /// Changes the characters before the check digits; returns what is impossible about them, or nil.
    static func change(_ payload: inout [UInt8], _ kind: IdentifierKind, _ bits: UInt64) -> String? {
        func replace(_ range: Range<Int>, _ text: String) { payload.replaceSubrange(range, with: Array(text.utf8)) }
        switch kind {
        case .residentId where payload.count == 17:
            if bits & 1 == 0 {
                // No province of GB/T 2260 begins with 0 or 9.
                replace(0..<2, bits & 2 == 0 ? "09" : "99")
                return "region not assigned"
            }
            replace(6..<10, "2099")
            return "born in the future"
        case .cpf where payload.count == 9:
            let digit = UInt8(0x30 + scale(bits, to: 10))
            payload = [UInt8](repeating: digit, count: 9)
            return "eleven equal digits"
        case .cnpj where payload.count == 12:
            replace(8..<12, "0000")
            return "branch 0000"
        case .clabe where payload.count == 17:
            replace(0..<3, "000")
            return "bank not assigned"
        case .curp where payload.count == 17:
            replace(11..<13, "XX")
            return "state not assigned"
        case .card where payload.count >= 11:
            replace(0..<6, "000000")
            return "issuer not assigned"
        default: return nil
        }
    }
}
