/// Schemas that are wrong: the document, and the message for it without the file's name.
struct MalformedCase: Sendable {
    var text: String
    /// `LINE:COLUMN: severity: message`, as far as it matters.
    var expected: String

    init(_ text: String, _ expected: String) {
        self.text = text
        self.expected = expected
    }
}

enum MalformedCases {
    static let idl: [MalformedCase] = [
        .init("struct", "1:7: error: expected the struct's name, found the end of the file"),
        .init("struct 1 {}", "1:8: error: expected the struct's name, found '1'"),
        .init("struct A", "1:9: error: expected '{' after the name"),
        .init("struct A { 1: }", "1:15: error: expected a type, found '}'"),
        .init("struct A { 1: i32 }", "1:19: error: expected the field's name"),
        .init("struct A { 1: i32 a = }", "1:23: error: expected a value, found '}'"),
        .init("struct A { x: i32 a }", "1:13: error: expected the field's name, found ':'"),
        .init("struct A {\n  1: i32 a\n  1: i32 b }", "3:3: error: field id 1 is used twice"),
        .init("struct A { 1: i32 a 2: i64 a }", "1:28: error: field a is declared twice"),
        .init("struct A { 70000: i32 a }", "1:12: error: expected a field id of 16 bits"),
        .init("struct A { 1: strng a }", "1:15: error: expected a declared type, strng is none"),
        .init("struct A { 1: b.B a }", "1:15: error: expected a declared type, b.B is none"),
        .init("struct A { 1: list<i32 a }", "1:24: error: expected '>' after the element type"),
        .init("struct A { 1: list i32 a }", "1:26: error: expected the field's name, found '}'"),
        .init("struct A { 1: map<i32> a }", "1:22: error: expected ',' between key and value type"),
        .init("struct A { 1: map<i32, i32 a }", "1:28: error: expected '>' after the value type"),
        .init("struct A { 1: set<> a }", "1:19: error: expected a type, found '>'"),
        .init("struct A { 1: i32 a (x = 1) }", "1:26: error: expected an annotation's value in quotes"),
        .init("struct A { 1: i32 a (x }", "1:24: error: expected an annotation's name or ')'"),
        .init("struct A { 1: i32 a = \"x\" }", "1:23: error: expected a whole number of 32 bits as the value"),
        .init("struct A { 1: string a = 5 }", "1:26: error: expected a text as the value"),
        .init("struct A { 1: bool a = \"yes\" }", "1:24: error: expected true or false as the value"),
        .init("struct A { 1: i32 a = 1.5 }", "1:23: error: expected a whole number of 32 bits as the value"),
        .init("struct A { 1: list<i32> a = 5 }", "1:29: error: expected a list as the value"),
        .init("struct A { 1: map<i32, i32> a = [1] }", "1:33: error: expected an object as the value"),
        .init("struct A { 1: i32 a = NOPE }", "1:23: error: expected a declared constant, NOPE is none"),
        .init("enum E { A } struct B { 1: E e = E.B }", "1:34: error: E has no case B"),
        .init("struct I { 1: i32 n } const I X = {\"m\": 1}", "1:36: error: expected the name of a field of I"),
        .init("enum", "1:5: error: expected the enum's name"),
        .init("enum E { A = }", "1:14: error: expected a whole number, found '}'"),
        .init("enum E { A = \"1\" }", "1:14: error: expected a whole number, found a string"),
        .init("enum E { A, A }", "1:13: error: case A is declared twice"),
        .init("enum E { A = 9999999999 }", "1:10: error: expected a case value of 32 bits"),
        .init("enum E { A = 1, B = 1 }", "1:17: error: B has the value 1, which A has too"),
        .init("enum E { }", "1:6: warning: enum E has no cases"),
        .init("enum E { A = 1 }", "1:6: note: enum E has no case with the value 0"),
        .init("const i32", "1:10: error: expected the constant's name"),
        .init("const i32 A", "1:12: error: expected '=' before the constant's value"),
        .init("const i32 A = ", "1:15: error: expected a value"),
        .init("const i32 A = B const i32 B = A", "1:15: error: constant B leads back to itself"),
        .init("const list<i32> A = [1", "1:23: error: expected a value, found the end of the file"),
        .init("const map<i32, i32> A = {1 2}", "1:28: error: expected ':' between key and value"),
        .init("typedef", "1:8: error: expected a type"),
        .init("typedef i32", "1:12: error: expected the new type's name"),
        .init("typedef A B typedef B A", "1:9: error: typedef A leads back to itself"),
        .init("include base", "1:9: error: expected a file name in quotes"),
        .init("include \"gone.thrift\"", "1:9: error: expected an include that can be found"),
        .init("include \"here.thrift\"\nstruct A { 1: i32 a }", "1:9: warning: here.thrift is included and not used"),
        .init(
            "include \"here.thrift\"\nstruct A { 1: here.Nope a }",
            "2:15: error: expected a declared type, here.Nope is none"),
        .init("namespace", "1:10: error: expected a language or '*'"),
        .init("namespace py", "1:13: error: expected a namespace"),
        .init("service", "1:8: error: expected the service's name"),
        .init("service S extends", "1:18: error: expected the service that is extended"),
        .init("service S extends T {}", "1:19: error: expected a declared service, T is none"),
        .init("service S { void f }", "1:20: error: expected '(' before the method's arguments"),
        .init("service S { f() }", "1:17: error: expected the method's name"),
        .init("service S { void f() throws }", "1:29: error: expected '(' after 'throws'"),
        .init("service S { void f(1: i32 a, 1: i32 b) }", "1:30: error: field id 1 is used twice"),
        .init("service S { void f() void f() }", "1:27: error: method f is declared twice"),
        .init("service S { oneway i32 f() }", "1:24: error: a oneway method cannot return or throw"),
        .init("struct X {} service S { void f() throws (1: X x) }", "1:45: error: X is no exception"),
        .init("union U { 1: required i32 a }", "1:27: error: a field of a union cannot be required"),
        .init("struct A { i32 a }", "1:16: warning: field a of struct A has no id"),
        .init("struct A { 0: i32 a }", "1:19: warning: field a of struct A has the id 0"),
        .init("struct A { 1: i32 userId 2: i32 user_id }", "1:33: warning: fields userId and user_id"),
        .init("struct A { 1: i32 a (vt.gtt = \"1\") }", "1:22: error: vt.gtt is no constraint that is known"),
        .init("struct A { 1: i32 a (vt.gt = \"x\") }", "1:22: error: vt.gt expects a whole number"),
        .init("struct A { 1: i32 a (vt.min_size = \"1\") }", "1:22: error: vt.min_size is for texts and containers"),
        .init("struct A { 1: string a (vt.pattern = \"(\") }", "1:25: error: this pattern cannot be used"),
        .init("struct A { 1: string a (vt.max_size = \"$b\") }", "1:25: error: vt.max_size refers to other fields"),
        .init("struct A { 1: i32 a (vt.elem.gt = \"1\") }", "1:22: error: vt.elem is for lists and sets"),
        .init(
            "struct A { 1: i32 a (vt.gt = \"5\", vt.lt = \"3\") }",
            "1:19: error: field a: no number is within its bounds"),
        .init("struct A { 1: string a (validation.emial = \"\") }", "1:25: error: validation.emial is no constraint"),
        .init("struct A { 1: string a (validation.min = \"1\") }", "1:25: error: validation.min is for numbers"),
        .init("struct A { 1: string a (pii.clas = \"phone\") }", "1:25: warning: the annotation pii.clas is not known"),
        .init("/** not closed", "1:1: error: expected '*/' to end this comment"),
        .init("const string A = 'open", "1:18: error: expected a quote to end this string"),
        .init("struct A { 1: i32 a } }", "1:23: error: expected a definition"),
        .init("struckt A { }", "1:1: error: expected a definition"),
        .init("struct A {} enum A {}", "1:8: error: A is declared twice"),
        .init("struct A { 1: i32 a; % }", "1:22: error: a character that has no meaning in a Thrift IDL"),
    ]

    /// In YAML.
    static let json: [MalformedCase] = [
        .init("type: strng", "1:7: error: #/type: expected a type of JSON Schema"),
        .init("type: object\nproperties: [a]", "2:13: error: #/properties: expected schemas by name"),
        .init("type: object\nproperties:\n  a: 5", "3:6: error: #/properties/a: expected a schema"),
        .init("type: object\nrequired: id", "2:11: error: #/required: expected a list of names"),
        .init("type: string\nminLength: -1", "2:12: error: #/minLength: expected a whole number from 0"),
        .init("type: string\nminLength: 5\nmaxLength: 3", "1:1: error: #: minLength is beyond maxLength"),
        .init("type: integer\nminimum: 5\nmaximum: 3", "1:1: error: #: the minimum is beyond the maximum"),
        .init("type: integer\nminimum: '5'", "2:10: error: #/minimum: expected a number"),
        .init("type: number\nmultipleOf: 0", "2:13: error: #/multipleOf: expected a number above 0"),
        .init(
            "type: string\npattern: '[a'",
            "2:10: error: #/pattern: a pattern that cannot be used: a '[' that is not closed, at character 1"),
        .init(
            "type: string\npattern: '(a)\\1'",
            "2:10: error: #/pattern: a pattern that cannot be used: backreferences are not supported"),
        .init("type: string\npatern: a", "2:9: warning: #/patern: 'patern' is no keyword of JSON Schema"),
        .init("type: string\nenum: []", "2:7: error: #/enum: expected a list of at least one value"),
        .init("enum: [a, a]", "1:7: warning: #/enum: a value stands twice"),
        .init(
            "$ref: '#/$defs/Nope'\n$defs: {None: true}",
            "1:1: error: #: expected what #/$defs/Nope refers to, it is not there"),
        .init("$ref: '#nope'", "1:1: error: #: expected what #nope refers to, there is no such anchor"),
        .init("$ref: other.yaml#/a", "1:1: error: #: expected a document that can be found: other.yaml is not there"),
        .init("$ref: https://example.com/a.json", "1:1: error: #: expected a document that can be found"),
        .init("$ref: '#'", "1:1: error: #: a $ref that leads back to itself"),
        .init("allOf: []", "1:8: error: #/allOf: expected a list of schemas"),
        .init("anyOf: {a: 1}", "1:8: error: #/anyOf: expected a list of schemas"),
        .init("type: object\nthen: {required: [a]}", "1:1: warning: #: 'then' and 'else' do nothing without 'if'"),
        .init(
            "type: object\nproperties: {a: true}\nrequired: [b]\nadditionalProperties: false",
            "3:11: error: #/required: 'b' is required and is beyond additionalProperties false"),
        .init("type: array\nminItems: 3\nmaxItems: 1", "1:1: error: #: minItems is beyond maxItems"),
        .init("name: x", "1:1: error: #: expected an OpenAPI description of version 3, or a JSON Schema"),
        .init("[1, 2]", "1:1: error: #: expected an OpenAPI description of version 3, or a JSON Schema"),
        .init(
            "$schema: http://json-schema.org/draft-04/schema#", "1:10: error: #/$schema: expected JSON Schema 2020-12"),
        .init("type: [string", "2:1: error: "),
        .init("a: 1\na: 2", "2:1: error: "),
        .init("swagger: '2.0'", "1:1: error: #/openapi: expected an OpenAPI description of version 3"),
        .init("openapi: 3.1.0\npaths: {users: {}}", "2:16: error: #/paths/users: expected a path that begins with '/'"),
        .init(
            "openapi: 3.1.0\npaths: {'/a/{id}': {get: {responses: {}}}}",
            "2:26: error: #/paths/~1a~1{id}/get: the path has {id}, which no parameter describes"),
        .init(
            "openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}]}}}",
            "2:19: error: #/paths/~1a/get: the parameter 'id' is in no place of the path"),
        .init(
            "openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: id, in: body}]}}}",
            "2:33: error: #/paths/~1a/get/parameters/0: expected a name and one of path, query, header, cookie"),
        .init("openapi: 3.1.0\npaths: {/a: {get: 5}}", "2:19: error: #/paths/~1a/get: expected an object"),
        .init(
            "openapi: 3.0.3\npaths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B', minLength: 3}, B: {type: string}}}",
            "3:71: warning: #/components/schemas/A/minLength: this version ignores 'minLength' beside $ref"),
        .init(
            "openapi: 3.1.0\ncomponents: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}",
            "2:27: error: #/components/schemas/A: a $ref that leads back to itself"),
    ]
}
