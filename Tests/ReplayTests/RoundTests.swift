import JSON
import Metrics
import Replay
import Schema
import Tape
import Testing

@Suite(.serialized) struct RoundTests {
    private func bodies(_ server: MisbehavingServer) -> [String] {
        server.seen.map { String(decoding: $0, as: UTF8.self) }
            .map { String($0.split(separator: "\r\n\r\n").last ?? "") }
    }

    @Test func laterRoundsHaveFreshIdentitiesOfTheSameShape() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        let result = try Sample.run(
            Sample.http(10), port: server.port, options, identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
        #expect(result[.ok] == 50 && result.totals.due == 50)
        let ids = try bodies(server).map { try JSONValue(parsing: $0)["id"]?.string ?? "" }
        #expect(Set(ids).count == 50)
        #expect(ids.prefix(10).elementsEqual((0..<10).map { "a1b2-\(1000 + $0)" }))
        for id in ids {
            #expect(id.utf8.count == 9 && id.utf8.dropFirst(4).first == 0x2D)
            let isNumeric = id.utf8.dropFirst(5).allSatisfy { (0x30...0x39).contains($0) }
            #expect(isNumeric)
        }
    }

    @Test func aTapeWithoutIdentitiesIsNotSentTwice() throws {
        var options = try Sample.options("500", connections: 1)
        options.durationNanos = 100_000_000
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        let error = #expect(throws: ReplayError.self) {
            try Sample.run(Sample.http(10), port: server.port, options)
        }
        #expect(error?.description.contains("--allow-duplicates") == true)
        #expect(server.seen.isEmpty)
        options.allowsDuplicates = true
        let result = try Sample.run(Sample.http(10), port: server.port, options)
        #expect(result[.ok] == 50 && result.run.allowedDuplicates)
    }

    @Test func aTapeIsSentAsOftenAsAsked() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        for (rate, rounds) in [("2000", 3), ("max", 4), ("recorded", 1)] as [(String, UInt32)] {
            server.forget()
            var options = try Sample.options(rate)
            options.fidelity.rounds = rounds
            let result = try Sample.run(
                Sample.http(10), port: server.port, options, identities: DeclaredIdentities(jsonPaths: ["": ["id"]]))
            #expect(result[.ok] == UInt64(rounds) * 10 && result.run.rounds == Int(rounds))
            #expect(Set(try bodies(server).map { try JSONValue(parsing: $0)["id"]?.string }).count == Int(rounds) * 10)
        }
        var options = try Sample.options("2000")
        options.fidelity.rounds = 2
        #expect(throws: ReplayError.self) { try Sample.run(Sample.http(10), port: server.port, options) }
    }

    @Test("An id is the same fresh one in every place and in every request of its round")
    func idsStayConsistent() throws {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        // The id stands in a header and twice in the body of the first request, in path and query of the second.
        let exchanges = (0..<20).map { index in
            var exchange = Sample.http(1)[0]
            let id = "ord-\(70_000 + index / 2)"
            let body = index % 2 == 0 ? #"{"order":"\#(id)","number":\#(9_000_000_000 + index),"again":"\#(id)"}"# : ""
            let uri = index % 2 == 0 ? "/orders" : "/orders/\(id)?order=\(id)&number=\(9_000_000_000 + index - 1)"
            let header = index % 2 == 0 ? "X-Order: \(id)\r\n" : ""
            exchange.request = Message(
                wire: Array(
                    "POST \(uri) HTTP/1.1\r\n\(header)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
            exchange.operation = "POST /orders"
            return exchange
        }
        var options = try Sample.options("2000", connections: 1)
        options.fidelity.rounds = 5
        let fields = ["order", "number", "header.x-order", "path.1", "query.order", "query.number"].compactMap {
            RequestField($0)
        }
        let result = try Sample.run(
            exchanges, port: server.port, options,
            identities: DeclaredIdentities(schemas: SchemaSet(), fields: fields))
        #expect(result[.ok] == 100)
        var ids: Set<Substring> = []
        let seen = server.seen.map { String(decoding: $0, as: UTF8.self) }
        for pair in stride(from: 0, to: 100, by: 2) {
            let body = try JSONValue(parsing: String(seen[pair].split(separator: "\r\n\r\n").last ?? ""))
            let id = try #require(body["order"]?.string)
            #expect(body["again"]?.string == id)
            #expect(seen[pair].contains("X-Order: \(id)\r\n"))
            let number = try #require(body["number"]?.int)
            #expect(seen[pair + 1].hasPrefix("POST /orders/\(id)?order=\(id)&number=\(number) "))
            ids.insert(Substring(id))
        }
        #expect(ids.count == 50)
    }
}
