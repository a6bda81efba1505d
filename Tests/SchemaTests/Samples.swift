import Foundation
import Schema

enum Samples {
    /// The folder of the schemas that ship.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("schemas")

    static func source(_ name: String) throws -> SchemaSource {
        SchemaSource(name: name, bytes: Array(try Data(contentsOf: folder.appendingPathComponent(name))))
    }

    static func set(_ names: String...) throws -> SchemaSet {
        var set = SchemaSet()
        for name in names { try set.load(source(name)) }
        return set
    }

    static let base = """
        namespace * sink.base   # a comment to the end of the line
        enum Colour { RED, GREEN = 0x10, BLUE }
        typedef i64 (js.type = "Long") Id
        exception Failure { 1: string message; 2: i32 code = 7 }
        const i32 LIMIT = 5
        service Base { void ping(), Id following(1: Id previous) throws (1: Failure failure) }
        """

    static let sink = """
        // Everything that the grammar has, in the ways in which people write it.
        include "sink_base.thrift"
        cpp_include "<vector>"
        namespace cpp sink
        namespace smalltalk.category Some.Category

        /* a block
           comment */
        typedef map<string, list<sink_base.Id>> Index
        typedef Index Alias (tinct.note = "of a typedef")
        const map<string, i32> NUMBERS = { "one": 1, 'two': 2; "three": sink_base.LIMIT }
        const list<double> RATES = [0.5, -1e3, 2]
        const sink_base.Colour FAVOURITE = sink_base.Colour.GREEN

        enum Empty {}
        enum Marked { A = 1 (note = "x"), B; C = -5 } (whole = "y")

        struct Inner { 1: bool flag = true, 2: byte tiny; 3: i8 alsoTiny 4: i16 small
          5: double ratio = 1.5, 6: binary blob, 7: optional Inner again (cpp.ref = "true") }
        union Either { 1: string text; 2: i64 number }

        struct Sink {
          1: required sink_base.Id id (tinct.id = "true", flag),
          2: optional string text = "a \\"quoted\\" one",
          3: Alias index,
          16: set<Marked> marks,
          list<map<i32, set<Inner>>> deep,
          100: sink_base.Colour colour = sink_base.Colour.BLUE
          101: Either either;
          102: map<Marked, Inner> byMark
          103: list<string> (cpp.template = "std::list") names = ["a", 'b']
          104: i32 limit = sink_base.LIMIT
          105: i32 number = sink_base.Colour.RED
        } (final, owner = "x")

        service Sinks extends sink_base.Base {
          oneway void forget(1: Sink sink);
          Index all() (deprecated = "yes"),
          Sink one(1: sink_base.Id id, 2: bool fresh) throws (1: sink_base.Failure failure, 2: sink_base.Failure other)
        } (who = "me")
        service Later extends Sinks {}
        """

    static func sinkSet() throws -> SchemaSet {
        var set = SchemaSet()
        try set.load(SchemaSource(name: "sink.thrift", text: sink)) { path in
            path == "sink_base.thrift" ? SchemaSource(name: path, text: base) : nil
        }
        return set
    }
}
