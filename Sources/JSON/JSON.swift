/// # JSON
///
/// Strict RFC 8259: trees, writing, and finding or replacing one value in a body without building a tree.
///
/// ```swift
/// let value = try JSONValue(parsing: body.rawSpan)         // keys keep their order, numbers keep their text
/// value["user"]?["id"]?.int                                   // 17
/// JSONValue(["ok": true, "n": 3]).text                        // {"ok":true,"n":3}
/// let range = try JSONScanner.find("user.id", in: body.rawSpan)
/// ```
///
/// What is refused: trailing commas, comments, a byte order mark, numbers such as `01` or `1.`, control characters in
/// strings, invalid UTF-8, and escapes of lone surrogates (RFC 8259 §8.2 leaves them to the reader; passing them on would
/// change the text). Duplicate keys are kept in order, see ``JSONObject/duplicateKey``.
package enum JSONModule {}
