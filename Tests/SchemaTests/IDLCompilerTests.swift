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
}
