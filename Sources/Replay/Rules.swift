package import YAML

/// A rules file: what a replay does to requests beyond sending them as recorded.
///
/// ```yaml
/// version: 1
/// scope: flow                       # or campaign, or a field such as request.user.id
/// rules:
///   - bind: {from: freeze.response.governanceId, to: unfreeze.request.1.4}
///   - bind: {from: POST /v1/orders.response.id, to: "POST /v1/orders/{}/confirm.request.path.2"}
///   - operation: POST /v1/*
///     set: {header.x-drill: yes}
/// ```
///
/// A binding takes a value out of the reply to one operation and puts it into later requests of another, within its
/// scope. Requests of one scope go one after another, each after the reply to the one before. Everything else is a
/// ``Change``.
package struct Rules: Sendable {
    /// What belongs together.
    package enum Scope: Sendable {
        case flow
        /// The label's campaign; without one, the flow.
        case campaign
        case field(RequestField)
    }

    package struct Binding: Sendable {
        /// As written, `*` stands for anything.
        package var source: String
        /// A path into the reply: see ``ReplyField``.
        package var value: String
        package var operation: String
        package var field: RequestField
        package var mark: YAMLMark
    }

    package var scope = Scope.flow
    /// A round of the tape is another flow and another campaign, and the same users.
    var isPerRound: Bool { if case .field = scope { false } else { true } }
    package var bindings: [Binding] = []
    package var changes: [Change] = []
    /// By name, in the order of the file; values are read by whoever may.
    package var secrets: [SecretPlace] = []
    package var tokens: [Token] = []

    /// Reads the file. Every error says where in it it lies.
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> Rules {
        let map = try YAMLNode.parse(bytes, file: file).mapping(
            "the rules", keys: ["version", "scope", "secrets", "tokens", "rules"])
        _ = try map.required("version").int("the version, 1", in: 1...1)
        var rules = Rules()
        if let node = map["scope"] { rules.scope = try scope(node) }
        try rules.readSecrets(map)
        let list = try map.required("rules").sequence("a list of rules")
        guard !list.isEmpty, list.count <= 1000 else {
            throw YAMLError(
                list.isEmpty ? "there are no rules" : "there are more than 1000 rules",
                at: try map.required("rules").mark, remedy: "Write '- bind: {from: …, to: …}', or '- set: {…}'.")
        }
        for node in list {
            if let bind = try node.entries("a rule").first(where: { $0.key == "bind" })?.value {
                _ = try node.mapping("a binding's rule", keys: ["bind"])
                rules.bindings.append(try binding(bind))
            } else {
                rules.changes.append(try rules.change(node))
            }
        }
        return rules
    }

    private static func scope(_ node: YAMLNode) throws(YAMLError) -> Scope {
        switch try node.string("flow, campaign or a field") {
        case "flow": return .flow
        case "campaign": return .campaign
        case let text:
            guard text.hasPrefix("request."), let field = RequestField(text) else {
                throw YAMLError(
                    "'\(text)' is no scope", at: node.mark,
                    remedy: "Give flow, campaign, or a field as in request.user.id.")
            }
            return .field(field)
        }
    }

    private static func binding(_ node: YAMLNode) throws(YAMLError) -> Binding {
        let map = try node.mapping("a binding", keys: ["from", "to"])
        let from = try map.required("from")
        let to = try map.required("to")
        let source = try split(from, ".response.", "OPERATION.response.PATH")
        let target = try split(to, ".request.", "OPERATION.request.PATH")
        guard let field = RequestField(target.path) else {
            throw YAMLError(
                "'\(target.path)' names no field", at: to.mark,
                remedy: "As in user.id, 1.4, header.x-order, query.order or path.2.")
        }
        return Binding(
            source: source.operation, value: source.path, operation: target.operation, field: field, mark: node.mark)
    }

    private static func split(
        _ node: YAMLNode, _ word: String, _ form: String
    ) throws(YAMLError) -> (operation: String, path: String) {
        let text = try node.string(form)
        let parts = text.split(separator: word, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw YAMLError("'\(text)' is not \(form)", at: node.mark, remedy: "As in freeze\(word)id.")
        }
        return (String(parts[0]), String(parts[1]))
    }
}
