/// What kind of personal data, or secret, a value is. The raw value is its name in policies, on tapes and in reports.
package enum PersonalClass: String, Sendable, CaseIterable {
    case residentID = "residentId"
    case cpf, cnpj, curp, rfc, clabe, card, phone, email, name, address, birthDate, coordinate, ip, device, token
    /// One of the numbers by which a state knows a person; which one, the value tells.
    case nationalID = "nationalId"
    /// A number of an account, or what stands for one (a Pix key: any of the others).
    case bankAccount
    /// The service's own number of an account: a pseudonym already, kept by the built-in policy.
    case accountID = "accountId"
    case freeText
    // What is never stored
    case authorization, cookie, oneTimeCode, pin, cvv, password, privateKey, document

    /// The value never reaches a tape: a placeholder of the same length keeps its place.
    package var isSecret: Bool {
        switch self {
        case .authorization, .cookie, .oneTimeCode, .pin, .cvv, .password, .privateKey, .document: true
        default: false
        }
    }

    /// Made of digits, all of whose numbers are values in all likelihood.
    var isNumeric: Bool {
        switch self {
        case .cpf, .cnpj, .clabe, .residentID, .nationalID, .bankAccount, .card: true
        default: false
        }
    }

    /// By a name in a policy or in a schema, where some have more than one.
    package init?(named name: String) {
        switch name {
        case "location": self = .coordinate
        case "deviceId": self = .device
        case "cardNumber": self = .card
        default:
            guard let known = PersonalClass(rawValue: name) else { return nil }
            self = known
        }
    }

    /// Position among all of them.
    package var index: Int {
        switch self {
        case .residentID: 0
        case .cpf: 1
        case .cnpj: 2
        case .curp: 3
        case .rfc: 4
        case .clabe: 5
        case .card: 6
        case .phone: 7
        case .email: 8
        case .name: 9
        case .address: 10
        case .birthDate: 11
        case .coordinate: 12
        case .ip: 13
        case .device: 14
        case .token: 15
        case .nationalID: 16
        case .bankAccount: 17
        case .accountID: 18
        case .freeText: 19
        case .authorization: 20
        case .cookie: 21
        case .oneTimeCode: 22
        case .pin: 23
        case .cvv: 24
        case .password: 25
        case .privateKey: 26
        case .document: 27
        }
    }
}

/// What stands on a tape in place of a secret.
///
/// A placeholder is as long as what it replaces and made of one byte, `x`; where a number without quotes stood in JSON it
/// is made of `1`, so that the text stays JSON, and line ends within a PEM block or a folded header field stay where they
/// were. The tape's ``Redaction`` of that place has its class (`authorization`, `cookie`, `oneTimeCode`, `pin`, `cvv`,
/// `password`, `privateKey`, `document`), so that whoever sends the request again finds the places from the redactions
/// alone and may put a live value there; one of another length moves what depends on lengths.
package enum Placeholder {
    package static let text: UInt8 = 0x78
    package static let number: UInt8 = 0x31
}

/// How many values of each class were found.
package struct PersonalCounts: Sendable, Equatable {
    private var counts = [UInt64](repeating: 0, count: PersonalClass.allCases.count)

    package init() {}

    package mutating func add(_ personal: PersonalClass) { counts[personal.index] += 1 }

    /// Those of which there are any, by the class's name.
    package var byName: [String: UInt64] {
        var named: [String: UInt64] = [:]
        for personal in PersonalClass.allCases where counts[personal.index] > 0 {
            named[personal.rawValue] = counts[personal.index]
        }
        return named
    }
}
