package import JSON

/// What a value must hold beyond its type, whichever language says it.
///
/// A generator may rely on this: a value that has the type and keeps these constraints is valid, unless ``assertion`` is set
/// and ``isExact`` false; then it has to be checked (``SchemaSet/violations(of:as:)``), because the schema says something
/// that only a check can decide (`not`, `if`, several alternatives). What no one here understands is in ``unread``.
package struct Constraints: Sendable, Equatable {
    package var minimum: JSONNumber?
    package var maximum: JSONNumber?
    package var isMinimumExclusive = false
    package var isMaximumExclusive = false
    package var multipleOf: JSONNumber?
    /// In Unicode scalars for text, in elements for lists and maps.
    package var minimumLength: Int?
    package var maximumLength: Int?
    /// In UTF-8 bytes, for text: `vt.min_size` and `vt.max_size`, which count as Go does.
    package var minimumBytes: Int?
    package var maximumBytes: Int?
    /// An ECMA 262 expression, not anchored; ``Pattern`` reads it.
    package var pattern: String?
    /// `date-time`, `email`, `uuid`, `ipv4`, …
    package var format: String?
    /// What the text begins, ends with, has and does not have in it.
    package var prefix: String?
    package var suffix: String?
    package var infix: String?
    package var refusedInfix: String?
    /// The only values there may be; empty when any may. Those of an enumeration type are its cases, not here.
    package var allowed: [JSONValue] = []
    /// Values there may not be.
    package var refused: [JSONValue] = []
    package var isUnique = false
    package var isNullable = false
    /// Of an enumeration: a number that is no case is refused. Always so in JSON.
    package var isDefinedOnly = false
    /// The field must be set although it is optional (`vt.not_nil`).
    package var isNotNil = false
    /// The types one of which a value has when its own is ``SchemaType/Kind/any`` (`oneOf`, `anyOf`); empty otherwise.
    package var alternatives: [SchemaType] = []
    /// The member that says which alternative an object is.
    package var discriminator: String?
    /// What checks a JSON value against all that its JSON Schema says: an index for ``SchemaSet``.
    package var assertion: Int?
    /// Keywords of the JSON Schema that the type and the constraints here do not express, though the assertion holds them.
    package var unexpressed: [String] = []
    /// Constraints that nothing here can check, as written: `vt.max_size = "$Limit"`.
    package var unread: [String] = []

    package init() {}

    /// Whether the type and these constraints say all that the schema says.
    package var isExact: Bool { unexpressed.isEmpty && unread.isEmpty }
}
