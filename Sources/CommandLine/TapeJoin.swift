import Tape

/// What a tape that is made from others takes over from them besides exchanges.
enum TapeJoin {
    /// Raw if any of them is; with their source and, if it is the same for all, the tag of their run.
    static func options(of readers: [TapeReader]) -> TapeWriter.Options {
        var options = TapeWriter.Options(
            source: unique(readers.compactMap { $0.property("source") }).joined(separator: ", "),
            isRaw: readers.contains(where: \.isRaw), program: "tinct \(tinctVersion)")
        let runs = unique(readers.map { $0.property("run") ?? "" })
        if runs.count == 1 { options.runTag = runs[0] }
        let own = ["library", "raw", "source", "run"]
        for reader in readers {
            for (key, value) in reader.metadata.first(where: { $0.name == "tinct" })?.entries ?? []
            where !own.contains(key) && !options.properties.contains(where: { $0.name == key }) {
                options.properties.append((key, value))
            }
        }
        return options
    }

    /// All metadata records but the one that every tape has of its own, equal ones once.
    static func metadata(of readers: [TapeReader]) -> [(name: String, entries: [(String, String)])] {
        var found: [(name: String, entries: [(String, String)])] = []
        for record in readers.flatMap(\.metadata) where record.name != "tinct" {
            let entries = record.entries.map { ($0.key, $0.value) }
            let isKnown = found.contains { known in
                known.name == record.name && known.entries.elementsEqual(entries) { $0 == $1 }
            }
            if !isKnown { found.append((record.name, entries)) }
        }
        return found
    }

    /// All attachments, equal ones once. Others that share a name get a number, except schemas: two of one name would
    /// leave it open which of them an exchange was recorded with.
    static func attachments(of readers: [TapeReader]) throws(CommandError) -> [AttachedFile] {
        var files: [AttachedFile] = []
        for reader in readers {
            for attachment in reader.attachments {
                var file: AttachedFile
                do throws(TapeError) {
                    file = AttachedFile(
                        name: attachment.name, mediaType: attachment.mediaType, bytes: try reader.read(attachment),
                        createdNanos: attachment.createdNanos)
                } catch {
                    throw CommandError(
                        error.description, remedy: "tinct check \(reader.path) --repair saves what is whole.")
                }
                if files.contains(where: { $0.name == file.name && $0.bytes == file.bytes }) { continue }
                if files.contains(where: { $0.name == file.name }) {
                    if [TapeMediaType.thrift, TapeMediaType.openAPI].contains(file.mediaType) {
                        throw CommandError(
                            "\(reader.path) carries another \(file.name) than the tapes before it",
                            remedy: "Cut tapes with different schemas apart from each other.")
                    }
                    file.name = numbered(file.name, among: files.map(\.name))
                }
                files.append(file)
            }
        }
        return files
    }

    /// `manifest.json` becomes `manifest-2.json`.
    private static func numbered(_ name: String, among taken: [String]) -> String {
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        var number = 2
        while taken.contains("\(name[..<dot])-\(number)\(name[dot...])") { number += 1 }
        return "\(name[..<dot])-\(number)\(name[dot...])"
    }

    private static func unique(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}
