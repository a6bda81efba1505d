import Foundation
import TestSupport
import Testing

/// Traffic with invented persons in it, made and searched by a Python script that shares nothing with the masker
/// (Native/personal_data.py): in headers, targets, forms, JSON with and without names, multipart, chunks, trailers, gzip,
/// deflate, Thrift in four transports. TINCT_PERSON_COUNT says how many persons.
struct PersonalDataTests {
    private static let count = ProcessInfo.processInfo.environment["TINCT_PERSON_COUNT"] ?? "12"
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        let made = try script("make", folder.path, Self.count)
        try #require(made.status == 0, "\(made.errors)")
    }

    private func script(_ arguments: String...) throws -> ProcessResult {
        let path = Repository.path("Tests/EndToEndTests/Native/personal_data.py")
        let python = try TestEnvironment.python.path()
        return try run(python, [path] + arguments)
    }

    @Test("Nothing personal reaches the tape, the report or the log", .requires(.python))
    func nothingIsLeft() throws {
        let tape = folder.file("masked.mcap")
        // Some pseudonyms are by chance what somebody else is really called: of 2,000 persons, one with a third of all
        // keys. With this key none is, up to 2,000.
        let key = try folder.write("key", text: String(repeating: "22", count: 32) + "\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let result = try tinct("record", folder.file("traffic.pcap"), "-o", tape, "--mask-key-file", key)
        #expect(result.status == 0, "\(result.errors)")
        let log = try folder.write("log.txt", text: result.output + result.errors)
        let shown = try tinct("show", tape, "--payload", "--json")
        let report = try folder.write("shown.txt", text: shown.output + shown.errors)
        let check = try script("check", folder.path, tape, log, report)
        #expect(check.status == 0, "class, form, times:\n\(check.output)\(check.errors)")
        #expect(result.output.contains("compressed bodies written anew"))
        let scan = try tinct("privacy", "scan", tape)
        #expect(scan.status == 0, "\(scan.output)")
        // Of what cannot be read nobody can say that it is clean.
        let cut = try folder.write("cut.mcap", Array(try fileBytes(tape).prefix(3000)))
        let rest = try tinct("privacy", "scan", cut)
        #expect(rest.status == 5 && rest.errors.contains("was not looked at"), "\(rest.errors)")
    }

    @Test("The same traffic recorded raw is found, by class and field and without a value", .requires(.python))
    func rawIsFound() throws {
        let raw = folder.file("raw.mcap")
        #expect(try tinct("record", folder.file("traffic.pcap"), "-o", raw, "--raw").status == 0)
        let check = try script("check", folder.path, raw)
        #expect(check.status == 1, "the search finds nothing: the test proves nothing")
        for name in [
            "residentId", "cpf", "cnpj", "curp", "rfc", "clabe", "card", "phoneCN", "email", "name", "address", "otp",
        ] {
            #expect(check.output.contains("\(name) raw"), "\(name) is not in the traffic")
        }
        let scan = try tinct("privacy", "scan", raw, "--json")
        #expect(scan.status == 1)
        let found = try folder.write("scan.json", text: scan.output + scan.errors)
        #expect(try script("check", folder.path, found).status == 0)
        let json = try #require(try foundationJSON(scan.stdout) as? [String: Any])
        let classes = Set((json["findings"] as? [[String: Any]] ?? []).compactMap { $0["class"] as? String })
        #expect(
            classes.isSuperset(of: [
                "residentId", "cpf", "cnpj", "curp", "rfc", "clabe", "card", "phone", "email", "name", "address",
                "coordinate", "ip", "device", "token", "oneTimeCode", "pin", "cvv", "password", "authorization",
                "cookie",
                "privateKey",
            ]), "\(classes.sorted())")
        let schema = try python(
            """
            import json, sys, yaml
            from jsonschema import Draft202012Validator
            for schema, path in zip(sys.argv[1::2], sys.argv[2::2]):
                validator = Draft202012Validator(json.load(open(schema)))
                for error in validator.iter_errors(yaml.safe_load(open(path))): print(path, error.message)
            """,
            [
                Repository.path("schemas/output/privacy.schema.json"), try folder.write("only.json", scan.stdout),
                Repository.path("schemas/privacy.schema.json"), Repository.path("schemas/privacy/default.yaml"),
            ])
        #expect(schema.output + schema.errors == "")
        // Shown with stars, and masked later as if it had been from the beginning.
        let shown = try tinct("show", raw, "--payload", "--json")
        let starred = try folder.write("starred.txt", text: shown.output)
        let left = try script("check", folder.path, starred)
        #expect(left.status == 0, "\(left.output)")
        let key = try folder.write("key", text: "a masking key for tests, never of use\n")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let later = folder.file("later.mcap")
        let first = folder.file("first.mcap")
        let masked = try tinct("privacy", "mask", raw, "-o", later, "--mask-key-file", key)
        #expect(masked.status == 0, "\(masked.errors)")
        #expect(try script("check", folder.path, later).status == 0)
        #expect(try tinct("privacy", "scan", later).status == 0)
        #expect(
            try tinct("record", folder.file("traffic.pcap"), "-o", first, "--mask-key-file", key).status == 0)
        let one = try tinct("show", later, "--payload", "--json").output
        #expect(one == (try tinct("show", first, "--payload", "--json").output))
    }

    @Test("The key comes from a file that only its owner reads, and is nowhere on the tape", .requires(.python))
    func keysAreKept() throws {
        let secret = "a masking key for tests, never of use"
        let key = try folder.write("key", text: secret + "\n")
        let capture = folder.file("traffic.pcap")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        let refused = try tinct("record", capture, "-o", folder.file("a.mcap"), "--mask-key-file", key)
        #expect(refused.status == 2 && refused.errors.contains("chmod 600"))
        let short = try folder.write("short", text: "secret")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: short)
        #expect(try tinct("record", capture, "-o", folder.file("a.mcap"), "--mask-key-file", short).status == 2)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let tape = folder.file("keyed.mcap")
        #expect(try tinct("record", capture, "-o", tape, "--mask-key-file", key).status == 0)
        #expect(try !fileBytes(tape).contains(secret))
        let info = try #require(try foundationJSON(try tinct("info", tape, "--json").stdout) as? [String: Any])
        #expect((info["maskKey"] as? String)?.count == 16 && (info["maskPolicy"] as? String)?.count == 64)
        let random = try tinct(
            "record", capture, "-o", folder.file("random.mcap"), environment: ["TINCT_MASK_KEY": nil])
        #expect(random.errors.contains("random key"))
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool { Data(self).range(of: Data(text.utf8)) != nil }
}
