import Bytes
import Expression
import Files
import JSON
import Schema
import Synthesis
import YAML

package let schemaCommand = CommandSpec(
    name: "schema",
    summary: "Show what a Thrift IDL, an OpenAPI description or a JSON Schema says, and check it",
    arguments: "FILE...",
    argumentCount: 1...1000,
    discussion: """
        Prints each operation with what it takes and gives: names, ids, types, what is required, defaults, bounds, classes of \
        personal data. Constraints that IDL authors write as annotations are read: vt.* as thriftgo's validator has them, \
        validation.* as Scrooge has them. Includes and references to files are sought beside the file that names them, then \
        in the --include folders; nothing is fetched from the network.

        --check looks for what is wrong or looks wrong, in scenarios too: ids that are missing, names and values that stand \
        twice, references that lead nowhere, bounds that no value can keep, patterns that cannot be used, constraints that \
        nothing can check. Each finding has its place and a remedy. Exits 1 when one of them is an error.
        """,
    examples: [
        ("tinct schema risk.thrift", "Every operation of an IDL."),
        ("tinct schema risk.openapi.yaml --operation 'POST *' --json", "The same of some operations, for programs."),
        ("tinct schema --check idl/*.thrift scenarios/*.yaml", "Says what should be corrected, and where."),
    ],
    flags: [
        Flag("check", help: "Look for mistakes instead of printing."),
        Flag("operation", value: "GLOB", repeatable: true, help: "Only operations that match, as in 'RiskDecision.*'."),
        Flag("include", short: "I", value: "DIR", repeatable: true, help: "Seek includes here too.", completion: .file),
        .json,
    ]
) { invocation in
    if invocation.has("check") { return try checkSchemas(invocation) }
    let set = try SchemaFiles.load(invocation.arguments, include: invocation.all("include"))
    let globs = invocation.all("operation").map { Glob($0) }
    let isWanted = { (name: String) in globs.isEmpty || globs.contains { $0.matches(name) } }
    let printer = SchemaPrinter(set: set, isWanted: isWanted)
    if !globs.isEmpty, printer.operations.isEmpty, printer.routes.isEmpty {
        let names = (set.operations.map(\.name) + set.routes.map(\.name)).prefix(12).joined(separator: ", ")
        throw CommandError(
            "no operation matches --operation", remedy: names.isEmpty ? "There are none." : "There are \(names).")
    }
    if invocation.wantsJSON {
        Output.write(printer.json.encoded(pretty: true) + [10])
    } else {
        for line in printer.lines { Output.line(line) }
    }
    return .ok
}

/// Checks each file by itself, so that one that cannot be read does not hide what is wrong with another.
private func checkSchemas(_ invocation: Invocation) throws(CommandError) -> ExitCode {
    if !invocation.all("operation").isEmpty {
        throw CommandError("--operation is not for --check", remedy: "A check looks at whole files.")
    }
    var findings: [SchemaFinding] = []
    for path in invocation.arguments {
        for finding in try check(path, include: invocation.all("include")) where !findings.contains(finding) {
            findings.append(finding)
        }
    }
    let errors = findings.count { $0.severity == .error }
    if invocation.wantsJSON {
        let object: JSONValue = [
            "files": JSONValue(invocation.arguments.count), "errors": JSONValue(errors),
            "warnings": JSONValue(findings.count { $0.severity == .warning }),
            "notes": JSONValue(findings.count { $0.severity == .note }), "findings": .array(findings.map(json)),
        ]
        Output.write(object.encoded(pretty: true) + [10])
    } else {
        for finding in findings { Output.line(finding.description) }
        let files = invocation.arguments.count == 1 ? "1 file" : "\(invocation.arguments.count) files"
        Output.line(
            "\(files): \(errors) errors, \(findings.count { $0.severity == .warning }) warnings, \(findings.count { $0.severity == .note }) notes"
        )
    }
    return errors == 0 ? .ok : .expectationFailed
}

private func json(_ finding: SchemaFinding) -> JSONValue {
    [
        "severity": .string(finding.severity.rawValue), "rule": .string(finding.rule),
        "file": .string(finding.document),
        "line": finding.position.map { JSONValue($0.line) } ?? .null,
        "column": finding.position.map { JSONValue($0.column) } ?? .null, "message": .string(finding.message),
        "remedy": .string(finding.remedy),
    ]
}

private func check(_ path: String, include folders: [String]) throws(CommandError) -> [SchemaFinding] {
    if let scenario = try checkScenario(path) { return scenario }
    do throws(SchemaError) {
        return try SchemaFiles.set([path], include: folders).lint()
    } catch {
        return [SchemaFinding(error)]
    }
}

/// What is wrong with a scenario; nil when the file is none.
private func checkScenario(_ path: String) throws(CommandError) -> [SchemaFinding]? {
    guard path.hasSuffix(".yaml") || path.hasSuffix(".yml"), let bytes = try? readFile(path, limit: 1 << 24),
        let root = try? YAMLNode.parse(bytes, file: path), case .mapping(let entries) = root.value,
        entries.contains(where: { $0.key == "tinct" })
            || ["schema", "operation"].allSatisfy({ key in entries.contains { $0.key == key } })
    else { return nil }
    do throws(YAMLError) {
        let scenario = try ScenarioFile.load(path)
        let schemas: SchemaSet
        do throws(SchemaError) {
            schemas = try SchemaFiles.set([Scenario.resolve(scenario.schemaPath, beside: path)], include: [])
        } catch {
            return [SchemaFinding(error)]
        }
        do {
            _ = try SynthesisPlan(scenario, schemas, total: 1000, seed: 1)
        } catch let error as YAMLError {
            throw error
        } catch {
            return [SchemaFinding(.error, "scenario", path, nil, "\(error)", remedy: "Correct the scenario.")]
        }
        return []
    } catch {
        return [
            SchemaFinding(
                .error, "scenario", error.mark.file, .init(line: error.mark.line, column: error.mark.column),
                error.message, remedy: error.remedy)
        ]
    }
}
