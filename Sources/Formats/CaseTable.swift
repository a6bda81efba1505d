import Bytes
package import JSON
package import Schema

/// Test cases from a table: CSV, whose columns are paths into the request, or JSON Lines, whose objects are requests.
///
/// In CSV a cell with nothing in it leaves its field out; `""` is the empty text. A column may name a parameter of an OpenAPI
/// operation. In JSON Lines an object with `request` and nothing but `parameters` and `expected` beside it says more than the
/// request: `expected` is a decision, or, as an object, the whole response.
package struct CaseTable {
    /// One row.
    package struct Case: Sendable {
        package var content: RequestComposer.Content
        /// The decision that is expected; empty when none is.
        package var expected = ""
        /// The response that is expected.
        package var response: JSONValue?
        /// Where it stands, from 1.
        package var line: Int
    }

    package struct Options: Sendable {
        /// The column, or member, that holds the expected decision.
        package var expectColumn: String?
        /// Columns and members that are no part of the request.
        package var ignoredColumns: [String] = []

        package init() {}
    }

    private enum Column {
        case field([String], SchemaType?)
        case parameter(String)
        case expected
        case ignored
    }

    private enum Rows {
        case csv(CSVReader, [Column], header: [String])
        case lines([UInt8], at: Int, line: Int)
    }

    private var rows: Rows
    private let composer: RequestComposer
    private let options: Options

    /// - Parameter isCSV: else the bytes are JSON Lines.
    /// - Throws: for a header that is none, or that names what the schema does not have.
    package init(
        _ bytes: [UInt8], isCSV: Bool, _ composer: RequestComposer, _ options: Options
    ) throws(ComposingError) {
        self.composer = composer
        self.options = options
        guard isCSV else {
            rows = .lines(bytes, at: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, line: 0)
            return
        }
        var reader = CSVReader(bytes)
        guard let header = try Self.row(&reader)?.map(\.text), !header.isEmpty else {
            throw ComposingError([], "the table is empty", remedy: "Its first row names the fields.")
        }
        if let twice = Dictionary(grouping: header, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
            throw ComposingError([twice], "two columns have this name")
        }
        if let wanted = options.expectColumn, !header.contains(wanted) {
            let near = nearestName(wanted, in: header).map { "Did you mean '\($0)'?" } ?? ""
            throw ComposingError([wanted], "there is no such column", remedy: near)
        }
        var columns: [Column] = []
        for name in header { columns.append(try Self.column(name, composer, options)) }
        rows = .csv(reader, columns, header: header)
    }

    private static func column(
        _ name: String, _ composer: RequestComposer, _ options: Options
    ) throws(ComposingError) -> Column {
        if name == options.expectColumn { return .expected }
        if options.ignoredColumns.contains(name) { return .ignored }
        var steps = JSONPath(name).steps.map(\.key)
        if steps.isEmpty || steps.contains("") {
            throw ComposingError([name], "this is no path of a field", remedy: "Write it like user.id or items.0.sku.")
        }
        let content = composer.content
        if case .http(_, _, let route?, true) = composer.kind, content?.field(named: steps[0]) == nil {
            let parameters = route.parameters.map(\.name) + RequestComposer.pathParameters(route)
            if parameters.contains(name) { return .parameter(name) }
        }
        guard let content else { return .field(steps, nil) }
        // The one struct that a method takes need not be named.
        if case .thrift = composer.kind, content.fields.count == 1, let only = content.fields.first,
            case .structure = only.type.kind, steps[0] != only.name, steps[0] != String(only.id)
        {
            steps.insert(only.name, at: 0)
        }
        do throws(ComposingError) {
            return .field(steps, try composer.schemas.type(at: steps, in: content))
        } catch {
            if case .http = composer.kind, composer.isUnchecked { return .field(steps, nil) }
            throw error
        }
    }

    private static func row(_ reader: inout CSVReader) throws(ComposingError) -> [CSVReader.Cell]? {
        do throws(ParsingError) { return try reader.next() } catch {
            throw ComposingError(["line \(reader.line)"], "expected \(error.what)", remedy: "CSV is read as RFC 4180.")
        }
    }

    /// The next case; nil at the end.
    ///
    /// - Throws: with the line, and what is wrong in it.
    package mutating func next() throws(ComposingError) -> Case? {
        switch rows {
        case .csv(var reader, let columns, let header):
            guard let row = try Self.row(&reader) else { return nil }
            rows = .csv(reader, columns, header: header)
            return try located(reader.line) { () throws(ComposingError) in
                guard row.count == columns.count else {
                    throw ComposingError([], "there are \(row.count) columns where the header has \(columns.count)")
                }
                return try read(row, columns, header, reader.line)
            }
        case .lines(let bytes, var at, var line):
            while at < bytes.count {
                let end = bytes[at...].firstIndex(of: 0x0A) ?? bytes.count
                let text = bytes[at..<end]
                at = end + 1
                line += 1
                rows = .lines(bytes, at: at, line: line)
                if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
                return try located(line) { () throws(ComposingError) in try read(Array(text), line) }
            }
            return nil
        }
    }

    private func located(
        _ line: Int, _ body: () throws(ComposingError) -> Case
    ) throws(ComposingError) -> Case {
        do throws(ComposingError) { return try body() } catch {
            let place = "line \(line)" + (error.path.isEmpty ? "" : ", \(error.path)")
            throw ComposingError([place], error.message, remedy: error.remedy)
        }
    }

    private func read(
        _ row: [CSVReader.Cell], _ columns: [Column], _ header: [String], _ line: Int
    ) throws(ComposingError) -> Case {
        var found = Case(content: RequestComposer.Content(), line: line)
        for (index, cell) in row.enumerated() where !cell.isAbsent {
            switch columns[index] {
            case .ignored: continue
            case .expected: found.expected = cell.text
            case .parameter(let name): found.content.parameters.append((name, cell.text))
            case .field(let steps, let type):
                let value = try composer.schemas.value(
                    ofCell: cell.text, as: type ?? SchemaType(.any), at: [header[index]])
                var body = found.content.body ?? .object(JSONObject())
                try Self.insert(value, at: steps[...], into: &body, composer, header[index])
                found.content.body = body
            }
        }
        return found
    }

    /// Puts a value where its path leads. Numbers are positions in lists unless an object stands there, or a Thrift struct
    /// whose fields have ids.
    private static func insert(
        _ value: JSONValue, at steps: ArraySlice<String>, into tree: inout JSONValue, _ composer: RequestComposer,
        _ column: String
    ) throws(ComposingError) {
        guard let step = steps.first else {
            tree = value
            return
        }
        if case .array(var elements) = tree {
            guard let index = Int(step), index >= 0, index <= elements.count else {
                throw ComposingError(
                    [column], "the list has no element before this one", remedy: "Fill its elements from 0 on.")
            }
            if index == elements.count { elements.append(.null) }
            try insert(value, at: steps.dropFirst(), into: &elements[index], composer, column)
            tree = .array(elements)
            return
        }
        var object = tree.object ?? JSONObject()
        var inner = object[step] ?? .null
        if inner.isNull, let next = steps.dropFirst().first, next == "0" { inner = .array([]) }
        try insert(value, at: steps.dropFirst(), into: &inner, composer, column)
        object[step] = inner
        tree = .object(object)
    }

    private func read(_ text: [UInt8], _ line: Int) throws(ComposingError) -> Case {
        let value: JSONValue
        do throws(ParsingError) { value = try JSONValue(parsing: text) } catch {
            throw ComposingError(
                [], "expected \(error.what) at column \(error.offset + 1)", remedy: "Each line is one object.")
        }
        guard var object = value.object else { throw ComposingError([], "expected an object") }
        var found = Case(content: RequestComposer.Content(), line: line)
        for name in options.ignoredColumns { object[name] = nil }
        if let name = options.expectColumn, let expected = object[name] {
            object[name] = nil
            try expect(expected, name, &found)
        }
        let isWrapped =
            object["request"] != nil && object.keys.allSatisfy { ["request", "parameters", "expected"].contains($0) }
        guard isWrapped else {
            found.content.body = .object(object)
            return found
        }
        found.content.body = object["request"].flatMap { $0.isNull ? nil : $0 }
        for member in object["parameters"]?.object?.members ?? [] {
            guard let text = member.value.string ?? member.value.number?.text else {
                throw ComposingError(["parameters", member.key], "expected a text or a number")
            }
            found.content.parameters.append((member.key, text))
        }
        if let expected = object["expected"] { try expect(expected, "expected", &found) }
        return found
    }

    private func expect(_ value: JSONValue, _ name: String, _ found: inout Case) throws(ComposingError) {
        switch value {
        case .null: break
        case .string(let text): found.expected = text
        case .object: found.response = value
        case .number, .bool, .array: throw ComposingError([name], "expected a decision, or a response as an object")
        }
    }
}
