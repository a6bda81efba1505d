/// # Schema
///
/// One model of what operations take and give, whether a Thrift IDL or an OpenAPI 3 description says it.
///
/// ```swift
/// var schemas = SchemaSet()
/// try schemas.load(SchemaSource(name: "risk_decision.thrift", text: text)) { include in read(include) }
/// let operation = schemas.operation(named: "RiskDecision.evaluate")
/// schemas.render(message, operation)                        // {"req":{"requestId":"r-1","scene":"payment",…}}
/// schemas.thriftPath("req.trace.hintCode", of: operation)   // 1.20.5
/// schemas.route("POST", "/v1/risk/decisions")?.template     // /v1/risk/decisions
/// ```
///
/// Sources: the Thrift IDL as its compiler's grammar has it (`thriftl.ll`, `thrifty.yy`), the OpenAPI Specification 3.0
/// and 3.1, JSON Schema 2020-12 as far as the model says.
package enum SchemaModule {}
