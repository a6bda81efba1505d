import Privacy

/// Tells by the name of a field, or by what stands in it, whether its values are personal data: the masker's rules, and
/// names that say enough here, where to be wrong costs a little likeness, though not for a masker.
enum PersonalLook {
    private static let finder = PersonalFinder()

    private static let names: [PersonalClass: [String]] = [
        .name: [
            "name", "nome", "nombre", "username", "loginname", "login", "nick", "nickname", "alias", "screenname",
            "holder",
            "payername", "payeename",
        ],
        .address: ["postcode", "zipcode", "zip", "cep"],
        .email: ["mailaddress"],
        .phone: ["telephone"],
        .nationalID: ["idnumber"],
        .ip: ["ipv4", "ipv6"],
        .freeText: [
            "note", "notes", "memo", "remark", "remarks", "comment", "comments", "observation", "obs", "freetext",
        ],
    ]

    /// The class that a field's name tells; nil for a name that tells nothing.
    static func of(name: String) -> PersonalClass? {
        if let known = finder.named(name) { return known }
        let plain = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
        return names.first { $0.value.contains(plain) }?.key
    }

    /// True for a name that says that its values tell one thing from all others: `userId`, `order_id`, `uuid`, `accountNo`.
    static func isIdentifier(name: String) -> Bool {
        let whole = ["id", "uid", "uuid", "guid", "number", "serial", "seq"]
        if whole.contains(name.lowercased()) { return true }
        return [
            "Id", "ID", "_id", "-id", "Uid", "UID", "Uuid", "UUID", "_uuid", "Guid", "Number", "_number", "No", "_no",
        ]
        .contains { name.hasSuffix($0) }
    }

    /// What a text holds by its form; nil for ids, which say nothing of anybody by themselves.
    static func of(_ text: String, _ finder: inout PersonalFinder) -> PersonalClass? {
        guard let found = finder.find(in: text), found != .device else { return nil }
        return found
    }
}

extension PersonalClass {
    /// There is one for each person or account, or nearly so: on another tape, the same value is the same person.
    var isOnesOwn: Bool {
        switch self {
        case .name, .address, .birthDate, .coordinate, .ip, .accountID, .device, .token, .freeText: false
        default: true
        }
    }

    /// With others like it, it tells who somebody is.
    var isQuasi: Bool {
        switch self {
        case .accountID, .device, .token, .freeText: false
        default: true
        }
    }
}
