import Files
import Synthesis
import YAML

/// Scenarios as commands read them.
enum ScenarioFile {
    /// Reads a scenario with the packs and times that it names, which stand beside it.
    ///
    /// - Throws: what is wrong, with its file, line and column.
    static func load(_ path: String) throws(YAMLError) -> Scenario {
        try Scenario.load(path: path) { (file, mark) throws(YAMLError) in
            do { return try readFile(file, limit: 1 << 24) } catch {
                throw YAMLError(
                    "\(error)", at: mark ?? YAMLMark(file: file, line: 1, column: 1),
                    remedy: "Paths in a scenario count from the folder that it is in.")
            }
        }
    }
}
