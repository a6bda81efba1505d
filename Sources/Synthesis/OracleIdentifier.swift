/// Checks identifiers by summing over all characters, check characters included.
enum OracleIdentifier {
    static func isValid<Text: RandomAccessCollection>(_ text: Text, _ kind: IdentifierKind) -> Bool
    where Text.Element == UInt8, Text.Index == Int {
        if kind == .card { return isCard(text) }
        let values = text.map { byte -> Int in
            switch byte {
            case 0x30...0x39: Int(byte) - 0x30
            case 0x41...0x5A: Int(byte) - 0x41 + 10
            default: -1
            }
        }
        if values.isEmpty || values.contains(-1) { return false }
        switch kind {
        case .card: return isCard(text)
        case .residentId:
            // ISO 7064 MOD 11-2: the remainder over all characters, X for ten, is 1.
            guard values.count == 18, values.dropLast().allSatisfy({ $0 < 10 }) else { return false }
            var power = 0
            for value in values.dropLast() { power = (power + value) * 2 % 11 }
            let last = text.last == 0x58 ? 10 : values[17]
            return last <= 10 && (power + last) % 11 == 1
        case .cpf: return values.count == 11 && hasTwoDigits(values, limit: 12) && Set(values).count > 1
        case .cnpj:
            let plain = text.map { Int($0) - 48 }
            return values.count == 14 && hasTwoDigits(plain, limit: 9)
        case .clabe:
            guard values.count == 18, values.allSatisfy({ $0 < 10 }) else { return false }
            let weights = [3, 7, 1]
            var sum = 0
            for i in 0..<17 { sum += values[i] * weights[i % 3] }
            return (sum + values[17]) % 10 == 0
        case .curp:
            guard values.count == 18, values[17] < 10 else { return false }
            var sum = 0
            // Ñ stands between N and O in the registry's alphabet.
            for i in 0..<17 { sum += (values[i] > 23 ? values[i] + 1 : values[i]) * (18 - i) }
            return (sum + values[17]) % 10 == 0
        case .cnpjLetters: return isValid(text, .cnpj)
        case .creditCode:
            // ISO 7064 style over 31 characters: powers of 3 from the left; the sum with the check character is 0.
            let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
            guard text.count == 18 else { return false }
            var (sum, power) = (0, 1)
            for byte in text.dropLast() {
                guard let value = alphabet.firstIndex(of: byte) else { return false }
                sum += value * power
                power = power * 3 % 31
            }
            return alphabet.firstIndex(of: text[text.endIndex - 1]).map { (sum + $0) % 31 == 0 } ?? false
        case .rfc, .rfcCompany:
            guard text.count == (kind == .rfc ? 13 : 12) else { return false }
            // SAT counts & between N and O; a company's eleven characters stand behind a space, worth 37.
            let shifted = values.map { $0 > 23 ? $0 + 1 : $0 }
            var sum = kind == .rfc ? 0 : 37 * 13
            for (i, value) in shifted.dropLast().reversed().enumerated() { sum += value * (i + 2) }
            return (sum + (values.last ?? -1)) % 11 == 0
        case .rfcShort: return text.count == 10
        }
    }

    /// From the right, every second digit counts as the sum of the digits of its double.
    private static func isCard(_ text: some Collection<UInt8>) -> Bool {
        var sum = 0
        var isDoubled = text.count % 2 == 0
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return false }
            let value = Int(byte) - 0x30
            sum += !isDoubled ? value : value < 5 ? 2 * value : 2 * value - 9
            isDoubled.toggle()
        }
        return text.count >= 12 && sum % 10 == 0
    }

    /// Weights rise from 2 at the right, and start over after `limit`.
    private static func hasTwoDigits(_ values: [Int], limit: Int) -> Bool {
        for end in [values.count - 2, values.count - 1] {
            var weight = 2
            var sum = 0
            for value in values[..<end].reversed() {
                sum += value * weight
                weight = weight == limit ? 2 : weight + 1
            }
            let rest = sum * 10 % 11 % 10
            if values[end] != rest { return false }
        }
        return true
    }
}
