import JSON

extension OpenAPILowering {
    mutating func operation(
        _ place: SchemaPlace, _ method: String, _ path: String, of item: SchemaPlace
    ) throws(SchemaError) -> HTTPOperation {
        let form = form(place)
        var result = HTTPOperation(
            method: method, template: RouteTemplate(path), operationID: form["operationId"]?.string ?? "",
            scope: scope, parameters: [], requestBody: nil, isBodyRequired: false, responses: [],
            annotations: OpenAPILowering.extensions(form))
        result.documentation = OpenAPILowering.documentation(form)
        // An operation's parameters override those of its path, by name and place.
        for list in [item["parameters"], place["parameters"]] {
            for index in (self.form(list).array ?? []).indices {
                let parameter = try self.parameter(list[index])
                result.parameters.removeAll { $0.name == parameter.name && $0.place == parameter.place }
                result.parameters.append(parameter)
            }
        }
        checkParameters(result, place)
        if form["requestBody"] != nil {
            let body = try dereference(place["requestBody"])
            result.requestBodies = try content(body)
            result.requestBody = OpenAPILowering.json(result.requestBodies)
            result.isBodyRequired = self.form(body)["required"]?.bool ?? false
        }
        for status in form["responses"]?.object?.keys ?? [] where !status.hasPrefix("x-") {
            let response = try dereference(place["responses"][status])
            let bodies = try content(response)
            result.responses.append(
                HTTPOperation.Response(status: status, body: OpenAPILowering.json(bodies), bodies: bodies))
        }
        return result
    }

    private mutating func checkParameters(_ operation: HTTPOperation, _ place: SchemaPlace) {
        let named = operation.template.segments.compactMap { segment -> String? in
            switch segment {
            case .parameter(let name), .mixed(_, let name, _): name
            case .literal: nil
            }
        }
        let declared = operation.parameters.filter { $0.place == .path }.map(\.name)
        for name in named where !declared.contains(name) {
            compiler.findings.append(
                compiler.documents.finding(
                    .error, "path-parameter", place, "the path has {\(name)}, which no parameter describes",
                    "Add a parameter with 'in: path' and 'required: true'."))
        }
        for name in declared where !named.contains(name) {
            compiler.findings.append(
                compiler.documents.finding(
                    .error, "path-parameter", place, "the parameter '\(name)' is in no place of the path",
                    "Write {\(name)} into the path, or remove the parameter."))
        }
    }

    private mutating func parameter(_ place: SchemaPlace) throws(SchemaError) -> HTTPOperation.Parameter {
        let place = try dereference(place)
        let form = form(place)
        guard let name = form["name"]?.string,
            let location = form["in"]?.string.flatMap(HTTPOperation.Parameter.Place.init(rawValue:))
        else {
            throw failure(
                place, "expected a name and one of path, query, header, cookie in 'in'",
                "Write it like '{name: id, in: query, schema: {type: string}}'.")
        }
        var type = SchemaType(.any)
        if form["schema"] != nil {
            type = try self.type(at: place["schema"], name: name, depth: 0)
        } else if let media = form["content"]?.object?.keys.first {
            // Its value is a text in that media type.
            type = try self.type(at: place["content"][media]["schema"], name: name, depth: 0)
        }
        var result = HTTPOperation.Parameter(
            name: name, place: location, isRequired: form["required"]?.bool ?? false, type: type,
            annotations: OpenAPILowering.extensions(form))
        result.documentation = OpenAPILowering.documentation(form)
        result.style = form["style"]?.string ?? ([.query, .cookie].contains(location) ? "form" : "simple")
        result.explodes = form["explode"]?.bool ?? (result.style == "form")
        return result
    }

    /// The schema of each representation.
    private mutating func content(_ place: SchemaPlace) throws(SchemaError) -> [HTTPOperation.Body] {
        var result: [HTTPOperation.Body] = []
        for media in form(place)["content"]?.object?.keys ?? [] {
            let schema = place["content"][media]["schema"]
            let type = form(schema).isNull ? SchemaType(.any) : try type(at: schema, name: "body", depth: 0)
            result.append(HTTPOperation.Body(mediaType: media, type: type))
        }
        return result
    }

    /// The JSON representation, if there is one with a schema.
    private static func json(_ bodies: [HTTPOperation.Body]) -> SchemaType? {
        bodies.first { body in
            let name = body.mediaType.prefix { $0 != ";" }.lowercased()
            return (name == "application/json" || name.hasSuffix("+json")) && body.type.constraints.assertion != nil
        }?.type
    }
}
