import Bytes
import Files
package import JSON
package import Schema
package import Tape
package import Thrift

/// Opening what commands read, with errors that say what to do.
package enum TapeInput {
    /// Opens a tape; says on standard error when it is cut.
    package static func open(_ path: String) throws(CommandError) -> TapeReader {
        do throws(TapeError) {
            let reader = try TapeReader(path: path)
            if !reader.isComplete {
                Output.warn("\(path) is cut: it is read up to its last whole chunk")
            }
            return reader
        } catch {
            throw CommandError(error.description, remedy: "Give a tape that tinct record or tinct synth wrote.")
        }
    }

    /// The next exchange; an unreadable part ends the command.
    package static func next(_ reader: TapeReader) throws(CommandError) -> Exchange? {
        do throws(TapeError) {
            return try reader.next()
        } catch {
            throw CommandError(
                error.description, remedy: "Read it with tinct info to see what is whole.", exit: .failed)
        }
    }

    /// The schemas that the tape carries, and those of `--idl`, which win over documents of the same name.
    package static func schemas(of reader: TapeReader, idl paths: [String] = []) throws(CommandError) -> SchemaSet {
        var sources = try given(paths)
        let names = Set(sources.map { fileName($0.name) })
        for attachment in reader.attachments where isSchema(attachment.mediaType) {
            if names.contains(fileName(attachment.name)) { continue }
            do throws(TapeError) {
                sources.append(SchemaSource(name: attachment.name, bytes: try reader.read(attachment)))
            } catch {
                throw CommandError(error.description, remedy: "Give the document with --idl instead.")
            }
        }
        return try load(sources)
    }

    /// Likewise for attachments of several tapes.
    static func schemas(in files: [AttachedFile], idl paths: [String]) throws(CommandError) -> SchemaSet {
        let given = try given(paths)
        let names = Set(given.map { fileName($0.name) })
        return try load(
            given
                + files.filter { isSchema($0.mediaType) && !names.contains(fileName($0.name)) }.map {
                    SchemaSource(name: $0.name, bytes: $0.bytes)
                })
    }

    private static func isSchema(_ mediaType: String) -> Bool {
        [TapeMediaType.thrift, TapeMediaType.openAPI].contains(mediaType)
    }

    private static func given(_ paths: [String]) throws(CommandError) -> [SchemaSource] {
        var sources: [SchemaSource] = []
        for path in paths {
            do throws(FileError) {
                sources.append(SchemaSource(name: path, bytes: try readFile(path, limit: 64 << 20)))
            } catch {
                throw CommandError(error.description, remedy: "Give --idl a .thrift, .yaml or .json file.")
            }
        }
        return sources
    }

    private static func load(_ sources: [SchemaSource]) throws(CommandError) -> SchemaSet {
        var schemas = SchemaSet()
        do throws(SchemaError) {
            try schemas.load(sources)
        } catch {
            throw CommandError(error.description, remedy: "Mend the document, or give another one with --idl.")
        }
        return schemas
    }

    /// Thrift messages by the names of the schemas.
    package static func renderer(_ schemas: SchemaSet) -> @Sendable (ThriftMessage, _ operation: String) -> JSONValue {
        { message, operation in schemas.render(message, schemas.operation(named: operation)) }
    }

    private static func fileName(_ path: String) -> String {
        path.split(separator: "/").last.map { String($0) } ?? path
    }
}
