/// Leads pseudonyms back to what they stand for, with the key: for tests and for whoever holds the key in their own code.
/// The command line offers it nowhere.
package struct Recovering {
    private var pseudonyms: Pseudonyms

    package init(_ key: MaskingKey) {
        pseudonyms = Pseudonyms(key)
        pseudonyms.isInverse = true
    }

    /// Nil for what is no pseudonym of this class.
    package mutating func recover(_ text: [UInt8], _ personal: PersonalClass) -> [UInt8]? {
        pseudonyms.text.assign(text)
        return pseudonyms.replace(personal) ? Array(pseudonyms.text) : nil
    }
}
