/// Check characters of identifiers, over the characters before them, without allocating. `a` gives the character at a place
/// as ASCII; what it gives must be of the identifier's alphabet.
///
/// Sources: ISO/IEC 7812-1 annex B (Luhn), GB 11643-1999, Receita Federal (CPF; CNPJ with letters: Instrução Normativa
/// 2.229/2024), Banco de México (CLABE), RENAPO (CURP), SAT (RFC).
enum CheckCharacters {
    /// The digit that follows `count` digits.
    static func luhn(_ count: Int, _ a: (Int) -> UInt8) -> Int {
        var sum = 0
        for at in 0..<count {
            let digit = Int(a(at) &- 48)
            // The last of them is doubled.
            sum += (count - at) & 1 == 1 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
        }
        return (10 - sum % 10) % 10
    }

    /// 0 to 10, where 10 is written as X.
    static func residentID(_ a: (Int) -> UInt8) -> Int {
        // The weights are powers of two modulo 11, from the right.
        var sum = 0
        for at in 0..<17 { sum = (sum + Int(a(at) &- 48)) * 2 % 11 }
        return (12 - sum) % 11
    }

    static func cpf(_ count: Int, _ a: (Int) -> UInt8) -> Int {
        var sum = 0
        for at in 0..<count { sum += Int(a(at) &- 48) * (count + 1 - at) }
        return sum % 11 < 2 ? 0 : 11 - sum % 11
    }

    static func cnpj(_ count: Int, _ a: (Int) -> UInt8) -> Int {
        var sum = 0
        for at in 0..<count { sum += Int(a(at) &- 48) * ((count - 1 - at) % 8 + 2) }
        return sum % 11 < 2 ? 0 : 11 - sum % 11
    }

    static func clabe(_ a: (Int) -> UInt8) -> Int {
        var sum = 0
        for at in 0..<17 { sum += Int(a(at) &- 48) * (at % 3 == 0 ? 3 : at % 3 == 1 ? 7 : 1) % 10 }
        return (10 - sum % 10) % 10
    }

    static func curp(_ a: (Int) -> UInt8) -> Int {
        var sum = 0
        for at in 0..<17 {
            let byte = a(at)
            // Ñ takes place 24, between N and O.
            let value = byte < 0x3A ? Int(byte &- 48) : Int(byte &- 0x41) + (byte > 0x4E ? 11 : 10)
            sum += value * (18 - at)
        }
        return (10 - sum % 10) % 10
    }

    /// 0 to 10, where 10 is written as A; `count` is 11 or 12.
    static func rfc(_ count: Int, _ a: (Int) -> UInt8) -> Int {
        // Companies have a blank before their eleven characters; its value is 37.
        var sum = count == 11 ? 37 * 13 : 0
        for at in 0..<count {
            let byte = a(at)
            let value =
                switch byte {
                case 0x30...0x39: Int(byte - 0x30)
                case 0x26: 24
                case 0x41...0x4E: Int(byte - 0x41) + 10
                default: Int(byte &- 0x41) + 11
                }
            sum += value * (count + 1 - at)
        }
        return (11 - sum % 11) % 11
    }
}
