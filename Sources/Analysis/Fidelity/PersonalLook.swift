/// Tells by its looks, or by the name of its field, whether a text is personal data.
package enum PersonalLook {
    /// `email`, `phone`, `card`, `ip`; nil for what looks like nothing of the kind.
    package static func of(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard (6...254).contains(bytes.count) else { return nil }
        if let at = bytes.firstIndex(of: 0x40), at > 0, bytes[at...].contains(0x2E), !bytes.contains(0x20) {
            return "email"
        }
        let digits = bytes.filter { $0 &- 0x30 < 10 }
        if bytes[0] == 0x2B, (8...15).contains(digits.count),
            bytes.allSatisfy({ " +-()".utf8.contains($0) || $0 &- 0x30 < 10 })
        {
            return "phone"
        }
        if (13...19).contains(digits.count), digits.count == bytes.count, luhn(digits) { return "card" }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ (1...3).contains($0.utf8.count) && UInt8($0) != nil }) { return "ip" }
        return nil
    }

    /// The class that a field's name tells; nil for a name that tells nothing. Whose name ends in `id` is not one: an id
    /// is a reference, what it refers to may be anything.
    package static func of(name: String) -> String? {
        let plain = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
        let table: [(String, [String])] = [
            ("email", ["email", "mailaddress", "mail"]),
            ("phone", ["phone", "mobile", "msisdn", "telephone", "celular", "telefono", "telefone"]),
            ("card", ["cardnumber", "cardno", "pan", "creditcard"]),
            (
                "nationalId",
                [
                    "nationalid", "idnumber", "idcard", "cpf", "curp", "rfc", "ssn", "passport", "taxid", "cnpj",
                    "residentid", "identitynumber", "documentnumber",
                ]
            ),
            ("account", ["clabe", "iban", "accountnumber", "accountno", "bankaccount", "pixkey"]),
            ("ip", ["ip", "ipaddress", "clientip", "ipv4", "ipv6"]),
            (
                "name",
                [
                    "name", "fullname", "firstname", "lastname", "surname", "holdername", "cardholder", "username",
                    "realname", "givenname", "familyname", "payername", "payeename",
                ]
            ),
            ("address", ["address", "street", "addressline", "addressline1", "postcode", "zipcode", "zip", "cep"]),
            ("birthDate", ["birthdate", "birthday", "dateofbirth", "dob"]),
            ("fingerprint", ["fingerprint", "imei", "imsi", "mac", "macaddress", "advertisingid", "idfa"]),
            ("location", ["latitude", "longitude", "lat", "lng", "lon"]),
            ("secret", ["password", "token", "secret", "authorization", "cookie", "cvv", "pin"]),
        ]
        return table.first { $0.1.contains(plain) }?.0
    }

    private static func luhn(_ digits: [UInt8]) -> Bool {
        var sum = 0
        for (place, byte) in digits.reversed().enumerated() {
            let digit = Int(byte) - 0x30
            sum += place % 2 == 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit
        }
        return sum % 10 == 0
    }
}
