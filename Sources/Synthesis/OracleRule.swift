import Schema
import Tape
import YAML

/// One anomaly as the oracle sees it: what of a request breaks it.
final class OracleRule: Sendable {
    let spec: Scenario.AnomalySpec
    private let first: Int
    private let second: Int
    /// Products whose sum the first must be: the sign and the watches of the factors.
    private let terms: [(sign: Int64, factors: [Int])]
    private let cases: [(name: [UInt8], value: Int64)]
    /// As labels have it.
    private let typeName: String
    let isCampaign: Bool
    let same: [Int]
    let distinct: [Int]

    var windowNanos: UInt64 { spec.campaign?.windowNanos ?? 0 }
    /// An innocent exchange never has it.
    var isStrict: Bool { spec.type != .justUnderThreshold }

    init(_ spec: Scenario.AnomalySpec, _ scenario: Scenario, _ watches: inout OracleWatches) throws {
        self.spec = spec
        typeName = spec.type.rawValue
        isCampaign = spec.campaign != nil
        let parameters = spec.parameters
        first = try parameters.field.map { try watches.watch($0) } ?? -1
        second = try parameters.second.map { try watches.watch($0) } ?? -1
        terms = try parameters.parts.map { term in
            (term.isNegative ? -1 : 1, try term.factors.map { try watches.watch($0) })
        }
        cases = parameters.field.map { watches.cases(of: $0) } ?? []
        same = try Self.watched(spec.campaign?.same ?? [], spec, scenario, &watches)
        distinct = try Self.watched(spec.campaign?.distinct ?? [], spec, scenario, &watches)
    }

    /// The written fields that tell the entities apart: plain copies of an attribute that is unique.
    private static func watched(
        _ entities: [Generator.Reference], _ spec: Scenario.AnomalySpec, _ scenario: Scenario,
        _ watches: inout OracleWatches
    ) throws -> [Int] {
        var result: [Int] = []
        for entity in entities {
            guard let kind = scenario.entities.first(where: { $0.name == entity.name }) else { continue }
            let unique = kind.attributes.filter {
                switch $0.generator {
                case .unique, .uuid, .identifier: true
                default: false
                }
            }
            let names = unique.map { "\(entity.name).\($0.name)" }
            for field in scenario.streams[spec.stream].fields {
                guard case .reference(let reference, .all)? = field.generator, names.contains(reference.name) else {
                    continue
                }
                result.append(try watches.watch(Generator.Reference(name: field.name, mark: field.mark)))
                break
            }
        }
        return result
    }

    func describes(_ label: Label) -> Bool {
        guard label.type == typeName else { return false }
        if isCampaign { return label.campaign.hasPrefix(spec.name + "-") }
        guard let field = spec.parameters.field else { return true }
        return label.parameters.contains { $0.name == "path" && $0.value == field.name }
    }

    /// True when the request has the anomaly.
    func isBroken(_ readings: OracleReadings, _ bytes: [UInt8]) -> Bool {
        switch spec.type {
        case .frameLengthWrong, .contentLengthMismatch: return readings.state == .wrongLength
        case .truncate: return readings.state == .cut
        default: break
        }
        // What cannot be read whole is not looked into.
        guard readings.state == .whole else { return false }
        let value = readings.first(first)
        switch spec.type {
        case .requiredMissing: return value == nil
        case .enumOutside:
            guard let value else { return false }
            return value.isText
                ? !cases.contains { $0.name.elementsEqual(bytes[value.start..<value.end]) }
                : !cases.contains { $0.value == value.int }
        case .checkDigitBroken:
            guard let value else { return false }
            return !OracleIdentifier.isValid(bytes[value.start..<value.end], spec.parameters.identifier)
        case .boundaryOverflow:
            guard let value else { return false }
            return value.int < spec.parameters.low || value.int > spec.parameters.high
        case .secondsForMillis:
            // Milliseconds before March 1973 do not occur in this trade.
            guard let value else { return false }
            return value.int < 100_000_000_000
        case .partsNotTotal: return isUnequal(value, readings)
        case .timesReversed:
            guard let value, let later = readings.first(second) else { return false }
            return value.int > later.int
        case .countryCurrencyMismatch:
            guard let value, let currency = readings.first(second) else { return false }
            let country = String(decoding: bytes[value.start..<value.end], as: UTF8.self)
            guard let right = spec.parameters.table.first(where: { $0.0 == country })?.1 else { return false }
            return !right.utf8.elementsEqual(bytes[currency.start..<currency.end])
        case .justUnderThreshold:
            guard let value else { return false }
            return value.int < spec.parameters.high && value.int >= spec.parameters.high - spec.parameters.low
        case .frameLengthWrong, .truncate, .contentLengthMismatch, .cardTesting, .velocity, .flashSale, .paydayFanIn:
            return false
        }
    }

    private func isUnequal(_ total: OracleReadings.Value?, _ readings: OracleReadings) -> Bool {
        guard let total else { return false }
        var sum: Int64 = 0
        var hasElements = false
        for term in terms {
            guard let head = term.factors.first else { continue }
            var value = readings.first(head)
            var others = term.factors.dropFirst().map { readings.first($0) }
            while let current = value {
                var product = current.int
                for i in others.indices {
                    guard let other = others[i] else { return true }
                    product = product.multipliedReportingOverflow(by: other.int).partialValue
                    others[i] = readings.next(other)
                }
                value = readings.next(current)
                if term.factors.count > 1 { hasElements = true }
                sum &+= term.sign &* product
            }
        }
        // Without items there are no parts, and the amount stands for itself.
        return hasElements && sum != total.int
    }
}

/// Checks identifiers by summing over all characters, check characters included.
enum OracleIdentifier {
    static func isValid(_ text: ArraySlice<UInt8>, _ kind: IdentifierKind) -> Bool {
        let values = text.map { byte -> Int in
            switch byte {
            case 0x30...0x39: Int(byte) - 0x30
            case 0x41...0x5A: Int(byte) - 0x41 + 10
            default: -1
            }
        }
        if values.isEmpty || values.contains(-1) { return false }
        switch kind {
        case .card:
            var sum = 0
            for (i, value) in values.reversed().enumerated() {
                if value > 9 { return false }
                sum += i % 2 == 0 ? value : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][value]
            }
            return values.count >= 12 && sum % 10 == 0
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
