/// # Schema
///
/// One model of what operations take and give, whether a Thrift IDL, an OpenAPI 3 description or a JSON Schema says it.
///
/// ```swift
/// var schemas = SchemaSet()
/// try schemas.load(SchemaSource(name: "risk_decision.thrift", text: text)) { include in read(include) }
/// let operation = schemas.operation(named: "RiskDecision.evaluate")
/// schemas.render(message, operation)                        // {"req":{"requestId":"r-1","scene":"payment",…}}
/// schemas.thriftPath("req.trace.hintCode", of: operation)   // 1.20.5
/// schemas.route("POST", "/v1/risk/decisions")?.template     // /v1/risk/decisions
/// schemas.violations(ofArguments: fields, of: operation)    // [req.user.userId: expected this required field]
/// schemas.lint()                                            // [risk.thrift:3:9: warning: base.thrift is included and not used]
/// ```
///
/// A field's ``SchemaType`` and ``Constraints`` are for whoever makes values; what they cannot say of a JSON Schema
/// (``Constraints/unexpressed``) is held by an assertion, which ``SchemaSet/violations(of:as:checksFormats:)`` checks, and what
/// nothing here understands is named (``Constraints/unread``, ``SchemaSet/findings``), never left out in silence.
///
/// Sources: the Thrift IDL as its compiler's grammar has it (`thriftl.ll`, `thrifty.yy`), the OpenAPI Specification 3.0
/// and 3.1, JSON Schema 2020-12 (core and validation); 2019-09 and drafts 6 and 7 where the meaning is the same.
package enum SchemaModule {}
