/// Where a value breaks its schema. Holds no values: they may be personal data.
package struct SchemaViolation: Sendable, Equatable, CustomStringConvertible {
    /// From the value as a whole to the part that is wrong: names of members, positions in lists.
    package var path: [String]
    /// What is broken: a keyword of JSON Schema (`maxLength`), or `type`, `required`, `union`, `enum` in Thrift.
    package var keyword: String
    package var message: String
    /// The schema that says so; empty in Thrift.
    package var schema: String

    package init(_ path: [String], _ keyword: String, _ message: String, schema: String = "") {
        self.path = path
        self.keyword = keyword
        self.message = message
        self.schema = schema
    }

    package var description: String { (path.isEmpty ? "" : path.joined(separator: ".") + ": ") + message }
}
