import JSON
import Testing

@testable import Schema

@Suite struct OpenAPITests {
    private func load(_ text: String, name: String = "api.yaml") throws -> SchemaSet {
        var set = SchemaSet()
        try set.load(SchemaSource(name: name, text: text))
        return set
    }

    @Test func theDescriptionThatShipsIsRead() throws {
        let set = try Samples.set("risk_decision.openapi.yaml")
        let route = try #require(set.route("POST", "/v1/risk/decisions?trace=1"))
        #expect(route.operationID == "evaluate")
        #expect(route.name == "POST /v1/risk/decisions")
        #expect(set.route("GET", "/v1/risk/decisions/r-1")?.template.description == "/v1/risk/decisions/{requestId}")
        #expect(set.route("GET", "/v1/risk/decisions/") == nil)
        #expect(set.route("DELETE", "/v1/risk/decisions") == nil)
        #expect(set.route(named: "evaluate") == route)
        guard case .structure(let index)? = route.requestBody?.kind else {
            Issue.record("the body is no struct")
            return
        }
        let request = set.structures[index]
        #expect(request.name == "RiskRequest")
        #expect(request.field(named: "requestId")?.isIdentity == true)
        #expect(request.field(named: "requestId")?.presence == .required)
        #expect(request.field(named: "requestId")?.type.constraints.maximumLength == 64)
        #expect(set.identityPaths(of: route).map(\.description) == ["requestId", "idempotencyKey"])
        let user = try #require(set.structure(named: "User"))
        #expect(user.field(named: "phone")?.personalDataClass == "phone")
        #expect(user.field(named: "kycLevel")?.type.kind == .i32)
        #expect(set.structure(named: "Device")?.field(named: "fingerprint")?.type.kind == .binary)
        let rate = try #require(set.structure(named: "Payment")?.field(named: "exchangeRate"))
        #expect(rate.type.constraints.isMinimumExclusive && rate.type.constraints.minimum?.text == "0")
        #expect(set.structure(named: "Payment")?.field(named: "amountMinor")?.type.constraints.format == "int64")
        #expect(set.enumeration(named: "Decision")?.cases.map(\.name) == ["approve", "decline", "review", "stepUp"])
        #expect(route.response(status: 429)?.body?.kind != nil)
        #expect(route.response(status: 418) == nil)
        let get = try #require(set.route("GET", "/v1/risk/decisions/r-1"))
        #expect(get.parameters.map(\.name) == ["requestId"])
        #expect(get.parameters[0].isRequired && get.parameters[0].place == .path)
    }

    /// Thrift and OpenAPI say the same things with the same names.
    @Test func theTwoDescriptionsOfOneServiceAgree() throws {
        let idl = try Samples.set("risk_decision.thrift")
        let api = try Samples.set("risk_decision.openapi.yaml")
        for name in ["RiskRequest", "RiskResponse", "User", "Device", "Payment", "Merchant", "Item", "Trace"] {
            let ours = try #require(idl.structure(named: name))
            let theirs = try #require(api.structure(named: name))
            #expect(ours.fields.map(\.name).sorted() == theirs.fields.map(\.name).sorted())
        }
    }

    @Test func concreteTemplatesWinAndServersGiveAPrefix() throws {
        let set = try load(
            """
            openapi: 3.0.3
            servers: [{url: "https://example.com/api/v2/"}]
            paths:
              /users/{id}: {get: {operationId: one, responses: {}}}
              /users/me: {get: {operationId: me, responses: {}}}
              /users/{id}.json: {get: {operationId: text, responses: {}}}
              /{any}/me: {get: {operationId: any, responses: {}}}
            """)
        #expect(set.route("GET", "/api/v2/users/me")?.operationID == "me")
        #expect(set.route("GET", "/api/v2/users/17")?.operationID == "one")
        #expect(set.route("GET", "/api/v2/users/17.json")?.operationID == "text")
        #expect(set.route("GET", "/api/v2/cards/me")?.operationID == "any")
        #expect(set.route("GET", "/users/me") == nil)
        #expect(RouteTemplate("/a/{b}/c.{d}").match("/a/x%20/c.e") == ["x%20", "e"])
    }

    @Test func schemasAreReadWithTheirKeywords() throws {
        let set = try load(
            #"""
            {"openapi": "3.1.0", "components": {"schemas": {
              "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "x-tinct-id": true}}},
              "Tree": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["size"]}],
                "properties": {"size": {"type": ["integer", "null"], "multipleOf": 5},
                  "children": {"type": "array", "minItems": 1, "uniqueItems": true,
                    "items": {"$ref": "#/components/schemas/Tree"}},
                  "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                  "maybe": {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]},
                  "flags": {"type": "object", "additionalProperties": {"type": "boolean"}},
                  "free": {"type": "object"}, "anything": true, "old": {"type": "number", "nullable": true,
                    "minimum": 1, "exclusiveMinimum": true}}},
              "Kind": {"type": "string", "enum": ["a", "b"], "default": "a"}
            }}}
            """#, name: "api.json")
        let tree = try #require(set.structure(named: "Tree"))
        #expect(tree.field(named: "id")?.presence == .required && tree.field(named: "id")?.isIdentity == true)
        let size = try #require(tree.field(named: "size"))
        #expect(
            size.type.kind == .i64 && size.type.constraints.isNullable && size.type.constraints.multipleOf?.text == "5")
        guard case .list(let child)? = tree.field(named: "children")?.type.kind, case .structure(let index) = child.kind
        else {
            Issue.record("no list of trees")
            return
        }
        #expect(set.structures[index] == tree)
        #expect(tree.field(named: "children")?.type.constraints.isUnique == true)
        #expect(tree.field(named: "either")?.type.kind == .any)
        #expect(tree.field(named: "maybe")?.type.constraints.isNullable == true)
        if case .enumeration? = tree.field(named: "maybe")?.type.kind {} else { Issue.record("no enumeration") }
        guard case .map(_, let flag)? = tree.field(named: "flags")?.type.kind,
            case .map(_, let free)? = tree.field(named: "free")?.type.kind
        else {
            Issue.record("no maps")
            return
        }
        #expect(flag.kind == .bool && free.kind == .any)
        #expect(tree.field(named: "either")?.type.constraints.alternatives.map(\.kind) == [.string, .i64])
        #expect(tree.field(named: "anything")?.type.kind == .any)
        #expect(tree.field(named: "old")?.type.constraints.isMinimumExclusive == true)
    }

    @Test(arguments: [
        ("a.json", "{\"openapi\":\"3.0.0\",}", "a.json:1:20: expected key in quotes here"),
        ("a.yaml", "openapi: 3.0.0\npaths: {", "a.yaml:3:1: "),
        ("a.yaml", "swagger: '2.0'", "a.yaml:1:1: #/openapi: expected an OpenAPI description of version 3"),
        (
            "a.yaml", "openapi: 3.0.0\npaths: {/a: {get: {requestBody: {$ref: '#/components/x'}}}}",
            "a.yaml:2:33: #/paths/~1a/get/requestBody: expected what #/components/x refers to, it is not there"
        ),
        (
            "a.yaml", "openapi: 3.0.0\npaths: {/a: {get: {parameters: [{name: x}]}}}",
            "a.yaml:2:33: #/paths/~1a/get/parameters/0: expected a name and one of path, query, header, cookie in 'in'"
        ),
        (
            "a.yaml", "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: 'other.yaml#/A'}}}",
            "a.yaml:2:27: #/components/schemas/A: expected a document that can be found: other.yaml is not there"
        ),
        ("a.txt", "", "a.txt: expected a name that ends in .thrift, .yaml, .yml or .json"),
    ])
    func errorsSayWhereAndWhatWasExpected(name: String, text: String, message: String) {
        let error = #expect(throws: SchemaError.self) { try load(text, name: name) }
        #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
    }

    @Test func referencesInCirclesEnd() {
        for schemas in [
            "A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}",
            "A: {allOf: [{$ref: '#/components/schemas/A'}]}",
            "A: {allOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/A'}]}",
        ] {
            #expect(throws: SchemaError.self) { try load("openapi: 3.0.0\ncomponents: {schemas: {\(schemas)}}") }
        }
    }

    @Test func listsOfThemselvesAreReadAndChecked() throws {
        let set = try load("type: array\nitems: {$ref: '#'}\nmaxItems: 2", name: "nested.yaml")
        let root = try #require(set.roots["nested"])
        #expect(!set.violations(of: [[], [[], [], []]], as: root).isEmpty)
        #expect(set.violations(of: [[], [[], []]], as: root).isEmpty)
        #expect(set.violations(of: [[1]], as: root).map(\.path) == [["0", "0"]])
    }
}
