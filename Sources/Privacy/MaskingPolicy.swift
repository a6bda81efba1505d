import Bytes
package import YAML

/// What to do with personal data of each class, and by which names it is known. Secrets are dropped whatever a policy says.
package struct MaskingPolicy: Sendable {
    package enum Action: String, Sendable, CaseIterable {
        /// A value of the same class, length and format.
        case pseudonym
        /// A placeholder of the same length, see ``Placeholder``.
        case drop
        case keep
    }

    /// SHA-256 of the policy's text, in hexadecimal.
    package private(set) var digest: String
    package private(set) var source: String
    /// The text itself, which travels with the tape.
    package private(set) var bytes: [UInt8]
    var actions: [Action]
    var fields = FieldNames()
    var headers = FieldNames()

    package func action(for personal: PersonalClass) -> Action { actions[personal.index] }

    /// The policy that holds when no other is given: `schemas/privacy/default.yaml`.
    package static let builtIn: MaskingPolicy = {
        do {
            return try parse(Array(BuiltInPolicy.yaml.utf8), file: "the built-in policy")
        } catch {
            preconditionFailure("the built-in masking policy is malformed")
        }
    }()

    /// Reads a policy file, see `schemas/privacy.schema.json`.
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> MaskingPolicy {
        let root = try YAMLNode.parse(bytes, file: file).mapping(
            "masking policy", keys: ["version", "extends", "classes", "fields", "headers", "ordinary"])
        _ = try root.required("version").int("masking policy version 1", in: 1...1)
        var policy: MaskingPolicy
        if let base = root["extends"] {
            _ = try base.choice("policy to extend", of: ["default"])
            policy = builtIn
        } else {
            policy = MaskingPolicy()
        }
        policy.digest = SHA256.hex(bytes)
        policy.source = file
        policy.bytes = bytes
        for entry in try root["classes"]?.entries("a mapping of classes to actions") ?? [] {
            let personal = try personalClass(entry)
            let word = try entry.value.choice("action", of: Action.allCases.map(\.rawValue))
            guard let action = Action(rawValue: word) else { continue }
            if personal.isSecret && action != .drop {
                throw YAMLError(
                    "'\(entry.key)' is a secret, which is never stored", at: entry.keyMark,
                    remedy: "Leave the class out: it is dropped. Only --raw keeps it.")
            }
            policy.actions[personal.index] = action
        }
        for name in try root["ordinary"]?.sequence("a list of names") ?? [] {
            policy.fields.add(try name.string("a name"), .ordinary)
        }
        for entry in try root["fields"]?.entries("a mapping of classes to names of fields") ?? [] {
            let meaning = entry.key == "none" ? FieldNames.Meaning.none : .init(try personalClass(entry))
            for name in try entry.value.sequence("a list of names") {
                policy.fields.add(try name.string("a name"), meaning)
            }
        }
        for entry in try root["headers"]?.entries("a mapping of classes to names of header fields") ?? [] {
            let meaning = entry.key == "none" ? FieldNames.Meaning.none : .init(try personalClass(entry))
            for name in try entry.value.sequence("a list of names") {
                policy.headers.add(try name.string("a name"), meaning, isExact: true)
            }
        }
        return policy
    }

    private init() {
        digest = ""
        source = ""
        bytes = []
        actions = PersonalClass.inOrder.map { $0.isSecret ? .drop : .keep }
    }

    private static func personalClass(_ entry: YAMLNode.Entry) throws(YAMLError) -> PersonalClass {
        if let known = PersonalClass(named: entry.key) { return known }
        let names = PersonalClass.allCases.map(\.rawValue)
        let near = nearestName(entry.key, in: names).map { "Did you mean '\($0)'? " } ?? ""
        throw YAMLError(
            "'\(entry.key)' is no class of personal data", at: entry.keyMark,
            remedy: near + "Classes are: \(names.joined(separator: ", ")).")
    }
}

extension PersonalClass {
    /// By ``index``.
    static let inOrder: [PersonalClass] = allCases.sorted { $0.index < $1.index }
}
