import Testing

@testable import Schema

/// Each mistake has a message with file, line and column, and says what to do about it.
@Suite struct MalformedSchemaTests {
    private func findings(_ name: String, _ text: String) -> [SchemaFinding] {
        var set = SchemaSet()
        do throws(SchemaError) {
            try set.load(SchemaSource(name: name, text: text)) { path in
                path == "here.thrift" ? SchemaSource(name: path, text: "struct There { 1: i32 a }") : nil
            }
        } catch {
            return [SchemaFinding(error)]
        }
        return set.lint()
    }

    @Test func thereAreAHundred() { #expect(MalformedCases.idl.count + MalformedCases.json.count >= 100) }

    @Test(arguments: MalformedCases.idl) func ofAnIDL(one: MalformedCase) { check("bad.thrift", one) }

    @Test(arguments: MalformedCases.json) func ofAJSONSchemaOrOpenAPI(one: MalformedCase) { check("bad.yaml", one) }

    private func check(_ name: String, _ one: MalformedCase) {
        let findings = findings(name, one.text)
        let wanted = findings.first { $0.description.hasPrefix("\(name):\(one.expected)") }
        #expect(wanted != nil, "\(one.text)\n\(findings.map(\.description).joined(separator: "\n"))")
        for finding in findings {
            #expect(finding.position != nil && !finding.remedy.isEmpty, "\(finding)")
        }
    }

    @Test func whatIsRightHasNoFindings() throws {
        for name in ["risk_decision.thrift", "penalty_center.thrift", "risk_decision.openapi.yaml"] {
            let findings = try Samples.set(name).lint()
            #expect(findings.filter { $0.severity > .note }.isEmpty, "\(findings)")
        }
    }
}
