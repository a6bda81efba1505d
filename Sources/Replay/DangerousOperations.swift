/// Operations that move money or freeze accounts, known by the words of their names. They are sent only where a policy
/// (or, without one, the command line) allows them by name: a pattern with a wildcard does not name anything.
///
/// Names are cut into words at every character that is no letter and where CamelCase begins a new one, so
/// `PenaltyCenter.unfreezeUser`, `batch_payout` and `POST /v1/wallets/{}/withdrawals` are found. What only reads or judges
/// passes: GET, HEAD and OPTIONS, and methods (or last path segments) whose first word is one such as `get`, `query` or
/// `evaluate`.
package enum DangerousOperations {
    /// Verbs and nouns, with their usual forms.
    package static let words: Set<String> = [
        // Moving money.
        "transfer", "transfers", "payout", "payouts", "withdraw", "withdraws", "withdrawal", "withdrawals", "remit",
        "remittance", "remittances", "disburse", "disbursement", "disbursements", "refund", "refunds", "debit",
        "debits",
        "deduct", "deduction", "deductions", "charge", "charges", "chargeback", "chargebacks", "cashout", "recharge",
        "topup", "settle", "settlement", "settlements", "repay", "repayment", "repayments", "pay", "payment",
        "payments",
        // Freezing accounts and punishing their owners.
        "freeze", "freezes", "frozen", "unfreeze", "thaw", "penalty", "penalties", "penalize", "penalise", "punish",
        "punishment", "punishments", "suspend", "unsuspend", "ban", "bans", "unban", "confiscate", "seize", "blacklist",
        "blocklist", "lock", "unlock",
    ]

    /// A method that begins with one of these reads, or judges what it is given.
    package static let readingVerbs: Set<String> = [
        "get", "query", "list", "find", "fetch", "read", "search", "count", "describe", "check", "is", "has", "exists",
        "lookup", "show", "view", "ping", "health", "evaluate", "assess", "score", "decide", "verify", "validate",
        "predict", "classify",
    ]

    /// The word that makes an operation dangerous; nil when it is not.
    package static func word(in operation: String) -> String? {
        if isReading(operation) { return nil }
        return split(operation).first { words.contains($0) }
    }

    /// Whether an operation reads and changes nothing, as far as its name tells: what a canary may be sent to.
    package static func isReading(_ operation: String) -> Bool {
        var method = operation.split(separator: ".").last ?? ""
        if let blank = operation.firstIndex(of: " ") {
            if ["GET", "HEAD", "OPTIONS"].contains(String(operation[..<blank])) { return true }
            method = operation[blank...].split(separator: "/").last { !$0.contains("{") } ?? ""
        }
        return split(String(method)).first.map { readingVerbs.contains($0) } ?? false
    }

    /// The words of a name, in lower case.
    package static func split(_ name: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        let bytes = Array(name.utf8)
        for (index, byte) in bytes.enumerated() {
            let isUpper = (0x41...0x5A).contains(byte)
            let isLetter = isUpper || (0x61...0x7A).contains(byte)
            let previousIsLower = index > 0 && (0x61...0x7A).contains(bytes[index - 1])
            let nextIsLower = index + 1 < bytes.count && (0x61...0x7A).contains(bytes[index + 1])
            // `unfreezeUser`, and the end of an abbreviation as in `HTTPTransfer`.
            let begins = isUpper && (previousIsLower || (nextIsLower && !word.isEmpty))
            if (!isLetter || begins) && !word.isEmpty {
                words.append(String(decoding: word, as: UTF8.self))
                word = []
            }
            if isLetter { word.append(byte | 0x20) }
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }
}
