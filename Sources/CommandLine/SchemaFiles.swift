import Files
import Schema

/// The schemas that a command's `--idl` flags name.
enum SchemaFiles {
    /// Loads each file with what it includes; includes are sought beside the file that includes them.
    static func load(_ paths: [String]) throws(CommandError) -> SchemaSet {
        var set = SchemaSet()
        for path in paths {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            let bytes: [UInt8]
            do { bytes = try readFile(path, limit: 1 << 24) } catch { throw CommandError("\(error)") }
            do {
                try set.load(SchemaSource(name: String(path.dropFirst(folder.count)), bytes: bytes)) { included in
                    guard let bytes = try? readFile(folder + included, limit: 1 << 24) else { return nil }
                    return SchemaSource(name: included, bytes: bytes)
                }
            } catch {
                throw CommandError("cannot use \(path) as a schema: \(error)")
            }
        }
        return set
    }
}
