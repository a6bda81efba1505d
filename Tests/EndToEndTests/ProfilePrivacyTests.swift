import Foundation
import JSON
import TestSupport
import Testing

/// What `profile` and `compare` write of a tape that masks nothing.
struct ProfilePrivacyTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("profile-privacy") }

    private func record(_ bodies: [[UInt8]], as name: String) throws -> String {
        var bytes: [UInt8] = []
        for (place, body) in bodies.enumerated() {
            let time = 1_780_000_000_000_000_000 + place * 1_000_000_000
            bytes += Array("1 \(String(place, radix: 16)) \(time) 0\nPOST /a HTTP/1.1\r\nHost: x\r\n".utf8)
            bytes += Array("Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
            bytes += body + Array("\n🐵🙈🙉\n".utf8)
        }
        let file = try folder.write("\(name).gor", bytes)
        let recorded = try tinct("record", file, "--raw", "-o", folder.file("\(name).mcap"))
        try #require(recorded.status == 0, "\(recorded.errors)")
        return folder.file("\(name).mcap")
    }

    private func record(_ bodies: [String], as name: String) throws -> String {
        try record(bodies.map { Array($0.utf8) }, as: name)
    }

    /// Everything that the two commands leave behind and say about a tape, compared with itself and with what is made of it.
    private func written(about tape: String, _ flags: [String] = []) throws -> [String: String] {
        let (profile, made, report) = (folder.file("p.yaml"), folder.file("made.mcap"), folder.file("report.html"))
        let fitted = try run(Repository.binary, ["profile", tape, "-o", profile] + flags)
        try #require(fitted.status == 0, "\(fitted.errors)")
        var texts = ["messages": fitted.output + fitted.errors]
        for file in ["p.yaml", "p.openapi.yaml"] {
            texts[file] = String(decoding: try fileBytes(folder.file(file)), as: UTF8.self)
        }
        let synthesized = try tinct("synth", profile, "-n", "500", "-o", made)
        try #require(synthesized.status == 0, "\(synthesized.errors)")
        for (name, other) in [("itself", tape), ("made", made)] {
            let compared = try tinct("compare", tape, other, "--report", report, "--json")
            try #require(compared.status == 0 || compared.status == 1, "\(compared.errors)")
            texts["comparison with \(name)"] = compared.output
            texts["messages on \(name)"] = compared.errors
            texts["report on \(name)"] = String(decoding: try fileBytes(report), as: UTF8.self)
        }
        return texts
    }

    /// Two of every class that can be told by its form.
    private static let personal: [(field: String, values: [String])] = [
        ("alpha", ["11010519491231002X", "440524188001010014"]), ("beta", ["529.982.247-25", "111.444.777-35"]),
        ("gamma", ["52998224725", "11144477735"]), ("delta", ["12ABC34501DE35", "00000000000191"]),
        ("epsilon", ["HEGG560427MVZRRL04", "HEGG560427MVZRRL04"]), ("zeta", ["GODE561231GR8", "HEGG560427K23"]),
        ("eta", ["032180000118359719", "032180000118359719"]), ("theta", ["4111111111111111", "5555 5555 5555 4444"]),
        ("iota", ["+5511988887777", "+8613812345678"]), ("kappa", ["ana.souza@mail.example", "jose_1@mail.example"]),
        ("lambda", ["Maria Silva", "José de Souza"]), ("mu", ["Rua das Flores 123", "Avenida Paulista 1578"]),
        ("nu", ["177.10.111.151", "187.20.1.77"]), ("xi", ["2001:db8::1428:57ab", "2001:db8::1"]),
        ("omicron", ["-23.550520,-46.633308", "-22.906847,-43.172897"]),
        (
            "pi",
            ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3In0.c2lnbmF0dXJlLW9mLWl0", "Bearer c2VjcmV0LXRva2VuLW9mLXVzZXI"]
        ),
        ("rho", ["ligar para Maria 11 98888-7777", "o cpf dela: 529.982.247-25"]), ("sigma", ["王小明", "李秀英"]),
    ]

    @Test(
        "Personal values under names that say nothing stand neither in a profile nor in a comparison, however many have them",
        arguments: [true, false])
    func everyClass(hasPeople: Bool) throws {
        let bodies = (0..<400).map { place -> String in
            var members = Self.personal.map { "\"\($0.field)\":\"\($0.values[place / 40 % 2])\"" }
            // As numbers, as a key, and in JSON within a text.
            members.append("\"tau\":\(place / 40 % 2 == 0 ? 4_111_111_111_111_111 : 5_555_555_555_554_444)")
            members.append("\"upsilon\":\(place / 40 % 2 == 0 ? 52_998_224_725 : 11_144_477_735)")
            members.append(
                "\"map\":{\"\(place % 2 == 0 ? "+5511988887777" : "ana.souza@mail.example")\":1,\"plain\":2}")
            members.append(#""inside":"{\"cpf\":\"52998224725\"}""#)
            members.append("\"scene\":\"\(place % 3 == 0 ? "login" : "transfer")\"")
            if hasPeople { members.append("\"userId\":\"u\(10_000_000 + place % 40)\"") }
            return "{\(members.joined(separator: ","))}"
        }
        let texts = try written(about: try record(bodies, as: "everyone"))
        let seeded =
            Self.personal.flatMap(\.values) + ["Maria", "98888-7777", "10000007", "10000039"]
            + ["4111111111111111", "5555555555554444", "52998224725", "11144477735"]
        for (place, text) in texts {
            for value in seeded where text.contains(value) { Issue.record("\(value) stands in \(place)") }
        }
        // What is everybody's stands there.
        #expect(texts["p.yaml"]?.contains("transfer") == true)
    }

    @Test("A value of a few people is nobody's category, however many requests they make")
    func fewPeople() throws {
        // Thirty people; of twelve, who are known by what no rule finds, come nearly all requests.
        func word(_ number: Int) -> String {
            String((0..<7).map { Character(UnicodeScalar(UInt8(97 + (number * 7919 + $0 * 104_729) % 26))) })
        }
        for hasAccount in [true, false] {
            let bodies = (0..<3000).map { place -> String in
                let person = place % 50 == 49 ? 12 + place / 50 % 18 : place % 12
                let isCash = person < 12 ? place % 7 == 0 : place / 900 % 2 == 0
                let account = hasAccount ? "\"userId\":\"\(word(person + 500))\"," : ""
                return """
                    {\(account)"payer":"u\(22_106_850 + person * 1_234_567)","handle":"\(word(person))","tag":"\(word(person + 100))",
                     "sign":"ABC-\(2000 + person * 37)","ref":\(57_857_386 + person * 1_000_003),"scene":"\(isCash ? "cash" : "pay")"}
                    """
            }
            let texts = try written(about: try record(bodies, as: "few"))
            for person in 0..<30 {
                let seeded = [
                    word(person), word(person + 100), word(person + 500), "ABC-\(2000 + person * 37)",
                    "\(22_106_850 + person * 1_234_567)", "\(57_857_386 + person * 1_000_003)",
                ]
                for (place, text) in texts {
                    for value in seeded where text.contains(value) { Issue.record("\(value) stands in \(place)") }
                }
            }
            #expect(texts["p.yaml"]?.contains("\"cash\": ") == true)
            // Whoever sends them again is told so, and what is made has none of them.
            for (name, count) in [("itself", 30), ("made", 0)] {
                let compared = try JSONValue(parsing: try #require(texts["comparison with \(name)"]))
                let payer = compared["personal"]?.array?.first { $0["path"]?.string == "payer" }
                #expect(payer?["replayed"]?.int == count, "\(name)")
            }
        }
    }

    @Test("The requests of fewer people than have to stand behind a category are refused, and ids are none")
    func onePerson() throws {
        for (people, status) in [(1, 2), (2, 2), (19, 2), (20, 0), (50, 0)] as [(Int, Int32)] {
            let bodies = (0..<1000).map { #"{"userId":"u\#(9_688_829 + $0 % people)","scene":"pay","n":\#($0 % 5)}"# }
            let tape = try record(bodies, as: "people")
            let result = try tinct("profile", tape, "-o", folder.file("people.yaml"))
            #expect(result.status == status, "\(people) \(result.errors)")
            if status == 2 {
                #expect(result.errors.contains("\(people) people, by userId"))
            } else {
                let text = String(decoding: try fileBytes(folder.file("people.yaml")), as: UTF8.self)
                #expect(!(0..<people).contains { text.contains("\(9_688_829 + $0)") } && text.contains("pay"))
            }
        }
    }

    @Test("A body that is no text is counted as unreadable, and nothing of it is written")
    func bodiesInLatin1() throws {
        let bad = Array(#"{"userId":"u1","note":"caf"#.utf8) + [0xE9] + Array(#""}"#.utf8)
        let tape = try record([[UInt8]](repeating: bad, count: 300), as: "bad")
        let refused = try tinct("profile", tape, "-o", folder.file("bad.yaml"))
        #expect(refused.status == 2 && refused.errors.contains("none of the 300 requests"), "\(refused.errors)")
        let good = (0..<300).map { Array(#"{"scene":"pay","n":\#($0 % 5)}"#.utf8) }
        let mixed = try record(good + [[UInt8]](repeating: bad, count: 50), as: "mixed")
        let texts = try written(about: mixed)
        #expect(texts["messages"]?.contains("50 requests cannot be read") == true)
        for (place, text) in texts {
            #expect(!text.contains("eyJ1c2VySWQ") && !text.contains("base64"), "\(place)")
        }
    }
}
