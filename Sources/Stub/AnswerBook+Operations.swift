package import Bytes
import Expression
package import Schema
import Thrift

extension AnswerBook.Builder {
    /// Adds the operations of the schemas, each with the least answer that its schema allows, and those that rules name
    /// without a wildcard. What the tape has answers for keeps them.
    package mutating func addOperations(of schemas: SchemaSet, rules: [StubRule]) throws(ParsingError) {
        for operation in schemas.operations {
            let index = self.operation(operation.name, thriftMethod: operation.method)
            addMethod(operation.method, index)
            addMethod("\(operation.service):\(operation.method)", index)
            book.operations[index].isOneway = operation.isOneway
            guard book.operations[index].answers.isEmpty else { continue }
            let reply = source.thriftAnswer(operation: operation.name, method: operation.method, expected: "")
            guard let reply else { continue }
            book.operations[index].answers.append(try store(reply, name: Array(operation.method.utf8)))
        }
        for route in schemas.routes {
            let index = addHTTP(route.name)
            guard book.operations[index].answers.isEmpty else { continue }
            guard let answer = source.httpAnswer(operation: route.name, expected: "") else { continue }
            book.operations[index].answers.append(store(answer))
        }
        let known = Set(book.operationNames)
        for name in rules.flatMap(\.operations).filter(\.isLiteral).map(\.pattern) where !known.contains(name) {
            if name.contains(" /") {
                _ = addHTTP(name)
            } else {
                let method = name.split(separator: ".").last.map { String($0) } ?? name
                addMethod(method, operation(name, thriftMethod: method))
            }
        }
    }

    private mutating func addMethod(_ name: String, _ index: Int) {
        var digest = Fingerprint()
        digest.mix(Array(name.utf8).rawSpan)
        if book.methods[digest.value] == nil { book.methods[digest.value] = index }
    }

    private mutating func addHTTP(_ name: String) -> Int {
        let index = operation(name, thriftMethod: nil)
        let parts = name.split(separator: " ", maxSplits: 1)
        if parts.count == 2 {
            addRoute(name, method: Array(parts[0].utf8).rawSpan, path: Array(parts[1].utf8).rawSpan, index)
        }
        return index
    }
}
