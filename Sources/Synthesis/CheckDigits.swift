/// Kinds of identifiers whose last characters follow from the others.
package enum IdentifierKind: String, Sendable, CaseIterable {
    /// Payment card number, Luhn (ISO/IEC 7812-1 annex B).
    case card
    /// China, resident identity number (GB 11643-1999, ISO 7064 MOD 11-2).
    case residentId
    /// Brazil, natural persons (Receita Federal): two check digits, modulo 11.
    case cpf
    /// Brazil, legal persons; letters are allowed since July 2026 and count as ASCII − 48.
    case cnpj
    /// Mexico, standardised bank account number: weights 3 7 1, each product modulo 10.
    case clabe
    /// Mexico, population registry key (RENAPO): 18 characters over an alphabet with Ñ.
    case curp
    /// China, unified social credit code of organisations (GB 32100-2015): 18 characters without I, O, S, V and Z; the
    /// organisation code within it (GB 11714) has a check character of its own.
    case creditCode
    /// Brazil, legal persons, with letters in the root, as numbers given since July 2026 may have them.
    case cnpjLetters
    /// Mexico, taxpayer registry (SAT), natural persons: 13 characters whose last is the check digit.
    case rfc
    /// The same for legal persons: 12 characters.
    case rfcCompany
    /// Natural persons without the homoclave, and so without a check digit: 10 characters.
    case rfcShort

    /// All of them, made once.
    static let inOrder = Array(allCases)

    /// How many characters at the end are check characters.
    package var checkLength: Int {
        switch self {
        case .cpf, .cnpj, .cnpjLetters: 2
        case .rfcShort: 0
        default: 1
        }
    }

    /// Whether it holds a date of birth or foundation.
    var hasDate: Bool {
        switch self {
        case .residentId, .curp, .rfc, .rfcCompany, .rfcShort: true
        default: false
        }
    }
}

/// Computes check characters. Every function takes the characters before them, as ASCII.
package enum CheckDigits {
    /// The check characters for `payload`; nothing when a character does not belong there.
    package static func of(_ payload: some Collection<UInt8>, _ kind: IdentifierKind) -> [UInt8] {
        switch kind {
        case .card: [luhn(payload)].compactMap { $0 }
        case .residentId: [residentId(payload)].compactMap { $0 }
        case .cpf: twoDigits(payload, firstWeight: 10, wrapsAtNine: false)
        case .cnpj: twoDigits(payload, firstWeight: 5, wrapsAtNine: true)
        case .clabe: clabe(payload)
        case .curp: curp(payload)
        case .creditCode: [creditCode(payload)].compactMap { $0 }
        case .cnpjLetters: twoDigits(payload, firstWeight: 5, wrapsAtNine: true)
        case .rfc, .rfcCompany: rfc(payload)
        case .rfcShort: []
        }
    }

    static func luhn(_ payload: some Collection<UInt8>) -> UInt8? {
        var sum = 0
        // From the right, the check digit's neighbour is doubled first.
        var doubles = payload.count % 2 == 1
        for byte in payload {
            let digit = Int(byte &- 0x30)
            if digit > 9 { return nil }
            sum += doubles ? (digit < 5 ? digit * 2 : digit * 2 - 9) : digit
            doubles.toggle()
        }
        return 0x30 + UInt8((10 - sum % 10) % 10)
    }

    /// Weights are the powers of 2 modulo 11, falling from 2^17 to 2.
    static func residentId(_ payload: some Collection<UInt8>) -> UInt8? {
        guard payload.count == 17 else { return nil }
        var sum = 0
        for byte in payload {
            let digit = Int(byte &- 0x30)
            if digit > 9 { return nil }
            sum = (sum + digit) * 2
        }
        let rest = sum % 11
        // In the order of the remainder: 1 0 X 9 8 7 6 5 4 3 2.
        return rest == 2 ? 0x58 : 0x30 + UInt8((12 - rest) % 11)
    }

    /// CPF weighs 10…2, then 11…2; CNPJ weighs 5 4 3 2 9…2, then 6 5 4 3 2 9…2.
    static func twoDigits(_ payload: some Collection<UInt8>, firstWeight: Int, wrapsAtNine: Bool) -> [UInt8] {
        var digits = payload.map { Int($0) - 48 }
        guard digits.allSatisfy({ (0...(wrapsAtNine ? 42 : 9)).contains($0) }) else { return [] }
        var result: [UInt8] = []
        for extra in 0...1 {
            var weight = firstWeight + extra
            var sum = 0
            for digit in digits {
                sum += digit * weight
                weight -= 1
                if weight < 2 && wrapsAtNine { weight = 9 }
            }
            let check = sum % 11 < 2 ? 0 : 11 - sum % 11
            result.append(0x30 + UInt8(check))
            digits.append(check)
        }
        return result
    }

    static func clabe(_ payload: some Collection<UInt8>) -> [UInt8] {
        guard payload.count == 17, payload.allSatisfy({ (0x30...0x39).contains($0) }) else { return [] }
        var sum = 0
        for (i, byte) in payload.enumerated() { sum += Int(byte - 0x30) * [3, 7, 1][i % 3] % 10 }
        return [0x30 + UInt8((10 - sum % 10) % 10)]
    }

    static func curp(_ payload: some Collection<UInt8>) -> [UInt8] {
        guard payload.count == 17 else { return [] }
        var sum = 0
        for (i, byte) in payload.enumerated() {
            let value: Int
            switch byte {
            case 0x30...0x39: value = Int(byte - 0x30)
            // Ñ takes place 24, between N and O.
            case 0x41...0x4E: value = Int(byte - 0x41) + 10
            case 0x4F...0x5A: value = Int(byte - 0x41) + 11
            default: return []
            }
            sum += value * (18 - i)
        }
        return [0x30 + UInt8((10 - sum % 10) % 10)]
    }

    private static let creditAlphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

    /// Weights are the powers of 3 modulo 31.
    static func creditCode(_ payload: some Collection<UInt8>) -> UInt8? {
        guard payload.count == 17 else { return nil }
        var (sum, weight) = (0, 1)
        for byte in payload {
            guard let value = creditValue(byte) else { return nil }
            sum += value * weight
            weight = weight * 3 % 31
        }
        let check = (31 - sum % 31) % 31
        return creditAlphabet[check]
    }

    /// The place in the alphabet.
    private static func creditValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x48: Int(byte) - 0x41 + 10
        case 0x4A...0x4E: Int(byte) - 0x4A + 18
        case 0x50...0x52: Int(byte) - 0x50 + 23
        case 0x54, 0x55: Int(byte) - 0x54 + 26
        case 0x57...0x59: Int(byte) - 0x57 + 28
        default: nil
        }
    }

    /// The check character of an organisation code's eight digits (GB 11714-1997).
    static func organisationCode(_ payload: some Collection<UInt8>) -> UInt8 {
        // 3, 7, 9, 10, 5, 8, 4 and 2, a byte each from the low end.
        var sum = 0
        var weights: UInt64 = 0x0204_0805_0A09_0703
        for byte in payload {
            sum += Int(byte &- 0x30) * Int(weights & 0xFF)
            weights >>= 8
        }
        let check = 11 - sum % 11
        return check == 10 ? 0x58 : check == 11 ? 0x30 : 0x30 + UInt8(truncatingIfNeeded: check)
    }

    /// SAT's values: digits, A to N, &, O to Z, and a space in front of what has only eleven characters; weights 13 to 2.
    static func rfc(_ payload: some Collection<UInt8>) -> [UInt8] {
        guard payload.count == 12 || payload.count == 11 else { return [] }
        // The space has the value 37.
        var sum = payload.count == 11 ? 37 * 13 : 0
        var weight = payload.count + 1
        for byte in payload {
            let value: Int
            switch byte {
            case 0x30...0x39: value = Int(byte - 0x30)
            case 0x41...0x4E: value = Int(byte - 0x41) + 10
            case 0x26: value = 24
            case 0x4F...0x5A: value = Int(byte - 0x4F) + 25
            default: return []
            }
            sum += value * weight
            weight -= 1
        }
        let check = (11 - sum % 11) % 11
        return [check == 10 ? 0x41 : 0x30 + UInt8(truncatingIfNeeded: check)]
    }
}
