import Files
import Schema

/// The schemas that a command's `--idl` flags name.
enum SchemaFiles {
    private static let limit = 1 << 24

    /// Loads each file with what it includes or refers to, as ``set(_:include:)`` does.
    static func load(_ paths: [String], include folders: [String] = []) throws(CommandError) -> SchemaSet {
        var set = SchemaSet()
        for path in paths {
            do throws(SchemaError) { try add(path, to: &set, folders) } catch {
                throw CommandError("cannot use \(path) as a schema: \(error.headline)", remedy: error.remedy)
            }
        }
        return set
    }

    /// Includes are sought beside the file that includes them, then in `folders`.
    static func set(_ paths: [String], include folders: [String]) throws(SchemaError) -> SchemaSet {
        var set = SchemaSet()
        for path in paths { try add(path, to: &set, folders) }
        return set
    }

    private static func add(_ path: String, to set: inout SchemaSet, _ folders: [String]) throws(SchemaError) {
        let bytes: [UInt8]
        do { bytes = try readFile(path, limit: limit) } catch {
            throw SchemaError(path, nil, "\(error)", remedy: "Give the path of a schema file that can be read.")
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        // Names are relative to the first file, so that they say the same on every machine that opens the tape.
        let first = SchemaSource(name: String(path.dropFirst(folder.count)), bytes: bytes)
        try set.load(first) { included, source in
            let beside = source.name.lastIndex(of: "/").map { String(source.name[...$0]) } ?? ""
            let isRooted = included.hasPrefix("/")
            if let bytes = try? readFile(isRooted ? included : folder + beside + included, limit: limit) {
                return SchemaSource(name: isRooted ? included : beside + included, bytes: bytes)
            }
            for folder in folders {
                if let bytes = try? readFile("\(folder)/\(included)", limit: limit) {
                    return SchemaSource(name: included, bytes: bytes)
                }
            }
            return nil
        }
    }
}
