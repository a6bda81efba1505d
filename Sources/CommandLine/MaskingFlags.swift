import Files
import Privacy
import Schema
import Tape
import YAML

/// How a command masks.
enum MaskingFlags {
    static let all: [Flag] = [
        Flag(
            "mask", value: "FILE",
            help: "Masking policy (schemas/privacy.schema.json); tinct privacy policy prints the built-in one.",
            default: "the built-in policy", completion: .file),
        Flag(
            "mask-key-file", value: "FILE",
            help: "The key that pseudonyms depend on, of 16 bytes or more, in a file that nobody else may read; else "
                + "TINCT_MASK_KEY, else a random key for this run.", completion: .file),
    ]

    static func plan(
        _ invocation: Invocation, _ schema: SchemaSet, mode: MaskingPlan.Mode = .mask
    ) throws(CommandError) -> MaskingPlan {
        MaskingPlan(policy: try policy(invocation), key: try key(invocation), schema: schema, mode: mode)
    }

    static func policy(_ invocation: Invocation) throws(CommandError) -> MaskingPolicy {
        guard let path = invocation["mask"] else { return .builtIn }
        let bytes: [UInt8]
        do { bytes = try readFile(path, limit: 1 << 20) } catch { throw CommandError("\(error)") }
        do throws(YAMLError) { return try MaskingPolicy.parse(bytes, file: path) } catch {
            throw CommandError("the masking policy cannot be used: \(error)", remedy: "Nothing was read or written.")
        }
    }

    private static func key(_ invocation: Invocation) throws(CommandError) -> MaskingKey {
        let secret: [UInt8]
        let origin: MaskingKey.Origin
        if let path = invocation["mask-key-file"] {
            (secret, origin) = (try KeyFile.read(path, flag: "mask-key-file"), .file)
        } else {
            let text = Sender.environment("TINCT_MASK_KEY")
            if text.isEmpty { return .random() }
            (secret, origin) = (Array(text.utf8), .environment)
        }
        guard secret.count >= MaskingKey.leastBytes else {
            throw CommandError(
                "the masking key has fewer than \(MaskingKey.leastBytes) bytes, and could be guessed",
                remedy: "Make one with: openssl rand -hex 32")
        }
        return MaskingKey(secret, origin: origin)
    }

    /// What a tape says of how it was masked. The key itself is not among it.
    static func properties(_ plan: MaskingPlan) -> [(name: String, value: String)] {
        [
            ("maskPolicy", plan.policy.digest), ("maskKey", plan.key.id), ("maskKeyFrom", plan.key.origin.rawValue),
        ]
    }

    /// The policy itself, where it is not the built-in one.
    static func attachments(_ plan: MaskingPlan) -> [AttachedFile] {
        if plan.policy.digest == MaskingPolicy.builtIn.digest { return [] }
        return [
            AttachedFile(name: "masking.yaml", mediaType: TapeMediaType.maskingPolicy, bytes: plan.policy.bytes)
        ]
    }

    /// Says what pseudonyms of a random key are good for.
    static func noteRandomKey(_ plan: MaskingPlan) {
        if plan.key.origin != .random { return }
        Output.note(
            "masked with a random key: pseudonyms agree within this recording only; give --mask-key-file or "
                + "TINCT_MASK_KEY for more")
    }
}
