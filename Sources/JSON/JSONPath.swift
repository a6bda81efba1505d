/// Steps from the root of a JSON text to one of its values: `user.cards.0.number`.
///
/// A step that is a decimal number is an index where an array stands and a key where an object does. A dot within a key
/// is written `\.`, a backslash `\\`. The empty path is the root.
package struct JSONPath: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    package struct Step: Sendable, Hashable {
        package var key: String
        /// `key` as an index: canonical decimal digits only.
        package var index: Int?

        package init(_ key: String) {
            self.key = key
            let index = Int(key)
            self.index = index.flatMap { $0 >= 0 && String($0) == key ? $0 : nil }
        }
    }

    package var steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    package init(_ text: String) {
        steps = []
        if text.isEmpty { return }
        var key = ""
        var escaped = false
        for character in text {
            if !escaped && character == "\\" {
                escaped = true
            } else if !escaped && character == "." {
                steps.append(Step(key))
                key = ""
            } else {
                key.append(character)
                escaped = false
            }
        }
        steps.append(Step(key))
    }

    package init(stringLiteral text: String) { self.init(text) }

    package var description: String {
        steps.map { step in
            step.key.reduce(into: "") { text, character in
                if character == "." || character == "\\" { text.append("\\") }
                text.append(character)
            }
        }.joined(separator: ".")
    }
}
