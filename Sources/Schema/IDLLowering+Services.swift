import Bytes

extension IDLLowering {
    mutating func add(_ service: IDLDocument.Service) throws(IDLError) {
        var indices: [Int] = []
        if let parent = service.parent {
            guard case .service(let inherited)? = declaration(parent.text) else {
                let near = nearestName(
                    parent.text, in: document.services.map(\.name.text).filter { $0 != service.name.text })
                throw IDLError(
                    offset: parent.offset, message: "expected a declared service, \(parent.text) is none",
                    remedy: near.map { "Did you mean '\($0)'?" } ?? "Declare it, or include the document that does.")
            }
            for index in inherited {
                var operation = set.operations[index]
                operation.service = service.name.text
                indices.append(set.operations.count)
                set.add(operation)
            }
        }
        for function in service.functions {
            let name = "\(service.name.text).\(function.name.text)"
            if service.functions.first(where: { $0.name.text == function.name.text })?.name.offset
                != function.name.offset
            {
                throw IDLError(
                    offset: function.name.offset, message: "method \(function.name.text) is declared twice",
                    remedy: "Thrift has no overloading: rename one of them.")
            }
            var arguments = SchemaStructure(
                .arguments, name: name, scope: scope, fields: try fields(function.arguments))
            for (index, form) in function.arguments.enumerated() {
                arguments.fields[index].defaultValue = try defaultValue(form, arguments.fields[index].type)
            }
            var results = try fields(function.exceptions)
            if let type = function.result {
                results.insert(SchemaField(id: 0, name: "success", type: try self.type(type)), at: 0)
            }
            set.structures.append(arguments)
            set.structures.append(SchemaStructure(.result, name: name, scope: scope, fields: results))
            indices.append(set.operations.count)
            set.add(
                ThriftOperation(
                    service: service.name.text, method: function.name.text, scope: scope,
                    arguments: set.structures.count - 2, result: set.structures.count - 1,
                    isOneway: function.isOneway, declaringService: service.name.text,
                    annotations: (service.annotations + function.annotations).byName,
                    documentation: function.documentation ?? ""))
        }
        declared.declarations[service.name.text] = .service(indices)
    }
}
