import Glibc

/// How the tapes of a set are called.
extension TapeSet {
    /// `day.mcap` and 1 give `day-000001.mcap`.
    package static func name(_ path: String, _ number: Int) -> String {
        let (stem, suffix) = split(path)
        let digits = String(number)
        return "\(stem)-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)\(suffix)"
    }

    /// The folder in which the tapes of a set lie.
    package static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func split(_ path: String) -> (stem: String, suffix: String) {
        let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        guard let dot = path[start...].lastIndex(of: "."), dot > start else { return (path, "") }
        return (String(path[..<dot]), String(path[dot...]))
    }

    /// The highest number of a set that is there; 0 for none.
    package static func lastNumber(_ path: String) -> Int {
        guard let folder = unsafe opendir(folder(path)) else { return 0 }
        defer { unsafe closedir(folder) }
        let (stem, suffix) = split(path)
        let prefix = String(stem[(stem.lastIndex(of: "/").map(stem.index(after:)) ?? stem.startIndex)...]) + "-"
        var last = 0
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count else {
                continue
            }
            let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
            if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) {
                last = max(last, min(number, 1 << 40))
            }
        }
        return last
    }
}
