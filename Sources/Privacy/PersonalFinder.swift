import Bytes

/// Tells what in a text, and in the name of a field, is personal data: by the rules by which the masker finds it, for those
/// that write about traffic and must not write what somebody could be known by.
package struct PersonalFinder: Sendable {
    private let policy: MaskingPolicy
    private var finder = ValueFinder()

    /// - Parameter policy: what fields are called.
    package init(_ policy: MaskingPolicy = .builtIn) { self.policy = policy }

    /// The class that a field's name says its values are of; nil for a name that says nothing, or too little by itself
    /// (`name`, `device`, `session`).
    package func named(_ name: String) -> PersonalClass? {
        let bytes = Array(name.utf8)
        let meaning = policy.fields.meaning(bytes.rawSpan, 0..<bytes.count)
        return meaning.isWeak ? nil : meaning.personal
    }

    /// The class of a value that stands in a text, alone or among other words, in JSON within the text too; nil when none
    /// is found.
    package mutating func find(in text: String) -> PersonalClass? {
        let bytes = Array(text.utf8)
        if bytes.count < 5 { return nil }
        let all = 0..<bytes.count
        if let match = Words.whole(bytes.rawSpan, all) { return match.personal }
        finder.found.removeAll(keepingCapacity: true)
        finder.find(bytes.rawSpan, all)
        if bytes[0] == 0x7B || bytes[0] == 0x5B { finder.find(bytes.rawSpan, all, json: policy.fields) }
        return finder.found.lazy.filter { !$0.meaning.isWeak }.compactMap(\.meaning.personal).first
    }
}
