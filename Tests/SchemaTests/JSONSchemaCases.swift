struct JSONSchemaCase: Sendable {
    var schema: String
    /// A list.
    var values: String
}

enum JSONSchemaCases {
    static let all: [JSONSchemaCase] = [
        .init(schema: "true", values: "[1, null, {}]"),
        .init(schema: "{\"type\": \"boolean\", \"not\": {}}", values: "[1, true]"),
        .init(schema: ##"{"type": "integer"}"##, values: "[1, 1.0, 1.5, 1e3, \"1\", true, 12345678901234567890123]"),
        .init(schema: ##"{"type": ["number", "null"]}"##, values: "[1, 1.5, null, \"\", false]"),
        .init(schema: ##"{"const": 1}"##, values: "[1, 1.0, true, \"1\"]"),
        .init(schema: ##"{"const": false}"##, values: "[false, 0, null]"),
        .init(
            schema: ##"{"const": [{"a": 1, "b": [2]}]}"##, values: ##"[[{"b": [2.0], "a": 1}], [{"a": 1}], {"a": 1}]"##),
        .init(
            schema: ##"{"enum": [0, "0", null, [], {"x": 1}]}"##,
            values: ##"[0, "0", null, [], {"x": 1.0}, false, "", {}, [0]]"##),
        .init(
            schema: ##"{"uniqueItems": true}"##,
            values:
                ##"[[1, 1.0], [1, true], [0, false], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [[1], ["1"]], ["a", "a"], []]"##
        ),
        .init(schema: ##"{"minimum": 1.1, "maximum": 3}"##, values: "[1.1, 1.0999, 3, 3.0001, \"x\", 2]"),
        .init(
            schema: ##"{"exclusiveMinimum": 0, "exclusiveMaximum": 10, "minimum": 2}"##, values: "[0, 1, 2, 10, 9.99]"),
        .init(schema: ##"{"maximum": 9007199254740993}"##, values: "[9007199254740993, 9007199254740994]"),
        .init(schema: ##"{"multipleOf": 7}"##, values: "[0, 7, -14, 700000000000000000007, 21.0, 8, 3.5]"),
        .init(
            schema: ##"{"minLength": 2, "maxLength": 3}"##,
            values: ##"["a", "ab", "😀", "😀😀", "e\u0301", "abcd", 12345]"##),
        .init(schema: ##"{"pattern": "a+"}"##, values: ##"["xaay", "b", 5, ""]"##),
        .init(
            schema: ##"{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}"##,
            values: ##"[[], [1], [1, "a"], [1, "a", 2], ["a"], {"0": "a"}]"##),
        .init(
            schema: ##"{"items": {"type": "string"}, "minItems": 1, "maxItems": 2}"##,
            values: ##"[[], ["a"], ["a", 1], ["a", "b", "c"], "ab"]"##),
        .init(schema: ##"{"contains": {"minimum": 5}}"##, values: ##"[[], [1], [1, 5], ["a"], 5]"##),
        .init(
            schema: ##"{"contains": {"const": 1}, "minContains": 2, "maxContains": 3}"##,
            values: "[[1], [1, 1], [1, 1, 1], [1, 1, 1, 1], [2]]"),
        .init(schema: ##"{"contains": {"const": 1}, "minContains": 0}"##, values: "[[], [2]]"),
        .init(
            schema: ##"{"properties": {"a": {"type": "integer"}, "b": false}, "required": ["a"]}"##,
            values: ##"[{"a": 1}, {"a": "x"}, {}, {"a": 1, "b": 2}, {"a": 1, "c": 3}, []]"##),
        .init(
            schema:
                ##"{"properties": {"a": {}}, "patternProperties": {"^x": {"type": "string"}}, "additionalProperties": {"type": "boolean"}}"##,
            values: ##"[{"a": 1, "x1": "s", "o": true}, {"x1": 1}, {"o": 1}, {"xa": "", "a": null}]"##),
        .init(
            schema: ##"{"propertyNames": {"maxLength": 2, "pattern": "^[a-z]"}}"##,
            values: ##"[{"ab": 1}, {"abc": 1}, {"1": 1}, {}]"##),
        .init(
            schema: ##"{"minProperties": 1, "maxProperties": 2}"##,
            values: ##"[{}, {"a": 1}, {"a": 1, "b": 1, "c": 1}, [1, 2, 3]]"##),
        .init(
            schema: ##"{"dependentRequired": {"card": ["bin", "last4"]}}"##,
            values: ##"[{}, {"bin": 1}, {"card": 1}, {"card": 1, "bin": 1, "last4": 1}]"##),
        .init(
            schema: ##"{"dependentSchemas": {"a": {"required": ["b"], "properties": {"c": {"type": "string"}}}}}"##,
            values: ##"[{"a": 1}, {"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 1, "c": ""}, {"c": 1}]"##),
        .init(
            schema: ##"{"allOf": [{"minimum": 1}, {"maximum": 2}], "type": "number"}"##, values: "[0, 1, 2, 3, \"\"]"),
        .init(schema: ##"{"anyOf": [{"type": "integer"}, {"minimum": 2}]}"##, values: "[1, 2.5, 1.5, \"a\"]"),
        .init(schema: ##"{"oneOf": [{"type": "integer"}, {"minimum": 2}]}"##, values: "[1, 2.5, 3, 1.5]"),
        .init(schema: ##"{"not": {"type": ["integer", "boolean"]}}"##, values: "[1, true, \"a\", 1.5]"),
        .init(
            schema:
                ##"{"if": {"properties": {"kind": {"const": "card"}}, "required": ["kind"]}, "then": {"required": ["pan"]}, "else": {"required": ["iban"]}}"##,
            values: ##"[{"kind": "card"}, {"kind": "card", "pan": 1}, {"kind": "bank"}, {"iban": 1}, {}]"##),
        .init(schema: ##"{"then": {"type": "integer"}, "else": false}"##, values: "[\"a\", 1]"),
        .init(
            schema: ##"{"$ref": "#/$defs/a%25b~1c~0d", "$defs": {"a%b/c~d": {"type": "integer"}}}"##,
            values: "[1, \"a\"]"),
        .init(
            schema: ##"{"$ref": "#here", "maximum": 3, "$defs": {"x": {"$anchor": "here", "type": "integer"}}}"##,
            values: "[1, 4, \"a\"]"),
        .init(
            schema: ##"{"properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}}, "required": ["value"]}"##,
            values:
                ##"[{"value": 1, "next": {"value": 2, "next": {"value": 3}}}, {"value": 1, "next": {"value": "x"}}, {"value": 1, "next": {"next": {}}}]"##
        ),
        .init(
            schema:
                ##"{"$id": "http://example.com/root.json", "properties": {"a": {"$ref": "item.json"}, "b": {"$ref": "item.json#/$defs/deep"}}, "$defs": {"i": {"$id": "item.json", "type": "integer", "$defs": {"deep": {"type": "string"}}}}}"##,
            values: ##"[{"a": 1}, {"a": "x"}, {"b": "x"}, {"b": 1}]"##),
        .init(
            schema:
                ##"{"$id": "http://example.com/a/b.json", "$ref": "/c.json", "$defs": {"c": {"$id": "../c.json", "minimum": 3}}}"##,
            values: "[3, 2]"),
        .init(
            schema:
                ##"{"properties": {"enum": {"enum": ["x"]}, "$ref": {"type": "string"}, "const": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "null"}}}"##,
            values: ##"[{"enum": "x"}, {"enum": "y"}, {"$ref": "a"}, {"$ref": 1}, {"const": null}, {"const": 1}]"##),
        // Dynamic references: to the outermost anchor of the name, unless what is found first is none that may be replaced.
        .init(
            schema:
                ##"{"$id": "https://pay.example/cards", "$ref": "page", "$defs": {"card": {"$dynamicAnchor": "entry", "type": "string"}, "page": {"$id": "page", "properties": {"entries": {"items": {"$dynamicRef": "#entry"}}}, "$defs": {"any": {"$dynamicAnchor": "entry"}}}}}"##,
            values: ##"[{"entries": ["a"]}, {"entries": ["a", 1]}, {}]"##),
        .init(
            schema:
                ##"{"$id": "https://pay.example/cards", "$ref": "page", "$defs": {"card": {"$dynamicAnchor": "entry", "type": "string"}, "page": {"$id": "page", "properties": {"entries": {"items": {"$dynamicRef": "#entry"}}}, "$defs": {"any": {"$anchor": "entry", "type": "integer"}}}}}"##,
            values: ##"[{"entries": ["a"]}, {"entries": [1]}]"##),
        .init(
            schema:
                ##"{"$id": "https://risk.example/strict", "$dynamicAnchor": "rule", "$ref": "rule", "unevaluatedProperties": false, "$defs": {"r": {"$id": "rule", "$dynamicAnchor": "rule", "type": "object", "properties": {"name": true, "parts": {"items": {"$dynamicRef": "#rule"}}}}}}"##,
            values:
                ##"[{"parts": [{"name": 1}]}, {"parts": [{"nmae": 1}]}, {"nmae": 1}, {"parts": [{"parts": [{"x": 1}]}]}]"##
        ),
        .init(
            schema:
                ##"{"$id": "https://risk.example/either", "properties": {"amounts": {"$ref": "amounts"}, "names": {"$ref": "names"}}, "$defs": {"page": {"$id": "page", "items": {"$dynamicRef": "#entry"}, "$defs": {"any": {"$dynamicAnchor": "entry"}}}, "amounts": {"$id": "amounts", "$ref": "page", "$defs": {"own": {"$dynamicAnchor": "entry", "type": "number"}}}, "names": {"$id": "names", "$ref": "page", "$defs": {"own": {"$dynamicAnchor": "entry", "type": "string"}}}}}"##,
            values:
                ##"[{"amounts": [1.5]}, {"amounts": ["a"]}, {"names": [1.5]}, {"names": ["a"]}, {"amounts": [1], "names": ["a"]}, {"amounts": [1], "names": [1]}]"##
        ),
        .init(schema: ##"{"const": {"$ref": "#/$defs/gone"}}"##, values: ##"[{"$ref": "#/$defs/gone"}, {}]"##),
        .init(
            schema: ##"{"properties": {"a": {}}, "unevaluatedProperties": false}"##,
            values: ##"[{"a": 1}, {"b": 1}, []]"##),
        .init(
            schema:
                ##"{"allOf": [{"properties": {"a": {}}}, {"$ref": "#/$defs/b"}], "unevaluatedProperties": false, "$defs": {"b": {"properties": {"b": {}}}}}"##,
            values: ##"[{"a": 1, "b": 2}, {"c": 1}]"##),
        .init(
            schema:
                ##"{"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {"const": 2}}, "required": ["b"]}], "unevaluatedProperties": false}"##,
            values: ##"[{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}]"##),
        .init(
            schema:
                ##"{"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"properties": {"b": {}}}, "unevaluatedProperties": false}"##,
            values: ##"[{"a": 1, "b": 1}, {"b": 1}, {"a": 1, "c": 1}]"##),
        .init(
            schema: ##"{"not": {"properties": {"a": {}}, "required": ["z"]}, "unevaluatedProperties": false}"##,
            values: ##"[{"a": 1}, {}]"##),
        .init(
            schema: ##"{"prefixItems": [{}], "unevaluatedItems": {"type": "string"}}"##,
            values: ##"[[1], [1, "a"], [1, 2]]"##),
        .init(
            schema: ##"{"contains": {"type": "integer"}, "unevaluatedItems": false}"##,
            values: ##"[[1], [1, "a"], [1, 2]]"##),
        .init(
            schema:
                ##"{"dependentSchemas": {"a": {"properties": {"b": {}}}}, "properties": {"a": {}}, "unevaluatedProperties": false}"##,
            values: ##"[{"a": 1, "b": 1}, {"b": 1}]"##),
        .init(
            schema:
                ##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$id": "#foo", "type": "integer"}}, "properties": {"x": {"$ref": "#foo"}, "y": {"$ref": "#/definitions/a", "minimum": 100}}}"##,
            values: ##"[{"x": 1}, {"x": "a"}, {"y": 1}, {"y": "a"}]"##),
        .init(
            schema:
                ##"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}], "additionalItems": {"type": "string"}}"##,
            values: ##"[[1, "a"], [1, 2], ["a"], []]"##),
        .init(
            schema:
                ##"{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"], "c": {"required": ["d"]}}}"##,
            values: ##"[{"a": 1}, {"a": 1, "b": 1}, {"c": 1}, {"c": 1, "d": 1}]"##),
    ]
}
