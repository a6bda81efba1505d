import Foundation
import JSON
import TestSupport
import Testing

@testable import Schema

/// Our reading of an IDL against that of Apache's compiler, as its JSON generator prints it.
@Suite(.needsProgram("/usr/bin/thrift")) struct IDLCompilerTests {
    @Test(arguments: ["risk_decision.thrift", "penalty_center.thrift"])
    func agreesOnTheSchemasThatShip(name: String) throws {
        let source = try Samples.source(name)
        try compare(try Samples.set(name), [source])
    }

    @Test func agreesOnEverythingThatTheGrammarHas() throws {
        let set = try Samples.sinkSet()
        #expect(set.sources.map(\.name) == ["sink_base.thrift", "sink.thrift"])
        try compare(set, set.sources)
    }

    @Test func agreesOnDefaultsAndConstants() throws {
        let source = SchemaSource(
            name: "values.thrift",
            text: #"""
                enum E { A = 1, B }
                struct I { 1: i32 n, 2: E e = E.B }
                const E X = E.B
                const map<E, string> M = {E.A: "x", 2: "y"}
                const I S = {"n": 5, "e": E.A}
                const list<double> L = [1, 2.5, -1e-3]
                const bool T = true
                const map<string, list<I>> DEEP = {"k": [{"n": 1}, {"n": 0x1F}]}
                struct D { 1: E e = E.A; 2: I i = {"n": 3}; 3: map<string, i32> m = {"a": 1, "b": -2}; 4: bool b = 1
                  5: double d = 1e10; 6: set<string> s = ["q"]; 7: i64 big = 9007199254740993; 8: binary raw = "x\"y"
                  9: string t = 'it\'s', 10: bool f = false, 12: double r = 0.1, 13: list<E> items = [E.B, 1] }
                """#)
        var set = SchemaSet()
        try set.load(source)
        try compare(set, [source])
    }

    /// The IDLs that Python packages bring with them: `make idl` fetches those of Tests/idl-packages.txt.
    @Test(.requires(.idl)) func agreesOnTheSchemasOfOthers() throws {
        let root = try TestEnvironment.idl.path()
        let files = try #require(FileManager.default.enumerator(atPath: root)).compactMap { $0 as? String }
            .filter { $0.hasSuffix(".thrift") }.sorted()
        var agreed = 0
        for file in files {
            let path = "\(root)/\(file)"
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinct-idl-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let result = try run(
                "/usr/bin/thrift", ["--gen", "json", "-o", folder.path, (path as NSString).lastPathComponent],
                workingDirectory: (path as NSString).deletingLastPathComponent)
            // Some are there to be refused, and some take more than Apache's compiler does.
            if result.status != 0 { continue }
            let source = SchemaSource(name: (path as NSString).lastPathComponent, bytes: try bytes(path))
            let beside = (path as NSString).deletingLastPathComponent
            var set = SchemaSet()
            do throws(SchemaError) {
                try set.load(source) { included, from in
                    let name = ((from.name as NSString).deletingLastPathComponent as NSString)
                        .appendingPathComponent(included)
                    guard let bytes = try? bytes("\(beside)/\(name)") else { return nil }
                    return SchemaSource(name: name, bytes: bytes)
                }
            } catch {
                Issue.record("\(file): \(error)")
                continue
            }
            let output = folder.appendingPathComponent("gen-json/\(source.scope).json").path
            try compare(set, source.scope, try JSONValue(parsing: bytes(output)))
            agreed += 1
        }
        #expect(agreed >= 25, "\(agreed) of \(files.count)")
    }

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

    private func compare(_ set: SchemaSet, _ sources: [SchemaSource]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinct-idl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for source in sources { try Data(source.bytes).write(to: folder.appendingPathComponent(source.name)) }
        for source in sources {
            let path = folder.appendingPathComponent(source.name).path
            let result = try run("/usr/bin/thrift", ["--gen", "json", "-o", folder.path, path])
            try #require(result.status == 0, "\(result.output) \(result.errors)")
            let output = folder.appendingPathComponent("gen-json/\(source.scope).json")
            let oracle = try JSONValue(parsing: Array(try Data(contentsOf: output)))
            try compare(set, source.scope, oracle)
        }
    }

    private func compare(_ set: SchemaSet, _ scope: String, _ oracle: JSONValue) throws {
        let enumerations = set.enumerations.filter { $0.scope == scope }
        let expectedEnumerations = try #require(oracle["enums"]?.array)
        #expect(enumerations.map(\.name) == expectedEnumerations.map { $0["name"]?.string })
        for (ours, theirs) in zip(enumerations, expectedEnumerations) {
            let members = try #require(theirs["members"]?.array)
            #expect(ours.cases.map(\.name) == members.map { $0["name"]?.string })
            #expect(ours.cases.map { Int($0.value) } == members.map { $0["value"]?.int })
            try compare(ours.annotations, theirs)
        }

        let structures = set.structures.filter { $0.scope == scope && $0.kind != .arguments && $0.kind != .result }
        let expectedStructures = try #require(oracle["structs"]?.array)
        #expect(Set(structures.map(\.name)) == Set(expectedStructures.compactMap { $0["name"]?.string }))
        for theirs in expectedStructures {
            let ours = try #require(structures.first { $0.name == theirs["name"]?.string })
            #expect(theirs["isUnion"]?.bool == (ours.kind == .union))
            #expect(theirs["isException"]?.bool == (ours.kind == .exception))
            try compare(set, ours.fields, try #require(theirs["fields"]?.array))
            try compare(ours.annotations, theirs)
        }

        for constant in try #require(oracle["constants"]?.array) {
            let name = try #require(constant["name"]?.string)
            guard case .constant(let value, let type)? = set.scopes[scope]?.declarations[name] else {
                Issue.record("\(scope).\(name) is no constant")
                continue
            }
            #expect(plain(set, value, type) == normal(constant["value"]), "\(scope).\(name)")
        }

        for service in try #require(oracle["services"]?.array) {
            let name = try #require(service["name"]?.string)
            let own = set.operations.filter { $0.service == name && $0.declaringService == name && $0.scope == scope }
            let functions = try #require(service["functions"]?.array)
            #expect(own.map(\.method) == functions.map { $0["name"]?.string })
            for (ours, theirs) in zip(own, functions) {
                #expect(ours.isOneway == theirs["oneway"]?.bool)
                try compare(set, set.arguments(of: ours).fields, try #require(theirs["arguments"]?.array))
                let result = set.result(of: ours)
                try compare(set, result.fields.filter { $0.id != 0 }, try #require(theirs["exceptions"]?.array))
                let success = result.field(id: 0).map { describe(set, $0.type) } ?? "void"
                #expect(success == describe(theirs["returnTypeId"], theirs["returnType"]))
            }
        }
    }

    private func compare(_ set: SchemaSet, _ ours: [SchemaField], _ theirs: [JSONValue]) throws {
        let byID = ours.sorted { $0.id < $1.id }
        let expected = theirs.sorted { ($0["key"]?.int ?? 0) < ($1["key"]?.int ?? 0) }
        try #require(byID.count == expected.count)
        for (ours, theirs) in zip(byID, expected) {
            #expect(Int(ours.id) == theirs["key"]?.int)
            #expect(ours.name == theirs["name"]?.string)
            #expect(describe(set, ours.type) == describe(theirs["typeId"], theirs["type"]), "\(ours.name)")
            #expect(
                ours.defaultValue.map { plain(set, $0, ours.type) } == theirs["default"].map { normal($0) },
                "\(ours.name)")
            let presence = ["required": SchemaField.Presence.required, "optional": .optional]
            #expect(ours.presence == presence[theirs["required"]?.string ?? ""] ?? .unspecified)
            for member in theirs["annotations"]?.object?.members ?? [] {
                #expect(ours.annotations[member.key] == member.value.string)
            }
        }
    }

    private func compare(_ ours: Annotations, _ theirs: JSONValue) throws {
        let members = theirs["annotations"]?.object?.members ?? []
        #expect(ours == Dictionary(members.map { ($0.key, $0.value.string ?? "") }) { $1 })
    }

    private func describe(_ set: SchemaSet, _ type: SchemaType) -> String {
        switch type.kind {
        case .enumeration: return "i32"
        case .structure(let index): return set.structures[index].name
        case .list(let element): return "list<\(describe(set, element))>"
        case .set(let element): return "set<\(describe(set, element))>"
        case .map(let key, let value): return "map<\(describe(set, key)),\(describe(set, value))>"
        default: return "\(type.kind)"
        }
    }

    private func describe(_ id: JSONValue?, _ type: JSONValue?) -> String {
        let id = id?.string ?? ""
        switch id {
        case "list", "set": return "\(id)<\(describe(type?["elemTypeId"], type?["elemType"]))>"
        case "map":
            let key = describe(type?["keyTypeId"], type?["keyType"])
            return "map<\(key),\(describe(type?["valueTypeId"], type?["valueType"]))>"
        case "struct", "union", "exception":
            let name = type?["class"]?.string ?? ""
            return name.split(separator: ".").last.map(String.init) ?? name
        case "byte": return "i8"
        default: return id
        }
    }

    // MARK: Values

    /// A value as the JSON generator writes it: cases by number, truth values as 0 and 1, numbers by their value.
    private func plain(_ set: SchemaSet, _ value: JSONValue, _ type: SchemaType) -> JSONValue {
        switch type.kind {
        case .bool: return value.bool == true ? 1 : 0
        case .enumeration(let index):
            return value.string.flatMap { set.enumerations[index].value(of: $0) }.map { JSONValue($0) } ?? value
        case .list(let element), .set(let element):
            // The generator writes what the author wrote, `{}` for no elements too.
            if value.array?.isEmpty == true { return JSONValue(JSONObject()) }
            return .array((value.array ?? []).map { plain(set, $0, element) })
        case .map(let key, let inner):
            return sorted(
                (value.object?.members ?? []).map { member in
                    let name = plain(set, .string(member.key), key)
                    return JSONObject.Member(name.string ?? name.text, plain(set, member.value, inner))
                })
        case .structure(let index):
            return sorted(
                (value.object?.members ?? []).map { member in
                    let field = set.structures[index].field(named: member.key)
                    return JSONObject.Member(
                        member.key, field.map { plain(set, member.value, $0.type) } ?? member.value)
                })
        default: return normal(value)
        }
    }

    private func normal(_ value: JSONValue?) -> JSONValue {
        switch value {
        case .number(let number)?:
            return number.int64.map { JSONValue($0) } ?? JSONValue(number.double)
        case .array(let values)? where values.isEmpty: return JSONValue(JSONObject())
        case .array(let values)?: return .array(values.map { normal($0) })
        case .object(let object)?: return sorted(object.members.map { .init($0.key, normal($0.value)) })
        case let value?: return value
        case nil: return .null
        }
    }

    private func sorted(_ members: [JSONObject.Member]) -> JSONValue {
        .object(JSONObject(members.sorted { $0.key < $1.key }))
    }
}
