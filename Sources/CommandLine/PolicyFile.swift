import Files
import Glibc
import Replay

/// The policy of the flag, else of the environment, else of the machine.
enum PolicyFile {
    /// Nil when there is none.
    static func find(_ flag: String?) throws(CommandError) -> Policy? {
        let machine = "/etc/tinct/policy.yaml"
        let fromEnvironment = Sender.environment("TINCT_POLICY")
        guard
            let path = flag ?? (fromEnvironment.isEmpty ? nil : fromEnvironment)
                ?? (unsafe access(machine, F_OK) == 0 ? machine : nil)
        else { return nil }
        return try read(path)
    }

    static func read(_ path: String) throws(CommandError) -> Policy {
        do { return try Policy.parse(try readFile(path, limit: 1 << 20), file: path) } catch {
            throw CommandError("the policy cannot be used: \(error)", remedy: "Nothing is sent without it.")
        }
    }
}
